import Formulation

/// Evaluation where reversion makes the way to an edge steep.
///
/// The mean time to an edge then grows as `exp(κ(edge − centre)²/η²)`, and a value found as a sum over that time less g times it
/// loses as many digits. From the edges inwards the way is easy: with W at the centre as a parameter the elements on either
/// side of it have moderate responses, and its slopes agreeing there, together with W_1(centre) = 0, gives W and g to
/// rounding. What only happens at edges is of one sign throughout: there the plain elimination keeps all its relative digits.
/// *Verified by* `StrongReversionTests`.
extension BandEvaluation {
  var anchor: Int? { isAnchored ? mesh.anchor : nil }

  /// Regimes that hold on both sides of a node.
  func holding(across node: Int) -> [Int] { mesh.active[node - 1].filter { mesh.active[node].contains($0) } }

  /// The parameter that W is at a node where it is not unknown.
  func sharedColumn(_ node: Int, _ e: Int, _ side: BandSide) -> Int {
    node == anchor && holding(across: node).contains(e) ? anchorColumn + e : 2 * e + side.rawValue
  }

  /// The slopes from both sides of the anchor agree; a regime that trades there has no value of its own.
  func addContinuity(_ tables: [[Double]], _ anchor: Int, _ e: Int, to row: UnsafeMutablePointer<Double>) {
    guard holding(across: anchor).contains(e) else {
      row[anchorColumn + e] = 1
      return
    }
    for (element, sign) in [(anchor - 1, 1.0), (anchor, -1.0)] {
      let active = mesh.active[element]
      let slope = endSlope(tables[element], active.count, active.firstIndex(of: e)!, element, element == anchor)
      add(slope, times: sign, to: row, functionalColumn)
    }
  }

  /// Costs that run by the anchor, what happens at edges by plain elimination; where that overflows it never happens.
  func anchoredValues() throws(StationaryError) -> [BandValue] {
    let running = functionals.indices.filter { functionals[$0].running != 0 }
    let counted = functionals.indices.filter { functionals[$0].running == 0 }
    var found = [BandValue?](repeating: nil, count: functionals.count)
    if !running.isEmpty {
      let part = BandEvaluation(
        problem: problem, mesh: mesh, basis: basis, discount: discount, functionals: running.map { functionals[$0] },
        isAnchored: true)
      for (index, value) in zip(running, try part.values()) { found[index] = value }
    }
    if !counted.isEmpty {
      let part = BandEvaluation(
        problem: problem, mesh: mesh, basis: basis, discount: discount, functionals: counted.map { functionals[$0] })
      let values = try? part.values()
      for (position, index) in counted.enumerated() {
        found[index] = values?[position] ?? never(functionals[index])
      }
    }
    return found.map { $0! }
  }

  /// Where the time to an edge is beyond the range of numbers.
  private func never(_ functional: BandFunctional) -> BandValue {
    let value = functional.stopsAtTrade ? Double.infinity : 0
    let table = mesh.active.map { [Double](repeating: value, count: $0.count * points) }
    let none = mesh.active.map { [Double](repeating: 0, count: $0.count * points) }
    let edges = [Double](repeating: 0, count: 2 * regimeCount)
    return BandValue(
      problem: problem, mesh: mesh, basis: basis, discount: discount, functional: functional, rate: 0,
      edgeValues: edges, edgeStiffness: edges, values: table, slopes: none)
  }
}

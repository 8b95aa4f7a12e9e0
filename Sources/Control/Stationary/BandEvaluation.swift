import Formulation

/// Evaluates functionals of a fixed band policy by collocation on elements.
///
///     ½η_e² W_e″ + m_e W_e′ + Σ q_{ee'} (W_{e'} − W_e) + J_e W_e + wℓ_e + 1_e − g − ρ W_e = 0   where e holds,
///     W_e(x) = U_e^± + κ_e^± |x − edge|                                                where e trades.
///
/// Three levels, each exact: every element is solved for its interior points with its end values, the edge values U and
/// g as parameters; the values at breakpoints follow from continuous slopes, a block tridiagonal system; U and g follow
/// from `U^± = W(target) + N + κ|edge − target|` (fixed cost) or `W′(edge) = ±κ` (none) and `W_1(centre) = 0`. All
/// functionals share every factorisation. Error: geometric in the degree. The number g is defined for ρ > 0 too
/// (g = ρV at the centre), so that nothing grows as ρ → 0.
///
/// Where reversion makes the way to an edge steep, W at the point it pulls to takes part as well (`anchoredValues`).
///
/// Jumps, `J W = ν E(W(x + Z) − W(x))`, tie every point of a band to every other; the first two levels are then one dense
/// system (`coupledTables`).
struct BandEvaluation {
  let problem: ScaledTracking
  let mesh: StationaryMesh
  let basis: ChebyshevBasis
  let discount: Double
  let functionals: [BandFunctional]
  /// Whether the values at the mesh's anchor are parameters of their own.
  var isAnchored = false

  /// Columns shared by all levels: U (2 per regime), g, the values at the anchor, then one per functional.
  var regimeCount: Int { problem.count }
  var rateColumn: Int { 2 * problem.count }
  var anchorColumn: Int { rateColumn + 1 }
  var functionalColumn: Int { anchorColumn + (isAnchored ? problem.count : 0) }
  var columnCount: Int { functionalColumn + functionals.count }
  var points: Int { basis.degree + 1 }

  static func evaluate(
    _ problem: ScaledTracking, bands: [Band], basis: ChebyshevBasis, discount: Double, mergeTolerance: Double,
    functionals: [BandFunctional]
  ) throws(StationaryError) -> [BandValue] {
    if let error = problem.degenerate(bands) { throw error }
    let mesh = StationaryMesh(bands: bands, problem: problem, discount: discount, mergeTolerance: mergeTolerance)
    let plain = BandEvaluation(
      problem: problem, mesh: mesh, basis: basis, discount: discount, functionals: functionals)
    return try mesh.anchor == nil ? plain.values() : plain.anchoredValues()
  }

  func values() throws(StationaryError) -> [BandValue] {
    let tables = try problem.hasJumps ? coupledTables() : elementTables()
    let borders = try border(tables)
    let stiffness = edgeStiffness(tables)
    return functionals.indices.map { assemble($0, tables, borders[$0], stiffness) }
  }

  /// W at the nodes as a function of U, g and the functionals, per element `[active × node × column]`.
  private func elementTables() throws(StationaryError) -> [[Double]] {
    var responses: [[Double]] = []
    for element in 0..<mesh.elementCount { responses.append(try response(element)) }
    let ends = try skeleton(responses)
    return (0..<mesh.elementCount).map { combine(responses[$0], mesh.active[$0].count, ends[$0]) }
  }

  /// `∂W′(edge)/∂U` in the outward direction, over the part of a change of U that value matching does not feed back
  /// through the target: by how much a mismatch of U shows in the slope, `[2·regime + side]`.
  private func edgeStiffness(_ tables: [[Double]]) -> [Double] {
    (0..<regimeCount).flatMap { e in
      BandSide.allCases.map { side in
        let band = mesh.bands[e]
        let index = 2 * e + side.rawValue
        let edge = side == .upper ? band.upper : band.lower
        let element = mesh.element(at: edge, from: side)
        let a = mesh.active[element].firstIndex(of: e)!
        let row = endSlope(tables[element], mesh.active[element].count, a, element, side == .lower)
        let slope = side.sign * row[index]
        let target = side == .upper ? band.targetUpper : band.targetLower
        if problem.reflects[e] || target == edge { return slope }
        return slope / (1 - valueRow(tables, e, target)[index])
      }
    }
  }

  // MARK: One element

  /// W at the nodes, `[active × node × (left ends, right ends, columns)]`.
  private func response(_ element: Int) throws(StationaryError) -> [Double] {
    let active = mesh.active[element]
    let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
    let half = 0.5 * (right - left)
    let (p, n) = (basis.degree, active.count * (basis.degree - 1))
    let columns = 2 * active.count + columnCount
    let width = n + columns
    var result = [Double](repeating: 0, count: active.count * points * columns)
    guard n > 0 else { return result }
    let system = UnsafeMutablePointer<Double>.allocate(capacity: n * width)
    defer { system.deallocate() }
    system.initialize(repeating: 0, count: n * width)
    for (a, e) in active.enumerated() {
      for j in 1..<p {
        let own = a * (p - 1) + j - 1
        let row = system + own * width
        let x = 0.5 * (left + right) + half * basis.nodes[j]
        // Multiplied by half²/(½η²), so that the second derivative in ξ has coefficient one.
        let halfVariance = problem.halfVariance(e, x)
        let scale = half * half / halfVariance
        let transport = problem.drift(e, x) * half / halfVariance
        for l in 0...p {
          let coefficient = basis.second[j * points + l] + transport * basis.first[j * points + l]
          if l == 0 {
            row[n + a] -= coefficient
          } else if l == p {
            row[n + active.count + a] -= coefficient
          } else {
            row[a * (p - 1) + l - 1] += coefficient
          }
        }
        row[own] += scale * (problem.rate(e, e) - discount)
        let shared = row + n + 2 * active.count
        shared[rateColumn] += scale
        for s in functionals.indices {
          shared[functionalColumn + s] -= scale * source(s, e, x)
        }
        for other in 0..<regimeCount where other != e {
          let rate = scale * problem.rate(e, other)
          if rate == 0 { continue }
          if let b = active.firstIndex(of: other) {
            row[b * (p - 1) + j - 1] += rate
          } else {
            let (side, edge) = landing(other, left)
            shared[2 * other + side.rawValue] -= rate
            for (s, functional) in functionals.enumerated() {
              shared[functionalColumn + s] -= rate * functional.beyond(side, other, x, edge: edge)
            }
          }
        }
      }
    }
    try DenseElimination.solve(system, rows: n, columns: columns)
    for a in active.indices {
      result[a * points * columns + a] = 1
      result[(a * points + p) * columns + active.count + a] = 1
      for j in 1..<p {
        let row = system + (a * (p - 1) + j - 1) * width + n
        for column in 0..<columns { result[(a * points + j) * columns + column] = row[column] }
      }
    }
    return result
  }

  /// `wℓ + 1`, and what else is added.
  func source(_ s: Int, _ e: Int, _ x: Double) -> Double {
    // By index: copies of functionals would be counted at every point.
    let sum = functionals[s].constant[e] + (functionals[s].added?(e, x) ?? 0)
    return functionals[s].running == 0 ? sum : sum + functionals[s].running * problem.runningCost(e, x)
  }

  /// Which edge of a regime that trades on an element is the near one, by the element's left end.
  func landing(_ e: Int, _ left: Double) -> (side: BandSide, edge: Double) {
    let band = mesh.bands[e]
    return band.upper <= left ? (.upper, band.upper) : (.lower, band.lower)
  }

  // MARK: Breakpoints

  /// W at both ends of every element as a function of the shared columns, `[left of active, right of active][column]`.
  private func skeleton(_ responses: [[Double]]) throws(StationaryError) -> [[[Double]]] {
    let count = mesh.elementCount
    // Regimes that hold on both sides of a breakpoint: their values there are unknown.
    let unknown = (0...count).map { node in
      node == 0 || node == count || node == anchor ? [] : holding(across: node)
    }
    // Eliminated forms z_node = transfer·z_{node+1} + free, rows by regime.
    var transfer = [[Double]](repeating: [], count: count + 1)
    var free = [[Double]](repeating: [], count: count + 1)
    if count > 1 {
      for node in 1..<count where !unknown[node].isEmpty {
        try eliminate(node, unknown, responses, &transfer, &free)
      }
    }
    var solution = [[[Double]]](repeating: [], count: count + 1)
    for node in stride(from: count - 1, to: 0, by: -1) {
      let next = unknown[node + 1].count
      solution[node] = unknown[node].indices.map { i in
        var row = Array(free[node][(i * columnCount)..<((i + 1) * columnCount)])
        for l in 0..<next {
          let factor = transfer[node][i * next + l]
          for column in 0..<columnCount { row[column] += factor * solution[node + 1][l][column] }
        }
        return row
      }
    }
    return (0..<count).map { element in
      let active = mesh.active[element]
      let at = { (node: Int, e: Int, side: BandSide) -> [Double] in
        if let i = unknown[node].firstIndex(of: e) { return solution[node][i] }
        return unit(sharedColumn(node, e, side))
      }
      return active.map { at(element, $0, .lower) } + active.map { at(element + 1, $0, .upper) }
    }
  }

  private func unit(_ column: Int) -> [Double] {
    var row = [Double](repeating: 0, count: columnCount)
    row[column] = 1
    return row
  }

  /// One step of block elimination: slopes from the left and from the right agree at `node`.
  private func eliminate(
    _ node: Int, _ unknown: [[Int]], _ responses: [[Double]], _ transfer: inout [[Double]], _ free: inout [[Double]]
  ) throws(StationaryError) {
    let own = unknown[node]
    let (previous, next) = (unknown[node - 1], unknown[node + 1])
    let (n, columns) = (own.count, next.count + columnCount)
    let width = n + columns
    let system = UnsafeMutablePointer<Double>.allocate(capacity: n * width)
    defer { system.deallocate() }
    system.initialize(repeating: 0, count: n * width)
    for (i, e) in own.enumerated() {
      let row = system + i * width
      for (element, sign) in [(node - 1, 1.0), (node, -1.0)] {
        let active = mesh.active[element]
        let flux = endSlope(responses[element], active.count, active.firstIndex(of: e)!, element, element == node)
        for (a, other) in active.enumerated() {
          for (end, side) in [(element, BandSide.lower), (element + 1, BandSide.upper)] {
            let coefficient = sign * flux[side == .lower ? a : active.count + a]
            if end == node, let k = own.firstIndex(of: other) {
              row[k] += coefficient
            } else if end == node + 1, let l = next.firstIndex(of: other) {
              row[n + l] -= coefficient
            } else if end == node - 1, let l = previous.firstIndex(of: other) {
              for k in own.indices { row[k] += coefficient * transfer[node - 1][l * n + k] }
              for c in 0..<columnCount { row[n + next.count + c] -= coefficient * free[node - 1][l * columnCount + c] }
            } else {
              row[n + next.count + sharedColumn(end, other, side)] -= coefficient
            }
          }
        }
        for c in 0..<columnCount { row[n + next.count + c] -= sign * flux[2 * active.count + c] }
      }
    }
    try DenseElimination.solve(system, rows: n, columns: columns)
    transfer[node] = (0..<n).flatMap { i in (0..<next.count).map { system[i * width + n + $0] } }
    free[node] = (0..<n).flatMap { i in (0..<columnCount).map { system[i * width + n + next.count + $0] } }
  }

  /// dW/dx of one regime at an end of an element, as a row over the response's columns.
  func endSlope(_ table: [Double], _ activeCount: Int, _ a: Int, _ element: Int, _ atLeft: Bool) -> [Double] {
    let columns = table.count / (activeCount * points)
    let half = 0.5 * (mesh.nodes[element + 1] - mesh.nodes[element])
    var row = [Double](repeating: 0, count: columns)
    let base = (atLeft ? 0 : basis.degree) * points
    for l in 0..<points {
      let weight = basis.first[base + l] / half
      for column in 0..<columns { row[column] += weight * table[(a * points + l) * columns + column] }
    }
    return row
  }

  private func combine(_ response: [Double], _ activeCount: Int, _ ends: [[Double]]) -> [Double] {
    let columns = 2 * activeCount + columnCount
    var table = [Double](repeating: 0, count: activeCount * points * columnCount)
    for row in 0..<(activeCount * points) {
      for c in 0..<columnCount { table[row * columnCount + c] = response[row * columns + 2 * activeCount + c] }
      for end in 0..<(2 * activeCount) {
        let factor = response[row * columns + end]
        if factor == 0 { continue }
        for c in 0..<columnCount { table[row * columnCount + c] += factor * ends[end][c] }
      }
    }
    return table
  }

  // MARK: Edges and the average

  /// (U, g) for each functional.
  private func border(_ tables: [[Double]]) throws(StationaryError) -> [[Double]] {
    let n = functionalColumn
    let width = n + functionals.count
    var result = functionals.map { functional -> [Double] in
      var fixed = [Double](repeating: 0, count: n)
      guard functional.stopsAtTrade else { return fixed }
      for e in 0..<regimeCount {
        for side in BandSide.allCases { fixed[2 * e + side.rawValue] = functional.atEdge(side, e, mesh.bands[e]) }
      }
      return fixed
    }
    if functionals.allSatisfy(\.stopsAtTrade) { return result }
    let system = UnsafeMutablePointer<Double>.allocate(capacity: n * width)
    defer { system.deallocate() }
    system.initialize(repeating: 0, count: n * width)
    for e in 0..<regimeCount {
      let band = mesh.bands[e]
      for side in BandSide.allCases {
        let index = 2 * e + side.rawValue
        let row = system + index * width
        let edge = side == .upper ? band.upper : band.lower
        if !problem.reflects[e] {
          let target = side == .upper ? band.targetUpper : band.targetLower
          row[index] += 1
          add(valueRow(tables, e, target), times: -1, to: row, n)
          for (s, functional) in functionals.enumerated() {
            row[n + s] += functional.atEdge(side, e, band)
          }
        } else {
          let element = mesh.element(at: edge, from: side)
          let a = mesh.active[element].firstIndex(of: e)!
          add(endSlope(tables[element], mesh.active[element].count, a, element, side == .lower), times: 1, to: row, n)
          for (s, functional) in functionals.enumerated() {
            row[n + s] += side.sign * functional.perUnit[side.rawValue][e]
          }
        }
      }
    }
    let band = mesh.bands[0]
    add(valueRow(tables, 0, 0.5 * (band.targetLower + band.targetUpper)), times: 1, to: system + rateColumn * width, n)
    if let anchor {
      for e in 0..<regimeCount { addContinuity(tables, anchor, e, to: system + (anchorColumn + e) * width) }
    }
    try DenseElimination.solve(system, rows: n, columns: functionals.count)
    for s in functionals.indices where !functionals[s].stopsAtTrade {
      for i in 0..<n { result[s][i] = system[i * width + n + s] }
    }
    return result
  }

  /// `row += times·source`, where the functionals' columns go to the right-hand side.
  func add(_ source: [Double], times factor: Double, to row: UnsafeMutablePointer<Double>, _ n: Int) {
    for c in 0..<n { row[c] += factor * source[c] }
    for s in functionals.indices { row[n + s] -= factor * source[n + s] }
  }

  private func valueRow(_ tables: [[Double]], _ e: Int, _ x: Double) -> [Double] {
    let element = mesh.element(at: x)
    let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
    let cardinals = basis.cardinals(at: ((x - left) - (right - x)) / (right - left))
    let a = mesh.active[element].firstIndex(of: e)!
    var row = [Double](repeating: 0, count: columnCount)
    for l in 0..<points {
      for c in 0..<columnCount { row[c] += cardinals[l] * tables[element][(a * points + l) * columnCount + c] }
    }
    return row
  }

  private func assemble(
    _ s: Int, _ tables: [[Double]], _ border: [Double], _ stiffness: [Double]
  ) -> BandValue {
    var values: [[Double]] = []
    var slopes: [[Double]] = []
    for element in 0..<mesh.elementCount {
      let rows = mesh.active[element].count * points
      var w = [Double](repeating: 0, count: rows)
      for row in 0..<rows {
        var sum = tables[element][row * columnCount + functionalColumn + s]
        for c in border.indices { sum += border[c] * tables[element][row * columnCount + c] }
        w[row] = sum
      }
      let half = 0.5 * (mesh.nodes[element + 1] - mesh.nodes[element])
      var dw = [Double](repeating: 0, count: rows)
      for row in 0..<rows {
        let (a, j) = (row / points, row % points)
        var sum = 0.0
        for l in 0..<points { sum += basis.first[j * points + l] * (w[a * points + l] - w[row]) }
        dw[row] = sum / half
      }
      values.append(w)
      slopes.append(dw)
    }
    return BandValue(
      problem: problem, mesh: mesh, basis: basis, discount: discount, functional: functionals[s],
      rate: border[rateColumn], edgeValues: Array(border[..<rateColumn]), edgeStiffness: stiffness,
      values: values, slopes: slopes)
  }
}

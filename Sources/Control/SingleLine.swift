/// One line of numbers on the nodes that is stepped without an obstacle.
struct SingleLine {
  var recent: [Double]
  private var older: [Double]

  init(count: Int) {
    recent = Array(repeating: 0, count: count)
    older = recent
  }

  /// One backward-difference step with the source evaluated at the new time, and what jumps bring extrapolated to it.
  mutating func advance(
    _ system: LineSystem, _ scheme: BackwardDifference, jumps: JumpOperator? = nil, source: (Int) -> Double
  ) {
    let explicit = jumps?.applied(
      to: recent.indices.map { (1 + scheme.ratio) * recent[$0] - scheme.ratio * older[$0] })
    for node in recent.indices {
      older[node] = scheme.recent * recent[node] - scheme.older * older[node] + scheme.step * source(node)
      if let explicit { older[node] += scheme.step * explicit[node] }
    }
    system.solve(&older)
    swap(&recent, &older)
  }
}

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
    let (kept, lagged, step) = (scheme.recent, scheme.older, scheme.step)
    recent.withUnsafeBufferPointer { recent in
      older.withUnsafeMutableBufferPointer { older in
        for node in recent.indices { older[node] = kept * recent[node] - lagged * older[node] + step * source(node) }
      }
    }
    if let explicit {
      for node in explicit.indices { older[node] += step * explicit[node] }
    }
    system.solve(&older)
    swap(&recent, &older)
  }
}

/// One line of numbers on the nodes that is stepped without an obstacle.
struct SingleLine {
  var recent: [Double]
  private var older: [Double]

  init(count: Int) {
    recent = Array(repeating: 0, count: count)
    older = recent
  }

  /// One backward-difference step with the source evaluated at the new time.
  mutating func advance(_ system: LineSystem, _ scheme: BackwardDifference, source: (Int) -> Double) {
    for node in recent.indices {
      older[node] = scheme.recent * recent[node] - scheme.older * older[node] + scheme.step * source(node)
    }
    system.solve(&older)
    swap(&recent, &older)
  }
}

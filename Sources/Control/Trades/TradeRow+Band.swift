import Formulation

/// The band of a row, from gains and landings.
extension TradeRow {
  /// How the edges of a row are recognised.
  struct Reading {
    /// G and marginal costs of every route without a fixed cost and without lots: where the slope of G passes them is an
    /// edge. Elsewhere edges are where the gain crosses zero.
    var free: [(value: UnsafePointer<Double>, buy: Double, sell: Double)] = []
    /// In continuous monitoring: the distance to the obstacle is tangent at an edge where the deviation moves this far;
    /// see `EdgeReader`. Nil: the gain crosses zero.
    var diffusion: Double?
    /// How far beyond an edge positions are found, to measure how far trades from there go [units].
    var overshoot = 0.0
    /// Whether targets depend on positions.
    var hasSlopes = false
  }

  /// The band in inventory.
  ///
  /// - Parameter well: a node at which no trade is worth its cost.
  func band(_ reading: Reading, well: Int) -> Band {
    let above = edge(reading, well: well, direction: 1)
    let below = edge(reading, well: well, direction: -1)
    var band = Band(
      lower: below.edge, upper: above.edge, targetLower: below.target, targetUpper: above.target
    ).with(slopeLower: below.slope, slopeUpper: above.slope)
    if kink >= 0, gain[kink] <= 0 { band.heldFlats = 1 }
    for flat in flats where gain[flat.line] <= 0 { band.heldFlats |= flat.bit }
    return band
  }

  private typealias Side = (edge: Double, target: Double, slope: Double)

  private func edge(_ reading: Reading, well: Int, direction: Int) -> Side {
    let isFree = !reading.free.isEmpty
    let none: Side = (Double(direction) * .infinity, Double(direction) * .infinity, 0)
    var first = well
    // The first node beyond the edge.
    while true {
      first += direction
      guard first >= 0, first < count else { return none }
      if gain[first] > 0 { break }
    }
    let edge: Double
    if isFree {
      edge = reading.free.map { slopeEdge($0.value, $0.buy, $0.sell, well: well, direction: direction) }
        .reduce(none.edge) { direction > 0 ? min($0, $1) : max($0, $1) }
      guard edge.isFinite else { return none }
      first = Int(((edge - origin) / spacing).rounded(direction > 0 ? .up : .down))
      guard first >= 0, first < count else { return none }
    } else if let diffusion = reading.diffusion {
      let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
      edge = reader.edge(from: well, direction: direction) { max(0, -gain[$0]) }
    } else {
      let (inside, outside) = (gain[first - direction], gain[first])
      let share = inside.isFinite && inside < 0 ? inside / (inside - outside) : 0
      edge = position(first - direction) + Double(direction) * share * spacing
    }
    return beyond(edge, first: first, isFree: isFree, reading, direction: direction)
  }

  /// Target at an edge and how it moves with the position.
  private func beyond(_ edge: Double, first: Int, isFree: Bool, _ reading: Reading, direction: Int) -> Side {
    let span = max(1, lotNodes)
    /// Where trades from one lot's worth of positions end, on average.
    func arrival(_ node: Int) -> Double {
      var total = 0.0
      for step in 0..<span { total += landing[node + step * direction] }
      return total / Double(span)
    }
    func isThere(_ node: Int) -> Bool {
      let last = node + (span - 1) * direction
      return node >= 0 && node < count && last >= 0 && last < count
    }
    guard isThere(first) else { return (edge, edge, 0) }
    var target = isFree ? edge : arrival(first)
    guard reading.hasSlopes else { return (edge, target, 0) }
    if !isFree, lotNodes == 0, isThere(first + direction) {
      let slope = (arrival(first + direction) - target) / spacing * Double(direction)
      target += slope * (edge - position(first))
    }
    let steps = max(2, Int((reading.overshoot / spacing).rounded(.up)))
    var far = first + steps * direction
    while far != first, !isThere(far) || isLargest[far] { far -= direction }
    guard far != first else { return (edge, target, 0) }
    let slope = (arrival(far) - target) / (position(far) - edge)
    return (edge, target, max(0, min(1, slope)))
  }

  /// Where the slope of G passes a marginal cost, linear between slopes half-way between nodes.
  private func slopeEdge(
    _ value: UnsafePointer<Double>, _ buy: Double, _ sell: Double, well: Int, direction: Int
  ) -> Double {
    func slack(_ half: Int) -> Double {
      let slope = (value[half + 1] - value[half]) / spacing
      return direction > 0 ? sell - slope : slope + buy
    }
    // Halves are numbered by the node below them.
    var half = direction > 0 ? well - 1 : well
    while half >= 0, half < count - 1, slack(half) >= 0 { half += direction }
    guard half >= 0, half < count - 1 else { return Double(direction) * .infinity }
    let before = half - direction
    guard before >= 0, before < count - 1 else { return position(half) + 0.5 * spacing }
    let (inside, outside) = (slack(before), slack(half))
    let share = inside > 0 ? inside / (inside - outside) : inside == 0 ? 0 : 0.5
    return position(before) + 0.5 * spacing + Double(direction) * share * spacing
  }
}

import VectorMath

/// A trade so small that only rounding asks for it is none.
///
/// After a trade to an edge, net delta may lie a rounding beyond it; where delta stands still, every look would ask for as much
/// again, and pay for it. *Verified by* `TradeRoundingTests`.
enum TradeRounding {
  /// Relative to the delta and the inventory that net delta is made of: some thousand times the precision of their sum.
  static let share = 1e-12

  /// What rounding may make of the net delta of a book's delta and an inventory [units].
  @inline(__always)
  static func slack(delta: Lanes, inventory: Lanes) -> Lanes { share * (absolute(delta) + absolute(inventory)) }

  /// The trades that more than rounding asks for.
  @inline(__always)
  static func removed(from trade: Lanes, delta: Lanes, inventory: Lanes) -> Lanes {
    trade.replacing(with: 0, where: absolute(trade) .<= slack(delta: delta, inventory: inventory))
  }
}

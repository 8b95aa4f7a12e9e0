import VectorMath

/// A trade so small that only rounding asks for it is none.
///
/// After a trade to an edge, net delta may lie a rounding beyond it; where delta stands still, every look would ask for as much
/// again, and pay for it. *Verified by* `TradeRoundingTests`.
enum TradeRounding {
  /// Relative to the delta and the inventory that net delta is made of: some thousand times the precision of their sum.
  static let share = 1e-12

  /// The trades that more than rounding asks for.
  @inline(__always)
  static func removed(from trade: Lanes, delta: Lanes, inventory: Lanes) -> Lanes {
    let least = share * (absolute(delta) + absolute(inventory))
    return trade.replacing(with: 0, where: absolute(trade) .<= least)
  }
}

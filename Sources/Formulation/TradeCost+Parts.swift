/// The parts that a charge is told by: what is paid for the trade as such, and what its size does to the price.
///
///     c(S, u) = K·1{u ≠ 0} + fees + impact,   impact = ½ η S u² + κσ S |u|^{3/2} + Σ (swap at no fee)
///
/// A swap without its fee buys u for `S x u/(x − u)` and sells v' = (1 − φ)v for `S x v'/(x + v')`, x the reserve; what that is
/// dearer than S u, or less than S v', is impact, the rest of the swap's charge is fee. With venues: of the route that was taken,
/// whose cost has none.
/// *Verified by* `TradeCostTests.partsAddUp`.
extension TradeCost {
  /// What the size of a trade does to its own price [quote]; never negative.
  public func impact(price: Double, trade: Double) -> Double {
    let size = abs(trade)
    let own = price * (0.5 * quadraticImpact * size * size + squareRootImpact * size * size.squareRoot())
    return pools.reduce(own) { $0 + $1.impact(price: price, trade: trade) }
  }
}

extension LiquidityPool {
  /// What a swap costs beyond its value and its fee [quote].
  func impact(price: Double, trade: Double) -> Double {
    let reserve = reserve(price: price)
    if trade > 0 { return scale * price * trade * trade / (reserve - trade) }
    let paid = -trade * (1 - fee)
    return scale * price * paid * paid / (reserve + paid)
  }
}

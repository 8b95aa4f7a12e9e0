/// The cost algebra for eight trades at once: the same operations in the same order as the scalar functions, hence the same
/// bits. *Verified by* `TradeCostTests.lanesChargeTheSame`.
extension TradeCost {
  /// `variable(trade:)` times the price for eight trades.
  @inlinable @inline(__always)
  public func variableCharge(price: SIMD8<Double>, trade: SIMD8<Double>) -> SIMD8<Double> {
    FormulaCost(self).variableCharge(price: price, trade: trade)
  }

  /// `charge(price:trade:)` for eight trades.
  public func charge(price: SIMD8<Double>, trade: SIMD8<Double>) -> SIMD8<Double> {
    var total = SIMD8(repeating: fixed) + variableCharge(price: price, trade: trade)
    for pool in pools { total += pool.charge(price: price, trade: trade) }
    if let first = venues.first {
      var cheapest = first.cost.charge(price: price, trade: trade)
      for venue in venues.dropFirst() {
        let other = venue.cost.charge(price: price, trade: trade)
        cheapest.replace(with: other, where: other .< cheapest)
      }
      total += cheapest
    }
    total.replace(with: 0, where: trade .== 0)
    return total
  }
}

extension LiquidityPool {
  /// `charge(price:trade:)` for eight trades.
  public func charge(price: SIMD8<Double>, trade: SIMD8<Double>) -> SIMD8<Double> {
    let reserve = liquidity / price.squareRoot()
    let isPurchase = trade .> 0
    let size = trade.replacing(with: -trade, where: trade .< 0)
    let left = reserve - size
    let buying = scale * (price * size * ((size + fee * left) / (left * (1 - fee))))
    let paid = size * (1 - fee)
    var cost = scale * (price * size * ((paid + fee * reserve) / (reserve + paid)))
    cost.replace(with: .infinity, where: size .> reserve * largestSellShare)
    var purchase = buying
    purchase.replace(with: .infinity, where: (size .> reserve * largestBuyShare) .| (size .>= reserve))
    cost.replace(with: purchase, where: isPurchase)
    cost.replace(with: 0, where: trade .== 0)
    return cost
  }
}

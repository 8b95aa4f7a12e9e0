/// A pool of an automated market maker, traded with at a price that arbitrage keeps at S between our trades.
///
/// Reserves are `x = L/√S` units and `x S` of quote currency on the curve xy = L², and a fee φ is taken from what is paid
/// in. Against the price S a swap costs
///
///     buying u:   S u (u + φ(x − u)) / ((x − u)(1 − φ))           selling v:   S v (v' + φx) / (x + v'),   v' = (1 − φ)v
///
/// With concentrated liquidity the reserves are virtual and hold while the price stays within a factor ρ of S: at most
/// `x(1 − ρ^{−1/2})` can be bought and `x(ρ^{1/2} − 1)/(1 − φ)` sold; more costs infinity. L in √(units × quote), of the
/// range's own liquidity. Source: Adams, Zinsmeister, Salem, Keefer, Robinson, "Uniswap v3 Core" (2021), §6.
/// *Verified by* `LiquidityPoolTests` against the swap computed in many small pieces.
public struct LiquidityPool: Sendable, Equatable {
  /// L [√(units × quote)].
  public var liquidity: Double
  /// φ, the share of what is paid in that the pool keeps.
  public var fee: Double
  /// √ρ, by which the root of the price may move; infinite for the full range.
  public let rootRange: Double
  /// What the whole charge is multiplied with; 1 but for derivatives with respect to costs.
  public var scale: Double

  /// - Parameter range: ρ − 1, how far the price may be driven, as a share of it; nil: any distance.
  public init(liquidity: Double, fee: Double, range: Double? = nil, scale: Double = 1) {
    self.liquidity = liquidity
    self.fee = fee
    rootRange = range.map { (1 + $0).squareRoot() } ?? .infinity
    self.scale = scale
  }

  public func scaled(by factor: Double) -> LiquidityPool {
    var pool = self
    pool.scale *= factor
    return pool
  }

  /// x [units].
  @inlinable @inline(__always)
  public func reserve(price: Double) -> Double { liquidity / price.squareRoot() }

  /// The largest purchase and sale [units].
  public func limits(price: Double) -> (buy: Double, sell: Double) {
    let reserve = reserve(price: price)
    return (reserve * largestBuyShare, reserve * largestSellShare)
  }

  /// `1 − ρ^{−1/2}`.
  @inlinable var largestBuyShare: Double { 1 - 1 / rootRange }
  /// `(ρ^{1/2} − 1)/(1 − φ)`.
  @inlinable var largestSellShare: Double { (rootRange - 1) / (1 - fee) }

  /// What a swap of `trade` units costs beyond its value at the price [quote].
  public func charge(price: Double, trade: Double) -> Double {
    if trade == 0 { return 0 }
    let reserve = reserve(price: price)
    let size = abs(trade)
    if trade > 0 {
      guard size <= reserve * largestBuyShare, size < reserve else { return .infinity }
      let left = reserve - size
      return scale * (price * size * ((size + fee * left) / (left * (1 - fee))))
    }
    guard size <= reserve * largestSellShare else { return .infinity }
    let paid = size * (1 - fee)
    return scale * (price * size * ((paid + fee * reserve) / (reserve + paid)))
  }

  func validate(field: String) throws(FormulationError) {
    try require(liquidity, { $0 > 0 && $0 <= Magnitude.amount * Magnitude.amount }, field, "a liquidity > 0")
    try require(fee, { $0 >= 0 && $0 < 1 }, field, "a fee ≥ 0 and < 1")
    guard rootRange > 1 else {
      throw .outOfRange(field: field, value: rootRange * rootRange - 1, allowed: "a range > 0")
    }
  }
}

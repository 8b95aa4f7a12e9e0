/// The cost algebra: what a trade costs in one regime (control.md §4).
///
///     c(S, u) = K·1{u ≠ 0} + k_buy S u⁺ + k_sell S u⁻ + ½ η S u²
///
/// with S the price [quote/unit], u the trade [units, positive buys], K the fixed cost [quote], k a fraction of the
/// notional traded, η the quadratic impact [1/unit]. Costs are never negative. The solver and the simulator both charge
/// this one function. For a tracking problem S = 1 and u is in units of the deviation.
///
/// *Verified by* `TradeCostTests`: charges add, and the zero trade is free.
public struct TradeCost: Sendable, Equatable {
  /// K [quote per trade].
  public var fixed: Double
  /// k for a purchase [fraction of notional].
  public var proportionalBuy: Double
  /// k for a sale [fraction of notional].
  public var proportionalSell: Double
  /// η [1/unit]: the price moves by η·S·u while u is bought.
  public var quadraticImpact: Double

  public init(
    fixed: Double = 0, proportionalBuy: Double = 0, proportionalSell: Double = 0, quadraticImpact: Double = 0
  ) {
    self.fixed = fixed
    self.proportionalBuy = proportionalBuy
    self.proportionalSell = proportionalSell
    self.quadraticImpact = quadraticImpact
  }

  /// A fraction of the notional, the same for both sides.
  public static func proportional(_ fraction: Double) -> TradeCost {
    TradeCost(proportionalBuy: fraction, proportionalSell: fraction)
  }

  /// An amount per trade.
  public static func fixed(_ amount: Double) -> TradeCost { TradeCost(fixed: amount) }

  /// The fee of a transaction on a chain: `units × gwei × 10⁻⁹ × etherPrice` [quote].
  public static func gas(units: Double, gwei: Double, etherPrice: Double) -> TradeCost {
    .fixed(units * gwei * etherPerGwei * etherPrice)
  }

  /// One gwei is 10⁻⁹ ether, by definition of the unit.
  public static let etherPerGwei = 1e-9

  public static func + (left: TradeCost, right: TradeCost) -> TradeCost {
    TradeCost(
      fixed: left.fixed + right.fixed,
      proportionalBuy: left.proportionalBuy + right.proportionalBuy,
      proportionalSell: left.proportionalSell + right.proportionalSell,
      quadraticImpact: left.quadraticImpact + right.quadraticImpact)
  }

  /// Every part times a factor.
  public func scaled(by factor: Double) -> TradeCost {
    TradeCost(
      fixed: factor * fixed, proportionalBuy: factor * proportionalBuy, proportionalSell: factor * proportionalSell,
      quadraticImpact: factor * quadraticImpact)
  }

  /// What the trade costs [quote].
  @inlinable @inline(__always)
  public func charge(price: Double, trade: Double) -> Double {
    if trade == 0 { return 0 }
    return fixed + price * variable(trade: trade)
  }

  /// The part that grows with the trade, per unit of price.
  @inlinable @inline(__always)
  public func variable(trade: Double) -> Double {
    let proportional = trade > 0 ? proportionalBuy * trade : -proportionalSell * trade
    return proportional + 0.5 * quadraticImpact * trade * trade
  }

  /// Whether trading is free.
  public var isZero: Bool {
    fixed == 0 && proportionalBuy == 0 && proportionalSell == 0 && quadraticImpact == 0
  }

  /// - Throws: `outOfRange` when a part is negative or not finite, or a fraction is 1 or more.
  public func validate(field: String) throws(FormulationError) {
    try require(fixed, { $0 >= 0 && $0 <= Magnitude.amount }, field, "a fixed cost from 0 to 1e18")
    try require(quadraticImpact, { $0 >= 0 }, field, "an impact ≥ 0")
    for fraction in [proportionalBuy, proportionalSell] {
      try require(fraction, { $0 >= 0 && $0 < 1 }, field, "a proportional cost ≥ 0 and < 1 (a fraction of notional)")
    }
  }
}

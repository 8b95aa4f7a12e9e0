/// The cost algebra: what a trade costs in one regime (control.md §4).
///
///     c(S, u) = K·1{u ≠ 0} + k_buy S u⁺ + k_sell S u⁻ + ½ η S u² + κσ S |u|^{3/2} + Σ swaps + min_v c_v(S, u)
///
/// with S the price [quote/unit], u the trade [units, positive buys], K the fixed cost [quote], k a fraction of the
/// notional traded, η the quadratic impact [1/unit], κσ the square-root impact [1/√unit], swaps against pools
/// (`LiquidityPool`) and the cheapest of several venues (`Venue`). Costs are never negative; a trade that a pool cannot make
/// costs infinity. The solver and the simulator both charge this one function, here and in eight lanes
/// (`TradeCost+Lanes.swift`). For a tracking problem S = 1 and u is in units of the deviation.
///
/// Within one route the part that grows with u is convex on either side; solvers rely on it.
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
  /// κσ [1/√unit]: the mean price paid is off by κσ S √|u|, with σ the regime's volatility.
  public var squareRootImpact: Double
  /// Swaps that every trade is made of.
  public var pools: [LiquidityPool]
  /// Where a trade may be made, at a cost in addition to all above; empty: one place.
  public var venues: [Venue]

  public init(
    fixed: Double = 0, proportionalBuy: Double = 0, proportionalSell: Double = 0, quadraticImpact: Double = 0,
    squareRootImpact: Double = 0, pools: [LiquidityPool] = [], venues: [Venue] = []
  ) {
    self.fixed = fixed
    self.proportionalBuy = proportionalBuy
    self.proportionalSell = proportionalSell
    self.quadraticImpact = quadraticImpact
    self.squareRootImpact = squareRootImpact
    self.pools = pools
    self.venues = venues
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
      quadraticImpact: left.quadraticImpact + right.quadraticImpact,
      squareRootImpact: left.squareRootImpact + right.squareRootImpact, pools: left.pools + right.pools,
      venues: Venue.sums(left.venues, right.venues))
  }

  /// Every part times a factor.
  public func scaled(by factor: Double) -> TradeCost {
    TradeCost(
      fixed: factor * fixed, proportionalBuy: factor * proportionalBuy, proportionalSell: factor * proportionalSell,
      quadraticImpact: factor * quadraticImpact, squareRootImpact: factor * squareRootImpact,
      pools: pools.map { $0.scaled(by: factor) }, venues: venues.map { $0.scaled(by: factor) })
  }

  /// Fixed parts times one factor, whatever grows with the trade times another.
  public func multiplied(fixed: Double, variable: Double) -> TradeCost {
    var cost = scaled(by: variable)
    cost.fixed = self.fixed * fixed
    cost.venues = venues.map { $0.multiplied(fixed: fixed, variable: variable) }
    return cost
  }

  /// What the trade costs [quote].
  @inlinable @inline(__always)
  public func charge(price: Double, trade: Double) -> Double {
    if trade == 0 { return 0 }
    let plain = fixed + price * variable(trade: trade)
    return isOneFormula ? plain : charge(plain, price: price, trade: trade)
  }

  /// Whether neither pools nor venues are asked.
  @inlinable @inline(__always)
  var isOneFormula: Bool { pools.isEmpty && venues.isEmpty }

  /// What pools and the cheapest venue add to the rest.
  @usableFromInline
  func charge(_ plain: Double, price: Double, trade: Double) -> Double {
    var total = plain
    for pool in pools { total += pool.charge(price: price, trade: trade) }
    guard var cheapest = venues.first?.cost.charge(price: price, trade: trade) else { return total }
    for venue in venues.dropFirst() { cheapest = min(cheapest, venue.cost.charge(price: price, trade: trade)) }
    return total + cheapest
  }

  /// The part that grows with the trade without pools and venues, per unit of price.
  @inlinable @inline(__always)
  public func variable(trade: Double) -> Double {
    let proportional = trade > 0 ? proportionalBuy * trade : -proportionalSell * trade
    let plain = proportional + 0.5 * quadraticImpact * trade * trade
    if squareRootImpact == 0 { return plain }
    let size = abs(trade)
    return plain + squareRootImpact * size * size.squareRoot()
  }

  /// Whether trading is free.
  public var isZero: Bool {
    fixed == 0 && proportionalBuy == 0 && proportionalSell == 0 && !hasImpact && venues.isEmpty
  }

  /// Whether a large trade costs more than its parts, fixed costs aside.
  public var hasImpact: Bool {
    quadraticImpact > 0 || squareRootImpact > 0 || !pools.isEmpty || venues.contains { $0.cost.hasImpact }
  }

  /// Whether the cost is `K + k|u|` and nothing else.
  public var isPlain: Bool { !hasImpact && venues.isEmpty }

  /// - Throws: `outOfRange` when a part is negative or not finite, or a fraction is 1 or more.
  public func validate(field: String) throws(FormulationError) {
    try require(fixed, { $0 >= 0 && $0 <= Magnitude.amount }, field, "a fixed cost from 0 to 1e18")
    for impact in [quadraticImpact, squareRootImpact] { try require(impact, { $0 >= 0 }, field, "an impact ≥ 0") }
    for pool in pools { try pool.validate(field: field) }
    try Venue.validate(venues, field: field)
    for fraction in [proportionalBuy, proportionalSell] {
      try require(fraction, { $0 >= 0 && $0 < 1 }, field, "a proportional cost ≥ 0 and < 1 (a fraction of notional)")
    }
  }
}

/// The terms of a trade's cost that one formula has, all but pools and venues, as plain numbers for the loops that charge eight
/// trades at a time; see `TradeCost`. *Verified by* `TradeCostTests.lanesChargeTheSame`.
public struct FormulaCost: Sendable, Equatable {
  public let fixed: Double
  public let proportionalBuy: Double
  public let proportionalSell: Double
  public let quadraticImpact: Double
  public let squareRootImpact: Double

  @inlinable
  public init(_ cost: TradeCost) {
    fixed = cost.fixed
    proportionalBuy = cost.proportionalBuy
    proportionalSell = cost.proportionalSell
    quadraticImpact = cost.quadraticImpact
    squareRootImpact = cost.squareRootImpact
  }

  /// What eight trades are charged in proportion, per unit of price.
  @inlinable @inline(always)
  func proportional(_ trade: SIMD8<Double>) -> SIMD8<Double> {
    var charge = trade * -proportionalSell
    charge.replace(with: trade * proportionalBuy, where: trade .> 0)
    return charge
  }

  /// Whether there is no part but those in proportion.
  public var isProportional: Bool { fixed == 0 && quadraticImpact == 0 && squareRootImpact == 0 }

  /// `variableCharge` of a cost that is proportional, but that the zero of no trade may be negative.
  @inlinable @inline(always)
  public func proportionalCharge(price: SIMD8<Double>, trade: SIMD8<Double>) -> SIMD8<Double> {
    price * proportional(trade)
  }

  /// `variable(trade:)` times the price for eight trades: the same operations in the same order, hence the same bits.
  @inlinable @inline(always)
  public func variableCharge(price: SIMD8<Double>, trade: SIMD8<Double>) -> SIMD8<Double> {
    var plain = proportional(trade)
    if quadraticImpact != 0 { plain += (0.5 * quadraticImpact) * trade * trade }
    if squareRootImpact != 0 {
      let size = trade.replacing(with: -trade, where: trade .< 0)
      plain += squareRootImpact * size * size.squareRoot()
    }
    var cost = price * plain
    cost.replace(with: 0, where: trade .== 0)
    return cost
  }
}

/// A cap in place of a risk aversion (control.md §3(C)): the best policy that keeps to it is the one that is optimal at some risk
/// aversion, which is searched for.
///
/// Under a cap on the deviation it is the cheapest policy whose hedged book deviates by no more; under one on the expected cost the
/// policy of least risk that costs no more. Along the frontier the deviation falls with the risk aversion and the cost grows. Under one
/// on the tail it is the cheapest policy whose worst outcomes lose no more on average (`TailBudgetSearch`).
public struct RiskBudget: Sendable, Equatable {
  /// What is capped.
  public enum Measure: String, Sendable, CaseIterable {
    /// `√(E ∫ v dt)`, the standard deviation of what the hedged book gains and loses around its drift, from the valuation to
    /// the horizon.
    case deviation
    /// What trading, settlement and carry cost in expectation until the horizon.
    case expectedCost
    /// The mean of the worst `1 − level` of what the hedged book loses until the horizon, costs included.
    case conditionalValueAtRisk
  }

  public let measure: Measure
  /// [quote].
  public let amount: Double
  /// α of a tail; of no meaning for other measures.
  public let level: Double

  /// Where a tail begins that nobody gives the beginning of.
  public static let standardLevel = 0.95

  /// - Throws: `outOfRange` unless the amount is positive and its reciprocal is a risk aversion, and the level between ½ and 0.999:
  ///   a tail of fewer paths than one in a thousand is known to nobody.
  public init(_ measure: Measure, _ amount: Double, level: Double = standardLevel) throws(FormulationError) {
    try require(
      level, { $0 >= 0.5 && $0 <= 0.999 }, "preference.riskBudget.\(measure.rawValue).level", "0.5 to 0.999")
    self.level = level
    try require(
      amount, { $0 > 0 && $0 <= Magnitude.amount && Magnitude.riskAversion.contains(1 / $0) },
      "preference.riskBudget.\(measure.rawValue)", "> 0 and ≤ 1e18 [quote]")
    (self.measure, self.amount) = (measure, amount)
  }

  /// Where a search begins: one deviation is charged at half of itself, `½ a d² = ½ d` [1/quote]. Of a cost nothing better is known.
  public var startingAversion: Double { 1 / amount }
}

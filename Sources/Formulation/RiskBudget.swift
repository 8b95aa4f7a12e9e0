/// A cap in place of a risk aversion (control.md §3(C)): the best policy that keeps to it is the one that is optimal at some risk
/// aversion, which is searched for.
///
/// Under a cap on the deviation it is the cheapest policy whose hedged book deviates by no more; under one on the expected cost the
/// policy of least risk that costs no more. Along the frontier the deviation falls with the risk aversion and the cost grows.
public struct RiskBudget: Sendable, Equatable {
  /// What is capped.
  public enum Measure: String, Sendable, CaseIterable {
    /// `√(E ∫ v dt)`, the standard deviation of what the hedged book gains and loses around its drift, from the valuation to
    /// the horizon.
    case deviation
    /// What trading, settlement and carry cost in expectation until the horizon.
    case expectedCost
  }

  public let measure: Measure
  /// [quote].
  public let amount: Double

  /// - Throws: `outOfRange` unless the amount is positive and its reciprocal is a risk aversion.
  public init(_ measure: Measure, _ amount: Double) throws(FormulationError) {
    try require(
      amount, { $0 > 0 && $0 <= Magnitude.amount && Magnitude.riskAversion.contains(1 / $0) },
      "preference.riskBudget.\(measure.rawValue)", "> 0 and ≤ 1e18 [quote]")
    (self.measure, self.amount) = (measure, amount)
  }

  /// Where a search begins: one deviation is charged at half of itself, `½ a d² = ½ d` [1/quote]. Of a cost nothing better is known.
  public var startingAversion: Double { 1 / amount }
}

/// A cap on risk in place of a risk aversion (control.md §3(C)): the cheapest policy whose hedged book deviates by no more
/// is the one that is optimal at some risk aversion, which is searched for.
public struct RiskBudget: Sendable, Equatable {
  /// `√(E ∫ v dt)`, the standard deviation of what the hedged book gains and loses around its drift [quote], from the
  /// valuation to the horizon.
  public let deviation: Double

  /// - Throws: `outOfRange` unless the deviation is a positive amount whose reciprocal is a risk aversion.
  public init(deviation: Double) throws(FormulationError) {
    try require(
      deviation, { $0 > 0 && $0 <= Magnitude.amount && Magnitude.riskAversion.contains(1 / $0) },
      "preference.riskBudget.deviation", "> 0 and ≤ 1e18 [quote]")
    self.deviation = deviation
  }

  /// Where a search begins: one deviation is charged at half of itself, `½ a d² = ½ d` [1/quote].
  public var startingAversion: Double { 1 / deviation }
}

import Formulation
import Glibc

/// The half-widths that small-cost formulas suggest, for orientation before anything is solved [units].
///
///     proportional cost alone: (3kSΓ²/(2a))^{1/3}      fixed cost alone: (12KΓ²/a)^{1/4}
///
/// Whalley and Wilmott (1997) and its fixed-cost analogue (local volatility |Γ|σS, local risk ½aσ²S²: σ cancels). Both
/// leave out the horizon, and hold for costs that are small against the risk. *Verified by* `SmallCostWidthTests`.
struct SmallCostWidths: Equatable {
  /// Nil without a proportional cost.
  let proportional: Double?
  /// Nil without a fixed cost.
  let fixed: Double?

  init(problem: OptionBookProblem, regime: Int) {
    let spot = problem.market.spot
    let gamma = problem.book.greeks(time: 0, spot: spot, regime: regime).gamma
    let cost = problem.costs[regime]
    let fraction = 0.5 * (cost.proportionalBuy + cost.proportionalSell)
    let ratio = gamma * gamma / problem.preference.riskAversion
    proportional = fraction > 0 ? cbrt(1.5 * fraction * spot * ratio) : nil
    fixed = cost.fixed > 0 ? pow(12 * cost.fixed * ratio, 0.25) : nil
  }
}

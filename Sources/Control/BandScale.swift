import Formulation
import Glibc

/// How wide a band is, roughly, before anything is solved: the sum of the small-cost width and of the width that the
/// end of the problem imposes. It only sizes grids; nothing emitted depends on it.
///
///     (3kSΓ²/(2a))^{1/3} + k/(a S σ² τ)   and   (12KΓ²/a)^{1/4} + (2K/(a σ² S² τ))^{1/2}
///
/// The first terms are Whalley and Wilmott (1997) and its fixed-cost analogue (control.md §7); the second ones balance
/// the cost of one trade against the gamma risk of standing still for the remaining time τ.
struct BandScale {
  let problem: OptionBookProblem
  let regime: Int

  /// Half-width in net delta [units].
  func halfWidth(spot: Double, gamma: Double, remaining: Double) -> Double {
    problem.costs[regime].routes.reduce(.infinity) {
      min($0, halfWidth($1.cost, spot: spot, gamma: gamma, remaining: remaining))
    }
  }

  private func halfWidth(_ cost: TradeCost, spot: Double, gamma: Double, remaining: Double) -> Double {
    let aversion = problem.preference.riskAversion
    let volatility = problem.environment.regimes[regime].volatility
    let fraction = max(cost.marginal.buy, cost.marginal.sell)
    let formula = SmallCostWidth(riskAversion: aversion, spot: spot, gamma: gamma)
    let rate = aversion * volatility * volatility * remaining
    return formula.proportional(fraction) + fraction / (rate * spot) + formula.fixed(cost.fixed)
      + (2 * cost.fixed / rate).squareRoot() / spot
  }

  /// How far beyond the least variance running cost alone would go: `((μ − r) − f) S/(a A₂)` [units].
  func target(spot: Double) -> Double {
    let state = problem.environment.regimes[regime]
    let variance = problem.environment.relativeVariance(regime)
    return (state.drift - problem.market.rate - state.funding)
      / (problem.preference.riskAversion * variance * spot)
  }
}

import Formulation
import Glibc

/// Band formulas for small costs, as methods beside the solver's own: fast, and right only where their assumptions hold.
///
/// Each gives the net-delta band at a time, spot and regime from the book's sensitivities there. Quadratic risk with a and
/// exponential utility with γ agree to the order of these formulas, so that one symbol a stands for both.
///
/// *Verified by* `AsymptoticRuleTests`.
public enum AsymptoticRule: String, Sendable, CaseIterable {
  /// `±(3kSΓ²/(2a))^{1/3}` around the frictionless delta, to the edge (Whalley and Wilmott 1997, eq. 3.10).
  case whalleyWilmott
  /// `±(H₁ + H₀)` around the delta at a volatility that grows with costs for short gamma and falls for long, to the edge
  /// (Zakamouline 2006, fitted to a writer's exponential utility at μ = r; a buyer's band is
  /// seen to stay where the delta is, which the fit does not say):
  ///
  ///     H₀ = k/(aSσ²τ),  H₁ = 1.12 k^{0.31} τ^{0.05} (e^{−rτ}/σ)^{1/4} (|Γ|/a)^{1/2}
  ///     σ_m² = σ² (1 ± 4.76 k^{0.78} τ^{−0.02} (e^{−rτ}/σ)^{1/4} (aS²|Γ|)^{0.15})
  case zakamouline
  /// `±(12KΓ²/a)^{1/4}`, to the frictionless delta (control.md §7).
  case smallFixedCost

  /// Why a rule says nothing about a problem; nil when it does.
  public func obstacle(to problem: OptionBookProblem) -> ControlError? {
    for cost in problem.costs {
      let fraction = max(cost.proportionalBuy, cost.proportionalSell)
      if self == .smallFixedCost, cost.fixed == 0 || fraction > 0 {
        return .unsupported(method: rawValue, feature: "costs other than a fixed one")
      }
      if self != .smallFixedCost, cost.fixed > 0 || fraction == 0 {
        return .unsupported(method: rawValue, feature: "costs other than proportional ones")
      }
    }
    return nil
  }

  /// The band in net delta under the marks' convention [units].
  ///
  /// - Parameters:
  ///   - time: years from the valuation.
  ///   - spot: [quote/unit].
  public func band(_ problem: OptionBookProblem, time: Double, spot: Double, regime e: Int) -> Band {
    let greeks = problem.book.greeks(time: time, spot: spot, regime: e)
    let cost = problem.costs[e]
    let width = SmallCostWidth(riskAversion: problem.preference.riskAversion, spot: spot, gamma: greeks.gamma)
    let fraction = 0.5 * (cost.proportionalBuy + cost.proportionalSell)
    switch self {
    case .whalleyWilmott:
      let half = width.proportional(fraction)
      return Band(lower: -half, upper: half, targetLower: -half, targetUpper: half)
    case .smallFixedCost:
      let half = width.fixed(cost.fixed)
      return Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0)
    case .zakamouline:
      return zakamouline(problem, time: time, spot: spot, regime: e, fraction: fraction, greeks: greeks)
    }
  }

  /// The constants of Zakamouline's fit.
  private enum Fit {
    static let width = (factor: 1.12, cost: 0.31, time: 0.05, gamma: 0.5)
    static let volatility = (factor: 4.76, cost: 0.78, time: -0.02, gamma: 0.15)
    /// The exponent of e^{−rτ}/σ, in both.
    static let discounted = 0.25
    /// Below this share of the variance the fit has left its range; a quarter of the volatility is kept.
    static let leastVariance = 1.0 / 16
  }

  private func zakamouline(
    _ problem: OptionBookProblem, time: Double, spot: Double, regime e: Int, fraction: Double, greeks: Greeks
  ) -> Band {
    let aversion = problem.preference.riskAversion
    let volatility = problem.environment.regimes[e].volatility
    let remaining = (problem.book.expiries.first { $0 > time } ?? problem.horizon) - time
    guard remaining > 0 else { return .unbounded }
    let discounted = pow(exp(-problem.market.rate * remaining) / volatility, Fit.discounted)
    let gamma = abs(greeks.gamma)
    let half =
      fraction / (aversion * spot * volatility * volatility * remaining)
      + Fit.width.factor * pow(fraction, Fit.width.cost) * pow(remaining, Fit.width.time) * discounted
      * pow(gamma / aversion, Fit.width.gamma)
    let shift =
      Fit.volatility.factor * pow(fraction, Fit.volatility.cost) * pow(remaining, Fit.volatility.time) * discounted
      * pow(aversion * spot * spot * gamma, Fit.volatility.gamma)
    // The hedge is the delta at the adjusted volatility; the band is told against the delta of the marks.
    let share = max(Fit.leastVariance, greeks.gamma < 0 ? 1 + shift : 1 - shift)
    let adjusted = problem.book.marked(scalingVarianceBy: share)
    let centre = greeks.delta - adjusted.greeks(time: time, spot: spot, regime: e).delta
    return Band(lower: centre - half, upper: centre + half, targetLower: centre - half, targetUpper: centre + half)
  }

  /// The rule as a table that roll-outs read, on the nodes of a grid.
  ///
  /// Shape of the table: `[time × regime × spot]` at every time of the grid but the horizon. Between nodes tables are read
  /// linearly, second order in the spacings.
  public func policy(_ problem: OptionBookProblem, grid: FiniteHorizonGrid) -> PolicyTable {
    let times = Array(grid.times.dropLast())
    let spots = grid.spots
    var bands: [Band] = []
    bands.reserveCapacity(times.count * problem.environment.count * spots.count)
    for time in times {
      for e in 0..<problem.environment.count {
        for spot in spots { bands.append(band(problem, time: time, spot: spot, regime: e)) }
      }
    }
    return PolicyTable(
      times: times, logSpots: grid.logSpots, regimeCount: problem.environment.count, bands: bands)
  }
}

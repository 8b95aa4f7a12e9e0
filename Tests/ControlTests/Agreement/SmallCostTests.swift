import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// With costs → 0 the band's half-width approaches `(3kSΓ²/(2a))^{1/3}` (k alone) and `(12KΓ²/a)^{1/4}` (K alone).
///
/// In that limit the band is a matter of the time in which the deviation diffuses through it, `h²/η²`: the horizon is cut to
/// 40 of those (the last test shows that a longer one changes nothing), so that grid and steps resolve the band however
/// narrow it is.
@Suite struct SmallCostTests {
  private func ratio(proportional: Double, fixed: Double, lengths: Double = 40) throws -> Double {
    let whole = try Straddle.problem(proportional: proportional, fixed: fixed, volatilities: [0.8])
    let gamma = whole.book.greeks(time: 0, spot: 100, regime: 0).gamma
    let formula = SmallCostWidth(riskAversion: 0.1, spot: 100, gamma: gamma)
    let width = fixed == 0 ? formula.proportional(proportional) : formula.fixed(fixed)
    let diffusion = abs(gamma) * 100 * 0.8
    let years = lengths * (width / diffusion) * (width / diffusion)
    let problem = try Straddle.problem(
      proportional: proportional, fixed: fixed, volatilities: [0.8],
      horizon: min(whole.horizon, years) * 365 * 86_400)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 600, holdings: 401, steps: 1500)).solve(problem)
    return 0.5 * solution.band(regime: 0).width / width
  }

  /// The distance from 1 falls with the cost until the grid's own error, below 1 %, is all that is left.
  @Test func proportionalCost() throws {
    let ratios = try [5e-3, 5e-4, 5e-5, 5e-6, 5e-7].map { try ratio(proportional: $0, fixed: 0) }
    #expect(abs(ratios[0] - 1) > abs(ratios[2] - 1), "\(ratios)")
    for ratio in ratios.dropFirst(2) { #expect(abs(ratio - 1) < 0.01, "\(ratios)") }
  }

  @Test func fixedCost() throws {
    let ratios = try [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].map { try ratio(proportional: 0, fixed: $0) }
    #expect(abs(ratios[0] - 1) > abs(ratios[2] - 1), "\(ratios)")
    for ratio in ratios.dropFirst(2) { #expect(abs(ratio - 1) < 0.01, "\(ratios)") }
  }

  @Test func longerHorizonsChangeNothing() throws {
    let short = try ratio(proportional: 5e-6, fixed: 0)
    let long = try ratio(proportional: 5e-6, fixed: 0, lengths: 120)
    #expect(abs(short - long) < 0.01, "\(short) \(long)")
  }
}

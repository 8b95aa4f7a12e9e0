import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// With costs → 0 the band's half-width approaches `(3kSΓ²/(2a))^{1/3}` (k alone) and `(12KΓ²/a)^{1/4}` (K alone).
///
/// In that limit the band is a matter of the time in which the deviation diffuses through it, `h²/η²`: the horizon is cut to
/// ten of those (the last test shows that a longer one changes nothing), so that grid and steps resolve the band however
/// narrow it is.
///
/// Edges move apart unequally, but the half of their distance has no odd terms: its relative error is of the order h², that
/// is `k^{2/3}` and `K^{1/2}`. Measured: exponents 0.67 and 0.73.
@Suite struct SmallCostTests {
  private func ratio(proportional: Double, fixed: Double, lengths: Double = 10, refinement: Double = 1) throws -> Double
  {
    let whole = try Straddle.problem(proportional: proportional, fixed: fixed, volatilities: [0.8])
    let gamma = whole.book.greeks(time: 0, spot: 100, regime: 0).gamma
    let formula = SmallCostWidth(riskAversion: 0.1, spot: 100, gamma: gamma)
    let width = fixed == 0 ? formula.proportional(proportional) : formula.fixed(fixed)
    let diffusion = abs(gamma) * 100 * 0.8
    let years = lengths * (width / diffusion) * (width / diffusion)
    let problem = try Straddle.problem(
      proportional: proportional, fixed: fixed, volatilities: [0.8],
      horizon: min(whole.horizon, years) * 365 * 86_400)
    let settings = GridSettings(
      spots: Int(600 * refinement), holdings: Int(401 * refinement), steps: Int(1500 * refinement))
    let solution = try FiniteHorizon(settings: settings).solve(problem)
    return 0.5 * solution.band(regime: 0).width / width
  }

  /// The distance from 1 falls with the cost until the grid's own error, below 0.3 %, is all that is left.
  @Test func proportionalCost() throws {
    let ratios = try [5e-3, 5e-4, 5e-5, 5e-6, 5e-7].map { try ratio(proportional: $0, fixed: 0) }
    #expect(abs(ratios[0] - 1) > abs(ratios[2] - 1), "\(ratios)")
    for ratio in ratios.dropFirst(2) { #expect(abs(ratio - 1) < 0.003, "\(ratios)") }
  }

  @Test func fixedCost() throws {
    let ratios = try [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].map { try ratio(proportional: 0, fixed: $0) }
    #expect(abs(ratios[0] - 1) > abs(ratios[2] - 1), "\(ratios)")
    for ratio in ratios.dropFirst(2) { #expect(abs(ratio - 1) < 0.003, "\(ratios)") }
  }

  @Test func longerHorizonsChangeNothing() throws {
    let short = try ratio(proportional: 5e-6, fixed: 0)
    let long = try ratio(proportional: 5e-6, fixed: 0, lengths: 40)
    #expect(abs(short - long) < 0.003, "\(short) \(long)")
  }

  @Test func proportionalRate() throws {
    let (large, small) = (2e-3, 1e-4)
    let distance = try [large, small].map { try abs(ratio(proportional: $0, fixed: 0) - 1) }
    let exponent = log(distance[0] / distance[1]) / log(large / small)
    #expect(abs(exponent - 2.0 / 3) < 0.15, "\(distance), exponent \(exponent)")
  }

  @Test func fixedRate() throws {
    let (large, small) = (1e-1, 1e-2)
    let distance = try [large, small].map { try abs(ratio(proportional: 0, fixed: $0, refinement: 2) - 1) }
    let exponent = log(distance[0] / distance[1]) / log(large / small)
    // Two points a decade apart, the nearer with a tenth of its distance in grid error.
    #expect(exponent > 0.4 && exponent < 0.9, "\(distance), exponent \(exponent)")
  }
}

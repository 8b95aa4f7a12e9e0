import Formulation
import Glibc
import Testing

@testable import Simulation

/// Deviations that revert and jump, under a band so wide that it never trades, against moments in closed form; and a band
/// with jumps against the solver's reference for finite differences.
@Suite struct TrackingMotionTests {
  private func problem(_ regime: TrackingRegime, cost: TradeCost) throws -> TrackingProblem {
    try TrackingProblem(
      name: "one", criterion: .longRunAverage, regimes: [regime], generator: .frozen(count: 1), costs: [cost])
  }

  static let jumps = [
    DeviationJumps(intensity: 3, law: .normal(mean: 0.2, deviation: 0.3)),
    DeviationJumps(intensity: 2, law: .laplace(up: 0.3, down: 0.5, probabilityUp: 0.7)),
  ]

  /// Stationary mean `θ + (m + νEZ)/κ`, variance `(η² + νEZ²)/(2κ)`: E ℓ for ℓ = λ(x − c)² + p(x − c).
  @Test(arguments: jumps) func stationaryMoments(_ jumps: DeviationJumps) throws {
    let cost = DeviationCost.quadratic(1.5, linear: 0.4, center: 0.3)
    let regime = TrackingRegime(
      name: "a", drift: 0.2, reversion: 2, level: -0.4, volatility: 0.8, runningCost: cost, jumps: jumps)
    let settings = TrackingSettings(
      step: 1.0 / 256, burnIn: 10, batchLength: 50, batchCount: 8, replicaCount: 32, seed: 5)
    let result = try TrackingRollOut(problem: problem(regime, cost: .fixed(1)), settings: settings)
      .run(bands: [Band(lower: -1e6, upper: 1e6, targetLower: 0, targetUpper: 0)])
    let mean = -0.4 + (0.2 + jumps.intensity * jumps.mean) / 2
    let variance = (0.64 + jumps.intensity * jumps.secondMoment) / 4
    let expected = 1.5 * (variance + (mean - 0.3) * (mean - 0.3)) + 0.4 * (mean - 0.3)
    let found = result.runningCost
    // In the stationary law the trapezoidal rule is exact in expectation.
    #expect(abs(found.mean - expected) < 4 * found.standardError, "\(found) for \(expected)")
  }

  /// A lopsided running cost under a normal stationary law: `E[λ⁻x²; x < 0] + E[λ⁺x²; x ≥ 0] = (λ⁻ + λ⁺) s²/2`.
  @Test func lopsided() throws {
    let regime = TrackingRegime(
      name: "a", reversion: 2, volatility: 1, runningCost: DeviationCost(below: 1, above: 3))
    let settings = TrackingSettings(
      step: 1.0 / 256, burnIn: 10, batchLength: 50, batchCount: 8, replicaCount: 32, seed: 6)
    let result = try TrackingRollOut(problem: problem(regime, cost: .fixed(1)), settings: settings)
      .run(bands: [Band(lower: -1e6, upper: 1e6, targetLower: 0, targetUpper: 0)])
    let found = result.runningCost
    #expect(abs(found.mean - 2 * 0.25) < 4 * found.standardError, "\(found)")
  }

  /// The best band for normal jumps, and its cost, of `StationaryJumpTests` (finite differences).
  @Test func bandWithJumps() throws {
    let regime = TrackingRegime(
      name: "a", volatility: 0.6, runningCost: .quadratic(1),
      jumps: DeviationJumps(intensity: 2, law: .normal(mean: 0.2, deviation: 0.4)))
    let settings = TrackingSettings(
      step: 1.0 / 1024, burnIn: 5, batchLength: 25, batchCount: 8, replicaCount: 64, seed: 7)
    let result = try TrackingRollOut(
      problem: problem(regime, cost: TradeCost(fixed: 0.1, proportionalBuy: 0.3, proportionalSell: 0.3)),
      settings: settings
    ).run(bands: [Band(lower: -0.995, upper: 0.805, targetLower: -0.375, targetUpper: 0.135)])
    let found = result.extrapolatedCost
    #expect(abs(found.mean - 0.4275068) < 4 * found.standardError + abs(result.discretisationError.mean), "\(found)")
    #expect(found.standardError < 0.004)
  }
}

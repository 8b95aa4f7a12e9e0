import Formulation
import TestKit
import Testing

@testable import Control

/// Large jumps beside little diffusion: the drift between jumps that compensates them crosses many spacings in the time in which the
/// price diffuses through one, and central differences would oscillate.
@Suite struct StrongDriftTests {
  private func solve(_ mean: Double, nodes: Int) throws -> (value: Double, time: Double, horizon: Double) {
    let jumps = PriceJumps(intensity: 50, law: .merton(mean: mean, deviation: 0.05))
    let problem = try JumpStraddle.problem(
      regimes: [Regime(name: "only", volatility: 0.05, jumps: jumps)], proportional: 0.001, fixed: 0.01,
      riskAversion: 0.01)
    let solution = try FiniteHorizon(settings: GridSettings(spots: nodes, holdings: 385, steps: nodes)).solve(problem)
    let target = solution.band(regime: 0).targetLower - solution.bookDeltas[solution.grid.reference]
    return (
      solution.value(regime: 0, inventory: 0), TimeToTrade(solution).expected(regime: 0, inventory: target),
      problem.horizon
    )
  }

  /// Twice as many nodes and steps change little; the central differences' value changed by 8 %, and their times were negative.
  @Test(arguments: [0.3, -0.3]) func gridsAgree(_ mean: Double) throws {
    let (coarse, fine) = (try solve(mean, nodes: 160), try solve(mean, nodes: 320))
    #expect(relativeDifference(coarse.value, fine.value) < 0.02, "\(coarse) \(fine)")
    #expect(relativeDifference(coarse.time, fine.time) < 0.1, "\(coarse) \(fine)")
    #expect(fine.time > 0 && fine.time < fine.horizon, "\(fine)")
  }

  /// Where the diffusion outweighs the drift the differences are the central ones, to the last bit; where it does not the raised
  /// ones still take a drift and a curvature for what they are.
  @Test func coefficients() {
    for (drift, down, up) in [(0.3, 0.01, 0.012), (-0.3, 0.01, 0.012), (9.0, 0.02, 0.01), (-9, 0.02, 0.03)] {
      let half = 0.005
      let found = LineSystem.differences(half: half, drift: drift, down: down, up: up, most: 1)
      if abs(drift) < 1 {
        #expect(found.below == (2 * half - drift * up) / (down * (down + up)))
        #expect(found.above == (2 * half + drift * down) / (up * (down + up)))
      }
      #expect(found.below >= 0 && found.above >= 0, "\(drift): \(found)")
      #expect(relativeDifference(found.above * up - found.below * down, drift) < 1e-12, "\(drift): \(found)")
    }
  }
}

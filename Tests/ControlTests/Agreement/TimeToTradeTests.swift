import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The expected time to the next trade in the limit of small costs: from the target 0 to ±h it is `h²/η²`, η = |Γ|σS
/// (control.md §7), and in regimes that never switch times are as 1/σ².
@Suite struct TimeToTradeTests {
  @Test func fixedCostLimit() throws {
    let whole = try Straddle.problem(proportional: 0, fixed: 1e-4, volatilities: [0.8])
    let gamma = whole.book.greeks(time: 0, spot: 100, regime: 0).gamma
    let width = SmallCostWidth(riskAversion: 0.1, spot: 100, gamma: gamma).fixed(1e-4)
    let diffusion = abs(gamma) * 100 * 0.8
    let years = (width / diffusion) * (width / diffusion)
    let problem = try Straddle.problem(
      proportional: 0, fixed: 1e-4, volatilities: [0.8], horizon: 60 * years * 365 * 86_400)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 600, holdings: 401, steps: 2000)).solve(problem)
    let node = solution.grid.reference
    let start = solution.band(regime: 0).targetLower - solution.bookDeltas[node]
    let time = TimeToTrade(solution).expected(regime: 0, inventory: start)
    #expect(relativeDifference(time, years) < 0.02, "\(time) \(years)")
  }

  @Test func slowerInCalmerRegimes() throws {
    let problem = try Straddle.problem(proportional: 0, fixed: 1e-3, switching: [[0, 0], [0, 0]])
    let solution = try FiniteHorizon(settings: GridSettings(spots: 400, holdings: 201, steps: 800)).solve(problem)
    let times = (0..<2).map { regime in
      let start =
        solution.band(regime: regime).targetLower - solution.bookDeltas[solution.grid.reference * 2 + regime]
      return TimeToTrade(solution).expected(regime: regime, inventory: start)
    }
    // σ² as 1.44 to 0.25; the straddle's gamma changes within the longer time, which leaves a tenth.
    #expect(relativeDifference(times[0] / times[1], 1.44 / 0.25) < 0.1, "\(times)")
  }
}

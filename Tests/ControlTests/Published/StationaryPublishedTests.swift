import Formulation
import Glibc
import Testing

@testable import Control

/// Ratios of policy classes that hold for every λ, η, K, k.
@Suite struct StationaryPublishedTests {
  let proportional = StationaryClosedForm(runningCost: 0.3, volatility: 1.7, proportional: 0.06)
  let fixed = StationaryClosedForm(runningCost: 0.3, volatility: 1.7, fixed: 0.06)

  @Test("Recentring costs 2^(1/3) times the optimum, from a band 4^(1/3) times as wide")
  func recentring() {
    #expect(relative(proportional.recentre.cost, cbrt(2) * proportional.edge.cost) < 1e-13)
    #expect(relative(proportional.recentre.outer, cbrt(4) * proportional.edge.outer) < 1e-13)
    #expect(
      relative(proportional.recentreCost(halfWidth: proportional.edge.outer), 1.5 * proportional.edge.cost) < 1e-13)
  }

  @Test("The best blind interval costs 1.563185 (proportional) and √3 (fixed) times the optimum")
  func interval() {
    // Six decimals are given.
    #expect(abs(proportional.interval.cost / proportional.optimum.cost - 1.563185) < 0.5e-6)
    #expect(relative(fixed.interval.cost, 3.0.squareRoot() * fixed.optimum.cost) < 1e-13)
  }

  @Test("A delta hedge in the small: Whalley and Wilmott's (3kSΓ²/2a)^(1/3), and (12KΓ²/a)^(1/4) for a fixed cost")
  func whalleyWilmott() throws {
    let (gamma, spot, sigma, aversion) = (0.03, 120.0, 0.6, 0.02)
    let running = 0.5 * aversion * sigma * sigma * spot * spot
    let volatility = gamma * sigma * spot
    let rate = 0.001
    func upper(_ cost: TradeCost) throws -> Double {
      try StationarySolver().solve(
        StationaryExamples.problem(running: [running], volatility: [volatility], costs: [cost])
      ).regimes[0].band.upper
    }
    let proportionalEdge = cbrt(3 * rate * spot * gamma * gamma / (2 * aversion))
    #expect(relative(try upper(.proportional(rate * spot)), proportionalEdge) < 1e-8)
    #expect(relative(try upper(.fixed(5)), pow(12 * 5 * gamma * gamma / aversion, 0.25)) < 1e-8)
  }
}

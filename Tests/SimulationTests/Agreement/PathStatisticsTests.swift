import Formulation
import Glibc
import Testing

@testable import Simulation

/// What is followed along a path, against closed forms.
@Suite struct PathStatisticsTests {
  /// The profit of one unit held is nearly a Brownian motion when the volatility is small, whose mean worst fall over a time T is
  /// `√(π/2) σ√T` (Magdon-Ismail, Atiya, Pratap and Abu-Mostafa, "On the maximum drawdown of a Brownian motion", J. Appl. Prob. 41
  /// (2004), eq. 4, for μ = 0). Seen at n instants both its ends are missed by 0.5826 σ√(T/n) (Broadie, Glasserman and Kou 1997).
  @Test func drawdownOfBrownianMotion() throws {
    let volatility = 0.01
    let problem = try Fixture.plain(
      volatility: volatility, positions: [Position(name: "forward", instrument: .forward, quantity: 1)],
      settlement: .none, horizonDays: 365)
    let instants = 1024.0
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 365 * 86_400 / instants, pathCount: 16_384, seed: 71))
    let found = try rollOut.run(.never)[.worstDrawdown].scaled(by: 1 / (100 * volatility))
    let expected = (0.5 * Double.pi).squareRoot() - 2 * 0.5826 / instants.squareRoot()
    // What is left of the discretisation is of the order of a step.
    #expect(abs(found.mean - expected) < 4 * found.standardError + 2 / instants, "\(found) for \(expected)")
  }

  /// Attempts fail with their probability, each pays K, and the parts of costs add up.
  @Test func costsByPart() throws {
    let cost = TradeCost(fixed: 0.01, proportionalBuy: 0.001, proportionalSell: 0.001, quadraticImpact: 0.02)
    let problem = try Fixture.plain(cost: cost, settlement: .none).replacing(execution: Execution(failure: 0.2))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 3600, pathCount: 4096, seed: 72))
    let band = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: 0, targetUpper: 0)])
    let result = try rollOut.run(band, keeping: RollOutColumn.allCases)
    func mean(_ column: RollOutColumn) -> Double { result[column].mean }
    #expect(abs(mean(.gasCosts) - 0.01 * mean(.tradeCount)) < 1e-12)
    #expect(abs(mean(.gasCosts) + mean(.failureCosts) - mean(.fixedCosts)) < 1e-12)
    #expect(abs(mean(.fees) - 0.001 * mean(.turnoverNotional)) < 1e-9)
    #expect(abs(mean(.fees) + mean(.impactCosts) - mean(.variableCosts)) < 1e-12 && mean(.impactCosts) > 0)
    // Of n attempts 0.2 n fail: the failures less 0.2 of all have mean zero.
    let misses = zip(
      result.kept[RollOutColumn.failureCosts.rawValue], result.kept[RollOutColumn.fixedCosts.rawValue]
    ).map { $0 - 0.2 * $1 }
    #expect(distance(Moments(misses).estimate, 0) < 4, "\(Moments(misses).estimate)")
  }

  /// A failed attempt leaves net delta outside: the time outside grows with the share that fails, by about p/(1 − p) looks for every
  /// breach, where a breach that is mended at once counts half a look before it.
  @Test func timeOutsideGrowsWithFailures() throws {
    let problem = try Fixture.plain(cost: .fixed(0.01), settlement: .none, horizonDays: 15)
    let band = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: 0, targetUpper: 0)])
    func run(_ failure: Double) throws -> RollOutResult {
      let failing = problem.replacing(execution: Execution(failure: failure))
      return try RollOut(
        problem: failing, settings: RollOutSettings(checkEvery: 1800, pathCount: 8192, seed: 73)
      ).run(band)
    }
    let (sure, failing) = (try run(0), try run(0.5))
    let look = 1800 / (365 * 86_400.0)
    // Without failures: half a look for each trade but those at the valuation, of which there is one a path, the delta of the call
    // being over a half.
    let expected = 0.5 * look * (sure[.tradeCount].mean - 1)
    #expect(abs(sure[.timeOutside].mean - expected) < 1e-9, "\(sure[.timeOutside]) \(expected)")
    // With every second attempt failing the mean wait is one look more, in all of which net delta may come back by itself.
    let more = failing[.timeOutside].mean - sure[.timeOutside].mean
    #expect(
      more > 0.4 * look * failing[.tradeCount].mean && more < 1.1 * look * sure[.tradeCount].mean, "\(more / look)")
  }
}

import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// Regimes whose costs differ in kind.
@Suite struct SeveralWellsTests {
  /// In one regime a trade costs a ticket of 0.02 and no spread; in the other next to no ticket and a spread of 0.003, and it ends
  /// within a day. Ten units away one waits a day and pays 0.02 rather than 0.03; three units away one pays 0.009 now: no single
  /// band says that.
  private func problem(forward: Double = -3) throws -> OptionBookProblem {
    let valuation = Instant(year: 2024, month: 1, day: 1)!
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "ticket", volatility: 0.4), Regime(name: "spread", volatility: 0.4)],
      generator: Generator([[-10, 10], [400, -400]]))
    return try OptionBookProblem(
      name: "wells", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 1, rate: 0, environment: chain),
      positions: [Position(name: "forward", instrument: .forward, quantity: forward)],
      costs: [.fixed(0.02), .fixed(0.00001) + .proportional(0.003)], preference: .quadratic(riskAversion: 0.3),
      settlement: .none, horizon: valuation.adding(seconds: 60 * 86_400))
  }

  private func checks(_ kind: Check.Kind, _ problem: OptionBookProblem) throws -> [Check] {
    try OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 80, holdings: 241, steps: 200),
      settings: CertificationSettings(paths: 512, checksPerPath: 128, seed: 1, threads: 2)
    ).run().checks.filter { $0.kind == kind }
  }

  /// No trade is better than the value, whether the regimes' costs are alike or not.
  @Test(arguments: [true, false]) func everyTradeIsTaken(_ isAlike: Bool) throws {
    let problem = try problem()
    let found = try checks(
      .obstacleViolation, isAlike ? problem.replacing(costs: [problem.costs[1], problem.costs[1]]) : problem)
    #expect(found.count == 2 && found.allSatisfy(\.passed), "\(found)")
  }

  /// One band trades at once where the optimum waits for the other regime: from ten units away it costs 13 % more, and is refused.
  @Test func oneBandIsNotEnough() throws {
    let found = try checks(.rollOut, problem(forward: -10))
    #expect(found.filter { !$0.passed }.map(\.regime) == ["spread"], "\(found)")
  }
}

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
  private func problem(spread: Double) throws -> OptionBookProblem {
    let valuation = Instant(year: 2024, month: 1, day: 1)!
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "ticket", volatility: 0.4), Regime(name: "spread", volatility: 0.4)],
      generator: Generator([[-10, 10], [400, -400]]))
    return try OptionBookProblem(
      name: "wells", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 1, rate: 0, environment: chain),
      positions: [Position(name: "forward", instrument: .forward, quantity: -3)],
      costs: [.fixed(0.02), .fixed(0.00001) + .proportional(spread)], preference: .quadratic(riskAversion: 0.3),
      settlement: .none, horizon: valuation.adding(seconds: 60 * 86_400))
  }

  private func violations(_ problem: OptionBookProblem) throws -> [Check] {
    try OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 80, holdings: 241, steps: 200),
      settings: CertificationSettings(paths: 512, checksPerPath: 128, seed: 1, threads: 2)
    ).run().checks.filter { $0.kind == .obstacleViolation }
  }

  @Test func refused() throws {
    let checks = try violations(problem(spread: 0.003))
    #expect(checks.contains { !$0.passed }, "\(checks)")
  }

  @Test func alikeCostsPass() throws {
    let one = try problem(spread: 0.003)
    let checks = try violations(one.replacing(costs: [one.costs[1], one.costs[1]]))
    #expect(checks.count == 2 && checks.allSatisfy(\.passed), "\(checks)")
  }
}

import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// A fixed cost and settlement at cost: whoever is exactly flat at the expiry pays no ticket. Towards the expiry one then waits at
/// zero inventory and nowhere beside it, which a band in net delta does not say.
@Suite(.serialized) struct FlatSettlementTests {
  /// One option, K as a share of the risk left alone.
  struct Case: Sendable {
    let kind: OptionKind
    let quantity: Double
    let strike: Double
    let fixed: Double
    var proportional = 0.0
    var settlement = Settlement.cash

    func problem() throws -> OptionBookProblem {
      let valuation = Instant(year: 2026, month: 1, day: 1)!
      let chain = try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: 0.6)], generator: .frozen(count: 1))
      let month = 30 * 86_400.0
      return try OptionBookProblem(
        name: "flat", valuation: valuation,
        market: Market(underlying: "X", quote: "USD", spot: 1, rate: 0, environment: chain),
        positions: [
          Position(
            name: "option",
            instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: month)),
            quantity: quantity, impliedVolatilities: [0.6])
        ], costs: [.fixed(fixed) + .proportional(proportional)], preference: .quadratic(riskAversion: 3),
        settlement: settlement)
    }
  }

  static let cases = [
    Case(kind: .call, quantity: -1, strike: 1, fixed: 0.004),
    Case(kind: .put, quantity: 1, strike: 0.94, fixed: 0.004, proportional: 0.0002),
    // In the money most paths are settled with a ticket and some are not.
    Case(kind: .call, quantity: 1, strike: 0.87, fixed: 0.01),
    Case(kind: .call, quantity: -1, strike: 1.15, fixed: 0.01),
  ]

  @Test(arguments: cases) func rollOutAgrees(_ flat: Case) throws {
    let problem = try flat.problem()
    let certifier = OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 240, holdings: 121, steps: 400),
      settings: CertificationSettings(paths: 4096, checksPerPath: 512, seed: 5, threads: 2))
    let solutions = try certifier.solve()
    let limit = Approximation.limit(
      halfAsFine: solutions.middle.value(regime: 0, inventory: 0), finest: solutions.fine.value(regime: 0, inventory: 0)
    )
    let table = solutions.fine.policy
    let check = problem.horizon * problem.dayCount.secondsPerYear / 512
    func excess(_ table: PolicyTable) throws -> (measured: Double, allowed: Double) {
      let estimate = try certifier.rollOut(regime: 0, policy: table, check: check)
      return (
        estimate.extrapolated.mean - limit.value,
        3 * estimate.extrapolated.standardError + abs(estimate.discretisationError.mean) + limit.error
      )
    }
    let found = try excess(table)
    #expect(abs(found.measured) <= found.allowed, "\(found) of \(limit)")
    // The same bands without a place of their own for zero.
    let plain = try excess(
      PolicyTable(times: table.times, logSpots: table.logSpots, regimeCount: 1, bands: table.bands))
    #expect(plain.measured > plain.allowed && plain.measured > 0.05 * limit.value, "\(plain) of \(limit)")
  }
}

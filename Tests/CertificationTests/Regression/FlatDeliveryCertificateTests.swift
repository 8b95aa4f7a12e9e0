import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// A fixed cost and delivery: whoever holds at the expiry what the exercised options demand pays no ticket, and what they demand is
/// another amount between any two strikes.
@Suite(.serialized) struct FlatDeliveryCertificateTests {
  struct Leg: Sendable {
    let kind: OptionKind
    let quantity: Double
    let strike: Double
  }

  struct Case: Sendable {
    var legs: [Leg]
    var fixed = 0.004
    var proportional = 0.0
    var volatilities = [0.6]
    var tickets: [Double] = []
    var execution = Execution()

    func problem() throws -> OptionBookProblem {
      let valuation = Instant(year: 2026, month: 1, day: 1)!
      let month = 30 * 86_400.0
      let regimes = volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element) }
      return try OptionBookProblem(
        name: "delivery", valuation: valuation,
        market: Market(
          underlying: "X", quote: "USD", spot: 1, rate: 0,
          environment: EnvironmentChain(
            regimes: regimes,
            generator: regimes.count == 1 ? .frozen(count: 1) : Generator([[-6, 6], [24, -24]]))),
        positions: legs.enumerated().map { index, leg in
          Position(
            name: "\(index)",
            instrument: .option(kind: leg.kind, strike: leg.strike, expiry: valuation.adding(seconds: month)),
            quantity: leg.quantity, impliedVolatilities: [0.6])
        },
        costs: regimes.indices.map { .fixed(tickets.isEmpty ? fixed : tickets[$0]) + .proportional(proportional) },
        execution: execution, preference: .quadratic(riskAversion: 3), settlement: .physical)
    }
  }

  static let cases = [
    Case(legs: [Leg(kind: .call, quantity: -1, strike: 1)]),
    Case(legs: [Leg(kind: .put, quantity: 1, strike: 0.94)], proportional: 0.0002),
    Case(legs: [Leg(kind: .call, quantity: 1, strike: 0.87)], fixed: 0.01, volatilities: [0.4, 0.9]),
    // Inventories between strikes that lie between lines of the grid.
    Case(
      legs: [
        Leg(kind: .call, quantity: -1, strike: 1.08), Leg(kind: .put, quantity: -0.6321, strike: 0.95),
        Leg(kind: .call, quantity: 0.2718, strike: 1.2),
      ], proportional: 0.0005),
    Case(legs: [Leg(kind: .put, quantity: -1, strike: 1.02)], volatilities: [0.4, 0.9], tickets: [0.002, 0.008]),
    Case(
      legs: [Leg(kind: .call, quantity: -1, strike: 1)], execution: Execution(checkEvery: 6 * 3600)),
  ]

  @Test(arguments: cases) func rollOutAgrees(_ delivery: Case) throws {
    let problem = try delivery.problem()
    let certifier = OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 240, holdings: 121, steps: 400),
      settings: CertificationSettings(paths: 4096, checksPerPath: 512, seed: 5, threads: 2))
    let solutions = try certifier.solve()
    let limit = Approximation.limit(
      halfAsFine: solutions.middle.value(regime: 0, inventory: 0), finest: solutions.fine.value(regime: 0, inventory: 0)
    )
    let table = solutions.fine.policy
    func excess(_ table: PolicyTable) throws -> (measured: Double, allowed: Double) {
      let estimate = try certifier.rollOut(regime: 0, policy: table, check: certifier.rollOutCheck)
      return (
        estimate.extrapolated.mean - limit.value,
        3 * estimate.extrapolated.standardError + abs(estimate.discretisationError.mean) + limit.error
      )
    }
    let found = try excess(table)
    #expect(abs(found.measured) <= found.allowed, "\(found) of \(limit)")
    // The same bands without places of their own.
    let plain = try excess(
      PolicyTable(
        times: table.times, logSpots: table.logSpots, regimeCount: table.regimeCount, bands: table.bands))
    #expect(plain.measured > plain.allowed && plain.measured > 0.05 * limit.value, "\(plain) of \(limit)")
  }
}

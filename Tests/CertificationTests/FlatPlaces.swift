import Formulation
import Simulation
import Testing

@testable import Certification
@testable import Control

/// Options over 30 days with a ticket for every trade, at spot 1.
struct FlatCase: Sendable {
  struct Leg: Sendable {
    let kind: OptionKind
    let quantity: Double
    let strike: Double
  }

  var legs: [Leg]
  var fixed = 0.004
  var proportional = 0.0
  var volatilities = [0.6]
  var tickets: [Double] = []
  var execution = Execution()
  var settlement = Settlement.physical

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
      execution: execution, preference: .quadratic(riskAversion: 3), settlement: settlement)
  }
}

/// A solved policy costs what its value says where it knows the inventories that settle for nothing, and does not without them.
func expectFlatPlacesToMatter(_ problem: OptionBookProblem) throws {
  let certifier = OptionBookCertifier(
    problem: problem, grid: GridSettings(spots: 240, holdings: 121, steps: 400),
    settings: CertificationSettings(paths: 4096, checksPerPath: 512, seed: 5, threads: 2))
  let solutions = try certifier.solve()
  let values = [solutions.middle, solutions.fine].map { $0.value(regime: 0, inventory: 0) }
  let limit = Approximation.limit(halfAsFine: values[0], finest: values[1])
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
    PolicyTable(times: table.times, logSpots: table.logSpots, regimeCount: table.regimeCount, bands: table.bands))
  #expect(plain.measured > plain.allowed && plain.measured > 0.05 * limit.value, "\(plain) of \(limit)")
}

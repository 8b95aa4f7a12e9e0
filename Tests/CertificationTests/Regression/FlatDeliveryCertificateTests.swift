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
    try expectFlatPlacesToMatter(delivery.problem())
  }
}

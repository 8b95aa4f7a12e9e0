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
    try expectFlatPlacesToMatter(flat.problem())
  }
}

import Formulation

/// Options that are settled by delivery with a ticket for every trade: 30 days, spot 1, implied volatility 60 %, a = 3.
enum Delivery {
  struct Leg: Sendable {
    let kind: OptionKind
    let quantity: Double
    let strike: Double
  }

  static func problem(
    _ legs: [Leg], fixed: Double = 0.004, proportional: Double = 0, volatilities: [Double] = [0.6],
    switching: [[Double]] = [[-6, 6], [24, -24]], lot: Double = 0, inventory: Double = 0
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let expiry = valuation.adding(seconds: 30 * 86_400)
    let regimes = volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element) }
    return try OptionBookProblem(
      name: "delivery", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 1, rate: 0,
        environment: EnvironmentChain(
          regimes: regimes, generator: regimes.count == 1 ? .frozen(count: 1) : Generator(switching))),
      positions: legs.enumerated().map { index, leg in
        Position(
          name: "\(index)", instrument: .option(kind: leg.kind, strike: leg.strike, expiry: expiry),
          quantity: leg.quantity, impliedVolatilities: [0.6])
      }, costs: regimes.map { _ in .fixed(fixed) + .proportional(proportional) },
      execution: Execution(lot: lot), preference: .quadratic(riskAversion: 3), settlement: .physical,
      inventory: inventory)
  }

  /// Quantities without a common measure: inventories between the strikes are on no line of their own.
  static let strangle = [
    Leg(kind: .call, quantity: -1, strike: 1.08), Leg(kind: .put, quantity: -0.6321, strike: 0.95),
    Leg(kind: .call, quantity: 0.2718, strike: 1.2),
  ]
}

import Formulation

/// Ten calls written at the money that expire before five puts held, in two regimes: what the calls leave moves bands by the whole book.
public enum TwoExpiries {
  /// - Parameter days: until the calls expire; the puts do after 30.
  public static func problem(
    days: Double, checkEvery: Double? = nil, settlement: Settlement = .cash
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T08:00:00Z")!
    func leg(_ kind: OptionKind, _ strike: Double, days: Double, _ quantity: Double) -> Position {
      Position(
        name: "\(kind.rawValue) \(days)",
        instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: days * 86_400)),
        quantity: quantity, impliedVolatilities: [0.6])
    }
    return try OptionBookProblem(
      name: "two expiries", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(
          regimes: [Regime(name: "calm", volatility: 0.5), Regime(name: "wild", volatility: 1)],
          generator: Generator([[-6, 6], [24, -24]]))),
      positions: [leg(.call, 100, days: days, -10), leg(.put, 95, days: 30, 5)],
      costs: Array(repeating: TradeCost(fixed: 0.05, proportionalBuy: 0.0005, proportionalSell: 0.0005), count: 2),
      execution: Execution(checkEvery: checkEvery), preference: .quadratic(riskAversion: 0.01), settlement: settlement)
  }
}

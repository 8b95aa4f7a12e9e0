import Formulation

/// The straddle that most tests measure with: 30 days, at the money, spot 100, implied volatility 80 %.
enum Straddle {
  static func problem(
    proportional: Double = 0.0005, fixed: Double = 0, riskAversion: Double = 0.1, volatilities: [Double] = [0.5, 1.2],
    switching: [[Double]] = [[-6, 6], [24, -24]], implied: [Double] = [0.8], settlement: Settlement = .none,
    quantity: Double = -1, seconds: Double = 30 * 86_400, spot: Double = 100, strike: Double = 100,
    inventory: Double = 0, horizon: Double? = nil, drift: Double = 0, costs: [TradeCost]? = nil,
    execution: Execution = Execution()
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let expiry = valuation.adding(seconds: seconds)
    let regimes = volatilities.enumerated().map {
      Regime(name: "regime \($0.offset)", volatility: $0.element, drift: drift)
    }
    let generator = volatilities.count == 1 ? Generator.frozen(count: 1) : try Generator(switching)
    let market = Market(
      underlying: "X", quote: "USD", spot: spot, rate: 0,
      environment: try EnvironmentChain(regimes: regimes, generator: generator))
    let cost = TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)
    func leg(_ kind: OptionKind) -> Position {
      Position(
        name: kind.rawValue, instrument: .option(kind: kind, strike: strike, expiry: expiry), quantity: quantity,
        impliedVolatilities: implied)
    }
    return try OptionBookProblem(
      name: "straddle", valuation: valuation, market: market, positions: [leg(.call), leg(.put)],
      costs: costs ?? volatilities.map { _ in cost }, execution: execution,
      preference: .quadratic(riskAversion: riskAversion),
      settlement: settlement, inventory: inventory, horizon: horizon.map { valuation.adding(seconds: $0) })
  }
}

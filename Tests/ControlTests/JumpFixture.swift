import Formulation

/// A short straddle with 60 days to go, hedged for 30: spot and strike 100, a = 0.09, no settlement.
enum JumpStraddle {
  static let merton = PriceJumps(intensity: 10, law: .merton(mean: -0.05, deviation: 0.08))
  static let kou = PriceJumps.Law.kou(scaleUp: 0.05, scaleDown: 0.07, probabilityUp: 0.4)

  static func problem(
    regimes: [Regime], switching: [[Double]] = [], switchJumps: [[Double]] = [], proportional: Double = 0.0005,
    fixed: Double = 0, implied: [Double] = [0.8], days: Double = 30, expiry: Double = 60, inventory: Double = 0,
    riskAversion: Double = 0.09, convention: DeltaConvention = .blackScholes, preference: Preference? = nil,
    forward: Double = 0, quantity: Double = -1
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let chain = try EnvironmentChain(
      regimes: regimes, generator: regimes.count == 1 ? .frozen(count: 1) : try Generator(switching),
      switchJumps: switchJumps)
    func leg(_ kind: OptionKind) -> Position {
      Position(
        name: kind.rawValue,
        instrument: .option(kind: kind, strike: 100, expiry: valuation.adding(seconds: expiry * 86_400)),
        quantity: quantity, impliedVolatilities: implied)
    }
    var positions = quantity == 0 ? [] : [leg(.call), leg(.put)]
    if forward != 0 { positions.append(Position(name: "forward", instrument: .forward, quantity: forward)) }
    let cost = TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)
    return try OptionBookProblem(
      name: "jumps", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain), positions: positions,
      costs: regimes.map { _ in cost }, preference: preference ?? .quadratic(riskAversion: riskAversion),
      settlement: .none, inventory: inventory, convention: convention,
      horizon: valuation.adding(seconds: days * 86_400))
  }

  static func onlyMerton(
    _ jumps: PriceJumps? = merton, proportional: Double = 0.001, fixed: Double = 0, volatility: Double = 0.5
  ) throws -> OptionBookProblem {
    try problem(
      regimes: [Regime(name: "only", volatility: volatility, jumps: jumps)], proportional: proportional, fixed: fixed)
  }

  static func twoKou(proportional: Double = 0.0005, fixed: Double = 0.003) throws -> OptionBookProblem {
    try problem(
      regimes: [
        Regime(name: "calm", volatility: 0.5, jumps: PriceJumps(intensity: 8, law: kou)),
        Regime(name: "stressed", volatility: 0.9, jumps: PriceJumps(intensity: 20, law: kou)),
      ], switching: [[-6, 6], [24, -24]], switchJumps: [[0, -0.06], [0.03, 0]], proportional: proportional,
      fixed: fixed, implied: [0.7, 0.9])
  }
}

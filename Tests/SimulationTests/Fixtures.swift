import Formulation

@testable import Simulation

/// Small problems that the tests share.
enum Fixture {
  static let valuation = Instant(year: 2024, month: 1, day: 1)!
  static let day = 86_400.0

  static func option(
    _ kind: OptionKind = .call, strike: Double = 100, days: Double = 30, quantity: Double = -1,
    implied: [Double] = [0.5], forward: Double? = nil
  ) -> Position {
    Position(
      name: "\(kind.rawValue) \(strike) \(days) d",
      instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: days * day)),
      quantity: quantity, impliedVolatilities: implied, forward: forward)
  }

  /// One regime.
  static func plain(
    volatility: Double = 0.5, drift: Double = 0, funding: Double = 0, rate: Double = 0,
    positions: [Position] = [option()], cost: TradeCost = .proportional(0.001), settlement: Settlement = .cash,
    riskAversion: Double = 0.01, inventory: Double = 0, lot: Double = 0, horizonDays: Double? = nil,
    preference: Preference? = nil, spot: Double = 100
  ) throws -> OptionBookProblem {
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: volatility, drift: drift, funding: funding)],
      generator: .frozen(count: 1))
    return try OptionBookProblem(
      name: "plain", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: spot, rate: rate, environment: chain),
      positions: positions, costs: [cost], execution: Execution(lot: lot),
      preference: preference ?? .quadratic(riskAversion: riskAversion), settlement: settlement, inventory: inventory,
      horizon: horizonDays.map { valuation.adding(seconds: $0 * day) })
  }

  /// Calm and stormy, switching a few times a month, marked at two levels.
  static let twoRates: [[Double]] = [[-30, 30], [60, -60]]

  static func switching(
    positions: [Position] = [option(implied: [0.4, 0.8])], volatilities: [Double] = [0.3, 0.9],
    drifts: [Double] = [0.1, -0.4], fundings: [Double] = [0.05, -0.1], rate: Double = 0.03,
    settlement: Settlement = .cash, riskAversion: Double = 0.01, rates: [[Double]] = twoRates, currentRegime: Int = 0,
    preference: Preference? = nil, lot: Double = 0
  ) throws -> OptionBookProblem {
    let chain = try EnvironmentChain(
      regimes: [
        Regime(name: "calm", volatility: volatilities[0], drift: drifts[0], funding: fundings[0]),
        Regime(name: "storm", volatility: volatilities[1], drift: drifts[1], funding: fundings[1]),
      ], generator: try Generator(rates))
    return try OptionBookProblem(
      name: "switching", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: rate, environment: chain, currentRegime: currentRegime),
      positions: positions,
      costs: [
        TradeCost(fixed: 0.002, proportionalBuy: 0.0005, proportionalSell: 0.0007),
        TradeCost(fixed: 0.01, proportionalBuy: 0.002, proportionalSell: 0.001, quadraticImpact: 0.01),
      ], execution: Execution(lot: lot), preference: preference ?? .quadratic(riskAversion: riskAversion),
      settlement: settlement)
  }

  /// Three expiries, one of them inside a step of any whole number of hours, a put and a forward.
  static var ladder: [Position] {
    [
      option(.call, strike: 105, days: 7.013, quantity: -2, implied: [0.45, 0.7]),
      option(.put, strike: 92, days: 15, quantity: 1.5, implied: [0.5, 0.9], forward: 101),
      option(.call, strike: 100, days: 30, quantity: -1, implied: [0.4, 0.8]),
      Position(name: "forward", instrument: .forward, quantity: 0.3),
    ]
  }

  static let slantedTable: PolicyTable = {
    let times = [0.0, 0.03, 0.09]
    let logSpots = [4.3, 4.5, 4.6, 4.65, 4.9]
    var bands: [Band] = []
    for time in times.indices {
      for regime in 0..<2 {
        for spot in logSpots.indices {
          let half = 0.05 + 0.02 * Double(regime) + 0.01 * Double(spot) + 0.6 * times[time]
          var band = Band(lower: -half, upper: 1.3 * half, targetLower: -0.6 * half, targetUpper: 0.7 * half)
          if regime == 1, spot == 4 { (band.lower, band.targetLower) = (-.infinity, -.infinity) }
          bands.append(band)
        }
      }
    }
    return PolicyTable(times: times, logSpots: logSpots, regimeCount: 2, bands: bands)
  }()
}

/// `|found − expected|` in standard errors.
func distance(_ found: Estimate, _ expected: Double) -> Double { abs(found.mean - expected) / found.standardError }

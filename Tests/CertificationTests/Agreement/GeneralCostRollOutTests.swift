import Control
import Formulation
import Simulation
import TestKit
import Testing

@testable import Certification

@Suite struct GeneralCostRollOutTests {
  static let day = 86_400.0
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let cost: TradeCost
    let execution: Execution
    var drift = 0.0
    var description: String { name }
  }
  static let linear = TradeCost.proportional(0.0005)
  static let pool = TradeCost(pools: [LiquidityPool(liquidity: 1000, fee: 0.0005)])
  static let rows = [
    Row(name: "k", cost: linear, execution: Execution(checkEvery: day)),
    Row(name: "quad", cost: linear + TradeCost(quadraticImpact: 0.003), execution: Execution(checkEvery: day)),
    Row(name: "Kquad", cost: .fixed(0.003) + linear + TradeCost(quadraticImpact: 0.003), execution: Execution(checkEvery: day)),
    Row(name: "root", cost: .fixed(0.003) + linear + TradeCost(squareRootImpact: 0.002), execution: Execution(checkEvery: day)),
    Row(name: "delay", cost: .fixed(0.003) + linear, execution: Execution(checkEvery: day, delay: day / 2)),
    Row(name: "delayk", cost: linear, execution: Execution(checkEvery: day, delay: day / 2)),
    Row(name: "delayfull", cost: linear, execution: Execution(checkEvery: day, delay: day)),
    Row(name: "fail", cost: .fixed(0.003) + linear, execution: Execution(checkEvery: day, failure: 0.2)),
    Row(name: "lot", cost: linear, execution: Execution(checkEvery: day, lot: 0.1)),
    Row(name: "lotK", cost: .fixed(0.003) + linear, execution: Execution(checkEvery: day, lot: 0.1)),
    Row(name: "maxt", cost: .fixed(0.003) + linear, execution: Execution(checkEvery: day, maximumTrade: 0.1)),
    Row(name: "pool", cost: .fixed(0.003) + pool, execution: Execution(checkEvery: day)),
    Row(name: "conc", cost: .fixed(0.003) + TradeCost(pools: [LiquidityPool(liquidity: 1000, fee: 0.0005, range: 0.0025)]), execution: Execution(checkEvery: day)),
    Row(name: "venues", cost: TradeCost(venues: [Venue(name: "pool", cost: .fixed(0.003) + pool), Venue(name: "exchange", cost: .proportional(0.0012))]), execution: Execution(checkEvery: day)),
    Row(name: "venuesd", cost: TradeCost(venues: [Venue(name: "pool", cost: .fixed(0.003) + pool), Venue(name: "exchange", cost: .proportional(0.0005) + .fixed(0.001), delay: day / 4)]), execution: Execution(checkEvery: day)),
    Row(name: "delay mu", cost: .fixed(0.003) + linear, execution: Execution(checkEvery: day, delay: day / 2), drift: 0.5),
    Row(name: "cont Kquad", cost: .fixed(0.003) + linear + TradeCost(quadraticImpact: 0.003), execution: Execution()),
    Row(name: "cont fail", cost: .fixed(0.003) + linear, execution: Execution(failure: 0.2)),
    Row(name: "cont lot", cost: linear, execution: Execution(lot: 0.1)),
    Row(name: "cont lotK", cost: .fixed(0.003) + linear, execution: Execution(lot: 0.1)),
    Row(name: "cont max", cost: .fixed(0.003) + linear, execution: Execution(maximumTrade: 0.1)),
    Row(name: "cont pool", cost: .fixed(0.003) + pool, execution: Execution()),
    Row(name: "cont venues", cost: TradeCost(venues: [Venue(name: "pool", cost: .fixed(0.003) + pool), Venue(name: "exchange", cost: .proportional(0.0012) + .fixed(0.0005))]), execution: Execution()),
  ]

  @Test(arguments: rows) func simulationAgrees(_ row: Row) throws {
    let problem = try Book.straddle(cost: row.cost, execution: row.execution, drift: row.drift)
    let certificate = try OptionBookCertifier(problem: problem, grid: GridSettings(), settings: CertificationSettings(paths: 16384)).run()
    guard case .optionBook(let answer) = certificate.answer else { return }
    let regime = answer.regimes[0]
    let r = regime.rollOut
    print("ROLL", row, "value", regime.value.value, "±", regime.value.error, "sim", r.extrapolated.mean, "±", r.extrapolated.standardError, "disc", r.discretisationError.mean, "diff/se", (r.extrapolated.mean - regime.value.value) / r.extrapolated.standardError, "rel%", 100 * (r.extrapolated.mean / regime.value.value - 1), "band", regime.band.lower, regime.band.targetLower, regime.band.targetUpper, regime.band.upper, regime.band.slopeUpper, "time", regime.timeToTrade / 86400, r.result.meanSecondsBetweenTrades(regime: 0)?.mean ?? 0, certificate.failures.map { ($0.kind, $0.measured, $0.threshold) })
  }
}

extension Book {
  static func straddle(cost: TradeCost, execution: Execution, drift: Double = 0) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let expiry = valuation.adding(seconds: 30 * 86_400)
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: 0,
      environment: try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: 0.8, drift: drift)], generator: .frozen(count: 1)))
    func leg(_ kind: OptionKind) -> Position {
      Position(
        name: kind.rawValue, instrument: .option(kind: kind, strike: 100, expiry: expiry), quantity: -1,
        impliedVolatilities: [0.8])
    }
    return try OptionBookProblem(
      name: "straddle", valuation: valuation, market: market, positions: [leg(.call), leg(.put)], costs: [cost],
      execution: execution, preference: .quadratic(riskAversion: 0.09), settlement: .none)
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

@Suite struct ReviewReferenceTests {
  static let day = 86_400.0
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let cost: TradeCost
    let execution: Execution
    var drift = 0.0
    var description: String { name }
  }
  static let linear = TradeCost.proportional(0.0005)
  static func fixed(_ amount: Double) -> TradeCost { .fixed(amount) }
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
    Row(name: "delayk mu", cost: linear, execution: Execution(checkEvery: day, delay: day / 2), drift: 0.5),
    Row(name: "venuesd mu", cost: TradeCost(venues: [Venue(name: "pool", cost: .fixed(0.003) + pool), Venue(name: "exchange", cost: .proportional(0.0005) + .fixed(0.001), delay: day / 4)]), execution: Execution(checkEvery: day), drift: 0.5),
  ]

  @Test(arguments: rows) func agrees(_ row: Row) throws {
    let problem = try Straddle.problem(
      riskAversion: 0.09, volatilities: [0.8], drift: row.drift, costs: [row.cost], execution: row.execution)
    let clock = ContinuousClock()
    let began = clock.now
    let solution = try FiniteHorizon().solve(problem)
    let took = clock.now - began
    let half = try FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: solution.grid)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    let band = solution.band(regime: 0)
    print("ROW", row, "V", value, "limit", limit, "half", half.value(regime: 0, inventory: 0), "band", band.lower, band.targetLower, band.targetUpper, band.upper, "slopes", band.slopeLower, band.slopeUpper, "half", half.band(regime: 0).upper, solution.grid.times.count, solution.grid.holdings.count, took)
  }
}

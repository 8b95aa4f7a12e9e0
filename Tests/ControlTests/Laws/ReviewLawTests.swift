import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

@Suite struct ReviewLawTests {
  static let day = 86_400.0
  static let pool = LiquidityPool(liquidity: 1000, fee: 0.0005)

  private static func value(
    _ cost: TradeCost, _ execution: Execution,
    settings: GridSettings = GridSettings(spots: 120, holdings: 144, steps: 60)
  ) throws -> Double {
    let problem = try Straddle.problem(
      riskAversion: 0.09, volatilities: [0.8], costs: [cost], execution: execution)
    return try FiniteHorizon(settings: settings).solve(problem).value(regime: 0, inventory: 0)
  }

  /// The value grows with every parameter of costs and execution.
  @Test func growsWithEveryCost() throws {
    let plain = Execution(checkEvery: Self.day)
    let base = TradeCost(
      fixed: 0.003, proportionalBuy: 0.0005, proportionalSell: 0.0005, quadraticImpact: 0.001, squareRootImpact: 0.001,
      pools: [Self.pool])
    let least = try Self.value(base, plain)
    var dearer: [TradeCost] = []
    for change: WritableKeyPath<TradeCost, Double> in [
      \.fixed, \.proportionalBuy, \.proportionalSell, \.quadraticImpact, \.squareRootImpact,
    ] {
      var cost = base
      cost[keyPath: change] *= 1.5
      dearer.append(cost)
    }
    for pool in [
      LiquidityPool(liquidity: 700, fee: 0.0005), LiquidityPool(liquidity: 1000, fee: 0.001),
      LiquidityPool(liquidity: 1000, fee: 0.0005, range: 0.002),
    ] {
      var cost = base
      cost.pools = [pool]
      dearer.append(cost)
    }
    for cost in dearer { #expect(try Self.value(cost, plain) > least, "\(cost)") }
    for execution in [
      Execution(checkEvery: Self.day, maximumTrade: 0.15), Execution(checkEvery: Self.day, failure: 0.1),
      Execution(checkEvery: Self.day, delay: Self.day / 8), Execution(checkEvery: Self.day, lot: 0.15),
    ] { #expect(try Self.value(base, execution) > least, "\(execution)") }
  }

  /// A set of venues costs no more than any of them alone, and less than the cheapest where both are used.
  @Test func venuesHelp() throws {
    let deep = LiquidityPool(liquidity: 1e5, fee: 0.0005)
    let costs = [TradeCost(fixed: 0.003, pools: [deep]), TradeCost.proportional(0.0012)]
    let execution = Execution(checkEvery: Self.day)
    let both = TradeCost(venues: [Venue(name: "pool", cost: costs[0]), Venue(name: "exchange", cost: costs[1])])
    let together = try Self.value(both, execution)
    for cost in costs {
      let alone = try Self.value(cost, execution)
      #expect(alone > together, "\(cost): \(alone) alone, \(together) together")
    }
    // One venue alone is no choice.
    let single = try Self.value(TradeCost(venues: [Venue(name: "pool", cost: costs[0])]), execution)
    #expect(relativeDifference(single, try Self.value(costs[0], execution)) < 1e-13)
  }

  /// Towards continuous monitoring the value falls to the continuous one, and the band is narrower than the continuous one by
  /// about 0.5826 η√δ (Broadie, Glasserman and Kou 1997); at a 32nd of a day that is a quarter of the half-width.
  @Test func tendsToContinuousMonitoring() throws {
    func solved(_ period: Double?) throws -> FiniteHorizonSolution {
      try FiniteHorizon().solve(
        Straddle.problem(
          riskAversion: 0.09, volatilities: [0.8], execution: Execution(checkEvery: period.map { $0 * Self.day })))
    }
    let continuous = try solved(nil)
    var last = Double.infinity
    let gamma = continuous.problem.book.greeks(time: 0, spot: 100, regime: 0).gamma
    for parts in [1.0, 4, 32] {
      let review = try solved(1 / parts)
      let value = review.value(regime: 0, inventory: 0)
      #expect(value < last && value > continuous.value(regime: 0, inventory: 0), "\(parts): \(value)")
      last = value
      guard parts == 32 else { continue }
      let move = abs(gamma) * 0.8 * 100 * (1 / (parts * 365)).squareRoot()
      let shift = 0.5 * (continuous.band(regime: 0).width - review.band(regime: 0).width) / move
      #expect(abs(shift - DiscreteLooks.shift) < 0.04, "shift \(shift)")
    }
  }

  /// What splitting, or nobody, could do is refused with its reason.
  @Test func refusals() throws {
    let impact = TradeCost(quadraticImpact: 0.01)
    func reason(_ cost: TradeCost, _ execution: Execution) throws -> ControlError? {
      FiniteHorizon.obstacle(
        to: try Straddle.problem(volatilities: [0.8], costs: [cost], execution: execution))
    }
    guard case .unsupported(_, let feature)? = try reason(impact, Execution()) else {
      Issue.record("impact alone was taken")
      return
    }
    #expect(feature.contains("split"))
    #expect(try reason(impact, Execution(checkEvery: 3600)) == nil)
    #expect(try reason(impact + .fixed(1), Execution()) == nil)
    #expect(try reason(impact, Execution(lot: 0.2)) == nil)
    #expect(try reason(.fixed(1), Execution(checkEvery: 60, delay: 1)) != nil)
    #expect(throws: FormulationError.self) { try reason(.fixed(1), Execution(delay: 1)) }
    #expect(throws: FormulationError.self) { try reason(.fixed(1), Execution(checkEvery: 60, delay: 61)) }
  }
}

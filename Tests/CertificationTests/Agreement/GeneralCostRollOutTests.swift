import Control
import Formulation
import Simulation
import TestKit
import Testing

@testable import Certification

/// Solved values against simulations that share no code with the solver, for every feature of costs and execution.
@Suite struct GeneralCostRollOutTests {
  static let day = 86_400.0

  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let cost: TradeCost
    var execution = Execution(checkEvery: day)
    var drift = 0.0
    var description: String { name }
  }

  static let linear = TradeCost.proportional(0.0005)
  static let both = TradeCost.fixed(0.003) + linear
  static let quadratic = TradeCost(quadraticImpact: 0.003)
  static let pool = TradeCost(fixed: 0.003, pools: [LiquidityPool(liquidity: 1000, fee: 0.0005)])

  static let rows = [
    Row(name: "review, k", cost: linear),
    Row(name: "review, k and impact", cost: linear + quadratic),
    Row(name: "review, K, k and impact", cost: both + quadratic),
    Row(name: "review, square root", cost: both + TradeCost(squareRootImpact: 0.002)),
    Row(name: "review, delay", cost: both, execution: Execution(checkEvery: day, delay: day / 2), drift: 0.5),
    Row(name: "review, fill at the next check", cost: linear, execution: Execution(checkEvery: day, delay: day)),
    Row(name: "review, failure", cost: both, execution: Execution(checkEvery: day, failure: 0.2)),
    Row(name: "review, lots", cost: linear, execution: Execution(checkEvery: day, lot: 0.1)),
    Row(name: "review, largest trade", cost: both, execution: Execution(checkEvery: day, maximumTrade: 0.1)),
    Row(name: "review, pool", cost: pool),
    Row(
      name: "review, concentrated pool",
      cost: TradeCost(fixed: 0.003, pools: [LiquidityPool(liquidity: 1000, fee: 0.0005, range: 0.0025)])),
    Row(
      name: "review, venues",
      cost: TradeCost(venues: [
        Venue(name: "pool", cost: pool), Venue(name: "exchange", cost: linear, bridging: 0.001, delay: day / 4),
      ])),
    Row(name: "continuous, impact", cost: both + quadratic, execution: Execution()),
    Row(name: "continuous, failure", cost: both, execution: Execution(failure: 0.2)),
    Row(name: "continuous, lots", cost: linear, execution: Execution(lot: 0.1)),
    Row(name: "continuous, largest trade", cost: both, execution: Execution(maximumTrade: 0.08)),
    Row(name: "continuous, pool", cost: pool, execution: Execution()),
  ]

  /// A short straddle of 30 days, spot and strike 100, volatility 80 %, a = 0.09, no settlement.
  static func problem(_ row: Row) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: 0,
      environment: try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: 0.8, drift: row.drift)], generator: .frozen(count: 1)))
    let legs = [OptionKind.call, .put].map { kind in
      Position(
        name: kind.rawValue,
        instrument: .option(kind: kind, strike: 100, expiry: valuation.adding(seconds: 30 * day)), quantity: -1,
        impliedVolatilities: [0.8])
    }
    return try OptionBookProblem(
      name: "straddle", valuation: valuation, market: market, positions: legs, costs: [row.cost],
      execution: row.execution, preference: .quadratic(riskAversion: 0.09), settlement: .none)
  }

  /// Every check of the certificate passes; the simulation within three standard errors among them.
  @Test(arguments: rows) func certifies(_ row: Row) throws {
    let certificate = try OptionBookCertifier(
      problem: try Self.problem(row), grid: GridSettings(), settings: CertificationSettings()
    ).run()
    #expect(certificate.failures.isEmpty, "\(row)")
  }

  /// What a policy that does not know where it stands loses: the same bands without the slopes of their targets, on the same
  /// paths. With slopes the policy costs what was solved for, within errors.
  @Test func slopesAreWorthIt() throws {
    let row = Row(name: "pool", cost: Self.pool)
    let problem = try Self.problem(row)
    let solution = try FiniteHorizon().solve(problem)
    let policy = solution.policy
    let flat = PolicyTable(
      times: policy.times, logSpots: policy.logSpots, regimeCount: 1,
      bands: policy.bands.map { $0.with(slopeLower: 0, slopeUpper: 0) })
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: Self.day, substeps: 8, pathCount: 16_384, seed: 5, antithetic: true))
    let loss = try rollOut.compare(.table(flat), .table(policy)).difference(.criterion)
    #expect(loss.mean > 3 * loss.standardError, "\(loss)")
    let own = try rollOut.run(.table(policy))[.criterion]
    #expect(abs(own.mean - solution.value(regime: 0, inventory: 0)) < 3 * own.standardError + 1e-3, "\(own)")
  }

  /// A budget of turnover: the multiplier's policy trades what the derivative of the value says, and the budget.
  @Test func turnoverIsMet() throws {
    let free = try Self.problem(Row(name: "k", cost: Self.linear))
    func simulated(_ problem: OptionBookProblem) throws -> Estimate {
      let solution = try FiniteHorizon().solve(problem)
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: Self.day, pathCount: 16_384, seed: 6, antithetic: true))
      return try rollOut.run(.table(solution.policy))[.turnoverNotional]
    }
    let unbound = try simulated(free).mean / free.horizon
    let budget = Execution(checkEvery: Self.day, turnoverBudget: .notional(0.7 * unbound))
    let bound = free.replacing(execution: budget)
    let found = try #require(try TurnoverSearch(problem: bound, settings: GridSettings(), threads: 2).run())
    #expect(found.fraction > 0 && abs(found.turnover / (0.7 * unbound) - 1) < 0.003, "\(found)")
    let traded = try simulated(bound.charging(found.fraction))
    let perYear = traded.mean / free.horizon
    let error = 3 * traded.standardError / free.horizon + 0.005 * found.turnover
    #expect(abs(perYear - found.turnover) < error, "\(perYear) for \(found)")
    let loose = free.replacing(execution: Execution(checkEvery: Self.day, turnoverBudget: .units(unbound / 50)))
    #expect(try TurnoverSearch(problem: loose, settings: GridSettings(), threads: 2).run()?.fraction == 0)
  }
}

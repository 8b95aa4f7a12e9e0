import Control
import Formulation
import Glibc
import Simulation
import Testing

@testable import Certification

/// Paths drawn where the mean of the exponential is made, against paths of the law itself.
@Suite struct ImportanceTiltTests {
  static func problem(
    aversion: Double, drift: Double = 0, rate: Double = 0, cost: TradeCost = .proportional(0.001), years: Double = 0.25,
    execution: Execution = Execution(), quantity: Double = -1, implied: Double = 0.2,
    volatilities: [Double] = [0.2], switching: [[Double]] = [[0]]
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let regimes = volatilities.enumerated().map {
      Regime(name: "regime \($0.offset)", volatility: $0.element, drift: drift)
    }
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: rate,
      environment: try EnvironmentChain(regimes: regimes, generator: Generator(switching)))
    let expiry = valuation.adding(seconds: years * DayCount.calendar365.secondsPerYear)
    let call = Position(
      name: "call", instrument: .option(kind: .call, strike: 100, expiry: expiry), quantity: quantity,
      impliedVolatilities: volatilities.count == 1 ? [implied] : volatilities)
    return try OptionBookProblem(
      name: "claim", valuation: valuation, market: market, positions: [call],
      costs: volatilities.map { _ in cost }, execution: execution,
      preference: .exponential(riskAversion: aversion), settlement: .none)
  }

  /// Λ by paths of the law itself and by tilted ones, with tilted errors smaller by `gain` at least. Deviations over 3.5
  /// standard errors happen once in two thousand times.
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    var aversion = 0.1
    var drift = 0.0
    var rate = 0.0
    var quantity = -1.0
    var implied = 0.2
    var volatilities = [0.2]
    var switching = [[0.0]]
    var graded = false
    let gain: Double
    var description: String { name }
  }

  static let rows = [
    Row(name: "γS = 10", gain: 2), Row(name: "γS = 10, r = 5 %", drift: 0.05, rate: 0.05, gain: 2),
    Row(name: "a drift of 10 %", drift: 0.1, gain: 50),
    Row(name: "bought, marked at 30 %", quantity: 1, implied: 0.3, gain: 2),
    Row(name: "checks that gather", graded: true, gain: 5),
    Row(
      name: "γS = 1, two regimes", aversion: 0.01, volatilities: [0.15, 0.3], switching: [[-4, 4], [4, -4]], gain: 0.5),
    Row(name: "γS = 200", aversion: 2, gain: 5),
  ]

  @Test(arguments: rows) func unbiased(_ row: Row) throws {
    let problem = try Self.problem(
      aversion: row.aversion, drift: row.drift, rate: row.rate, quantity: row.quantity, implied: row.implied,
      volatilities: row.volatilities, switching: row.switching)
    var method = FiniteHorizon(settings: GridSettings(spots: 160, holdings: 80, steps: 240))
    method.isGuiding = true
    let solution = try method.solve(problem)
    var settings = RollOutSettings(
      checkEvery: problem.horizon * problem.dayCount.secondsPerYear / 256, pathCount: 1 << 15, seed: 5,
      antithetic: true,
      detailed: false)
    settings.graded = row.graded
    let rollOut = try RollOut(problem: problem, settings: settings)
    settings.seed = 6
    let other = try RollOut(problem: problem, settings: settings)
    let plain = try rollOut.run(.table(solution.policy))[.criterion]
    let tilted = try other.estimateAsChecked(.table(solution.policy), guide: try #require(solution.guide)).criterion
    let error = hypot(plain.standardError, tilted.standardError)
    #expect(abs(plain.mean - tilted.mean) < 3.5 * error, "\(row): \(tilted) for \(plain)")
    #expect(tilted.standardError * row.gain < plain.standardError, "\(row): \(tilted) for \(plain)")
  }

  /// γS = 10⁴ with a ticket: γΛ = 405, whose exponential no double can square. Two methods that share nothing but Λ's place.
  @Test func lossesBeyondExponentials() throws {
    let cost = TradeCost(fixed: 0.01, proportionalBuy: 0.001, proportionalSell: 0.001)
    let problem = try Self.problem(aversion: 100, cost: cost)
    var method = FiniteHorizon(settings: GridSettings(spots: 1300, holdings: 560, steps: 2900))
    method.isGuiding = true
    let solution = try method.solve(problem)
    let guide = try #require(solution.guide)
    #expect(100 * guide.losses[0] > 400)
    var settings = RollOutSettings(
      checkEvery: problem.horizon * problem.dayCount.secondsPerYear / 32_768, pathCount: 1 << 10, seed: 9,
      antithetic: true, detailed: false)
    settings.graded = true
    let simulated = try RollOut(problem: problem, settings: settings)
      .estimate(.table(solution.policy), guide: guide).extrapolated
    // The solver's own error is of 1 %, by a grid twice as fine.
    let solved = solution.value(regime: 0, inventory: 0)
    #expect(abs(simulated.mean - solved) < 0.015 * solved + 3 * simulated.standardError, "\(simulated) for \(solved)")
    #expect(simulated.standardError < 0.005 * solved)
  }

  /// A guide that knows nothing, Λ_x = 0, is as unbiased.
  @Test func anyGuideIsUnbiased() throws {
    let problem = try Self.problem(aversion: 0.1)
    let (low, high) = (log(problem.market.spot) - 0.5, log(problem.market.spot) + 0.5)
    let guide = LossGuide(
      times: [0], logPrices: low...high, nodeCount: 2, regimeCount: 1, pointCount: 2,
      edges: [SIMD2(-0.1, 0.1), SIMD2(-0.1, 0.1)], changes: Array(repeating: SIMD2(0, 0), count: 4), losses: [0])
    let policy = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: -0.1, targetUpper: 0.1)])
    var settings = RollOutSettings(
      checkEvery: problem.horizon * problem.dayCount.secondsPerYear / 256, pathCount: 1 << 15, seed: 7,
      antithetic: true,
      detailed: false)
    let plain = try RollOut(problem: problem, settings: settings).run(policy)[.criterion]
    settings.seed = 8
    let tilted = try RollOut(problem: problem, settings: settings).estimateAsChecked(policy, guide: guide).criterion
    let error = hypot(plain.standardError, tilted.standardError)
    #expect(abs(plain.mean - tilted.mean) < 3.5 * error, "\(tilted) for \(plain)")
  }
}

import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// The frontier against the independent roll-out of the policies on it.
@Suite struct FrontierRollOutTests {
  static let grid = GridSettings(spots: 300, holdings: 151, steps: 400)
  /// Seconds between the roll-out's looks.
  static let check = 1800.0

  /// A short call at the money, 30 days, two regimes, spot 100.
  static func problem(fixed: Double, riskAversion: Double) throws -> OptionBookProblem {
    let valuation = Instant(year: 2024, month: 1, day: 1)!
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "calm", volatility: 0.6), Regime(name: "stressed", volatility: 1.0)],
      generator: Generator([[-20, 20], [30, -30]]))
    let call = Position(
      name: "call", instrument: .option(kind: .call, strike: 100, expiry: valuation.adding(seconds: 30 * 86_400)),
      quantity: -1, impliedVolatilities: [0.8])
    let cost = TradeCost(fixed: fixed, proportionalBuy: fixed > 0 ? 0 : 0.001, proportionalSell: fixed > 0 ? 0 : 0.001)
    return try OptionBookProblem(
      name: "call", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain), positions: [call],
      costs: [cost, cost], preference: .quadratic(riskAversion: riskAversion))
  }

  static func rollOut(_ problem: OptionBookProblem) throws -> RollOut {
    try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: check, pathCount: 16_384, seed: 5, antithetic: true, detailed: false, threads: 2))
  }

  /// Cost, risk and deviation of a point are those of its policy on simulated paths. Bands of proportional costs are
  /// narrowed for the looks; what that leaves is the allowance, 1 % of the total.
  @Test(arguments: [0.03, 0.1, 0.3]) func policyCostsAndRisksWhatThePointSays(riskAversion: Double) throws {
    let problem = try Self.problem(fixed: 0, riskAversion: riskAversion)
    let frontier = try Frontier(problem: problem, settings: Self.grid, count: 2, threads: 2)
    let point = frontier.points[frontier.own]
    let table = try FiniteHorizon(settings: Self.grid).solve(problem).policy
    let result = try Self.rollOut(problem).run(.table(table.narrowed(forChecksEvery: Self.check, in: problem)))
    let risk = result[.gammaRisk]
    let cost = result.tradingCosts + result[.settlementCost].mean
    let spread = result[.variableCosts].standardError + result[.settlementCost].standardError
    let allowance = 0.01 * point.total.value
    #expect(
      abs(risk.mean - point.risk.value) < 4 * risk.standardError + point.risk.error + allowance,
      "\(risk) simulated, \(point.risk)")
    #expect(
      abs(cost - point.cost.value) < 4 * spread + point.cost.error + allowance, "\(cost) simulated, \(point.cost)")
  }

  /// A budget beyond the book's own deviation is turned down with that deviation: the one of never trading.
  @Test(arguments: [0.0, 0.05]) func unhedgedDeviationIsThatOfNeverTrading(fixed: Double) throws {
    let problem = try Self.problem(fixed: fixed, riskAversion: 0.1)
    let risk = try Self.rollOut(problem).run(.never)[.gammaRisk]
    let simulated = (2 * risk.mean / 0.1).squareRoot()
    #expect(risk.standardError < 0.02 * risk.mean)
    let error = risk.standardError / (0.1 * simulated)
    #expect {
      _ = try RiskBudgetSearch(
        problem: problem, budget: RiskBudget(.deviation, 2 * simulated), settings: Self.grid, threads: 2
      ).run()
    } throws: { thrown in
      guard case .needless(let unhedged) = thrown as? RiskBudgetError else { return false }
      // The solver's grid: 0.2 %.
      return abs(unhedged - simulated) < 4 * error + 0.002 * simulated
    }
  }
}

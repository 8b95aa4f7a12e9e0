import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// Classes of books that are evaluated by looks, simulated by code that shares nothing with the evaluation.
@Suite(.serialized) struct LookedClassRollOutTests {
  struct Case: Sendable {
    let name: String
    var jumps: PriceJumps? = nil
    var preference = Preference.quadratic(riskAversion: 0.1)
    var execution = Execution()
    var cost = TradeCost(fixed: 0.02, proportionalBuy: 0.001, proportionalSell: 0.001)
  }

  static let cases = [
    Case(name: "reviews", execution: Execution(checkEvery: 4 * 3600)),
    Case(name: "lots", execution: Execution(checkEvery: 4 * 3600, lot: 0.04)),
    Case(
      name: "utility", preference: .exponential(riskAversion: 0.1),
      execution: Execution(checkEvery: 4 * 3600)),
    Case(
      name: "jumps", jumps: PriceJumps(intensity: 10, law: .merton(mean: -0.05, deviation: 0.08)),
      execution: Execution(checkEvery: 4 * 3600)),
    Case(
      name: "impact", execution: Execution(checkEvery: 4 * 3600, failure: 0.1),
      cost: TradeCost(fixed: 0.02, proportionalBuy: 0.0005, proportionalSell: 0.0005, quadraticImpact: 0.004)),
  ]

  /// Reviews are the problem itself: no extrapolation stands between the two.
  @Test(arguments: cases) func simulated(_ row: Case) throws {
    let valuation = Instant(year: 2026, month: 1, day: 1)!
    let problem = try OptionBookProblem(
      name: row.name, valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(
          regimes: [Regime(name: "only", volatility: 0.7, jumps: row.jumps)], generator: .frozen(count: 1))),
      positions: [OptionKind.call, .put].map {
        Position(
          name: $0.rawValue,
          instrument: .option(kind: $0, strike: 100, expiry: valuation.adding(seconds: 30 * 86_400)),
          // A utility of a short position with nobody looking has no expectation.
          quantity: row.preference.isExponential ? 1 : -1, impliedVolatilities: [0.8])
      }, costs: [row.cost], execution: row.execution, preference: row.preference, settlement: .none,
      horizon: valuation.adding(seconds: 20 * 86_400))
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 320, holdings: 160, steps: 600))
    let solutions = try [1, 0.5, 0.25].map {
      try FiniteHorizon(settings: GridSettings().refined(by: $0, of: grid), threads: 2).solve(problem)
    }
    let classes = BookClassSearch(optimum: solutions[0].policy, coarse: solutions[2], fine: solutions[1], threads: 2)
      .run([.recentre, .inner, .constantBand])
    #expect(classes.solved.count == 4, "\(classes.omitted)")
    let value = Approximation.limit(
      halfAsFine: solutions[1].value(regime: 0, inventory: 0), finest: solutions[0].value(regime: 0, inventory: 0))
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: row.execution.checkEvery!, substeps: 16, pathCount: 32_768, seed: 11, antithetic: true,
        detailed: false, threads: 2))
    for solution in classes.solved where solution.bookClass != .optimal {
      guard let policy = HedgingPolicy(solution, problem: problem, optimum: solutions[0].policy) else { continue }
      let simulated = try rollOut.run(policy)[.criterion]
      let regime = solution.regimes[0]
      let allowed =
        3 * simulated.standardError + value.error + regime.excess.error + classes.sharedError(regime: 0)
      #expect(
        abs(simulated.mean - value.value - regime.excess.value) <= allowed,
        "\(row.name) \(solution.bookClass): \(simulated.mean) ± \(simulated.standardError), expected \(value.value + regime.excess.value)"
      )
      #expect(allowed < 0.06 * value.value, "\(row.name) \(solution.bookClass) \(allowed)")
      #expect(regime.excess.value > -regime.excess.error, "\(row.name) \(solution.bookClass) \(regime.excess)")
    }
  }
}

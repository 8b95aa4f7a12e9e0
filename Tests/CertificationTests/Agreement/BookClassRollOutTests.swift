import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// Every class that the roll-out can run, simulated by code that shares nothing with the linear equations.
@Suite struct BookClassRollOutTests {
  private func straddle(
    quantity: Double, fixed: Double, volatilities: [Double], days: Double
  ) throws -> OptionBookProblem {
    let valuation = Instant(year: 2026, month: 1, day: 1)!
    let expiry = valuation.adding(seconds: 30 * 86_400)
    let generator = volatilities.count == 1 ? Generator.frozen(count: 1) : try Generator([[-6, 6], [24, -24]])
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: 0,
      environment: try EnvironmentChain(
        regimes: volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element) },
        generator: generator))
    let cost = TradeCost(fixed: fixed, proportionalBuy: 0.001, proportionalSell: 0.001)
    return try OptionBookProblem(
      name: "straddle", valuation: valuation, market: market,
      positions: [OptionKind.call, .put].map {
        Position(
          name: $0.rawValue, instrument: .option(kind: $0, strike: 100, expiry: expiry), quantity: quantity,
          impliedVolatilities: [0.8])
      }, costs: volatilities.map { _ in cost }, preference: .quadratic(riskAversion: 0.1), settlement: .none,
      horizon: valuation.adding(seconds: days * 86_400))
  }

  struct Row: Sendable {
    let quantity: Double
    let fixed: Double
    let volatilities: [Double]
    /// Up to the expiry after 30 days, or before it.
    let days: Double
  }

  static let rows = [
    Row(quantity: -1, fixed: 0.03, volatilities: [0.5, 1.2], days: 30),
    Row(quantity: 1, fixed: 0, volatilities: [0.8], days: 20),
    Row(quantity: -1, fixed: 0.02, volatilities: [0.7], days: 20),
  ]

  @Test("Costs of the classes", arguments: rows)
  func simulated(_ row: Row) throws {
    let volatilities = row.volatilities
    let problem = try straddle(
      quantity: row.quantity, fixed: row.fixed, volatilities: volatilities, days: row.days)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 320, holdings: 160, steps: 600))
    let solutions = try [1, 0.5, 0.25].map {
      try FiniteHorizon(settings: GridSettings().refined(by: $0, of: grid)).solve(problem)
    }
    let classes = BookClassSearch(
      optimum: solutions[0].policy, coarse: solutions[2], fine: solutions[1], threads: 2
    ).run()
    let value = Approximation.limit(
      halfAsFine: solutions[1].value(regime: 0, inventory: 0), finest: solutions[0].value(regime: 0, inventory: 0))
    // At the strike gamma grows without bound towards the expiry, and a constant band trades ever faster: a simulation that looks
    // every δ misses trades in proportion to √δ, which no extrapolation in δ brings back.
    let atExpiry = row.days == 30
    for solution in classes.solved
    where solution.bookClass != .optimal && !(atExpiry && solution.bookClass == .constantBand) {
      let regime = solution.regimes[0]
      let policy: HedgingPolicy
      let check: Double
      guard let followed = HedgingPolicy(solution, problem: problem, optimum: solutions[0].policy) else { continue }
      let isBlind = solution.bookClass == .interval && volatilities.count == 1
      if isBlind, let fixed = regime.fixed, let target = regime.target {
        check = fixed * 365 * 86_400
        policy = .interval(everySeconds: check, target: target)
      } else {
        check = row.days * 86_400 / 2048
        policy = followed
      }
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(
          checkEvery: check, substeps: isBlind ? 64 : 1, pathCount: 16_384, seed: 7, antithetic: true, detailed: false,
          threads: 2))
      let (mean, spread, bias): (Double, Double, Double)
      if isBlind {
        let result = try rollOut.run(policy)[.criterion]
        (mean, spread, bias) = (result.mean, result.standardError, 0)
      } else {
        let estimate = try rollOut.estimate(policy)
        (mean, spread) = (estimate.extrapolated.mean, estimate.extrapolated.standardError)
        // The extrapolation to continuous looks removes the first order, of which a third of the step may be left; edges that
        // reflect and are not the best at every time and place leave a change of the order √δ, of which
        // (2 − √2)/(√2 − 1) = √2 of the step stays.
        let reflects = row.fixed == 0 && [.edge, .constantBand, .gammaScaled].contains(solution.bookClass)
        bias = abs(estimate.discretisationError.mean) * (reflects ? 2.0.squareRoot() : 1.0 / 3)
      }
      if let trades = regime.trades, !isBlind {
        // Looks that come late find fewer breaches: edges act 0.58 η√δ further out, h²/η² being about a gap, on both sides of
        // the way between target and edge.
        let counted = try rollOut.run(policy)[.tradeCount]
        let late = 2 * DiscreteLooks.shift * (trades / 2048).squareRoot()
        #expect(counted.mean < trades + 3 * counted.standardError, "\(solution.bookClass) \(counted) \(trades)")
        #expect(counted.mean > trades * (1 - 2 * late) - 3 * counted.standardError, "\(solution.bookClass)")
      }
      let expected = value.value + regime.excess.value
      let allowed = 3 * spread + bias + value.error + regime.excess.error + abs(classes.baseline[0].value)
      #expect(abs(mean - expected) <= allowed, "\(solution.bookClass): \(mean) ± \(spread), expected \(expected)")
    }
  }
}

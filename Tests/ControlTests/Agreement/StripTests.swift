import Formulation
import TestKit
import Testing

@testable import Control

/// Marches that leave out what lies beside the strip against the same marches over all nodes.
@Suite struct StripTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var fixed: Double
    var proportional: Double
    var settlement: Settlement
    var preference: Preference
    var regimeCount: Int

    var testDescription: String {
      "K \(fixed), k \(proportional), \(settlement), \(preference), \(regimeCount) regimes"
    }

    /// A month of a short straddle.
    func problem() throws -> OptionBookProblem {
      let valuation = Instant(year: 2026, month: 1, day: 1)!
      let expiry = valuation.adding(seconds: 30 * 86_400)
      let regimes = Array(
        [Regime(name: "calm", volatility: 0.5), Regime(name: "stressed", volatility: 1.2)].prefix(regimeCount))
      let generator = regimeCount == 1 ? Generator.frozen(count: 1) : try Generator([[-6, 6], [24, -24]])
      let market = Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: try EnvironmentChain(regimes: regimes, generator: generator))
      let cost = TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: 2 * proportional)
      return try OptionBookProblem(
        name: "straddle", valuation: valuation, market: market,
        positions: [OptionKind.call, .put].map { kind in
          Position(
            name: kind.rawValue, instrument: .option(kind: kind, strike: 100, expiry: expiry), quantity: -1,
            impliedVolatilities: [0.8])
        }, costs: regimes.map { _ in cost }, preference: preference, settlement: settlement)
    }
  }

  static let quadratic = Preference.quadratic(riskAversion: 0.1)
  static let utility = Preference.exponential(riskAversion: 0.1)

  /// What the surroundings' extrapolation may cost: a hundredth of the error of these grids, which is about 10⁻³.
  private static let tolerance = 1e-5

  @Test(arguments: [
    Case(fixed: 0, proportional: 5e-4, settlement: .none, preference: quadratic, regimeCount: 1),
    Case(fixed: 0, proportional: 5e-4, settlement: .cash, preference: quadratic, regimeCount: 2),
    Case(fixed: 0.01, proportional: 0, settlement: .none, preference: quadratic, regimeCount: 2),
    Case(fixed: 0.01, proportional: 5e-4, settlement: .cash, preference: quadratic, regimeCount: 1),
    Case(fixed: 0, proportional: 5e-4, settlement: .none, preference: utility, regimeCount: 1),
    Case(fixed: 0.01, proportional: 5e-4, settlement: .none, preference: utility, regimeCount: 1),
    Case(fixed: 0, proportional: 5e-3, settlement: .physical, preference: utility, regimeCount: 1),
  ])
  func surroundingsAreNotMissed(_ given: Case) throws {
    let problem = try given.problem()
    let settings = GridSettings(spots: 300, holdings: 161, steps: 400)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    func solved(everywhere: Bool) throws -> FiniteHorizonSolution {
      problem.preference.isExponential
        ? try EntropicMarch(problem: problem, grid: grid, threads: 2, everywhere: everywhere).run(
          settings: settings, progress: nil)
        : try BackwardMarch(problem: problem, grid: grid, threads: 2, everywhere: everywhere).run(
          settings: settings, progress: nil)
    }
    let (all, strip) = (try solved(everywhere: true), try solved(everywhere: false))
    for e in 0..<given.regimeCount {
      for inventory in [-1.0, -0.3, 0, 0.2, 0.9] {
        let (expected, found) = (
          all.value(regime: e, inventory: inventory), strip.value(regime: e, inventory: inventory)
        )
        #expect(
          abs(found / expected - 1) < StripTests.tolerance, "regime \(e), y = \(inventory): \(found), \(expected)")
      }
      let (expected, found) = (all.band(regime: e), strip.band(regime: e))
      let spacing = grid.holdings[1] - grid.holdings[0]
      for (one, other) in [
        (found.lower, expected.lower), (found.upper, expected.upper), (found.targetLower, expected.targetLower),
        (found.targetUpper, expected.targetUpper),
      ] {
        #expect(abs(one - other) < 0.02 * spacing, "regime \(e): \(found), \(expected)")
      }
    }
  }

  /// A book of thousands of straddles, whose delta runs through half of all inventories from one row to the next before the expiry,
  /// and whose band is a hundredth of it: tiles that the region jumps over, and others that it passes in a row or two.
  @Test(arguments: [208, 832]) func narrowAgainstTheBook(_ holdings: Int) throws {
    let problem = try Straddle.problem(
      proportional: 0.0005, fixed: 0.01, riskAversion: 0.05, volatilities: [0.5], switching: [[0]], implied: [0.5],
      quantity: -3000)
    let settings = GridSettings(spots: 300, holdings: holdings, steps: 400)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    let (all, strip) = (
      try BackwardMarch(problem: problem, grid: grid, threads: 2, everywhere: true).run(
        settings: settings, progress: nil),
      try BackwardMarch(problem: problem, grid: grid, threads: 2).run(settings: settings, progress: nil)
    )
    for inventory in [-2000.0, 0, 500] {
      let (expected, found) = (
        all.value(regime: 0, inventory: inventory), strip.value(regime: 0, inventory: inventory)
      )
      // Of these grids' errors, 4·10⁻³ and more, a hundredth as well.
      #expect(abs(found / expected - 1) < 5e-5, "\(inventory): \(found), \(expected)")
    }
  }

  /// Far from the band what is left out must still be filled in: values grow by what the trade costs.
  @Test func valuesFarOutsideAreLines() throws {
    let given = Case(fixed: 0.01, proportional: 5e-4, settlement: .none, preference: Self.quadratic, regimeCount: 2)
    let problem = try given.problem()
    let solution = try FiniteHorizon(settings: GridSettings(spots: 200, holdings: 105, steps: 250)).solve(problem)
    let y = solution.grid.holdings
    let base = (solution.grid.reference * 2 + 1) * y.count
    let cost = problem.costs[1]
    for index in 0..<10 {
      let slope = (solution.values[base + index + 1] - solution.values[base + index]) / (y[index + 1] - y[index])
      #expect(abs(slope + cost.proportionalBuy * 100) < 1e-9)
    }
  }
}

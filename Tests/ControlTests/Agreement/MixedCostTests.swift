import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Regimes with and without a fixed cost in one problem: V is marched for all of them.
@Suite struct MixedCostTests {
  private func solve(_ problem: OptionBookProblem, ofValues: Bool) throws -> FiniteHorizonSolution {
    let settings = GridSettings(spots: 400, holdings: 241, steps: 600)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    return try BackwardMarch(problem: problem, grid: grid, threads: 2, ofValues: ofValues)
      .run(settings: settings, progress: nil)
  }

  /// Without any fixed cost, marching V gives what the game for ∂V/∂y gives.
  @Test(arguments: [Settlement.none, .cash])
  func valuesAgreeWithTheGame(_ settlement: Settlement) throws {
    let problem = try Straddle.problem(settlement: settlement)
    let (values, game) = (try solve(problem, ofValues: true), try solve(problem, ofValues: false))
    for e in 0..<2 {
      let (a, b) = (values.value(regime: e, inventory: 0), game.value(regime: e, inventory: 0))
      #expect(relativeDifference(a, b) < 0.002, "regime \(e): \(a) \(b)")
      let (x, y) = (values.band(regime: e), game.band(regime: e))
      #expect(abs(x.lower - y.lower) < 0.003 && abs(x.upper - y.upper) < 0.003, "regime \(e): \(x) \(y)")
    }
  }

  /// A fixed cost that vanishes in one regime leads to the problem without it.
  @Test func vanishingFixedCost() throws {
    func problem(_ fixed: Double) throws -> OptionBookProblem {
      let plain = try Straddle.problem()
      return plain.replacing(costs: [
        TradeCost(fixed: fixed, proportionalBuy: 0.0005, proportionalSell: 0.0005),
        TradeCost(fixed: 0.003, proportionalBuy: 0.0005, proportionalSell: 0.0005),
      ])
    }
    let none = try solve(problem(0), ofValues: false)
    let distances = try [1e-4, 1e-5, 1e-6].map { fixed in
      let solution = try solve(problem(fixed), ofValues: false)
      return (0..<2).map { solution.value(regime: $0, inventory: 0) - none.value(regime: $0, inventory: 0) }
    }
    for e in 0..<2 {
      #expect(distances[0][e] > distances[1][e] && distances[1][e] > distances[2][e], "\(distances)")
      #expect(abs(distances[2][e]) < 0.003 * none.value(regime: e, inventory: 0), "\(distances)")
      let band = none.band(regime: e)
      #expect(e == 0 ? band.lower == band.targetLower : band.lower < band.targetLower, "\(band)")
    }
  }

  /// A regime in which trading is free, beside one with a fixed cost: its band is the point where V is least.
  @Test func freeTradingInOneRegime() throws {
    let plain = try Straddle.problem()
    let problem = plain.replacing(costs: [
      TradeCost(), TradeCost(fixed: 0.003, proportionalBuy: 0.0005, proportionalSell: 0.0005),
    ])
    let solution = try solve(problem, ofValues: false)
    let band = solution.band(regime: 0)
    #expect(band.width == 0 && abs(band.lower) < 0.01, "\(band)")
    let values = [-0.5, 0, 0.5].map { solution.value(regime: 0, inventory: $0) }
    #expect(abs(values[0] - values[2]) < 1e-9 * values[1], "\(values)")
  }
}

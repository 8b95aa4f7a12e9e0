import Formulation
import Testing

@testable import Control

/// Classes whose cost has several minima in several regimes, against the cheapest that an independent program found: policies
/// evaluated by Chebyshev collocation between their edges, blind intervals by matrix exponentials and characteristic functions,
/// minimised from many starts; six digits.
@Suite struct ClassMinimaTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let policyClass: TrackingClass
    let switching: Double
    var running = [1.0, 1]
    var volatility = [0.6, 1.6]
    /// K, what a unit costs to buy and to sell, by regime.
    var costs = [(0.3, 1.0, 1.0), (0.3, 1.0, 1.0)]
    let expected: Double

    var testDescription: String { "\(policyClass), \(switching) per unit time" }

    var problem: TrackingProblem {
      get throws {
        try StationaryExamples.problem(
          running: running, volatility: volatility,
          switching: [[-switching, switching], [2 * switching, -2 * switching]],
          costs: costs.map { TradeCost(fixed: $0.0, proportionalBuy: $0.1, proportionalSell: $0.2) })
      }
    }
  }

  private static let lopsided = [(0.1, 1.0, 0.2), (0.02, 0.5, 0.5)]
  private static let cheapAndDear = [(0.1, 1.0, 1.0), (0.001, 0.01, 0.01)]

  /// In the first four one regime buys and the other sells; in the last three one interval or band does for both.
  static let rows = [
    Row(policyClass: .recentre, switching: 2, expected: 1.166385),
    Row(policyClass: .recentre, switching: 4, expected: 1.145845),
    Row(policyClass: .recentre, switching: 10, expected: 1.129976),
    Row(policyClass: .recentre, switching: 30, expected: 1.126707),
    Row(
      policyClass: .interval, switching: 300, running: [1, 2], volatility: [0.5, 2], costs: lopsided,
      expected: 1.414666),
    Row(policyClass: .interval, switching: 10, volatility: [1, 1], costs: cheapAndDear, expected: 1.081191),
    Row(
      policyClass: .constantBand, switching: 10_000, running: [1, 2], volatility: [0.5, 2], costs: lopsided,
      expected: 0.845174),
  ]

  @Test(arguments: rows) func cheapest(_ row: Row) throws {
    let solver = StationarySolver()
    let problem = try row.problem
    let optimum = try solver.solve(problem)
    let found = try #require(solver.classes(of: problem, optimum: optimum)[row.policyClass])
    let cost = found.regimes[0].cost.total
    #expect(abs(cost.value - row.expected) < 1e-6 + cost.error, "\(row.testDescription): \(cost)")
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Policies given in advance, evaluated on grids refined in every direction at once, up to ten days before expiry. (Up to the
/// expiry itself, where gamma is unbounded at the strike, the order seen on the same grids is 1.35.)
@Suite struct PolicyEvaluationOrderTests {
  @Test("Constant bands", arguments: [(0.02, 0.4), (0.0, 0.0), (0.0, 1.0)])
  func constantBands(_ fixed: Double, _ ratio: Double) throws {
    let problem = try Straddle.problem(fixed: fixed, volatilities: [0.8], horizon: 20 * 86_400)
    let values = try [1, 2, 4, 8].map { factor in
      let settings = GridSettings(spots: 60 * factor, holdings: 48 * factor, steps: 125 * factor)
      let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
      let none = PolicyTable(times: [0], logSpots: [0], regimeCount: 1, bands: [.unbounded])
      let rule = BandRule.constant(centres: [0], halves: [0.15], ratios: [ratio])
      return PolicyEvaluation(
        nodes: EvaluationNodes(problem, grid: grid, optimum: none), rule: rule, functionals: [.total(problem)],
        threads: 2
      ).run()[0].values[0]
    }
    let differences = zip(values, values.dropFirst()).map { abs($0 - $1) }
    let order = observedOrder(differences)
    #expect(order > 1.5, "\(values) order \(order)")
  }
}

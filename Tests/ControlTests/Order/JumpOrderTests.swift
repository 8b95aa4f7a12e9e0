import Formulation
import TestKit
import Testing

@testable import Control

/// Observed orders of the value under jumps, in time and in all spacings; margins from the differences of four grids.
@Suite struct JumpOrderTests {
  private func values(_ problem: OptionBookProblem, _ grids: [GridSettings]) throws -> [Double] {
    try grids.map { try FiniteHorizon(settings: $0).solve(problem).value(regime: 0, inventory: 0) }
  }

  @Test(arguments: [0.0, 0.003]) func timeIsSecondOrder(fixed: Double) throws {
    let problem = try fixed > 0 ? JumpStraddle.twoKou() : JumpStraddle.onlyMerton()
    let found = try values(
      problem, [1, 2, 4, 8, 16].map { GridSettings(spots: 160, holdings: 81, steps: 25 * $0) })
    let differences = zip(found.dropFirst(), found).map { abs($0 - $1) }
    #expect(observedOrder(differences) > 1.4, "\(found)")
  }

  @Test(arguments: [0.0, 0.003]) func everythingHalved(fixed: Double) throws {
    let problem = try fixed > 0 ? JumpStraddle.twoKou() : JumpStraddle.onlyMerton()
    let found = try values(
      problem, [1, 2, 4].map { GridSettings(spots: 100 * $0, holdings: 48 * $0 + 1, steps: 80 * $0) })
    let differences = zip(found.dropFirst(), found).map { abs($0 - $1) }
    #expect(observedOrder(differences) > 1.4, "\(found)")
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Books under jumps against an independent program (numpy: uniform log-spot grid, dense jump matrices by cell integrals of
/// linear interpolation, uniform second-order backward differences, jumps and switches solved implicitly, obstacles by active
/// sets). Its values are extrapolated to second order: Merton's from three spacings of inventory and two of the rest, Kou's from
/// two of everything, where they differ by 0.4 %.
@Suite struct JumpReferenceTests {
  /// The value extrapolated as a certificate does.
  private func limits(_ problem: OptionBookProblem) throws -> (values: [Double], finest: FiniteHorizonSolution) {
    let coarse = try FiniteHorizon(settings: GridSettings(spots: 250, holdings: 121, steps: 300)).solve(problem)
    let fine = try FiniteHorizon(settings: GridSettings(spots: 500, holdings: 241, steps: 600)).solve(problem)
    let values = (0..<problem.environment.count).map {
      let value = fine.value(regime: $0, inventory: 0)
      return value + (value - coarse.value(regime: $0, inventory: 0)) / 3
    }
    return (values, fine)
  }

  @Test func mertonProportional() throws {
    let (values, solution) = try limits(JumpStraddle.onlyMerton())
    #expect(relativeDifference(values[0], 0.22692) < 3e-4, "\(values)")
    // Edges of the reference's finest grid, read by tangency.
    for (spot, lower, upper) in [(90.03, -0.1232, 0.0649), (100, -0.1207, 0.0619), (109.97, -0.1115, 0.0572)] {
      let band = solution.band(time: 0, regime: 0, logSpot: log(spot))
      #expect(abs(band.lower - lower) < 0.0015 && abs(band.upper - upper) < 0.0015, "\(spot): \(band)")
    }
  }

  @Test func kouWithEverything() throws {
    let (values, solution) = try limits(JumpStraddle.twoKou())
    #expect(relativeDifference(values[0], 1.0797) < 5e-4, "\(values)")
    #expect(relativeDifference(values[1], 1.7590) < 5e-4, "\(values)")
    // Targets are good to 0.001 in the reference; its edges only to its spacing of 0.02.
    for (spot, regime, lower, upper) in [
      (90.0, 0, -0.1147, -0.0421), (100, 0, -0.1212, -0.0470), (90, 1, -0.0937, -0.0303), (100, 1, -0.0909, -0.0287),
      (110, 1, -0.0833, -0.0234),
    ] {
      let band = solution.band(time: 0, regime: regime, logSpot: log(spot))
      #expect(
        abs(band.targetLower - lower) < 0.002 && abs(band.targetUpper - upper) < 0.002, "\(spot) \(regime): \(band)")
    }
  }
}

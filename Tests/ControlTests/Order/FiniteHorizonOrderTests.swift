import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// How the error falls when every spacing and step is halved.
@Suite struct FiniteHorizonOrderTests {
  struct Case: Sendable, CustomStringConvertible {
    let proportional: Double
    let fixed: Double
    /// Least order of the value between (100, 51, 125) and (400, 201, 500), measured as 1.4 to 2.0 over both regimes;
    /// the obstacle keeps it below 2.
    let least: Double
    var description: String { "k = \(proportional), K = \(fixed)" }
  }

  @Test(arguments: [
    Case(proportional: 0.0005, fixed: 0, least: 1.0), Case(proportional: 0, fixed: 0.01, least: 1.2),
    Case(proportional: 0.0005, fixed: 0.01, least: 1.2),
  ]) func valueAndEdgesConverge(_ test: Case) throws {
    let problem = try Straddle.problem(proportional: test.proportional, fixed: test.fixed)
    var solutions: [FiniteHorizonSolution] = []
    for factor in [1, 2, 4, 8] {
      let settings = GridSettings(spots: 100 * factor, holdings: 50 * factor + 1, steps: 125 * factor)
      solutions.append(try FiniteHorizon(settings: settings).solve(problem))
    }
    for regime in 0..<2 {
      let values = solutions.map { $0.value(regime: regime, inventory: 0) }
      let differences = zip(values.dropFirst(), values).map { abs($0 - $1) }
      #expect(observedOrder(differences) > test.least, "\(test), regime \(regime): \(values)")
      // Extrapolated from the two finest, as the certificate does from its own.
      let limit = values[3] + (values[3] - values[2]) / 3
      let certified = values[2] + (values[2] - values[1]) / 3
      #expect(relativeDifference(certified, limit) < 0.001, "\(test), regime \(regime): \(certified) and \(limit)")
      let standard = solutions[2].band(regime: regime)
      let finest = solutions[3].band(regime: regime)
      for (a, b) in [
        (standard.lower, finest.lower), (standard.upper, finest.upper), (standard.targetLower, finest.targetLower),
        (standard.targetUpper, finest.targetUpper),
      ] { #expect(abs(a - b) < 0.003, "\(test), regime \(regime): \(standard) and \(finest)") }
    }
  }
}

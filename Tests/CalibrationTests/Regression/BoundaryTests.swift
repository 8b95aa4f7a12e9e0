import Testing

@testable import Calibration

/// Estimates that lie at a bound of their range.
struct BoundaryTests {
  /// A transition that never happens was once given the standard error 1e-24, through the normalisation of its row.
  @Test func absentTransitionHasNoStandardError() throws {
    let chain = try RegimeParameters(
      means: [0, 0, 0], variances: [4e-6, 6e-5, 1e-3],
      transition: [[0.95, 0.05, 0], [0.04, 0.92, 0.04], [0, 0.1, 0.9]])
    var atBound = 0
    for seed in 1...4 as ClosedRange<UInt64> {
      let data = try LogReturns(
        values: simulatedReturns(chain, count: 6_000, seed: seed), stepsPerYear: 8760)
      let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(3), starts: 2))
      for estimate in model.transition.joined() where estimate.value < 1e-6 {
        atBound += 1
        #expect(estimate.standardError == nil, "seed \(seed): \(estimate)")
      }
      for from in 0..<3 { #expect(model.transition[from][from].standardError != nil) }
    }
    #expect(atBound > 0)
  }
}

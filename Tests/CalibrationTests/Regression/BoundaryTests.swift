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
    for seed in 1...6 as ClosedRange<UInt64> {
      let data = try LogReturns(
        values: simulatedReturns(chain, count: 6_000, seed: seed), stepsPerYear: 8760)
      let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(3), starts: 2))
      // Each state is visited some thousand times: below 1e-5 a transition stands for a hundredth of a move.
      for estimate in model.transition.joined() where estimate.value < 1e-5 {
        atBound += 1
        #expect(estimate.standardError == nil, "seed \(seed): \(estimate)")
      }
      for from in 0..<3 { #expect(model.transition[from][from].standardError != nil) }
    }
    #expect(atBound > 0)
  }

  /// A fall of forty deviations of the middle state, straight out of the calm one: the likelihood stays finite although
  /// the only state that explains it is one the chain hardly ever reaches from there.
  @Test func outlierBehindAnAbsentTransition() throws {
    let chain = try RegimeParameters(
      means: [0, 0, 0], variances: [4e-6, 6e-5, 1e-2],
      transition: [[0.95, 0.05, 0], [0.04, 0.92, 0.04], [0, 0.1, 0.9]])
    var values = simulatedReturns(
      try RegimeParameters(means: [0, 0], variances: [4e-6, 6e-5], transition: [[0.95, 0.05], [0.04, 0.96]]),
      count: 3_000, seed: 3)
    values[1_500] = -0.5
    var recursion = ForwardBackward(try LogReturns(values: values, stepsPerYear: 8760))
    var start = chain
    start.transition = chain.transition.map { $0 == 0 ? ExpectationMaximisation.leastProbability : $0 }
    let run = ExpectationMaximisation.run(&recursion, from: start, tolerance: 1e-9, most: 300, varianceFloor: 1e-9)
    #expect(run.trace.allSatisfy { $0.isFinite }, "\(run.trace.prefix(3))")
    #expect(run.parameters.transition.allSatisfy { $0 >= ExpectationMaximisation.leastProbability })
  }
}

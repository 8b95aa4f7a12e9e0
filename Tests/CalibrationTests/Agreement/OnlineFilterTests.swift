import Glibc
import Testing

@testable import Calibration

/// The streaming filter against the batch recursion.
struct OnlineFilterTests {
  /// The same series with holes: both give the same probabilities after every return, and the same likelihood.
  @Test(arguments: [2, 3]) func equalsBatchFilter(states: Int) throws {
    let chain =
      states == 2
      ? try hourlyPair()
      : try RegimeParameters(
        means: [0, 1e-4, -1e-3], variances: [4e-6, 6e-5, 1e-3],
        transition: [[0.95, 0.04, 0.01], [0.04, 0.92, 0.04], [0.02, 0.08, 0.9]])
    var times: [Double] = [0]
    var prices: [Double] = [100]
    for (index, value) in simulatedReturns(chain, count: 2_000, seed: 3).enumerated() {
      // Holes of 2 to 24 hours, and of 30 hours.
      let hours = index % 97 == 5 ? Double(2 + index % 23) : index % 301 == 17 ? 30 : 1
      times.append(times[index] + 3600 * hours)
      prices.append(prices[index] * exp(value))
    }
    let series = try PriceSeries(openTimes: times, prices: prices)
    let data = try LogReturns(series)
    #expect(data.droppedGaps == 7 && data.bridgedGaps > 15)
    var recursion = ForwardBackward(data)
    let batch = recursion.posteriors(chain)
    var filter = OnlineFilter(chain)
    var used = 0
    for index in 1..<series.count {
      let steps = (times[index] - times[index - 1]) / 3600
      try filter.update(logReturn: log(prices[index] / prices[index - 1]), elapsedSteps: steps)
      if steps > 24 {
        #expect(filter.probabilities == chain.stationary)
        continue
      }
      for state in 0..<states {
        #expect(
          abs(filter.probabilities[state] - batch.filtered[used][state]) < 1e-12,
          "return \(index), state \(state): \(filter.probabilities) against \(batch.filtered[used])")
      }
      used += 1
    }
    #expect(used == data.count)
    #expect(abs(filter.logLikelihood - batch.logLikelihood) < 1e-12 * abs(batch.logLikelihood))
  }

  /// A return of two hundred deviations underflows no density.
  @Test func extremeReturnPointsToTheWiderRegime() throws {
    var filter = OnlineFilter(try hourlyPair())
    try filter.update(logReturn: -2)
    #expect(filter.mostProbable == 1)
    #expect(filter.probabilities[1] == 1)
    #expect(filter.logLikelihood.isFinite)
  }

  @Test func refusesUnusableReturns() throws {
    var filter = OnlineFilter(try hourlyPair())
    try filter.update(logReturn: 0.01)
    let before = filter
    #expect(throws: CalibrationError.outOfRange(argument: "elapsed", value: 0, lowest: 0, highest: .infinity)) {
      try filter.update(logReturn: 0.01, elapsedSteps: 0)
    }
    #expect(throws: CalibrationError.self) { try filter.update(logReturn: .nan) }
    #expect(filter == before)
  }
}

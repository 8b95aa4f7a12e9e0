import Calibration
import Glibc
import Testing

/// Estimates from simulated chains, against the parameters they were simulated with.
struct SimulatedChainTests {
  struct Truth {
    let name: String
    let value: Double
    let estimate: Estimate
  }

  static let stepsPerYear = 8760.0

  /// Every estimated quantity beside its true value.
  static func comparison(_ truth: RegimeParameters, _ model: RegimeModel) -> [Truth] {
    var rows: [Truth] = []
    let law = truth.stationary
    for e in 0..<truth.states {
      let variance = truth.variances[e] * stepsPerYear
      let growth = truth.means[e] * stepsPerYear
      let regime = model.regimes[e]
      rows.append(Truth(name: "volatility \(e)", value: sqrt(variance), estimate: regime.volatility))
      rows.append(Truth(name: "log drift \(e)", value: growth, estimate: regime.logDrift))
      rows.append(Truth(name: "drift \(e)", value: growth + variance / 2, estimate: regime.drift))
      rows.append(Truth(name: "stationary \(e)", value: law[e], estimate: regime.stationaryProbability))
      let stay = truth.transitionRows[e][e]
      rows.append(Truth(name: "steps \(e)", value: 1 / (1 - stay), estimate: regime.expectedSteps))
      for to in 0..<truth.states {
        rows.append(
          Truth(name: "transition \(e)\(to)", value: truth.transitionRows[e][to], estimate: model.transition[e][to]))
      }
    }
    return rows
  }

  /// Three standard errors for every quantity, two and three regimes, fixed seeds.
  @Test(arguments: [2, 3], [UInt64(1), 2, 3]) func estimatesWithinThreeStandardErrors(
    states: Int, seed: UInt64
  ) throws {
    let truth =
      states == 2
      ? try hourlyPair()
      : try RegimeParameters(
        means: [3e-5, 0, -2e-4], variances: [9e-6, 8e-5, 9e-4],
        transition: [[0.94, 0.05, 0.01], [0.05, 0.9, 0.05], [0.02, 0.13, 0.85]])
    let data = try LogReturns(
      values: simulatedReturns(truth, count: 20_000, seed: seed), stepsPerYear: Self.stepsPerYear)
    let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(states)))
    #expect(model.converged && model.newtonDecrement < 1e-6)
    for row in Self.comparison(truth, model) {
      let error = try #require(row.estimate.standardError, "\(row.name)")
      #expect(
        abs(row.estimate.value - row.value) < 3 * error,
        "\(row.name): \(row.estimate.value) ± \(error) against \(row.value)")
    }
  }

  /// BIC finds the number of regimes that made the data.
  @Test(arguments: [1, 2, 3]) func automaticCount(states: Int) throws {
    let pair = try hourlyPair()
    let truth: RegimeParameters =
      switch states {
      case 1: try RegimeParameters(means: [1e-5], variances: [1e-5], transition: [[1]])
      case 2: pair
      default:
        try RegimeParameters(
          means: [0, 0, 0], variances: [4e-6, 6e-5, 1e-3],
          transition: [[0.95, 0.04, 0.01], [0.04, 0.92, 0.04], [0.02, 0.08, 0.9]])
      }
    let data = try LogReturns(
      values: simulatedReturns(truth, count: 8_000, seed: 11), stepsPerYear: Self.stepsPerYear)
    let model = try RegimeModel.fit(data)
    #expect(model.regimes.count == states, "\(model.selection.map { $0.bic })")
  }

  /// Replications of the coverage experiment.
  static let replications = 100

  /// In 100 replications the 95 % and 50 % intervals cover the truth as often as a binomial count allows: the bounds
  /// are the 0.05 % and 99.95 % points, 86…100 of 100 at 95 % (exact) and 50 ± 3.29·5 at 50 %.
  @Test func standardErrorsCover() throws {
    let truth = try hourlyPair()
    var wide: [String: Int] = [:]
    var narrow: [String: Int] = [:]
    for seed in 0..<Self.replications {
      let data = try LogReturns(
        values: simulatedReturns(truth, count: 3_000, seed: UInt64(1000 + seed)), stepsPerYear: Self.stepsPerYear)
      let options = RegimeOptions(count: .fixed(2), starts: 2)
      let model = try RegimeModel.fit(data, options: options)
      for row in Self.comparison(truth, model) {
        let error = try #require(row.estimate.standardError, "\(row.name) of seed \(seed)")
        let distance = abs(row.estimate.value - row.value) / error
        // Normal quantiles at 97.5 % and 75 %.
        if distance < 1.959964 { wide[row.name, default: 0] += 1 }
        if distance < 0.674490 { narrow[row.name, default: 0] += 1 }
      }
    }
    for (name, count) in wide { #expect(count >= 86, "95 % interval of \(name) covers \(count) of 100") }
    for (name, count) in narrow { #expect((34...66).contains(count), "50 % interval of \(name) covers \(count)") }
    #expect(wide.count == 14)
  }

  /// Holes in a simulated series: a third of the bars are removed, the estimates stay within three standard errors.
  ///
  /// Whole regimes are held fixed by a near-certain stay, so that the bridging approximation is exact to its order.
  @Test func holesLeaveEstimatesConsistent() throws {
    let truth = try RegimeParameters(
      means: [0, 0], variances: [1.6e-5, 1.44e-4], transition: [[0.998, 0.002], [0.004, 0.996]])
    let full = simulatedReturns(truth, count: 60_000, seed: 5)
    var stream = TestStream(77)
    var times: [Double] = []
    var prices: [Double] = []
    var level = 0.0
    for (index, value) in full.enumerated() {
      level += value
      if stream.uniform() < 2.0 / 3 {
        times.append(3600 * Double(index))
        prices.append(100 * exp(level))
      }
    }
    let data = try LogReturns(PriceSeries(openTimes: times, prices: prices))
    #expect(data.bridgedGaps > 10_000)
    let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(2)))
    for row in Self.comparison(truth, model) {
      let error = try #require(row.estimate.standardError, "\(row.name)")
      #expect(
        abs(row.estimate.value - row.value) < 3 * error,
        "\(row.name): \(row.estimate.value) ± \(error) against \(row.value)")
    }
  }
}

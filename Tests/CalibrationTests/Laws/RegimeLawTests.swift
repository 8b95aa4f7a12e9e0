import Glibc
import Testing

@testable import Calibration

/// Laws of the likelihood, of the algorithm, and of the fitted model.
struct ExpectationMaximisationTests {
  /// Holes and restarts included: the likelihood never falls by more than rounding of a sum of 3 000 terms.
  @Test(arguments: [2, 3, 4], 0..<4) func likelihoodNeverDecreases(states: Int, start: Int) throws {
    var stream = TestStream(4)
    let values = simulatedReturns(try hourlyPair(), count: 3_000, seed: 21)
    let transitions = values.indices.map { _ in stream.uniform() < 0.02 ? 0 : stream.uniform() < 0.05 ? 3 : 1 }
    let elapsed = transitions.map { Double(max(1, $0)) }
    let data = try LogReturns(values: values, elapsed: elapsed, transitions: transitions, stepsPerYear: 8760)
    var recursion = ForwardBackward(data)
    let starting = StartingValues(data)
    let run = ExpectationMaximisation.run(
      &recursion, from: starting.start(start, states: states, seed: 1), tolerance: 1e-13, most: 200,
      varianceFloor: 1e-4 * starting.variance)
    #expect(run.trace.count > 20)
    for (before, after) in zip(run.trace, run.trace.dropFirst()) {
      #expect(after >= before - 1e-12 * abs(before), "\(before) to \(after)")
    }
  }

  /// Renaming the states changes nothing but the names.
  @Test func labelsDoNotMatter() throws {
    let values = simulatedReturns(try hourlyPair(), count: 500, seed: 9)
    let data = try LogReturns(values: values, stepsPerYear: 8760)
    let chain = try RegimeParameters(
      means: [0, 1e-4, -1e-3], variances: [4e-6, 6e-5, 1e-3],
      transition: [[0.95, 0.04, 0.01], [0.04, 0.92, 0.04], [0.02, 0.08, 0.9]])
    let order = [2, 0, 1]
    var recursion = ForwardBackward(data)
    let plain = recursion.expectations(chain)
    let renamed = recursion.expectations(chain.reordered(order))
    #expect(abs(plain.logLikelihood - renamed.logLikelihood) < 1e-12 * abs(plain.logLikelihood))
    for k in 0..<3 {
      #expect(abs(renamed.weights[k] - plain.weights[order[k]]) < 1e-9)
      for l in 0..<3 { #expect(abs(renamed.moves[k * 3 + l] - plain.moves[order[k] * 3 + order[l]]) < 1e-9) }
    }
    #expect(chain.reordered(order).orderedByVariance == chain)
  }

  /// Returns multiplied by c: volatilities and log drifts times c, transitions unchanged, likelihood − n log c.
  @Test func scalingReturnsScalesVolatilities() throws {
    let values = simulatedReturns(try hourlyPair(), count: 4_000, seed: 12)
    let factor = 7.3
    let options = RegimeOptions(count: .fixed(2))
    let one = try RegimeModel.fit(LogReturns(values: values, stepsPerYear: 8760), options: options)
    let other = try RegimeModel.fit(
      LogReturns(values: values.map { $0 * factor }, stepsPerYear: 8760), options: options)
    for (a, b) in zip(one.regimes, other.regimes) {
      #expect(abs(b.volatility.value / (a.volatility.value * factor) - 1) < 1e-8)
      #expect(abs(b.logDrift.value - a.logDrift.value * factor) < 1e-8 * b.volatility.value * 100)
      let errors = (try #require(a.volatility.standardError), try #require(b.volatility.standardError))
      #expect(abs(errors.1 / (errors.0 * factor) - 1) < 1e-6)
    }
    for (a, b) in zip(one.transition.joined(), other.transition.joined()) {
      #expect(abs(a.value - b.value) < 1e-8)
    }
    #expect(abs(other.logLikelihood - (one.logLikelihood - 4_000 * log(factor))) < 1e-7)
  }

  /// One regime is the sample mean and variance, with the textbook standard errors σ/√(2n) and σ√(n)/years.
  @Test func oneRegimeIsTheSample() throws {
    let values = simulatedReturns(try hourlyPair(), count: 1_000, seed: 2)
    let model = try RegimeModel.fit(
      LogReturns(values: values, stepsPerYear: 252), options: RegimeOptions(count: .fixed(1)))
    let mean = values.reduce(0, +) / 1000
    let deviation = sqrt(values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1000)
    let regime = model.regimes[0]
    #expect(regime.name == "only")
    #expect(abs(regime.volatility.value - deviation * sqrt(252)) < 1e-12)
    #expect(abs(regime.logDrift.value - mean * 252) < 1e-12)
    let volatilityError = try #require(regime.volatility.standardError)
    #expect(abs(volatilityError / (deviation * sqrt(252) / sqrt(2000)) - 1) < 1e-6)
    let driftError = try #require(regime.logDrift.standardError)
    #expect(abs(driftError / (deviation * 252 / sqrt(1000)) - 1) < 1e-6)
    #expect(regime.stationaryProbability == Estimate(1, standardError: nil))
  }

  /// The same seed gives the same bytes; more starts never give a worse maximum.
  @Test func startsAreReproducible() throws {
    let data = try LogReturns(
      values: simulatedReturns(try hourlyPair(), count: 2_000, seed: 31), stepsPerYear: 8760)
    let options = RegimeOptions(count: .fixed(3), starts: 6, seed: 42)
    let first = try RegimeModel.fit(data, options: options)
    let second = try RegimeModel.fit(data, options: options)
    #expect(first.parameters == second.parameters && first.regimes == second.regimes)
    let fewer = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(3), starts: 3, seed: 42))
    #expect(Array(first.selection[0].searches.prefix(3)) == fewer.selection[0].searches)
  }

  /// Unchanged prices do not draw a variance to zero: the floor holds, and is reported.
  @Test func unchangedPricesMeetTheFloor() throws {
    var values = simulatedReturns(try hourlyPair(), count: 2_000, seed: 13)
    for index in values.indices where index % 50 < 20 { values[index] = 0 }
    let data = try LogReturns(values: values, stepsPerYear: 8760)
    let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(2)))
    let variance = StartingValues(data).variance
    #expect(model.selection[0].onFloor)
    #expect(model.parameters.variances[0] == 1e-4 * variance)
    #expect(model.regimes[0].volatility.standardError == nil)
    #expect(model.regimes[1].volatility.standardError != nil)
  }

  @Test func refusals() throws {
    let flat = try LogReturns(values: [Double](repeating: 0, count: 500), stepsPerYear: 252)
    #expect(throws: CalibrationError.noVariation) { try RegimeModel.fit(flat) }
    let short = try LogReturns(values: [0.1, -0.1, 0.2], stepsPerYear: 252)
    #expect(throws: CalibrationError.tooFewObservations(found: 3, needed: 60)) {
      try RegimeModel.fit(short, options: RegimeOptions(count: .fixed(2)))
    }
    #expect(throws: CalibrationError.outOfRange(argument: "regimes", value: 9, lowest: 1, highest: 8)) {
      try RegimeModel.fit(flat, options: RegimeOptions(count: .fixed(9)))
    }
  }
}

/// Laws of finite chains.
struct MarkovChainTests {
  /// Two states in closed form, and π P = π for a chain that nearly decomposes.
  @Test func stationaryLaw() throws {
    for (a, b) in [(0.1, 0.3), (1e-9, 3e-9), (0.5, 1e-12)] {
      let law = MarkovChain.stationaryLaw([1 - a, a, b, 1 - b], states: 2)
      #expect(abs(law[0] / (b / (a + b)) - 1) < 1e-14, "\(a) \(b): \(law)")
    }
    let rows: [Double] = [0.9, 0.1 - 1e-8, 1e-8, 0.2, 0.8, 0, 0, 1e-7, 1 - 1e-7]
    let law = MarkovChain.stationaryLaw(rows, states: 3)
    for to in 0..<3 {
      let after = (0..<3).reduce(0) { $0 + law[$1] * rows[$1 * 3 + to] }
      #expect(abs(law[to] - after) < 1e-15, "state \(to)")
    }
  }
}

/// The diagnostics of misfit.
struct RegimeModelTests {
  /// Mixture of two centred normals: 3 Σπv²/(Σπv)² − 3 by hand, and a simulated sample of it.
  @Test func mixtureKurtosis() throws {
    let chain = try RegimeParameters(means: [0, 0], variances: [1, 9], transition: [[0.9, 0.1], [0.3, 0.7]])
    let moments = KurtosisDiagnostics.mixtureMoments(chain)
    // π = (3/4, 1/4): second 3, fourth 3·(3/4 + 81/4) = 63.
    #expect(abs(moments.second - 3) < 1e-14 && abs(moments.fourth - 63) < 1e-12)
    let shifted = KurtosisDiagnostics.mixtureMoments(
      try RegimeParameters(means: [1, -3], variances: [1, 1], transition: [[0.9, 0.1], [0.3, 0.7]]))
    // Mean 0: second 1 + (3·1 + 9)/4 = 4; fourth 3 + 6·3 + (3·1 + 81)/4 = 42.
    #expect(abs(shifted.second - 4) < 1e-14 && abs(shifted.fourth - 42) < 1e-12)
  }

  @Test func names() {
    #expect(RegimeModel.names(1) == ["only"])
    #expect(RegimeModel.names(2) == ["calm", "stressed"])
    #expect(RegimeModel.names(3) == ["calm", "normal", "stressed"])
    #expect(RegimeModel.names(4) == ["regime1", "regime2", "regime3", "regime4"])
  }
}

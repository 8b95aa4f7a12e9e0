import Glibc
import LinearAlgebra
import Testing

@testable import Calibration

/// Generators from transition matrices.
struct GeneratorTests {
  /// log [[1−a, a], [b, 1−b]] = −log(1−a−b)/(a+b) · [[−a, a], [b, −b]].
  @Test(arguments: [(0.1, 0.3), (0.0698, 0.1594), (1e-9, 2e-7), (0.45, 0.54)]) func twoStatesInClosedForm(
    a: Double, b: Double
  ) throws {
    let estimate = try GeneratorEstimate(transition: [[1 - a, a], [b, 1 - b]], stepsPerYear: 8760)
    let factor = -log1p(-a - b) / (a + b) * 8760
    #expect(estimate.method == .logarithm)
    for (rate, exact) in zip(estimate.rates.joined(), [-a * factor, a * factor, b * factor, -b * factor]) {
      // Entries of P carry 1e-16: relative to a and b, and to the second eigenvalue 1 − a − b, whose logarithm counts.
      let bound = 1e-13 + 2e-16 / min(a, b) + 1e-15 / (1 - a - b)
      #expect(abs(rate - exact) < abs(exact) * bound, "\(rate) against \(exact)")
    }
  }

  /// Q → exp(QΔ) → Q for random generators of two to six states; rows sum to zero.
  @Test(arguments: 2...6) func roundTrip(states: Int) throws {
    var stream = TestStream(UInt64(states))
    for _ in 0..<20 {
      var generator = Matrix(rows: states, columns: states)
      for from in 0..<states {
        for to in 0..<states where to != from {
          generator[from, to] = 0.3 * stream.uniform() / Double(states)
          generator[from, from] -= generator[from, to]
        }
      }
      let transition = try generator.exponential()
      var rows = (0..<states).map { transition.row($0) }
      for from in 0..<states { rows[from][from] += 1 - rows[from].reduce(0, +) }
      let estimate = try GeneratorEstimate(transition: rows, stepsPerYear: 1)
      #expect(estimate.method == .logarithm)
      #expect(estimate.transitionError < 1e-14)
      for (from, row) in estimate.rates.enumerated() {
        for (to, rate) in row.enumerated() { #expect(abs(rate - generator[from, to]) < 1e-14) }
      }
      for row in estimate.rates { #expect(abs(row.reduce(0, +)) < 1e-16) }
    }
  }

  /// A cycle 0 → 1 → 2 → 0 without a direct 0 → 2: no generator has exp(Q)₀₂ = 0 and exp(Q)₀₁, exp(Q)₁₂ > 0, so the
  /// logarithm has negative rates. The adjustment leaves a generator whose distance is of the order of the square.
  @Test func cycleIsAdjusted() throws {
    let p = 0.1
    let cycle = [[1 - p, p, 0], [0, 1 - p, p], [p, 0, 1 - p]]
    let raw = try Matrix(cycle).logarithm().row(0)
    #expect(raw[2] < -0.004)
    let estimate = try GeneratorEstimate(transition: cycle, stepsPerYear: 100)
    #expect(estimate.method == .adjustedLogarithm)
    #expect(abs(estimate.largestAdjustment - 100 * max(-raw[2], abs(raw[0] * 100 - estimate.rates[0][0]) / 100)) < 1e-9)
    #expect(estimate.transitionError > 1e-3 && estimate.transitionError < p * p)
    for (index, row) in estimate.rates.enumerated() {
      #expect(abs(row.reduce(0, +)) < 1e-13)
      for (to, rate) in row.enumerated() where to != index { #expect(rate >= 0) }
    }
    // Israel, Rosenthal and Wei's weights: G = |q₀₀| + q₀₁, B = −q₀₂; q₀₁ loses B q₀₁/G.
    let expected = 100 * (raw[1] - -raw[2] * raw[1] / (abs(raw[0]) + raw[1]))
    #expect(abs(estimate.rates[0][1] - expected) < 1e-10)
  }

  /// A chain that flips more often than it stays has an eigenvalue below zero: no real logarithm.
  @Test func flippingChainFallsBack() throws {
    let estimate = try GeneratorEstimate(transition: [[0.3, 0.7], [0.6, 0.4]], stepsPerYear: 252)
    #expect(estimate.method == .firstOrder)
    for (rate, exact) in zip(estimate.rates.joined(), [-0.7, 0.7, 0.6, -0.6]) {
      #expect(abs(rate - 252 * exact) < 1e-12)
    }
    #expect(estimate.transitionError > 0.1)
  }

  @Test func refusals() {
    #expect(throws: CalibrationError.notStochastic(row: 1, sum: 1.25)) {
      try GeneratorEstimate(transition: [[0.5, 0.5], [0.5, 0.75]], stepsPerYear: 1)
    }
    #expect(throws: CalibrationError.wrongShape(expected: 2, found: 1)) {
      try GeneratorEstimate(transition: [[1], [1]], stepsPerYear: 1)
    }
  }
}

/// The whole way from prices to a market.
struct MarketFitTests {
  /// Two simulated regimes: rates within three standard errors of the true generator; the standard errors are those of
  /// the closed form Q = −log(1−a−b)/(a+b)·(P − I), by its own derivatives.
  @Test func ratesWithStandardErrors() throws {
    let truth = try hourlyPair()
    var price = 100.0
    var prices = [price]
    for value in simulatedReturns(truth, count: 15_000, seed: 17) {
      price *= exp(value)
      prices.append(price)
    }
    let series = try PriceSeries(openTimes: prices.indices.map { 3600 * Double($0) }, prices: prices)
    let fit = try MarketFit.fit(
      series, options: RegimeOptions(count: .fixed(2), seed: 7), provenance: ["simulated"])
    #expect(fit.sample.returns == 15_000 && fit.sample.bars == 15_001 && fit.options.seed == 7)
    #expect(fit.generatorMethod == .logarithm && fit.generatorTransitionError < 1e-14)
    let exact = try GeneratorEstimate(transition: truth.transitionRows, stepsPerYear: 8760)
    for from in 0..<2 {
      for to in 0..<2 {
        let error = try #require(fit.generator[from][to].standardError)
        #expect(
          abs(fit.generator[from][to].value - exact.rates[from][to]) < 3 * error,
          "\(fit.generator[from][to]) against \(exact.rates[from][to])")
      }
    }
    // Delta method by hand: gradient of q₀₁(a, b) times the covariance of (a, b), rebuilt from three standard errors.
    let (a, b) = (fit.model.transition[0][1], fit.model.transition[1][0])
    func rate(_ a: Double, _ b: Double) -> Double { -log(1 - a - b) / (a + b) * a * 8760 }
    let h = 1e-6
    let slopeA = (rate(a.value + h, b.value) - rate(a.value - h, b.value)) / (2 * h)
    let slopeB = (rate(a.value, b.value + h) - rate(a.value, b.value - h)) / (2 * h)
    let (errorA, errorB) = (try #require(a.standardError), try #require(b.standardError))
    let (most, least) = (
      abs(slopeA) * errorA + abs(slopeB) * errorB, abs(abs(slopeA) * errorA - abs(slopeB) * errorB)
    )
    let error = try #require(fit.generator[0][1].standardError)
    #expect(error >= least && error <= most, "\(error) outside \(least)…\(most)")
    #expect(fit.filter.stationary == fit.model.parameters.stationary)
    // The rows of the generator sum to zero, and so do the estimates' errors: two states share one error per row.
    #expect(fit.generator[0][0].standardError.map { abs($0 / error - 1) < 1e-9 } == true)
  }
}

import Glibc
import Testing

@testable import Calibration

/// The exact score and the observed information, against differences of the log likelihood.
struct InformationTests {
  static func data() throws -> LogReturns {
    let truth = try hourlyPair()
    var transitions = [Int](repeating: 1, count: 600)
    var elapsed = [Double](repeating: 1, count: 600)
    for (index, steps) in [(40, 3), (200, 2), (300, 0), (450, 0)] {
      transitions[index] = steps
      elapsed[index] = Double(max(1, steps))
    }
    return try LogReturns(
      values: simulatedReturns(truth, count: 600, seed: 8), elapsed: elapsed, transitions: transitions,
      stepsPerYear: 8760)
  }

  /// Central differences of the log likelihood with step 1e-4 agree with the score to their own error, 1e-5.
  @Test func scoreIsTheGradient() throws {
    var recursion = ForwardBackward(try Self.data())
    let point = try RegimeParameters(
      means: [1e-4, -5e-4], variances: [2e-5, 2e-4], transition: [[0.9, 0.1], [0.2, 0.8]])
    let expectations = recursion.expectations(point)
    let coordinates = UnboundedCoordinates(point, expectations, varianceFloor: 0)
    let score = coordinates.score(point, expectations)
    #expect(score.count == 6)
    for index in score.indices {
      var step = [Double](repeating: 0, count: score.count)
      step[index] = 1e-4
      let ahead = recursion.expectations(coordinates.parameters(at: step)).logLikelihood
      step[index] = -1e-4
      let behind = recursion.expectations(coordinates.parameters(at: step)).logLikelihood
      let difference = (ahead - behind) / 2e-4
      #expect(
        abs(difference - score[index]) < 1e-5 * (1 + abs(score[index])),
        "\(coordinates.kinds[index]): \(score[index]) against \(difference)")
    }
  }

  /// The covariance is the inverse of the curvature by second differences of the log likelihood itself.
  @Test func covarianceInvertsTheCurvature() throws {
    var recursion = ForwardBackward(try Self.data())
    let fit = try RegimeModel.fit(Self.data(), options: RegimeOptions(count: .fixed(2)))
    #expect(fit.newtonDecrement < 1e-6)
    let coordinates = fit.information.coordinates
    let covariance = try #require(fit.information.covariance)
    let n = coordinates.count
    let h = 2e-3
    func value(_ i: Int, _ a: Double, _ j: Int, _ b: Double) -> Double {
      var step = [Double](repeating: 0, count: n)
      step[i] += a
      step[j] += b
      return recursion.expectations(coordinates.parameters(at: step)).logLikelihood
    }
    for i in 0..<n {
      for k in 0..<n {
        var product = 0.0
        for j in 0..<n {
          let mixed = value(i, h, j, h) - value(i, h, j, -h) - value(i, -h, j, h) + value(i, -h, j, -h)
          product += -mixed / (4 * h * h) * covariance[j][k]
        }
        let expected = i == k ? 1.0 : 0.0
        // Second differences carry a relative error h² and rounding 1e-12/h².
        #expect(abs(product - expected) < 1e-3, "entry \(i) \(k): \(product)")
      }
    }
  }
}

import Formulation
import Glibc
import Testing
import VectorMath

@testable import Simulation

/// Deviations whose coefficients vary: x = y − 1 with y a geometric Brownian motion, of which all moments are known.
@Suite struct VaryingMotionTests {
  private static let (growth, spread) = (0.3, 0.5)

  /// `dy = 0.3 y dt + 0.5 y dW` and ℓ = y², in one or two regimes that are the same.
  private func problem(_ count: Int, rate: Double = 2, jumps: DeviationJumps? = nil) throws -> TrackingProblem {
    func line(_ slope: Double) throws -> DeviationFunction {
      try DeviationFunction(polynomial: [slope, slope], field: "")
    }
    let variation = DeviationVariation(
      drift: try line(Self.growth), volatility: try line(Self.spread),
      runningCost: try DeviationFunction(polynomial: [1, 2, 1], field: ""))
    return try TrackingProblem(
      name: "y", criterion: .discounted(rate: rate),
      regimes: (0..<count).map {
        TrackingRegime(
          name: "\($0)", volatility: 0, runningCost: .quadratic(0), jumps: jumps, variation: variation)
      },
      generator: count == 1 ? .frozen(count: 1) : Generator([[-30, 30], [30, -30]]),
      costs: Array(repeating: .fixed(1), count: count))
  }

  /// Gauss and Hermite's rule of eight nodes, one a lane: exact for what the scheme makes of cubes.
  private static let nodes = [
    0.539_079_811_351_375_1, 1.636_519_042_435_107_8, 2.802_485_861_287_542, 4.144_547_186_125_894,
  ]
  private static let weights = [
    0.373_012_257_679_077_36, 0.117_239_907_661_759, 0.009_635_220_120_788_275, 0.000_112_614_538_375_367_9,
  ]

  @Test("one step is right to the third order in its length", arguments: [1.0, 2, 3]) func order(_ power: Double) throws
  {
    func error(_ step: Double) throws -> Double {
      let motion = VaryingMotion(try problem(1), step: step, seed: 1)
      var (normal, weight) = (Lanes(), Lanes())
      for index in 0..<4 {
        (normal[index], normal[index + 4]) = (Self.nodes[index], -Self.nodes[index])
        (weight[index], weight[index + 4]) = (Self.weights[index], Self.weights[index])
      }
      let start = 0.4
      let end = motion.moved(Lanes(repeating: start), regime: Lanes(), normal: normal)
      let mean = (0..<8).reduce(0) { $0 + weight[$1] * pow(1 + end[$1], power) }
      let exact =
        pow(1 + start, power)
        * exp((power * Self.growth + 0.5 * power * (power - 1) * Self.spread * Self.spread) * step)
      return abs(mean - exact)
    }
    let errors = try [0.2, 0.1, 0.05, 0.025].map(error)
    for (coarse, fine) in zip(errors, errors.dropFirst()) {
      #expect(log2(coarse / fine) > 2.7, "\(errors)")
    }
  }

  /// `E ∫ e^{−ρt} y² dt = 1/(ρ − 2μ − σ²)`, whatever the clocks of regimes that are alike do; jumps of x by ±s add `νs²/((ρ − 2μ − σ²)ρ)`.
  @Test(arguments: [1, 2], [false, true]) func discountedSquare(_ regimes: Int, _ isJumping: Bool) throws {
    let size = 0.4
    let jumps = DeviationJumps(intensity: 3, law: .normal(mean: 0, deviation: size))
    let problem = try problem(regimes, jumps: isJumping ? jumps : nil)
    let settings = TrackingSettings(
      step: 1.0 / 64, burnIn: 0, batchLength: 12, batchCount: 1, replicaCount: 16384, seed: 7)
    let result = try TrackingRollOut(problem: problem, settings: settings)
      .run(bands: [Band(lower: -1e6, upper: 1e6, targetLower: 0, targetUpper: 0)])
    let left = 2 - 2 * Self.growth - Self.spread * Self.spread
    let expected = 1 / left + (isJumping ? 3 * size * size / (2 * left) : 0)
    let found = result.runningCost
    // What is left after twelve units of time, e^{−13.8} of it, and the trapezoidal rule, (ρ − 2μ − σ²)δ²/12, are far below.
    #expect(abs(found.mean - expected) < 4 * found.standardError, "\(found) for \(expected)")
    #expect(found.standardError < 0.03 * expected)
  }
}

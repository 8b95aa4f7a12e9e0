import Calibration
import Glibc

/// Random numbers of the tests: a linear congruential generator (D. E. Knuth, MMIX), apart from the module's own.
struct TestStream {
  var state: UInt64

  init(_ seed: UInt64) {
    state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    for _ in 0..<8 { _ = uniform() }
  }

  mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (Double(state >> 11) + 0.5) * 0x1p-53
  }

  mutating func normal() -> Double {
    let radius = sqrt(-2 * log(uniform()))
    return radius * cos(2 * Double.pi * uniform())
  }

  /// An index drawn with the given probabilities.
  mutating func index(_ law: [Double]) -> Int {
    var left = uniform()
    for (index, probability) in law.enumerated() {
      left -= probability
      if left < 0 { return index }
    }
    return law.count - 1
  }
}

/// Returns of a simulated chain, one step each, started from its stationary law.
func simulatedReturns(_ parameters: RegimeParameters, count: Int, seed: UInt64) -> [Double] {
  var stream = TestStream(seed)
  var state = stream.index(parameters.stationary)
  let rows = parameters.transitionRows
  return (0..<count).map { n in
    if n > 0 { state = stream.index(rows[state]) }
    return parameters.means[state] + sqrt(parameters.variances[state]) * stream.normal()
  }
}

/// The density of N(mean, variance).
func normalDensity(_ x: Double, mean: Double, variance: Double) -> Double {
  exp(-0.5 * (x - mean) * (x - mean) / variance) / sqrt(2 * Double.pi * variance)
}

/// Two regimes like those of hourly crypto returns.
func hourlyPair() throws -> RegimeParameters {
  try RegimeParameters(
    means: [2e-5, -4e-5], variances: [0.004 * 0.004, 0.012 * 0.012], transition: [[0.95, 0.05], [0.12, 0.88]])
}

/// A value that the environment names.
func environmentValue(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

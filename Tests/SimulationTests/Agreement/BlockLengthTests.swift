import Glibc
import TestKit
import Testing
import VectorMath

@testable import Simulation

/// The automatic block length against the closed form for an autoregression of the first order.
@Suite struct BlockLengthTests {
  /// With `R(k) ∝ φ^|k|`: Σ|k| R = 2φ/(1 − φ)², Σ R = (1 + φ)/(1 − φ), so that `L = (2φ/(1 − φ²))^{2/3} n^{1/3}`. A wide window leaves
  /// nothing out but what the falling half of the flat top weighs down.
  @Test(arguments: [0.1, 0.5, 0.8])
  func autoregression(memory: Double) {
    let count = 1e6
    let covariances = (0...400).map { pow(memory, Double($0)) }
    let expected = pow(2 * memory / (1 - memory * memory), 2.0 / 3) * cbrt(count)
    let found = BlockLength.length(covariances: covariances, window: 400, count: count)
    #expect(abs(found / expected - 1) < 1e-12, "\(found) for \(expected)")
  }

  private static func normal(_ random: inout RandomNumbers) -> Double {
    inverseNormalCumulative(random.uniform(0x1p-53, 1))
  }

  /// From simulated series: the mean over seeds. The window ends where autocorrelations drown in sampling, at φ^m ≈ 2 √(log₁₀ n/n), and
  /// the sums beyond it, a few per cent, are what the length falls short by.
  @Test func simulatedAutoregression() {
    let (memory, count) = (0.5, 1 << 14)
    var lengths: [Double] = []
    for seed in 0..<24 {
      var random = RandomNumbers(seed: seed * 1_000_003)
      var value = 0.0
      let series = (0..<count).map { _ in
        value = memory * value + Self.normal(&random)
        return value
      }
      lengths.append(BlockLength.automatic(series))
    }
    let found = lengths.withUnsafeBufferPointer { Moments($0) }
    let expected = pow(2 * memory / (1 - memory * memory), 2.0 / 3) * cbrt(Double(count))
    let cut = 2 * (log10(Double(count)) / Double(count)).squareRoot() / (1 - memory)
    let shortfall = found.mean / expected - 1
    #expect(abs(shortfall) < 2 * cut + 3 * found.estimate.standardError / expected, "\(found.estimate) for \(expected)")
  }

  /// Without dependence the length is near its least; a series that never changes has nothing to choose by.
  @Test func independent() {
    var random = RandomNumbers(seed: 5)
    let lengths = (0..<16).map { _ in BlockLength.automatic((0..<4096).map { _ in Self.normal(&random) }) }
    #expect(lengths.allSatisfy { $0 >= 1 && $0 < 4 }, "\(lengths)")
    #expect(BlockLength.automatic([1, 1, 1, 1]) == 1)
  }
}

import Formulation
import Glibc
import Testing

@testable import Simulation

@Suite struct StatisticsTests {
  /// A fixed sample without structure: the fractional parts of multiples of the golden ratio, bent.
  let sample: [Double] = (1...1000).map {
    let fraction = (Double($0) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
    return 1000 + exp(3 * fraction)
  }

  @Test func mergingMatchesOnePass() {
    let whole = Moments(sample)
    for cut in [1, 17, 500, 999] {
      let merged = Moments(Array(sample[..<cut])).merged(with: Moments(Array(sample[cut...])))
      for (name, found, expected) in [
        ("mean", merged.mean, whole.mean), ("second", merged.secondSum, whole.secondSum),
        ("third", merged.thirdSum, whole.thirdSum), ("fourth", merged.fourthSum, whole.fourthSum),
      ] {
        #expect(abs(found - expected) <= 1e-11 * abs(expected), "cut \(cut) \(name): \(found) for \(expected)")
      }
      #expect(merged.count == 1000)
    }
    #expect(Moments().merged(with: whole) == whole)
    #expect(whole.merged(with: Moments()) == whole)
  }

  /// Exact small cases: 1, 2, 3, 4 has variance 5/3; 0, 0, 0, 4 has skewness 48/(4·3^{3/2}) = 2/√3.
  @Test func smallSamples() {
    #expect(Moments([1, 2, 3, 4]).variance == 5.0 / 3)
    #expect(abs(Moments([0, 0, 0, 4]).skewness.mean - 2 / 3.0.squareRoot()) < 1e-15)
    #expect(Moments([1, 2, 3, 4]).estimate.standardError == (5.0 / 12).squareRoot())
  }

  @Test func pairs() {
    let other = sample.map { 3 * $0 - 7 }
    func paired(_ range: Range<Int>) -> PairedMoments {
      sample[range].withContiguousStorageIfAvailable { first in
        other[range].withContiguousStorageIfAvailable { PairedMoments(first, $0) }!
      }!
    }
    let whole = paired(0..<1000)
    let merged = paired(0..<300).merged(with: paired(300..<1000))
    #expect(abs(whole.correlation - 1) < 1e-12)
    #expect(abs(merged.covariance - whole.covariance) < 1e-10 * whole.covariance)
    // 3x − 7 − 3x is constant: no error at all.
    let exact = whole.combination(3, -1)
    #expect(abs(exact.mean - 7) < 1e-9 && exact.standardError < 1e-6, "\(exact)")
    #expect(abs(whole.ratio.mean - whole.first.mean / whole.second.mean) < 1e-15)
  }

  /// The tail of the uniform law on 0 … 1 taken at its midpoints: q = α, CVaR = (1 + α)/2.
  @Test func tailOfUniformLosses() throws {
    let count = 100_000
    let losses = (0..<count).map { (Double($0) + 0.5) / Double(count) }.reversed()
    let (law, profits) = (
      try SampleLaw(Array(losses), grouping: .paths), try SampleLaw(losses.map { -$0 }, grouping: .paths)
    )
    for level in [0.5, 0.95, 0.99] {
      let quantile = law.quantile(at: level)
      #expect(abs(quantile.mean - level) < 1e-5, "\(level)")
      #expect(abs(profits.estimate(.worstMean(level: level)).mean - 0.5 * (1 + level)) < 1e-5, "\(level)")
      // √(α(1−α)/n) for the uniform law's quantile.
      let error = (level * (1 - level) / Double(count)).squareRoot()
      #expect(abs(quantile.standardError / error - 1) < 0.01, "\(level)")
    }
  }

  /// Normal losses through the streams: q₉₅ = 1.644 854, CVaR₉₅ = φ(q)/(1 − α) = 2.062 713.
  @Test func tailOfNormalLosses() throws {
    let stream = RandomStream(seed: 51)
    var losses: [Double] = []
    for step in 0..<UInt32(8192) {
      let pair = stream.normalPair(firstStream: 0, step: step)
      for lane in 0..<8 { losses += [pair.0[lane], pair.1[lane]] }
    }
    let (law, profits) = (
      try SampleLaw(losses, grouping: .paths), try SampleLaw(losses.map { -$0 }, grouping: .paths)
    )
    for (level, quantile) in [(0.95, 1.644_853_627), (0.99, 2.326_347_874)] {
      let found = law.quantile(at: level)
      #expect(distance(found, quantile) < 4, "q \(level): \(found) for \(quantile)")
      let mean = NormalLaw.density(quantile) / (1 - level)
      let shortfall = profits.estimate(.worstMean(level: level))
      #expect(distance(shortfall, mean) < 4, "CVaR \(level): \(shortfall) for \(mean)")
    }
    let moments = Moments(losses)
    #expect(distance(moments.estimate, 0) < 4 && distance(moments.varianceEstimate, 1) < 4, "\(moments)")
  }
}

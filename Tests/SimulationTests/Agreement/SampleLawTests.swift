import Formulation
import Glibc
import Testing

@testable import Simulation

/// Statistics of samples whose law is known, and their standard errors against the spread of many samples.
@Suite struct SampleLawTests {
  /// Independent normals.
  private func normals(_ count: Int, seed: UInt64) -> [Double] {
    let stream = RandomStream(seed: seed)
    var values: [Double] = []
    for step in 0..<UInt32((count + 15) / 16) {
      let pair = stream.normalPair(firstStream: 0, step: step)
      for lane in 0..<8 { values += [pair.0[lane], pair.1[lane]] }
    }
    return Array(values.prefix(count))
  }

  /// Exponential losses: of `−x` the mean is 1, the deviation 1, the skewness 2, and the worst `1 − α` mean `1 − ln(1 − α)`.
  private func exponentials(_ count: Int, seed: UInt64) -> [Double] {
    normals(count, seed: seed).map { log(NormalLaw.cumulative($0)) }
  }

  static let statistics: [(SampleLaw.Statistic, Double)] = [
    (.mean, -1), (.deviation, 1), (.skewness, -2), (.worstMean(level: 0.95), 1 + log(20)),
    (.worstMean(level: 0.99), 1 + log(100)),
  ]

  @Test func exponentialLosses() throws {
    let law = try SampleLaw(exponentials(262_144, seed: 61), grouping: .paths)
    for (statistic, exact) in Self.statistics {
      let found = law.estimate(statistic)
      #expect(distance(found, exact) < 4, "\(statistic): \(found) for \(exact)")
    }
  }

  /// Standard errors are what 512 samples of 2048 paths scatter by: within 12 %, four times what the scatter's own error is, but for
  /// skewness and the farthest tail, whose errors are themselves uncertain in samples of this size.
  @Test func errorsAreHonest() throws {
    let (samples, size) = (512, 2048)
    let all = exponentials(samples * size, seed: 62)
    for (statistic, exact) in Self.statistics {
      var found: [Double] = []
      var errors = 0.0
      for index in 0..<samples {
        let law = try SampleLaw(Array(all[(index * size)..<((index + 1) * size)]), grouping: .paths)
        let estimate = law.estimate(statistic)
        found.append(estimate.mean)
        errors += estimate.standardError / Double(samples)
      }
      let spread = Moments(found).standardDeviation
      let allowed = statistic == .skewness ? 0.3 : 0.12
      #expect(abs(errors / spread - 1) < allowed, "\(statistic): \(errors) stated, \(spread) seen about \(exact)")
    }
  }

  /// Mirror images: what pairs cancel has no error, and what they share counts once.
  @Test func antitheticPairs() throws {
    let half = normals(8192, seed: 63)
    var values: [Double] = []
    for group in 0..<1024 {
      let eight = half[(8 * group)..<(8 * group + 8)]
      values += eight + eight.map { -$0 }
    }
    let law = try SampleLaw(values, grouping: .pairs)
    #expect(law.estimate(.mean).standardError < 1e-12)
    // The square is the same for both: half as many samples as paths.
    let independent = try SampleLaw(half, grouping: .paths)
    let (paired, single) = (law.estimate(.deviation), independent.estimate(.deviation))
    #expect(abs(paired.standardError / single.standardError - 1) < 0.01, "\(paired) \(single)")
  }

  /// A difference on the same paths: of x and x + ε it is that of ε alone.
  @Test func differences() throws {
    let (base, noise) = (normals(65_536, seed: 64), normals(65_536, seed: 65))
    let moved = zip(base, noise).map { $0 + 0.1 + 0.01 * $1 }
    let (first, second) = (
      try SampleLaw(moved, grouping: .paths), try SampleLaw(base, grouping: .paths)
    )
    let difference = first.difference(.mean, from: second)
    #expect(distance(difference, 0.1) < 4 && abs(difference.standardError - 0.01 / 256) < 0.02 * 0.01 / 256)
    for statistic in [SampleLaw.Statistic.deviation, .skewness, .worstMean(level: 0.95)] {
      let apart = hypot(first.estimate(statistic).standardError, second.estimate(statistic).standardError)
      #expect(first.difference(statistic, from: second).standardError < 0.1 * apart, "\(statistic)")
    }
  }

  /// Quantiles of exponential losses are logarithms, from the farthest per cent to the median.
  @Test func quantiles() throws {
    let law = try SampleLaw(exponentials(262_144, seed: 66), grouping: .paths)
    for level in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
      let found = law.quantile(at: level)
      // √(p(1 − p)/n)/f, f = p.
      let error = (level * (1 - level) / 262_144).squareRoot() / level
      #expect(distance(found, log(level)) < 4, "\(level): \(found) for \(log(level))")
      // It is read off the values of 2 √(n p (1 − p)) paths, a sum of as many exponential gaps.
      let noise = 1 / (2 * (262_144 * level * (1 - level)).squareRoot()).squareRoot()
      #expect(abs(found.standardError / error - 1) < 4 * noise, "\(level): \(found.standardError) for \(error)")
    }
  }

  /// The stated errors are what samples of 2048 paths scatter by; of mirror images the median has none, and for what they share a pair
  /// counts once.
  @Test func quantileErrorsAreHonest() throws {
    let (samples, size) = (512, 2048)
    let all = exponentials(samples * size, seed: 67)
    for level in [0.05, 0.5] {
      var found: [Double] = []
      var errors = 0.0
      for index in 0..<samples {
        let law = try SampleLaw(Array(all[(index * size)..<((index + 1) * size)]), grouping: .paths)
        let estimate = law.quantile(at: level)
        found.append(estimate.mean)
        errors += estimate.standardError / Double(samples)
      }
      let spread = Moments(found).standardDeviation
      #expect(abs(errors / spread - 1) < 0.12, "\(level): \(errors) stated, \(spread) seen")
    }
    let half = normals(8192, seed: 68)
    var (mirrored, doubled): ([Double], [Double]) = ([], [])
    for group in 0..<1024 {
      let eight = half[(8 * group)..<(8 * group + 8)]
      mirrored += eight + eight.map { -$0 }
      doubled += eight + eight
    }
    let (mirror, double) = (
      try SampleLaw(mirrored, grouping: .pairs), try SampleLaw(doubled, grouping: .pairs)
    )
    let independent = try SampleLaw(half, grouping: .paths)
    #expect(mirror.quantile(at: 0.5).standardError < 1e-3 * independent.quantile(at: 0.5).standardError)
    let ratio = double.quantile(at: 0.5).standardError / independent.quantile(at: 0.5).standardError
    #expect(abs(ratio - 1) < 0.05, "\(ratio)")
  }

  /// Shares of all bins, open ones too, against the law; they are one together, and bins hold their lower edge.
  @Test func histogram() throws {
    let found = try SampleLaw(exponentials(65_536, seed: 69), grouping: .paths).histogram
    #expect(found.shares.count == found.edges.count + 1 && found.edges.count > 40)
    #expect(abs(found.shares.reduce(0) { $0 + $1.mean } - 1) < 1e-12)
    let paths = 65_536.0
    var (misses, bins) = (0.0, 0.0)
    for (bin, share) in found.shares.enumerated() {
      let below = bin > 0 ? exp(found.edges[bin - 1]) : 0
      let to = bin < found.edges.count ? min(1, exp(found.edges[bin])) : 1
      let exact = max(0, to - below)
      let error = (exact * (1 - exact) / paths).squareRoot()
      // Of a few paths the law has a long tail.
      #expect(abs(share.mean - exact) < 5 * error + 3 / paths, "bin \(bin): \(share) for \(exact)")
      guard exact * paths > 10 else { continue }
      (misses, bins) = (misses + (share.mean - exact) * (share.mean - exact) / (error * error), bins + 1)
      // Half a count's own relative error.
      let noise = 0.5 / (exact * paths).squareRoot()
      #expect(abs(share.standardError / error - 1) < 5 * noise, "bin \(bin): \(share.standardError) for \(error)")
    }
    // A sum of as many squares of normals.
    #expect(bins > 40 && abs(misses - bins) < 5 * (2 * bins).squareRoot(), "\(misses) of \(bins)")
    let two = try SampleLaw([1, 1, 1, 2], grouping: .paths).histogram
    #expect(two.shares[0].mean == 0 && two.shares[1].mean == 0.75 && two.edges[0] == 1, "\(two)")
    let constant = try SampleLaw([3, 3, 3], grouping: .paths).histogram
    #expect(constant.edges == [3] && constant.shares.map(\.mean) == [0, 1] && constant.shares[1].standardError == 0)
  }

  @Test func needsTwoPaths() {
    #expect(throws: SimulationError.tooFewSamples(found: 1, needed: 2)) { try SampleLaw([1], grouping: .paths) }
  }
}

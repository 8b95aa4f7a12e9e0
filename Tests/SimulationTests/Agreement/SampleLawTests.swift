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

  @Test func needsTwoPaths() {
    #expect(throws: SimulationError.tooFewSamples(found: 1, needed: 2)) { try SampleLaw([1], grouping: .paths) }
  }
}

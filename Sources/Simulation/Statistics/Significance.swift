import Glibc

/// Which of several differences chance alone explains: two-sided tests of normal estimates, with Holm's correction.
///
/// `p = erfc(|z|/√2)`, `z = d/se`, and of few samples by Student's law. Of m comparisons sorted by p the k-th is adjusted to
///
///     p̃_k = max_{j ≤ k} min(1, (m − j + 1) p_j)
///
/// and those with `p̃ ≤ level` are significant: the probability of calling any difference real that is none is at most the level,
/// however the comparisons depend on each other (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
/// Journal of Statistics 6 (1979) 65–70). *Verified by* `SignificanceTests`.
public struct Significance: Sendable, Equatable {
  /// The difference in standard errors; 0 for a difference that is exactly none.
  public let z: Double
  /// Two-sided.
  public let p: Double
  /// Holm's.
  public let adjustedP: Double
  public let isSignificant: Bool

  /// The level at which differences are called real: one family in twenty has a false one at most.
  public static let level = 0.05

  /// One for each of a family of differences, in their order. Differences without a standard error prove nothing.
  ///
  /// - Parameter samples: how many independent samples the standard errors are from; nil, or more than `manySamples`: so many that z is
  ///   normal. Of few z has Student's law with one degree of freedom less.
  public static func family(
    _ differences: [Estimate], samples: Int? = nil, level: Double = level
  ) -> [Significance] {
    let scores = differences.map { difference -> Double in
      guard difference.mean != 0, difference.standardError.isFinite else { return 0 }
      return difference.mean / difference.standardError
    }
    let values = scores.map { score in
      guard let samples, samples > 1, samples <= manySamples else { return erfc(abs(score) / 2.0.squareRoot()) }
      return studentTails(abs(score), freedom: samples - 1)
    }
    var adjusted = values
    var least = 0.0
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      least = max(least, min(1, Double(values.count - rank) * values[index]))
      adjusted[index] = least
    }
    return values.indices.map {
      Significance(z: scores[$0], p: values[$0], adjustedP: adjusted[$0], isSignificant: adjusted[$0] <= level)
    }
  }

  /// Beyond so many samples Student's law is taken for the normal one: the two-sided 5 % lies at 1.962 for 1.960.
  public static let manySamples = 1024

  /// `P(|T| > t)` of Student's law with so many degrees of freedom ν, with θ = arctan(t/√ν):
  ///
  ///     ν odd:   1 − (2/π) [θ + sin θ (cos θ + ⅔ cos³θ + … + (2·4…(ν − 3))/(3·5…(ν − 2)) cos^{ν−2}θ)]
  ///     ν even:  1 − sin θ [1 + ½ cos²θ + … + (1·3…(ν − 3))/(2·4…(ν − 2)) cos^{ν−2}θ]
  ///
  /// (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4), to about 10⁻¹⁵ in absolute terms.
  static func studentTails(_ t: Double, freedom: Int) -> Double {
    let angle = atan(t / Double(freedom).squareRoot())
    let square = cos(angle) * cos(angle)
    let isOdd = freedom % 2 == 1
    var term = isOdd ? cos(angle) : 1
    var sum = 0.0
    for power in stride(from: isOdd ? 3 : 2, through: freedom, by: 2) {
      sum += term
      term *= square * Double(power - 1) / Double(power)
    }
    let centre = isOdd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
    return max(0, 1 - centre)
  }
}

import Glibc

/// Which of several differences chance alone explains: two-sided tests of normal estimates, with Holm's correction.
///
/// `p = erfc(|z|/√2)`, `z = d/se`. Of m comparisons sorted by p the k-th is adjusted to
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
  public static func family(_ differences: [Estimate], level: Double = level) -> [Significance] {
    let scores = differences.map { difference -> Double in
      guard difference.mean != 0, difference.standardError.isFinite else { return 0 }
      return difference.mean / difference.standardError
    }
    let values = scores.map { erfc(abs($0) / 2.0.squareRoot()) }
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
}

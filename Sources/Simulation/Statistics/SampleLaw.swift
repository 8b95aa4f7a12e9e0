import Glibc

/// The law of a number measured on every path: moments, and means of the worst paths, each with its standard error.
///
/// Every statistic θ has an influence function ψ, with which `θ̂ − θ ≈ (1/n) Σ ψ(x_i)` and `se = sd(ψ)/√n`:
///
///     mean        x − μ
///     deviation   ((x − μ)² − σ²)/(2σ)
///     skewness    z³ − 3z − g − (3/2) g (z² − 1),   z = (x − μ)/σ
///     worst mean  ((q − x)⁺ − E(q − x)⁺)/(1 − α),   q the (1 − α)-quantile of x
///
/// (Hampel, "The influence curve and its role in robust estimation", JASA 69 (1974); Rockafellar and Uryasev 2000, eq. 4, for the
/// last, in which the quantile's own error enters at second order.) Paths that belong together are not independent: ψ is averaged over
/// each of `SampleGrouping`'s samples first. Two laws on the same paths have a difference whose error is that of `ψ₁ − ψ₂`.
///
/// Values in the order of the paths, two passes: the same bytes for any number of threads and for shards that were merged.
/// *Verified by* `SampleLawTests`.
public struct SampleLaw: Sendable {
  public enum Statistic: Sendable, Equatable {
    case mean, deviation, skewness
    /// Minus the mean of the worst `1 − level` of the values: the expected loss there, positive when money is lost.
    case worstMean(level: Double)
  }

  let values: [Double]
  /// In ascending order.
  private let sorted: [Double]
  private let moments: Moments
  private let grouping: SampleGrouping

  /// - Parameter grouping: which paths are one sample.
  /// - Throws: `tooFewSamples` below two paths.
  public init(_ values: [Double], grouping: SampleGrouping) throws(SimulationError) {
    guard values.count > 1 else { throw .tooFewSamples(found: values.count, needed: 2) }
    self.values = values
    self.grouping = grouping
    sorted = values.sorted()
    moments = Moments(values)
  }

  public func estimate(_ statistic: Statistic) -> Estimate {
    let (value, influence) = read(statistic)
    return Estimate(mean: value, standardError: error(of: values.map(influence)))
  }

  /// This law's statistic minus another's on the same paths, with the error that common random numbers leave.
  public func difference(_ statistic: Statistic, from other: SampleLaw) -> Estimate {
    let (mine, theirs) = (read(statistic), other.read(statistic))
    let influences = zip(values, other.values).map { mine.influence($0) - theirs.influence($1) }
    return Estimate(mean: mine.value - theirs.value, standardError: error(of: influences))
  }

  /// A statistic and its influence function.
  private func read(_ statistic: Statistic) -> (value: Double, influence: (Double) -> Double) {
    let mean = moments.mean
    let variance = moments.secondSum / Double(moments.count)
    let deviation = variance.squareRoot()
    switch statistic {
    case .mean: return (mean, { $0 - mean })
    case .deviation:
      guard deviation > 0 else { return (0, { _ in 0 }) }
      return (moments.standardDeviation, { (($0 - mean) * ($0 - mean) - variance) / (2 * deviation) })
    case .skewness:
      guard deviation > 0 else { return (0, { _ in 0 }) }
      let skewness = moments.thirdSum / Double(moments.count) / (variance * deviation)
      return (
        skewness,
        {
          let z = ($0 - mean) / deviation
          return z * z * z - 3 * z - skewness - 1.5 * skewness * (z * z - 1)
        }
      )
    case .worstMean(let level):
      let threshold = quantile(1 - level)
      var sum = 0.0
      for value in sorted {
        guard value < threshold else { break }
        sum += threshold - value
      }
      let excess = sum / Double(values.count)
      return (excess / (1 - level) - threshold, { (max(0, threshold - $0) - excess) / (1 - level) })
    }
  }

  /// Linear between order statistics (Hyndman and Fan 1996, definition 7).
  func quantile(_ level: Double) -> Double {
    let position = Double(sorted.count - 1) * min(1, max(0, level))
    let below = min(sorted.count - 2, Int(position))
    return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
  }

  func error(of influences: [Double]) -> Double {
    Moments(grouping.samples(influences)).estimate.standardError
  }
}

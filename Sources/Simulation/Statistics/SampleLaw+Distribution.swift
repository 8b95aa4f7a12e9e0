import Glibc

/// The distribution itself, for pictures: quantiles, and shares of bins.
extension SampleLaw {
  /// The value that a share of the paths stays below, linear between order statistics (Hyndman and Fan 1996, definition 7).
  ///
  ///     se(q_p) = (Q(p + se_p) − Q(p − se_p))/2,   se_p that of the share of paths below q_p
  ///
  /// so that no density is asked for (Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952)).
  /// *Verified by* `SampleLawTests.quantiles`, `SampleLawTests.quantileErrorsAreHonest`.
  public func quantile(at level: Double) -> Estimate {
    let value = quantile(level)
    let error = error(of: values.map { $0 <= value ? 1 - level : -level })
    return Estimate(mean: value, standardError: 0.5 * (quantile(level + error) - quantile(level - error)))
  }

  /// Shares of the values in bins.
  public struct Histogram: Sendable, Equatable {
    /// Ascending, finite. The first bin has all below the first of them, the last all from the last on.
    public let edges: [Double]
    /// One more than there are edges.
    public let shares: [Estimate]
  }

  /// Bins of equal width, as wide as Freedman and Diaconis advise ("On the histogram as a density estimator: L₂ theory", *Z.
  /// Wahrscheinlichkeitstheorie* 57 (1981): `2 IQR/∛n`) or wider, over all but the farthest thousandth on either side.
  /// *Verified by* `SampleLawTests.histogram`.
  public var histogram: Histogram {
    let (low, high) = (quantile(Self.leftOut), quantile(1 - Self.leftOut))
    let width = max(
      2 * (quantile(0.75) - quantile(0.25)) / cbrt(Double(values.count)), (high - low) / Double(Self.mostBins))
    let count = width > 0 ? max(1, Int(((high - low) / width).rounded(.up))) : 0
    let edges = (0...count).map { low + Double($0) * width }
    var bins = [Int](repeating: 0, count: values.count)
    for (path, value) in values.enumerated() {
      let guess = width > 0 ? Int(max(-1, min(Double(count), ((value - low) / width).rounded(.down)))) + 1 : 0
      // Beside an edge rounding decides; the edge itself belongs to the bin above it.
      bins[path] = guess
      while bins[path] > 0, value < edges[bins[path] - 1] { bins[path] -= 1 }
      while bins[path] <= count, value >= edges[bins[path]] { bins[path] += 1 }
    }
    let shares = (0...(count + 1)).map { bin -> Estimate in
      let share = Double(bins.count { $0 == bin }) / Double(values.count)
      return Estimate(mean: share, standardError: error(of: bins.map { ($0 == bin ? 1 : 0) - share }))
    }
    return Histogram(edges: edges, shares: shares)
  }

  /// The farthest paths on either side, which would make all bins wide: what is in the open ones.
  private static let leftOut = 1e-3
  /// A picture has no room for more.
  private static let mostBins = 100
}

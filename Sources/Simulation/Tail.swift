/// Quantiles and tail means of a sample of losses, kept sorted.
///
/// A loss is positive when money is lost; `CVaR_α` is the mean of the worst `1 − α` of them.
/// *Verified by* `StatisticsTests.tailOfNormalLosses`.
public struct Tail: Sendable, Equatable {
  /// Losses in ascending order.
  public let sorted: [Double]

  /// - Throws: `tooFewSamples` for an empty sample.
  public init(losses: [Double]) throws(SimulationError) {
    guard !losses.isEmpty else { throw .tooFewSamples(found: 0, needed: 1) }
    sorted = losses.sorted()
  }

  /// The quantile at a level in [0, 1], linear between order statistics (Hyndman and Fan 1996, definition 7).
  public func quantile(_ level: Double) -> Double {
    let position = Double(sorted.count - 1) * min(1, max(0, level))
    let below = Int(position)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
  }

  /// The quantile with a distribution-free standard error: half the distance between the order statistics one binomial
  /// standard deviation `√(nα(1−α))` to either side (David and Nagaraja, *Order Statistics*, 2003, §7.1).
  public func quantileEstimate(_ level: Double) -> Estimate {
    let size = Double(sorted.count)
    let spread = (level * (1 - level) / size).squareRoot()
    return Estimate(
      mean: quantile(level), standardError: 0.5 * (quantile(level + spread) - quantile(level - spread)))
  }

  /// `CVaR_α = q + E[(L − q)⁺]/(1 − α)` with q the α-quantile (Rockafellar and Uryasev 2000, eq. 4), and the standard
  /// error `sd((L − q)⁺)/((1 − α)√n)`, which takes the quantile as known: its own error enters at second order since q
  /// minimises the expression.
  public func conditionalValueAtRisk(_ level: Double) -> Estimate {
    let threshold = quantile(level)
    let size = Double(sorted.count)
    var (sum, squares) = (0.0, 0.0)
    for loss in sorted.reversed() {
      let excess = loss - threshold
      guard excess > 0 else { break }
      sum += excess
      squares += excess * excess
    }
    let mean = sum / size
    let variance = max(0, squares / size - mean * mean)
    return Estimate(
      mean: threshold + mean / (1 - level), standardError: (variance / size).squareRoot() / (1 - level))
  }
}

import Glibc

/// The mean block length at which the stationary bootstrap's variance of a mean has the least mean squared error:
///
///     L = (2 G²/D)^{1/3} n^{1/3},   G = Σ λ(k/M) |k| R(k),   D = 2 (Σ λ(k/M) R(k))²
///
/// with R the autocovariances, λ the flat-top weights (1 up to ½, then falling to 0 at 1) and M = 2m, m the lag after which K_n
/// autocorrelations in a row are below `2 √(log₁₀ n/n)`, K_n = max(5, √log₁₀ n). Held in [1, min(3 √n, n/3)].
/// Source: D. N. Politis and H. White, "Automatic block-length selection for the dependent bootstrap", Econometric Reviews 23 (2004),
/// with the correction of A. Patton, D. N. Politis and H. White, ibid. 28 (2009).
/// *Verified by* `BlockLengthTests`.
public enum BlockLength {
  /// c of the bound on autocorrelations that pass for zero; the paper's.
  private static let bound = 2.0
  /// Fewest autocorrelations in a row; the paper's.
  private static let fewestInARow = 5
  /// The longest block is this many roots of n; the authors' code.
  private static let mostRoots = 3.0

  /// - Parameter series: what is to be resampled; its dependence sets the length.
  public static func automatic(_ series: [Double]) -> Double {
    let count = Double(series.count)
    let mean = series.reduce(0, +) / count
    func autocovariance(_ lag: Int) -> Double {
      guard lag < series.count else { return 0 }
      var sum = 0.0
      for index in lag..<series.count { sum += (series[index] - mean) * (series[index - lag] - mean) }
      return sum / count
    }
    let variance = autocovariance(0)
    guard series.count > 1, variance > 0 else { return 1 }
    let inARow = max(fewestInARow, Int(log10(count).squareRoot().rounded(.up)))
    let furthest = Int(count.squareRoot().rounded(.up)) + inARow
    let negligible = bound * (log10(count) / count).squareRoot()
    var covariances = [variance]
    // The last lag before a run of negligible ones; the furthest with a run never found.
    var (last, run) = (0, 0)
    for lag in 1...furthest {
      covariances.append(autocovariance(lag))
      run = abs(covariances[lag]) < negligible * variance ? run + 1 : 0
      if run == inARow { break }
      last = lag - run
    }
    let window = min(2 * max(1, last), furthest)
    while covariances.count <= window { covariances.append(autocovariance(covariances.count)) }
    return length(covariances: covariances, window: window, count: count)
  }

  /// The formula for given autocovariances, those beyond the last being zero.
  static func length(covariances: [Double], window: Int, count: Double) -> Double {
    var (slope, density) = (0.0, covariances[0])
    for lag in 1...window where lag < covariances.count {
      let weight = min(1, 2 * (1 - Double(lag) / Double(window)))
      slope += 2 * weight * Double(lag) * covariances[lag]
      density += 2 * weight * covariances[lag]
    }
    guard density != 0 else { return 1 }
    let length = cbrt(slope * slope / (density * density) * count)
    return max(1, min(length, min(mostRoots * count.squareRoot(), count / 3)))
  }
}

// How far the returns are from normal regimes.

/// Excess kurtosis of the data, of the fitted mixture, and within each regime.
struct KurtosisDiagnostics: Sendable {
  let data: Double
  let mixture: Double
  let regimes: [Double]
  let shares: [Double]

  /// Data: of r_n/√τ_n about its mean. Mixture: of Σ π_e N(m_e, v_e), with central moments
  /// `E d² = Σπ(v + δ²)`, `E d⁴ = Σπ(3v² + 6vδ² + δ⁴)`, δ_e = m_e − Σπm. Regime: Σγz⁴/Σγ − 3 with z the standardised
  /// return.
  /// *Verified by* `RegimeModelTests.mixtureKurtosis`.
  init(_ returns: LogReturns, _ parameters: RegimeParameters, _ smoothed: [[Double]]) {
    let states = parameters.states
    let scaled = zip(returns.values, returns.elapsed).map { $0 / $1.squareRoot() }
    let mean = scaled.reduce(0, +) / Double(scaled.count)
    var second = 0.0
    var fourth = 0.0
    for value in scaled {
      let square = (value - mean) * (value - mean)
      second += square
      fourth += square * square
    }
    data = Double(scaled.count) * fourth / (second * second) - 3
    let moments = Self.mixtureMoments(parameters)
    mixture = moments.fourth / (moments.second * moments.second) - 3

    var weights = [Double](repeating: 0, count: states)
    var fourths = [Double](repeating: 0, count: states)
    for n in 0..<returns.count {
      for state in 0..<states {
        let deviation = returns.values[n] - parameters.means[state] * returns.elapsed[n]
        let square = deviation * deviation / (parameters.variances[state] * returns.elapsed[n])
        weights[state] += smoothed[n][state]
        fourths[state] += smoothed[n][state] * square * square
      }
    }
    regimes = zip(fourths, weights).map { $0 / $1 - 3 }
    shares = weights.map { $0 / Double(returns.count) }
  }

  /// Second and fourth central moments of the mixture over one step.
  static func mixtureMoments(_ parameters: RegimeParameters) -> (second: Double, fourth: Double) {
    let law = parameters.stationary
    let mean = zip(law, parameters.means).reduce(0) { $0 + $1.0 * $1.1 }
    var second = 0.0
    var fourth = 0.0
    for state in 0..<parameters.states {
      let shift = (parameters.means[state] - mean) * (parameters.means[state] - mean)
      let variance = parameters.variances[state]
      second += law[state] * (variance + shift)
      fourth += law[state] * (3 * variance * variance + 6 * variance * shift + shift * shift)
    }
    return (second, fourth)
  }
}

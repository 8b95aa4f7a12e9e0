import Formulation
import Glibc
import VectorMath

/// Marks of the legs that expire after a time,
///
///     V = Σ q s (S e^{(b−r)τ} N(s d₁) − K e^{−rτ} N(s d₂)),  s = ±1,
///
/// eight spots at a time; legs that share the implied volatility of all regimes are evaluated once. *Verified by*
/// `BookTableTests` against `Book.greeks`, and `HedgedVarianceTests`.
extension BookTable {
  /// One regime after another: `[regime][node]` [quote].
  func columns(at time: Double, into values: inout [Double], columnLength: Int) {
    marks(at: time, logShift: 0, into: &values) { node, regime in regime * columnLength + node }
  }

  /// At spots `S e^{logShift}`, `[row × regime]` [quote].
  func values(at time: Double, logShift: Double = 0, into values: inout [Double]) {
    marks(at: time, logShift: logShift, into: &values) { node, regime in node * regimes + regime }
  }

  @inline(__always)
  private func marks(
    at time: Double, logShift: Double, into values: inout [Double], place: (_ node: Int, _ regime: Int) -> Int
  ) {
    let factor = exp(logShift)
    for node in spots.indices {
      for regime in 0..<regimes { values[place(node, regime)] = constant * factor * spots[node] }
    }
    for option in options where option.expiry > time {
      for regime in 0..<(option.isShared ? 1 : regimes) {
        let columns = option.isShared ? 0..<regimes : regime..<(regime + 1)
        let formula = option.formula
        let remaining = option.expiry - time
        let sign: Double = formula.kind == .call ? 1 : -1
        let deviation = option.volatilities[regime] * remaining.squareRoot()
        let scale = Lanes(repeating: sign / deviation)
        let centre = sign * (formula.carry * remaining + logShift - log(formula.strike)) / deviation
        let (first, second) = (
          Lanes(repeating: centre + 0.5 * sign * deviation), Lanes(repeating: centre - 0.5 * sign * deviation)
        )
        let size = option.quantity * sign * exp(-formula.rate * remaining)
        let (forward, strike) = (size * exp(formula.carry * remaining) * factor, size * formula.strike)
        for node in stride(from: 0, to: spots.count, by: laneCount) {
          var lanes = Lanes()
          for lane in 0..<laneCount { lanes[lane] = paddedLogSpots[node + lane] }
          let delta = normalCumulative(fusedMultiplyAdd(lanes, scale, first))
          let exercised = normalCumulative(fusedMultiplyAdd(lanes, scale, second))
          for lane in 0..<min(laneCount, spots.count - node) {
            let value = forward * spots[node + lane] * delta[lane] - strike * exercised[lane]
            for column in columns { values[place(node + lane, column)] += value }
          }
        }
      }
    }
  }
}

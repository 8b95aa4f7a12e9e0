import Formulation
import Glibc

/// What is left of a continuously monitored edge band when decisions are made only every δ.
///
/// Locally net delta is a Brownian motion of volatility η between decisions, the running cost λD² and the cost of a trade
/// proportional to its size. With h the continuous half-width and `s = η√δ/h` the number of half-widths that net delta moves in
/// one period, the best half-width is `f(s) h`:
///
///     f(s) = 1 − 0.5826 s + …  (s → 0; −ζ(½)/√(2π), Siegmund 1979),   f(s) → 2/(3s²)  (s → ∞: h = k/(2λδ), one period at a time)
///
/// Between these, f minimises the stationary average cost of the walk `D' = clip(D + η√δ Z, ±h)` (integral equation by
/// Gauss–Legendre quadrature, 300 nodes, four digits). Error: the local problem's own, as for any small-cost formula.
/// *Verified by* `PeriodicReviewTests`.
public enum PeriodicReview {
  /// f at s = 0, 0.25, 0.5, …, 4.
  static let spacing = 0.25
  static let nodes: [Double] = [
    1.0000, 0.8548, 0.7122, 0.5740, 0.4446, 0.3370, 0.2563, 0.1981, 0.1563, 0.1258, 0.1032, 0.0860, 0.0726, 0.0622,
    0.0538, 0.0469, 0.0413,
  ]

  /// f(s): the expansion up to the first node, then linear between nodes, of f(s) s² where s > 1. Within 0.003.
  public static func narrowing(_ s: Double) -> Double {
    if s <= spacing { return 1 - DiscreteLooks.shift * s }
    let position = s / spacing
    let index = Int(min(position, Double(nodes.count)))
    guard index + 1 < nodes.count else { return 2 / (3 * s * s) }
    func flat(_ node: Int) -> Double {
      let at = Double(node) * spacing
      return nodes[node] * max(1, at * at)
    }
    let weight = position - Double(index)
    return (flat(index) + weight * (flat(index + 1) - flat(index))) / max(1, s * s)
  }
}

extension PolicyTable {
  /// The table with its bands narrowed around their centres for decisions every `seconds`; for problems without fixed costs.
  public func narrowed(forChecksEvery seconds: Double, in problem: OptionBookProblem) -> PolicyTable {
    let period = seconds / problem.dayCount.secondsPerYear
    var narrowed = bands
    for time in times.indices {
      for regime in 0..<regimeCount {
        let volatility = problem.environment.regimes[regime].volatility
        for spot in logSpots.indices {
          let index = (time * regimeCount + regime) * logSpots.count + spot
          let band = bands[index]
          guard band.width.isFinite, band.width > 0 else { continue }
          let price = exp(logSpots[spot])
          let gamma = problem.book.greeks(time: times[time], spot: price, regime: regime).gamma
          let move = abs(gamma) * volatility * price * period.squareRoot()
          let half = 0.5 * band.width
          let rest = (1 - PeriodicReview.narrowing(move / half)) * half
          let centre = 0.5 * (band.lower + band.upper)
          narrowed[index] = Band(
            lower: band.lower + rest, upper: band.upper - rest,
            targetLower: min(max(band.targetLower, band.lower + rest), centre),
            targetUpper: max(min(band.targetUpper, band.upper - rest), centre))
        }
      }
    }
    return PolicyTable(
      times: times, logSpots: logSpots, regimeCount: regimeCount, bands: narrowed, flats: flats)
  }
}

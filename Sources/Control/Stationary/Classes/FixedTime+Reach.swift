import Formulation
import Glibc

/// How far a deviation gets in a fixed time when nobody looks: bands that are wide enough never to be left.
extension FixedTime {
  /// e^{−30}: what goes further counts for less than the last digits.
  private static let beyond = 30.0
  /// Deviations that run away by more than this factor are not followed.
  private static let mostGrowth = 100.0
  /// θ of Chernoff's bound, from one over the largest distance looked for to one over the smallest [1/deviation].
  private static let slopes = stride(from: -8.0, through: 8, by: 0.1).map { exp($0) }

  /// Bands with the same targets that are left within h from no point of the given ones, by Chernoff's bound on how far the
  /// deviation goes:
  ///
  ///     P(X_h > r) ≤ exp(−θr + ψ(θ)),   ψ = h₁|m|θ + h₂½η²θ² + h₁ν(E e^{θ|Z|} − 1),   r = min (30 + ψ(θ))/θ,
  ///
  /// with `h₁ = h₂ = h`, or where every regime reverts, by κ at least, what a push at s has left at h: `∫₀^h e^{−κs} ds` and
  /// `∫₀^h e^{−2κs} ds`. (Given the regimes, X is Gaussian but for the jumps, and `E e^{cθ|Z|} − 1 ≤ c(E e^{θ|Z|} − 1)` for c ≤ 1.)
  static func unbounded(_ bands: [Band], _ problem: ScaledTracking, time h: Double) throws(StationaryError) -> [Band] {
    guard problem.isPlain else { return try unboundedVarying(bands, problem, time: h) }
    let inward = problem.reversion.min()!
    let growth = exp(max(0, -inward) * h)
    guard growth <= mostGrowth else { throw .singular }
    func left(_ rate: Double) -> Double { rate > 0 ? -expm1(-rate * h) / rate : h }
    let (first, second) = (left(inward), left(2 * inward))
    let spread = spread(problem, times: (first, second)) { (abs(problem.drift[$0]), problem.plainHalfVariance($0)) }
    let (low, high) = (bands.map(\.lower).min()!, bands.map(\.upper).max()!)
    let middle = 0.5 * (low + high)
    let reach = (0.5 * (high - low) + abs(middle) + spread) * growth
    guard reach.isFinite else { throw .singular }
    return bands.map {
      Band(
        lower: middle - reach, upper: middle + reach, targetLower: $0.targetLower, targetUpper: $0.targetUpper)
    }
  }

  /// The same where coefficients vary: stopped at a distance R from the middle the deviation has drifted outwards at M(R) at most and
  /// moved at H(R) at most, the largest on the way, so that Chernoff's bound with them, and Doob's inequality for the times before h,
  /// hold for R ≥ r(M(R), H(R)). Where η vanishes nearer than that, a logarithm of the distance from there is followed instead.
  private static func unboundedVarying(
    _ bands: [Band], _ problem: ScaledTracking, time h: Double
  ) throws(StationaryError) -> [Band] {
    let targets = bands.flatMap { [$0.targetLower, $0.targetUpper] }
    var (low, high) = (targets.min()!, targets.max()!)
    let middle = 0.5 * (low + high)
    var range = -Double.infinity ... .infinity
    for e in bands.indices {
      let width = bands.map(\.width).max()! + high - low
      let own = problem.movingRange(e, around: middle, width: width)
      range = max(range.lowerBound, own.lowerBound)...min(range.upperBound, own.upperBound)
    }
    // A discounted sum starts at 0, where it has to be able to move.
    if problem.discount > 0 {
      guard range.lowerBound < 0, range.upperBound > 0 else { throw .singular }
      (low, high) = (min(0, low), max(0, high))
    }
    var ends = (lower: low, upper: high)
    for side in BandSide.allCases {
      let end = side == .lower ? range.lowerBound : range.upperBound
      let start = side == .lower ? low : high
      var reach = abs(start - middle)
      for round in 0...mostRounds {
        guard round < mostRounds, reach.isFinite else { throw .singular }
        let found = spread(problem, from: middle, to: middle + side.sign * reach, time: h)
        if abs(start - middle) + found <= reach * (1 + slack) { break }
        reach = abs(start - middle) + found
        if reach >= abs(end - middle) { break }
      }
      if reach >= abs(end - middle) {
        // Nothing gets nearer than this share of the way, or the deviation may come to rest.
        reach = (1 - nearest) * abs(end - middle)
        // A jump goes there at once.
        guard !problem.hasJumps, logarithmicSpread(problem, from: start, to: end, time: h) < -log(nearest) else {
          throw .singular
        }
      }
      if side == .lower { ends.lower = middle - reach } else { ends.upper = middle + reach }
    }
    return bands.map {
      Band(lower: ends.lower, upper: ends.upper, targetLower: $0.targetLower, targetUpper: $0.targetUpper)
    }
  }

  private static let mostRounds = 40
  private static let slack = 1e-6
  private static let nearest = 1e-4
  private static let samples = 64

  /// r(M, H) between two places.
  private static func spread(
    _ problem: ScaledTracking, from start: Double, to end: Double, time h: Double
  ) -> Double {
    let sign: Double = end > start ? 1 : -1
    let places = (0...samples).map { start + (end - start) * Double($0) / Double(samples) }
    return spread(problem, times: (h, h)) { e in
      (places.map { max(0, sign * problem.drift(e, $0)) }.max()!, places.map { problem.halfVariance(e, $0) }.max()!)
    }
  }

  /// The same of ln|x − end|, whose drift and variance are `m/d − ½η²/d²` and `η²/d²`, d the distance.
  private static func logarithmicSpread(
    _ problem: ScaledTracking, from start: Double, to end: Double, time h: Double
  ) -> Double {
    let whole = abs(end - start)
    let sign: Double = end > start ? 1 : -1
    let places = (0...samples).map { whole * pow(nearest, Double($0) / Double(samples)) }
    return spread(problem, times: (h, h)) { e in
      let found = places.map { distance in
        let x = end - sign * distance
        let half = problem.halfVariance(e, x) / (distance * distance)
        return (drift: max(0, sign * problem.drift(e, x) / distance + half), half: half)
      }
      return (found.map(\.drift).max()!, found.map(\.half).max()!)
    }
  }

  /// min (30 + ψ(θ))/θ.
  ///
  /// - Parameters:
  ///   - times: h₁ and h₂.
  ///   - most: |m| and ½η² of a regime.
  private static func spread(
    _ problem: ScaledTracking, times: (first: Double, second: Double),
    _ most: (Int) -> (drift: Double, halfVariance: Double)
  ) -> Double {
    let found = problem.members.indices.map { most($0) }
    return slopes.map { theta -> Double in
      let exponents = found.indices.map { e in
        times.first * found[e].drift * theta + times.second * found[e].halfVariance * theta * theta
          + times.first * (problem.jumps[e].map { $0.intensity * ($0.greatestExponential(theta) - 1) } ?? 0)
      }
      return (beyond + exponents.max()!) / theta
    }.min()!
  }
}

extension DeviationJumps {
  /// The larger of `E e^{θZ}` and `E e^{−θZ}`; infinite where one is.
  fileprivate func greatestExponential(_ theta: Double) -> Double {
    switch law {
    case .normal(let mean, let deviation):
      return exp(theta * abs(mean) + 0.5 * theta * theta * deviation * deviation)
    case .laplace(let up, let down, let p):
      func side(_ ahead: Double, _ behind: Double, _ share: Double) -> Double {
        theta * ahead < 1 || share == 0
          ? (share == 0 ? 0 : share / (1 - theta * ahead)) + (1 - share) / (1 + theta * behind) : .infinity
      }
      return max(side(up, down, p), side(down, up, 1 - p))
    }
  }
}

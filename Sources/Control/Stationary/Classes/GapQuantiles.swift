import Formulation
import Glibc

/// How short and how long the time between trades can be: times that one gap in a hundred falls short of, or exceeds.
///
/// The survival function of the time to the next trade has the Laplace transform `∫ e^{−st} P(τ > t) dt = W_s(target)`, the
/// discounted time to the next trade, which the linear equations of the policy give to rounding. It is inverted by the
/// weights of Gaver and Stehfest on the real axis,
///
///     P(τ > t) ≈ (ln 2/t) Σ_{k=1}^{n} ζ_k W_{k ln 2/t},   ζ_k = (−1)^{k+n/2} Σ_j j^{n/2+1}/(n/2)! C(n/2, j) C(2j, j) C(j, k−j)
///
/// whose error for such mixtures of exponentials falls by about 0.9 digits per two terms, until rounding times the largest
/// weight takes over (Abate and Whitt, INFORMS Journal on Computing 18 (2006) 408). The error is the difference of two n.
/// *Verified by* `GapQuantileTests` against the series for the exit of a Brownian motion.
struct GapQuantiles {
  let problem: ScaledTracking
  let bands: [Band]
  let basis: ChebyshevBasis
  let mergeTolerance: Double

  /// The share of gaps that is shorter than the least, or longer than the most.
  static let share = 0.01
  /// Terms of the inversion: weights up to 3·10⁶ on values good to 10⁻¹³.
  static let terms = 14
  /// Secant steps; the functions are nearly straight in the variables chosen. Beyond the tolerance lies the inversion's error.
  private static let steps = 12
  private static let tolerance = 1e-4

  /// From a trade in regime e, each target weighed by how often it is traded to; nil where the equations fail.
  ///
  /// - Parameter mean: the mean gap, where the search begins.
  func find(_ e: Int, lowerShare: Double, mean: Double) -> (least: Approximation, most: Approximation)? {
    // 1 − P falls like e^{−c/t} for small t, P like e^{−t/c} for large t: nearly straight in 1/t and in t.
    let least = root(target: log(GapQuantiles.share), first: 10 / mean, second: 5 / mean) { inverse, terms in
      survival(e, lowerShare, 1 / inverse, terms).map { log(max(1 - $0, .leastNormalMagnitude)) }
    }
    let most = root(target: log(GapQuantiles.share), first: 3 * mean, second: 4 * mean) { time, terms in
      survival(e, lowerShare, time, terms).map { log(max($0, .leastNormalMagnitude)) }
    }
    guard let least, let most else { return nil }
    return (
      Approximation(value: 1 / least.value, error: least.error / (least.value * least.value)), most
    )
  }

  /// P(τ > t) after a trade in regime e.
  func survival(_ e: Int, _ lowerShare: Double, _ time: Double, _ terms: Int) -> Double? {
    let weights = GapQuantiles.weights(terms)
    var sum = 0.0
    for (k, weight) in weights.enumerated() {
      let value = try? BandEvaluation.evaluate(
        problem, bands: bands, basis: basis, discount: Double(k + 1) * M_LN2 / time, mergeTolerance: mergeTolerance,
        functionals: [.timeToTrade(count: problem.count)])[0]
      guard let value else { return nil }
      let band = value.mesh.bands[e]
      sum +=
        weight * (lowerShare * value.value(e, band.targetLower) + (1 - lowerShare) * value.value(e, band.targetUpper))
    }
    return sum * M_LN2 / time
  }

  /// Secant iteration on a positive variable; the error is what two terms fewer would change.
  private func root(
    target: Double, first: Double, second: Double, _ f: (Double, Int) -> Double?
  ) -> Approximation? {
    var (a, b) = (first, second)
    guard var fa = f(a, GapQuantiles.terms), var fb = f(b, GapQuantiles.terms) else { return nil }
    for _ in 0..<GapQuantiles.steps {
      guard fb != fa else { return nil }
      let slope = (fb - fa) / (b - a)
      let next = min(max(b - (fb - target) / slope, 0.2 * b), 5 * b)
      guard next.isFinite, let value = f(next, GapQuantiles.terms) else { return nil }
      let moved = abs(next - b)
      (a, fa, b, fb) = (b, fb, next, value)
      if moved <= GapQuantiles.tolerance * b {
        guard let coarse = f(b, GapQuantiles.terms - 2) else { return nil }
        return Approximation(value: b, error: abs((coarse - fb) / slope) + moved)
      }
    }
    return nil
  }

  static func weights(_ n: Int) -> [Double] {
    func factorial(_ k: Int) -> Double { k < 2 ? 1 : (2...k).reduce(1.0) { $0 * Double($1) } }
    let half = n / 2
    return (1...n).map { k in
      var sum = 0.0
      for j in ((k + 1) / 2)...min(k, half) {
        sum +=
          pow(Double(j), Double(half)) * factorial(2 * j)
          / (factorial(half - j) * factorial(j) * factorial(j - 1) * factorial(k - j) * factorial(2 * j - k))
      }
      return (k + half).isMultiple(of: 2) ? sum : -sum
    }
  }
}

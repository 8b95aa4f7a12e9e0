import Formulation
import Glibc

/// What it costs to look at the deviation only every δ, with edges moved in by `0.5826 η√δ`, to order δ^{3/2}.
///
/// Let V be the continuous policy's value, continued smoothly beyond an edge b. A path that is looked at every δ trades at
/// b − c + R, c the shift and R the overshoot of a Gaussian walk of step η√δ over its record; the trade is dearer than V says
/// by `−½V″(b)(R − c)² − ⅙V‴(b)(R − c)³`, derivatives outwards. The best shift is c = E R; the variance of R is ¼η²δ, its third
/// cumulant `−2ζ(−½)/√(2π) η³δ^{3/2}`. Where edges reflect, V″ vanishes, and the same walk loses the same with one derivative
/// more per unit traded. A switch or a jump that lands where the policy trades is seen δ/2 later on average and until then
/// costs `B = LV + ℓ − g` per unit time:
///
///     J(δ) − J = Aδ + Bδ^{3/2},   A = ⅛ Σ n η²|V″(b)| + ⅛ Σ l η²|V‴(b)| + ½ Σ E[B at landings per unit time]
///                                 B = −(κ₃/6) (Σ n η³V‴(b) + Σ l η³V⁗(b))
///
/// with n crossings and l reflection per unit time. Landings within `η√δ` of an edge are counted in A alone, an error of order
/// δ^{3/2}; without switches and jumps the error is of order δ².
///
/// Sources: mean and variance of R, Siegmund, Advances in Applied Probability 11 (1979) 701; cumulants of all orders, Chang and
/// Peres, Annals of Probability 25 (1997) 787.
/// *Verified by* `LookCostTests` against Gaussian kernels looked at every δ.
struct LookCost {
  /// A: cost/time per unit of time, or discounted cost per unit of time [scaled].
  let first: Double
  /// B.
  let second: Double

  /// Var R of the overshoot is ¼ η²δ; half of it is lost.
  static let overshootLoss = 0.125
  /// κ₃ = −2ζ(−½)/√(2π), ζ(−½) = −0.20788622497735456602.
  static let overshootSkew = 0.165_869_204_806_766_5
  /// A landing waits for half an interval on average.
  static let meanDelay = 0.5
  /// V⁗ is a difference of V‴ over this part of the band: it only enters the second order.
  private static let difference = 1e-4

  /// The longest time between looks that loses no more than this.
  func time(losing loss: Double) -> Double? {
    // Without B the root is known; with it, Newton's iteration in √δ from above falls to it, B > 0.
    guard first > 0, loss > 0 else { return nil }
    var root = (loss / first).squareRoot()
    guard second > 0 else { return root * root }
    for _ in 0..<LookCost.newtonSteps {
      let excess = root * root * (first + second * root) - loss
      root -= excess / (root * (2 * first + 3 * second * root))
    }
    return root * root
  }

  /// The function is convex: Newton's steps from above converge quadratically; forty are more than rounding needs.
  private static let newtonSteps = 40

  init(
    _ problem: ScaledTracking, bands: [Band], basis: ChebyshevBasis, mergeTolerance: Double, start: [Double]
  ) throws(StationaryError) {
    let count = problem.count
    var functionals = [BandFunctional.total(problem)]
    for e in 0..<count {
      for side in BandSide.allCases {
        functionals.append(
          problem.reflects[e]
            ? .reflection(in: e, side: side, count: count) : .crossings(in: e, side: side, count: count))
      }
    }
    let evaluate = { (functionals: [BandFunctional]) throws(StationaryError) -> [BandValue] in
      try BandEvaluation.evaluate(
        problem, bands: bands, basis: basis, discount: problem.discount, mergeTolerance: mergeTolerance,
        functionals: functionals)
    }
    let values = try evaluate(functionals)
    let value = values[0]
    var (sum, next) = (0.0, 0.0)
    for e in 0..<count {
      let band = value.mesh.bands[e]
      for side in BandSide.allCases {
        let amount = ClassGradient.amount(values[1 + 2 * e + side.rawValue], start)
        let edge = side == .upper ? band.upper : band.lower
        let bend =
          problem.reflects[e] ? value.thirdDerivative(e, edge, from: side) : value.curvature(e, edge)
        let variance = 2 * problem.halfVariance(e, edge)
        sum += LookCost.overshootLoss * amount * variance * abs(bend)
        var further = side.sign * value.thirdDerivative(e, edge, from: side)
        if problem.reflects[e] {
          let step = LookCost.difference * band.width
          let inside = value.thirdDerivative(e, edge - side.sign * step, from: side)
          further = side.sign * (value.thirdDerivative(e, edge, from: side) - inside) / step
        }
        next -= LookCost.overshootSkew / 6 * amount * variance * variance.squareRoot() * further
      }
    }
    if problem.hasJumps || count > 1 {
      var landing = BandFunctional.empty(count)
      landing.landingRate = { e, x in LookCost.meanDelay * value.balance(e, x) }
      sum += ClassGradient.amount(try evaluate([landing])[0], start)
    }
    first = sum
    second = next
  }
}

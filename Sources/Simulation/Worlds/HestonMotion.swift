import Formulation
import Glibc
import VectorMath

extension DrawPurpose {
  /// Increments of Heston's variance: stream = path (or antithetic pair), step = group of steps.
  static let variance = DrawPurpose(rawValue: 32)
}

/// One step of Heston's model by Andersen's quadratic-exponential scheme, for steps of one length h.
///
/// The variance's conditional mean and variance are the exact ones,
///
///     m = θ + (v − θ) e^{−κh},   s² = v ξ² e^{−κh} k + ½ θ κ ξ² k²,   k = (1 − e^{−κh})/κ,   ψ = s²/m²
///
/// and the law is `a (b + Z)²` for ψ ≤ 1.5, else a mass p at zero beside an exponential of rate β, with a, b, p, β such that m and
/// s² are met. The uniform of the second is Φ(Z) of the same normal. Then
///
///     ln S' = ln S + μ h + K₀* + K₁ v + K₂ v' + √(K₃ v + K₄ v') Z_S
///
/// with γ₁ = γ₂ = ½ and K₀* such that `E[S' | S, v] = S e^{μh}` exactly; on lanes where that expectation is infinite, which takes a
/// positive ρ and long steps, K₀ without the correction.
/// Error: weak order 2 in h where the law of the variance is smooth over a step, measured by `HestonPriceTests.orderInTheStep`; none
/// to speak of on steps so long that most of the variance lies at zero.
/// Source: L. Andersen, "Simple and efficient simulation of the Heston stochastic volatility model", Journal of Computational
/// Finance 11(3) (2008), eqs. 17–18, 23–33 and propositions 5–7.
/// *Verified by* `HestonMotionTests`, `HestonPriceTests`.
struct HestonStep: Sendable {
  private let decay: Double
  private let meanShift: Double
  private let varianceSlope: Double
  private let varianceConstant: Double
  private let growth: Double
  private let plainStart: Double
  private let before: Double
  private let after: Double
  private let halfWeight: Double
  /// `A = K₂ + ½ K₄`.
  private let exponent: Double

  /// ψ_c: both laws exist for ψ in [1, 2]; the paper's choice in the middle.
  static let mostQuadratic = 1.5

  init(_ world: HestonWorld, drift: Double, length: Double) {
    let (speed, xi, correlation) = (world.reversion, world.volatilityOfVariance, world.correlation)
    decay = exp(-speed * length)
    let filled = -expm1(-speed * length)
    meanShift = world.longRunVariance * filled
    varianceSlope = xi * xi * decay * filled / speed
    varianceConstant = world.longRunVariance * xi * xi * filled * filled / (2 * speed)
    growth = drift * length
    let ratio = correlation / xi
    let pull = 0.5 * length * (speed * ratio - 0.5)
    plainStart = -ratio * speed * world.longRunVariance * length
    before = pull - ratio
    after = pull + ratio
    halfWeight = 0.5 * length * (1 - correlation * correlation)
    exponent = after + 0.5 * halfWeight
  }

  /// Moves eight paths: the variance in place, and the log return.
  @inline(__always)
  func advance(_ variance: inout Lanes, varianceNormal: Lanes, priceNormal: Lanes) -> Lanes {
    let one = lanes(1)
    let start = variance
    let mean = fusedMultiplyAdd(lanes(decay), start, lanes(meanShift))
    let spread = fusedMultiplyAdd(lanes(varianceSlope), start, lanes(varianceConstant))
    let ratio = spread / (mean * mean)
    let isQuadratic = ratio .<= lanes(Self.mostQuadratic)
    // a (b + Z)²; where the other law holds the root is held at zero and nothing is used.
    let twice = 2 / ratio
    let square = twice - one + squareRoot(twice) * squareRoot(laneMaximum(twice - one, Lanes()))
    let scale = mean / (one + square)
    let root = squareRoot(laneMaximum(square, Lanes())) + varianceNormal
    var end = scale * root * root
    let shrink = one - 2 * exponent * scale
    let isFinite = shrink .> Lanes()
    let held = shrink.replacing(with: one, where: .!isFinite)
    var moment = exponent * square * scale / held - 0.5 * logarithm(held)
    var hasMoment = isFinite
    if anyLane(.!isQuadratic) {
      // 1 − p, and β = (1 − p)/m.
      let alive = 2 / (ratio + one)
      let rate = alive / mean
      let tail = normalCumulative(-varianceNormal)
      let drawn = logarithm(laneMaximum(alive / tail, one)) / rate
      let gap = rate - exponent
      let exists = gap .> Lanes()
      // p + β (1 − p)/(β − A) = 1 + (1 − p) A/(β − A).
      let factor = one + alive * exponent / gap.replacing(with: one, where: .!exists)
      let other = logarithm(factor.replacing(with: one, where: .!exists))
      end.replace(with: drawn, where: .!isQuadratic)
      moment.replace(with: other, where: .!isQuadratic)
      let either = (isQuadratic .& isFinite) .| (.!isQuadratic .& exists)
      hasMoment = either
    }
    let corrected = -moment - (before + 0.5 * halfWeight) * start
    let first = lanes(plainStart).replacing(with: corrected, where: hasMoment)
    variance = end
    let shift = first + lanes(growth) + fusedMultiplyAdd(lanes(before), start, after * end)
    return fusedMultiplyAdd(squareRoot(halfWeight * (start + end)), priceNormal, shift)
  }
}

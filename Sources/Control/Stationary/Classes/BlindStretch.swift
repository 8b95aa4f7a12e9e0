import Formulation
import Glibc
import LinearAlgebra

/// What happens to a deviation that nobody looks at for a time h, by the regime at its end: probability, moments, the running
/// cost on the way, and the expected distance from any point.
///
/// Probabilities and the first two moments `E[xⁿ; e_h = f]` solve linear equations with constant coefficients; one matrix
/// exponential gives them. The distance follows from the characteristic function `φ_f(u) = E[e^{iux}; e_h = f]`, a row of
/// `exp(h (Q + diag ψ(u)))` with `ψ = ium − ½u²η² + ν(φ_Z − 1)`, by
///
///     E[|x − z|; f] = p E|N| + (2/π) ∫ Re((p φ_N − φ_f) e^{−iuz}) u⁻² du
///
/// with N normal of the same mass p, mean and variance, so that the integrand is small at both ends. In ln u the trapezoidal
/// rule converges geometrically. Exact up to that quadrature.
/// *Verified by* `BlindIntervalTests`.
struct BlindStretch {
  /// Probability of each regime at the end, discounted.
  let mass: [Double]
  /// Rows of the matrix exponential for a start at 1, x and x²: `[power][regime or moment or cost]`.
  private let rows: [[Double]]
  /// `φ_f(u)` for a start at 0, `[node][regime]`.
  private let transform: [[Complex]]
  private let nodes: [Double]
  /// e^{−κh}: what remains of the start.
  private let memory: Double

  struct Complex {
    var real: Double
    var imaginary: Double
  }

  /// In ln u; a further halving changes no digit for means within a few deviations.
  static let spacing = 0.15
  let spacing: Double
  /// The lowest u is this over the largest deviation: the integrand falls as u³.
  static let lowest = 1e-4
  /// e^{−½·9²} < 10⁻¹⁷.
  static let highest = 9.0

  init(
    _ problem: ScaledTracking, from e: Int, time h: Double, spacing: Double = BlindStretch.spacing
  ) throws(LinearAlgebraError) {
    self.spacing = spacing
    let m = problem.count
    var generator = Matrix(rows: 3 * m + 1, columns: 3 * m + 1)
    for from in 0..<m {
      let jumps = problem.jumps[from]
      let drift = problem.drift[from] + (jumps.map { $0.intensity * $0.mean } ?? 0)
      let variance = 2 * problem.plainHalfVariance(from) + (jumps.map { $0.intensity * $0.secondMoment } ?? 0)
      for power in 0..<3 {
        let row = power * m + from
        for to in 0..<m { generator[row, power * m + to] += problem.rate(from, to) }
        generator[row, row] -= problem.discount + Double(power) * problem.reversion[from]
      }
      generator[from, m + from] += drift
      generator[m + from, 2 * m + from] += 2 * drift
      generator[from, 2 * m + from] += variance
      let cost = problem.running[from]
      generator[2 * m + from, 3 * m] = cost.above
      generator[m + from, 3 * m] = cost.linear - 2 * cost.above * cost.center
      generator[from, 3 * m] = cost.above * cost.center * cost.center - cost.linear * cost.center
    }
    let flow = try BlindStretch.scaled(generator, h).exponential()
    var rows = (0..<3).map { flow.row($0 * m + e) }
    // Squaring compounds rounding, in several regimes in the transform as well; in one the probability is known.
    let compounded = m == 1 ? rows[0][0] / exp(-problem.discount * h) : 1
    for power in 0..<3 {
      for column in 0..<3 * m { rows[power][column] /= compounded }
    }
    let mass = Array(rows[0][..<m])
    (self.rows, self.mass) = (rows, mass)
    memory = exp(-problem.reversion[e] * h)
    // How far x can have gone, and the least it has.
    let variances = (0..<m).filter { mass[$0] > 0 }.map { f in
      max(0, rows[0][2 * m + f] / mass[f] - pow(rows[0][m + f] / mass[f], 2))
    }
    let widest = variances.max()!.squareRoot()
    let narrowest = (2 * (0..<m).map(problem.plainHalfVariance).min()! * Reversion(problem.reversion[e], h).square)
      .squareRoot()
    var nodes: [Double] = []
    var u = BlindStretch.lowest / widest
    while u < BlindStretch.highest / narrowest {
      nodes.append(u)
      u *= exp(spacing)
    }
    self.nodes = nodes
    var transform: [[Complex]] = []
    let killing = exp(-problem.discount * h)
    for u in nodes { transform.append(try BlindStretch.transform(problem, e, u, h, killing)) }
    self.transform = transform
  }

  private static func scaled(_ matrix: Matrix, _ factor: Double) -> Matrix { factor * matrix }

  /// ψ_e(u).
  private static func exponent(_ problem: ScaledTracking, _ e: Int, _ u: Double) -> Complex {
    var result = Complex(real: -problem.plainHalfVariance(e) * u * u, imaginary: problem.drift[e] * u)
    if let jumps = problem.jumps[e] {
      let value = jumps.transform(u)
      result.real += jumps.intensity * (value.real - 1)
      result.imaginary += jumps.intensity * value.imaginary
    }
    return result
  }

  /// `∫₀ʰ e^{−κs} ds` and `∫₀ʰ e^{−2κs} ds`.
  private struct Reversion {
    let plain: Double
    let square: Double

    init(_ rate: Double, _ h: Double) {
      plain = rate == 0 ? h : -expm1(-rate * h) / rate
      square = rate == 0 ? h : -expm1(-2 * rate * h) / (2 * rate)
    }
  }

  /// e^{−40}: what a jump that long ago has left is below the last digit of what one has just now.
  private static let forgotten = 40.0
  /// A panel of Gauss's rule in units of 1/κ.
  private static let panel = 2.0

  /// `∫₀ʰ ψ(u e^{−κs}) ds` of one regime: diffusion and drift in closed form, jumps by panels up to where they are forgotten.
  private static func reverted(_ problem: ScaledTracking, _ u: Double, _ h: Double) -> Complex {
    let rate = problem.reversion[0]
    let lengths = Reversion(rate, h)
    var total = Complex(
      real: -problem.plainHalfVariance(0) * u * u * lengths.square, imaginary: problem.drift[0] * u * lengths.plain)
    guard let jumps = problem.jumps[0] else { return total }
    guard rate != 0 else {
      let value = jumps.transform(u)
      total.real += h * jumps.intensity * (value.real - 1)
      total.imaginary += h * jumps.intensity * value.imaginary
      return total
    }
    let reach = abs(jumps.mean) + jumps.secondMoment.squareRoot()
    let end = rate > 0 ? min(h, (log(1 + u * reach) + forgotten) / rate) : h
    let panels = max(1, Int((abs(rate) * end / panel).rounded(.up)))
    let rule = GaussLegendre.jumps
    let half = 0.5 * end / Double(panels)
    for index in 0..<panels {
      for (x, w) in zip(rule.nodes, rule.weights) {
        let value = jumps.transform(u * exp(-rate * half * (Double(2 * index + 1) + x)))
        total.real += half * w * jumps.intensity * (value.real - 1)
        total.imaginary += half * w * jumps.intensity * value.imaginary
      }
    }
    return total
  }

  private static func transform(
    _ problem: ScaledTracking, _ e: Int, _ u: Double, _ h: Double, _ killing: Double
  ) throws(LinearAlgebraError) -> [Complex] {
    let m = problem.count
    guard m > 1 else {
      let total = reverted(problem, u, h)
      let size = killing * exp(total.real)
      return [Complex(real: size * cos(total.imaginary), imaginary: size * sin(total.imaginary))]
    }
    let exponents = (0..<m).map { exponent(problem, $0, u) }
    // [[Re, −Im], [Im, Re]] as a real matrix; without imaginary parts one block is enough.
    let isReal = exponents.allSatisfy { $0.imaginary == 0 }
    let size = isReal ? m : 2 * m
    var matrix = Matrix(rows: size, columns: size)
    for from in 0..<m {
      for to in 0..<m {
        let rate = h * problem.rate(from, to)
        matrix[from, to] += rate
        if !isReal { matrix[m + from, m + to] += rate }
      }
      matrix[from, from] += h * exponents[from].real
      if !isReal {
        matrix[m + from, m + from] += h * exponents[from].real
        matrix[from, m + from] -= h * exponents[from].imaginary
        matrix[m + from, from] += h * exponents[from].imaginary
      }
    }
    let flow = try matrix.exponential()
    return (0..<m).map {
      Complex(real: killing * flow[e, $0], imaginary: isReal ? 0 : killing * flow[m + e, $0])
    }
  }

  private var regimeCount: Int { mass.count }

  /// The running cost on the way from z.
  func running(from z: Double) -> Double { combined(3 * regimeCount, z) }

  private func combined(_ column: Int, _ z: Double) -> Double {
    rows[0][column] + z * (rows[1][column] + z * rows[2][column])
  }

  /// `E[x − target; f]` after a start at z.
  func mean(_ f: Int, from z: Double, target: Double) -> Double { combined(regimeCount + f, z) - target * mass[f] }

  /// `E[|x − target|; f]` after a start at z.
  ///
  /// - Parameter stride: 2 uses every second node, for an error estimate.
  func distance(_ f: Int, from z: Double, target: Double, stride: Int = 1) -> Double {
    let p = mass[f]
    guard p > 0 else { return 0 }
    let centre = combined(regimeCount + f, z) / p
    let variance = max(0, combined(2 * regimeCount + f, z) / p - centre * centre)
    let deviation = variance.squareRoot()
    let offset = centre - target
    let ratio = deviation > 0 ? offset / deviation : 0
    var sum =
      deviation > 0
      ? p * (2 * deviation * NormalLaw.density(ratio) + offset * (2 * NormalLaw.cumulative(ratio) - 1))
      : p * abs(offset)
    let weight = 2 / Double.pi * spacing * Double(stride)
    var integral = 0.0
    for k in Swift.stride(from: 0, to: nodes.count, by: stride) {
      let u = nodes[k]
      let angle = u * (memory * z - target)
      let (cosine, sine) = (cos(angle), sin(angle))
      let own = transform[k][f].real * cosine - transform[k][f].imaginary * sine
      let normal = p * exp(-0.5 * variance * u * u) * cos(u * offset)
      integral += (normal - own) / u
    }
    sum += weight * integral
    return sum
  }
}

extension DeviationJumps {
  /// `E e^{iuZ}`.
  func transform(_ u: Double) -> BlindStretch.Complex {
    switch law {
    case .normal(let mean, let deviation):
      let size = exp(-0.5 * u * u * deviation * deviation)
      return .init(real: size * cos(u * mean), imaginary: size * sin(u * mean))
    case .laplace(let up, let down, let p):
      // p/(1 − iu·up) + (1 − p)/(1 + iu·down).
      let (a, b) = (1 + u * u * up * up, 1 + u * u * down * down)
      return .init(real: p / a + (1 - p) / b, imaginary: p * u * up / a - (1 - p) * u * down / b)
    }
  }
}

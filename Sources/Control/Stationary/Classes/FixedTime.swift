import Formulation
import Glibc

/// Expectations at the end of a fixed time h, unless a band is left before:
///
///     F(h, x, e) = E[∫₀^{h∧τ} e^{−ρt}(wℓ + 1) dt + e^{−ρ(h∧τ)} G],   G what a trade adds at τ, the payoff at h.
///
/// Were the time exponential of rate s, F would solve `LU − (s + ρ)U + s·payoff + wℓ + 1 = 0` in the band, an equation of the same
/// kind as those of a band policy. U(s)/s is F's Laplace transform, and F the integral of `e^{sh} U(s)/s` along a parabola around
/// the negative axis, by the midpoint rule: with N nodes its error falls as 2.85^−N (Weideman and Trefethen, Mathematics of
/// Computation 76 (2007) 1341, eq. 3.6) where what F decays at is near that axis: of a diffusion in one or two regimes it is real, of
/// many that take turns it need not be. Complex discounts are those of `ScaledTracking.doubled`, so that switching and reversion are what they are
/// elsewhere; with jumps all nodes share one reduction (`BandResolvent`). Without a band near by a drift m needs more nodes than `4 m²h/η²`: waves decay at `−½η²ξ² + imξ`, which has to lie
/// inside the parabola; two numbers of nodes tell. Rounding of the evaluations times `e^{0.13 N}` is the rest of the error.
/// *Verified by* `ClockedBandTests`.
struct FixedTime {
  let problem: ScaledTracking
  /// Where the sum ends. A band that is never left is one that is wide enough; see `unbounded`.
  let bands: [Band]
  let basis: ChebyshevBasis
  /// N, even.
  let nodes: Int
  let threads: Int
  /// Of a mesh, counted once per regime that holds on it, and without jumps once more for imaginary parts.
  let mostElements: Int

  /// A sum and its payoff, by regime and deviation inside the band.
  struct Sum: Sendable {
    /// Stops at a trade.
    let functional: BandFunctional
    let payoff: @Sendable (Int, Double) -> Double
  }

  /// Breakpoints nearer than this share of the narrowest band are one.
  private static let mergeTolerance = 1e-7

  /// F at a point, ∂F/∂x, and ∂F/∂h.
  struct Reading {
    var value = 0.0
    var slope = 0.0
    var rate = 0.0
  }

  /// `[sum][point]`.
  func values(_ sums: [Sum], time h: Double, at points: [(regime: Int, deviation: Double)]) throws(StationaryError)
    -> [[Reading]]
  {
    let resolvent = problem.hasJumps ? try resolvent(sums, time: h, at: points) : nil
    let parts = sideBySide(nodes / 2, threads: threads) { node in
      Result { () throws(StationaryError) in
        try part(sums, node: node, time: h, at: points) { a, b throws(StationaryError) in
          if let resolvent { return try resolvent.values(a, b) }
          return try transforms(sums, a, b, at: points)
        }
      }
    }
    var found = sums.map { _ in points.map { _ in Reading() } }
    for part in parts {
      let part = try part.get()
      for k in sums.indices {
        for place in points.indices {
          found[k][place].value += part[k][place].value
          found[k][place].slope += part[k][place].slope
          found[k][place].rate += part[k][place].rate
        }
      }
    }
    return found
  }

  /// How regimes share threads: with jumps a regime's reduction is one thread's work, without them its nodes are the work.
  static func threads(_ threads: Int, regimes: Int, _ problem: ScaledTracking) -> (regimes: Int, nodes: Int) {
    problem.hasJumps ? (threads, max(1, threads / regimes)) : (1, threads)
  }

  /// U at a point and its slope, each with its imaginary part.
  typealias Transform = (value: (Double, Double), slope: (Double, Double))

  /// s at θ.
  private func rate(_ theta: Double, time h: Double) -> (Double, Double) {
    let scale = Double(nodes) / h
    return (scale * (Self.shift - Self.bend * theta * theta) + growthRate, scale * Self.rise * theta)
  }

  /// What one node and its conjugate contribute.
  ///
  /// - Parameter transforms: U(a + ib), `[sum][point]`.
  private func part(
    _ sums: [Sum], node: Int, time h: Double, at points: [(regime: Int, deviation: Double)],
    _ transforms: (Double, Double) throws(StationaryError) -> [[Transform]]
  ) throws(StationaryError) -> [[Reading]] {
    let theta = (2 * Double(node) + 1) * Double.pi / Double(nodes)
    let scale = Double(nodes) / h
    let (a, b) = rate(theta, time: h)
    // s′(θ), e^{sh} s′ for the rate, and e^{sh} s′/s.
    let (da, db) = (-2 * scale * Self.bend * theta, scale * Self.rise)
    let growth = exp(a * h)
    let turn = (growth * cos(b * h), growth * sin(b * h))
    let pace = (turn.0 * da - turn.1 * db, turn.0 * db + turn.1 * da)
    let size = a * a + b * b
    let weight = ((pace.0 * a + pace.1 * b) / size, (pace.1 * a - pace.0 * b) / size)
    // Twice the real part of weight·U/(iN).
    func real(_ weight: (Double, Double), _ u: (Double, Double)) -> Double {
      2 / Double(nodes) * (weight.0 * u.1 + weight.1 * u.0)
    }
    return try transforms(a, b).map { sum in
      sum.map {
        Reading(value: real(weight, $0.value), slope: real(weight, $0.slope), rate: real(pace, $0.value))
      }
    }
  }

  /// Squares of deviations that run away grow at twice their rate: the parabola goes around that as well.
  private var growthRate: Double { max(0, -2 * problem.reversion.min()! - problem.discount) }

  /// Of the parabola `s = (N/h)(0.1309 − 0.1194 θ² + 0.2500 iθ)`.
  private static let shift = 0.1309
  private static let bend = 0.1194
  private static let rise = 0.25

  /// Terms below e^{−32} of the largest are below its last digit: the mesh need not resolve what they decay by.
  private static let negligible = 32.0

  /// All transforms of a process that jumps, on a mesh for the largest rate that counts.
  func resolvent(
    _ sums: [Sum], time h: Double, at points: [(regime: Int, deviation: Double)]
  ) throws(StationaryError) -> BandResolvent {
    let last = ((Self.negligible / Double(nodes) + Self.shift) / Self.bend).squareRoot()
    let (a, b) = rate(min(Double.pi, last), time: h)
    let mesh = try mesh(problem, bands, a, b)
    return try BandResolvent(
      problem: problem, mesh: mesh, basis: basis, sums: sums, at: points, shift: rate(0, time: h).0)
  }

  /// Elements that resolve what decays at a + ib.
  private func mesh(
    _ problem: ScaledTracking, _ bands: [Band], _ a: Double, _ b: Double
  ) throws(StationaryError) -> StationaryMesh {
    let mesh = StationaryMesh(
      bands: bands, problem: problem, discount: hypot(a + problem.discount, b), mergeTolerance: Self.mergeTolerance)
    let elements = mesh.active.reduce(0) { $0 + $1.count }
    guard elements <= mostElements else { throw .elements(found: elements, most: mostElements) }
    return mesh
  }

  /// U(a + ib): real parts in the regimes, imaginary parts in their copies.
  func transforms(
    _ sums: [Sum], _ a: Double, _ b: Double, at points: [(regime: Int, deviation: Double)]
  ) throws(StationaryError) -> [[Transform]] {
    let m = problem.count
    let doubled = problem.doubled(imaginary: b)
    let mesh = try mesh(doubled, bands + bands, a, b)
    let functionals = sums.map { sum in
      var functional = sum.functional.doubled
      functional.added = { e, x in e < m ? a * sum.payoff(e, x) : b * sum.payoff(e - m, x) }
      return functional
    }
    return try BandEvaluation(
      problem: doubled, mesh: mesh, basis: basis, discount: a + problem.discount, functionals: functionals
    ).values().map { value in
      points.map { e, x in
        (
          value: (value.value(e, x), value.value(m + e, x)), slope: (value.slope(e, x), value.slope(m + e, x))
        )
      }
    }
  }
}

extension BandFunctional {
  /// Of a doubled problem: the copies add nothing.
  fileprivate var doubled: BandFunctional {
    var result = self
    let nothing = [Double](repeating: 0, count: constant.count)
    result.constant = constant + nothing
    (result.perTrade, result.perUnit) = (perTrade.map { $0 + nothing }, perUnit.map { $0 + nothing })
    (result.landing, result.landingPerUnit) = (landing.map { $0 + nothing }, landingPerUnit.map { $0 + nothing })
    return result
  }
}

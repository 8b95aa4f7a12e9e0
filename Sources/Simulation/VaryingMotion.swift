import Formulation
import VectorMath

extension DrawPurpose {
  /// Brownian increments between events of one step of a deviation with varying coefficients: step = number of the piece.
  static let deviationPiece = DrawPurpose(rawValue: 19)
}

/// A deviation whose coefficients vary with it, by the explicit scheme of weak order two with Gaussian increments,
///
///     x' = x + ½(m(x⁺) + m(x))δ + ¼(η(x_+) + η(x_−) + 2η(x))√δ Z + ¼(η(x_+) − η(x_−))(Z² − 1)√δ,
///     x⁺ = x + mδ + η√δ Z,   x_± = x + mδ ± η√δ.
///
/// Source: Kloeden and Platen, *Numerical Solution of Stochastic Differential Equations* (1992), eq. 15.1.1.
/// *Verified by* `VaryingMotionTests`.
struct VaryingMotion: Sendable {
  private let regimes: [TrackingRegime]
  private let pieces: PhiloxStream
  private let step: Double

  init(_ problem: TrackingProblem, step: Double, seed: UInt64) {
    regimes = problem.regimes
    pieces = PhiloxStream(seed: seed, purpose: .deviationPiece)
    self.step = step
  }

  /// m(x), η(x) or ℓ(x)'s variation of one regime per lane.
  private func choose(_ regime: Lanes, _ value: (TrackingRegime) -> Lanes) -> Lanes {
    var lanes = value(regimes[0])
    for index in 1..<max(1, regimes.count) {
      lanes.replace(with: value(regimes[index]), where: regime .== Double(index))
    }
    return lanes
  }

  /// Where eight deviations are after a whole step.
  func moved(_ x: Lanes, regime: Lanes, normal: Lanes) -> Lanes {
    let root = step.squareRoot()
    func drift(_ x: Lanes) -> Lanes { choose(regime) { $0.drift(at: x) } }
    func volatility(_ x: Lanes) -> Lanes { choose(regime) { $0.volatility(at: x) } }
    return Self.moved(x, time: step, root: root, normal: normal, drift, volatility)
  }

  /// What the variation of ℓ adds.
  func runningCost(_ x: Lanes, regime: Lanes) -> Lanes { choose(regime) { $0.variation.runningCost.value(at: x) } }

  private static func moved(
    _ x: Lanes, time: Double, root: Double, normal: Lanes, _ drift: (Lanes) -> Lanes, _ volatility: (Lanes) -> Lanes
  ) -> Lanes {
    let (m, eta) = (drift(x), volatility(x))
    let level = x + m * time
    let spread = eta * root
    let (up, down) = (volatility(level + spread), volatility(level - spread))
    let slope = 0.5 * (drift(level + spread * normal) + m)
    let even: Lanes = (up + down + 2 * eta) * normal
    let odd: Lanes = (up - down) * (normal * normal - 1)
    let noise: Lanes = (0.25 * root) * (even + odd)
    return x + slope * time + noise
  }

  /// One deviation on its way through the events of a step.
  struct Place: TrackingPlace {
    let motion: VaryingMotion
    let path: UInt64
    var x: Double
    /// How many pieces of the path were drawn.
    var piece: UInt32

    mutating func move(_ regime: TrackingRegime, time: Double) {
      let normal = motion.pieces.normals(paths: LaneWords(repeating: path), step: piece).0
      piece += 1
      x =
        VaryingMotion.moved(
          Lanes(repeating: x), time: time, root: time.squareRoot(), normal: Lanes(repeating: normal[0]),
          { regime.drift(at: $0) }, { regime.volatility(at: $0) })[0]
    }

    mutating func jump(by size: Double) { x += size }
  }

  func place(_ x: Double, path: UInt64, piece: UInt32) -> Place { Place(motion: self, path: path, x: x, piece: piece) }
}

extension DeviationFunction {
  /// f of eight deviations.
  fileprivate func value(at x: Lanes) -> Lanes {
    var result = Self.horner(pieces[0], x)
    for (index, knot) in knots.enumerated() {
      result.replace(with: Self.horner(pieces[index + 1], x), where: x .>= knot)
    }
    return result
  }

  private static func horner(_ coefficients: [Double], _ x: Lanes) -> Lanes {
    var sum = Lanes()
    for index in coefficients.indices.reversed() { sum = sum * x + coefficients[index] }
    return sum
  }
}

extension TrackingRegime {
  fileprivate func drift(at x: Lanes) -> Lanes { drift + reversion * (level - x) + variation.drift.value(at: x) }

  fileprivate func volatility(at x: Lanes) -> Lanes { volatility + variation.volatility.value(at: x) }
}

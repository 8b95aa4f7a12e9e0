import Formulation
import Glibc
import VectorMath

extension DrawPurpose {
  /// Jumps of a deviation: step = number of the jump, block 0 the waiting time and the side, block 1 the size.
  static let deviationJump = DrawPurpose(rawValue: 16)
}

/// What a deviation does between and at events: an affine map of the path, or a place on it.
protocol TrackingPlace {
  /// So much time in a regime, without jumps.
  mutating func move(_ regime: TrackingRegime, time: Double)
  mutating func jump(by size: Double)
}

/// The exact transition of a deviation over any stretch of time: `dx = (m + κ(θ − x)) dt + η dW + jumps`.
///
/// Between events x is Gaussian, `x' = x e^{−κt} + (m/κ + θ)(1 − e^{−κt}) + η √((1 − e^{−2κt})/(2κ)) Z`. Switches and jumps
/// happen at their exact times; what they compose is again affine in x and in one normal.
struct TrackingMotion: Sendable {
  let regimes: [TrackingRegime]
  private let jumps: JumpClock
  /// Over one whole step: the factor on x, the shift and the standard deviation, per regime.
  let factor: [Double]
  let shift: [Double]
  let scale: [Double]
  /// Jumps per unit of time.
  let intensity: [Double]

  init(_ problem: TrackingProblem, step: Double, seed: UInt64) {
    regimes = problem.regimes
    jumps = JumpClock(seed: seed, purpose: .deviationJump)
    let whole = problem.regimes.map { Stretch.identity.after($0, time: step) }
    factor = whole.map(\.factor)
    shift = whole.map(\.shift)
    scale = whole.map { $0.variance.squareRoot() }
    intensity = problem.regimes.map { $0.hasJumps ? $0.jumps!.intensity : 0 }
  }

  var hasJumps: Bool { intensity.contains { $0 > 0 } }

  /// `x' = factor·x + shift + √variance Z`.
  struct Stretch: TrackingPlace {
    var factor: Double
    var shift: Double
    var variance: Double

    static let identity = Stretch(factor: 1, shift: 0, variance: 0)

    mutating func move(_ regime: TrackingRegime, time: Double) { self = after(regime, time: time) }

    mutating func jump(by size: Double) { shift += size }

    /// Followed by so much time in a regime, without jumps.
    func after(_ regime: TrackingRegime, time: Double) -> Stretch {
      let speed = regime.reversion
      // (1 − e^{−κt})/κ and (1 − e^{−2κt})/(2κ), both t for κ = 0.
      let once = speed == 0 ? time : -expm1(-speed * time) / speed
      let twice = speed == 0 ? time : -expm1(-2 * speed * time) / (2 * speed)
      let decay = exp(-speed * time)
      return Stretch(
        factor: factor * decay, shift: shift * decay + regime.driftAtZero * once,
        variance: variance * decay * decay + regime.volatility * regime.volatility * twice)
    }
  }

  /// The time to the jump of this number in units of 1/ν: standard exponential.
  func wait(path: UInt64, number: UInt32) -> Double {
    jumps.wait(path: path, number: number)
  }

  /// So much time in a regime, jumps included. `wait` is what is left of the clock of the next jump.
  func advance<Place: TrackingPlace>(
    _ place: inout Place, regime: Int, time: Double, path: UInt64, wait: inout Double, number: inout UInt32
  ) {
    let state = regimes[regime]
    var left = time
    if let law = state.jumps?.law, intensity[regime] > 0 {
      while wait < intensity[regime] * left {
        let moment = wait / intensity[regime]
        place.move(state, time: moment)
        place.jump(by: jumps.size(law, path: path, number: number))
        left -= moment
        number += 1
        wait = self.wait(path: path, number: number)
      }
      wait -= intensity[regime] * left
    }
    place.move(state, time: left)
  }
}

import Formulation
import Glibc
import VectorMath

extension DrawPurpose {
  /// Jumps of a price: step = number of the jump, block 0 the waiting time and the side, block 1 the size.
  static let priceJump = DrawPurpose(rawValue: 17)
  /// Where in the law the risk of jumps is looked at first, per path.
  static let jumpRisk = DrawPurpose(rawValue: 18)
}

/// The exact times and sizes of Poisson jumps: the k-th wait and the k-th size of a path are its own k-th draws.
struct JumpClock: Sendable {
  private let draws: PhiloxStream

  init(seed: UInt64, purpose: DrawPurpose) { draws = PhiloxStream(seed: seed, purpose: purpose) }

  /// The time to the jump of this number in units of 1/ν: standard exponential.
  func wait(path: UInt64, number: UInt32) -> Double {
    -log(draws.uniforms(paths: LaneWords(repeating: path), step: number).0[0])
  }

  func size(_ law: DeviationJumps.Law, path: UInt64, number: UInt32) -> Double {
    let paths = LaneWords(repeating: path)
    switch law {
    case .normal(let mean, let deviation):
      return mean + deviation * draws.normals(paths: paths, step: number, block: 1).0[0]
    case .laplace(let up, let down, let probabilityUp):
      let exponential = -log(draws.uniforms(paths: paths, step: number, block: 1).0[0])
      let isUp = draws.uniforms(paths: paths, step: number).1[0] < probabilityUp
      return isUp ? up * exponential : -down * exponential
    }
  }
}

/// How a price moves between two instants, given the clocks: drift and variance of its continuous part, and the jumps.
///
/// Jumps of a regime's own law and those of switches happen at their exact times; over a step only their sum counts.
struct PriceMotion: Sendable {
  let regimes: [Regime]
  /// Of the price between jumps [1/year], per regime.
  let drift: [Double]
  /// ν [1/year], per regime.
  let intensity: [Double]
  private let laws: [DeviationJumps.Law?]
  /// `ln J`, `[from][to]`; empty: none.
  let switchJumps: [[Double]]
  /// Whether some regime has jumps of its own.
  let hasLaws: Bool
  private let clock: JumpClock

  init(_ environment: EnvironmentChain, seed: UInt64) {
    regimes = environment.regimes
    drift = environment.regimes.indices.map { environment.driftBetweenJumps($0) }
    intensity = environment.regimes.map { $0.hasJumps ? $0.jumps!.intensity : 0 }
    laws = environment.regimes.map { $0.hasJumps ? $0.jumps!.logarithm.law : nil }
    switchJumps =
      environment.hasSwitchJumps
      ? environment.regimes.indices.map { e in
        environment.regimes.indices.map { environment.switchJump(from: e, to: $0) }
      } : []
    hasLaws = intensity.contains { $0 > 0 }
    clock = JumpClock(seed: seed, purpose: .priceJump)
  }

  /// Where one path's clocks stand.
  struct Clocks {
    var regime: Int
    var nextSwitch: Double
    var switches: UInt32
    /// What is left of the clock of the next jump, in units of 1/ν.
    var wait: Double
    var jumps: UInt32
  }

  /// Drift and variance of the continuous part over a step, and the sum of the jumps [log-price].
  struct Step {
    var mean = 0.0
    var variance = 0.0
    var jump = 0.0

    /// What the logarithm moves by beside the Gaussian part.
    var shift: Double { mean - 0.5 * variance + jump }
  }

  func wait(stream: UInt64, number: UInt32) -> Double {
    hasLaws ? clock.wait(path: stream, number: number) : .infinity
  }

  /// Lets the clocks of one path run from `start` to `end`.
  func advance(
    _ clocks: inout Clocks, switching: RegimeClocks, stream: UInt64, from start: Double, to end: Double,
    spend: (Int, Double) -> Void = { _, _ in }
  ) -> Step {
    var step = Step()
    var before: Int?
    var (wait, number) = (clocks.wait, clocks.jumps)
    switching.advance(
      stream: stream, from: start, to: end, regime: &clocks.regime, nextSwitch: &clocks.nextSwitch,
      switches: &clocks.switches
    ) { regime, spell in
      if let before, !switchJumps.isEmpty { step.jump += switchJumps[before][regime] }
      before = regime
      step.mean += drift[regime] * spell
      step.variance += regimes[regime].volatility * regimes[regime].volatility * spell
      spend(regime, spell)
      guard let law = laws[regime] else { return }
      wait -= intensity[regime] * spell
      while wait < 0 {
        step.jump += clock.size(law, path: stream, number: number)
        number += 1
        wait += clock.wait(path: stream, number: number)
      }
    }
    (clocks.wait, clocks.jumps) = (wait, number)
    return step
  }
}

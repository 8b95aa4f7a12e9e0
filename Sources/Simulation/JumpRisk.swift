import Formulation
import Glibc
import VectorMath

/// The running risk of jumps on the paths of a block, without the solver's kernels:
///
///     ½ a ( ν_e E[(V(SJ) − V(S) + yS(J − 1))²] + Σ_{e'} q_ee' (V_e'(SJ_ee') − V_e(S) + yS(J_ee' − 1))² )
///
/// with V Black's formula on each path. Switches are summed as they stand. The expectation over the law is looked at in one
/// place per path and instant, the law's quantile of `u_n = u + nφ mod 1`, u uniform per path and φ the golden ratio: every u_n is
/// uniform, so the mean is exact whatever the number of steps, and the places of one path fill the law evenly (Cranley and
/// Patterson 1976; Niederreiter 1978). *Verified by* `PriceJumpRollOutTests`.
struct JumpRisk: Sendable {
  private let environment: EnvironmentChain
  private let motion: PriceMotion
  private let draws: PhiloxStream
  private let aversion: Double

  /// Nil when the price never jumps.
  init?(_ problem: OptionBookProblem, motion: PriceMotion, seed: UInt64) {
    guard problem.environment.hasPriceJumps else { return nil }
    environment = problem.environment
    self.motion = motion
    draws = PhiloxStream(seed: seed, purpose: .jumpRisk)
    aversion = problem.preference.riskAversion
  }

  /// φ = (√5 − 1)/2, whose multiples fill the circle most evenly.
  private static let goldenRatio = 0.618_033_988_749_894_9
  /// The quantile is taken this far inside (0, 1), where rounding may have led to an end.
  private static let least = 0x1p-53

  /// Works out, at an instant, the quadratic in the inventory whose value is the risk's rate: a trade then needs no second
  /// look. The book's terms and values must be those of the instant.
  func measure(instant: Int, plan: RollOutPlan, firstPath: Int, book: BookTerms, state: BlockState) {
    let turn = (Double(instant) * JumpRisk.goldenRatio).truncatingRemainder(dividingBy: 1)
    for vector in 0..<BlockState.vectorCount {
      state.jumpQuadratic[vector] = Lanes()
      state.jumpLinear[vector] = Lanes()
      state.jumpConstant[vector] = Lanes()
      let intensity = state.intensity[vector]
      if motion.hasLaws, anyLane(intensity .> 0) {
        let stream = plan.firstStream(firstPath: firstPath, vector: vector)
        var place = draws.uniforms(firstPath: stream, step: 0).0 + turn
        place.replace(with: place - 1, where: place .>= 1)
        place = clamped(place, from: Lanes(repeating: JumpRisk.least), to: Lanes(repeating: 1 - JumpRisk.least))
        add(intensity, quantile(place, regime: state.regime[vector]), nil, book, state, vector)
      }
      guard !motion.switchJumps.isEmpty else { continue }
      for other in environment.regimes.indices { addSwitch(to: other, book, state, vector) }
    }
  }

  /// Adds half a step's risk with the inventory as it is.
  func accrue(length: Double, state: BlockState) {
    let weight = Lanes(repeating: 0.25 * aversion * length)
    for vector in 0..<BlockState.vectorCount {
      let inventory = state.inventory[vector]
      let slope = fusedMultiplyAdd(state.jumpQuadratic[vector], inventory, 2 * state.jumpLinear[vector])
      let rate = fusedMultiplyAdd(slope, inventory, state.jumpConstant[vector])
      state.add(.gammaRisk, product: weight, rate, vector)
    }
  }

  private func addSwitch(to other: Int, _ book: BookTerms, _ state: BlockState, _ vector: Int) {
    var (rate, jump) = (Lanes(), Lanes())
    for from in environment.regimes.indices where motion.switchJumps[from][other] != 0 {
      let mask = state.regime[vector] .== Double(from)
      rate.replace(with: environment.generator.rates[from][other], where: mask)
      jump.replace(with: motion.switchJumps[from][other], where: mask)
    }
    guard anyLane(rate .> 0) else { return }
    add(rate, jump, other, book, state, vector)
  }

  /// Adds `rate (V(S e^z) − V(S) + y S (e^z − 1))²`, marked in another regime when one is given.
  private func add(
    _ rate: Lanes, _ logJump: Lanes, _ other: Int?, _ book: BookTerms, _ state: BlockState, _ vector: Int
  ) {
    let logSpot = state.logSpot[vector] + logJump
    let spot = fastExponential(logSpot)
    let regime = other.map { Lanes(repeating: Double($0)) } ?? state.regime[vector]
    let change = book.mark(logSpot: logSpot, spot: spot, regime: regime).value - state.bookValue[vector]
    let move = spot - state.spot[vector]
    state.jumpQuadratic[vector] += rate * move * move
    state.jumpLinear[vector] += rate * move * change
    state.jumpConstant[vector] += rate * change * change
  }

  /// The law's quantile in each lane's regime.
  private func quantile(_ place: Lanes, regime: Lanes) -> Lanes {
    var found = Lanes()
    for (e, state) in environment.regimes.enumerated() where state.hasJumps {
      let own: Lanes
      switch state.jumps!.law {
      case .merton(let mean, let deviation): own = mean + deviation * inverseNormalCumulative(place)
      case .kou(let up, let down, let probability):
        // A side that is never taken has no quantile: its mass is held off zero and its lanes are not chosen.
        let below = max(1 - probability, JumpRisk.least)
        let above = max(probability, JumpRisk.least)
        let fall = down * logarithm(laneMinimum(place / below, Lanes(repeating: 1)))
        let rise = -up * logarithm(laneMinimum((1 - place) / above, Lanes(repeating: 1)))
        own = rise.replacing(with: fall, where: place .< 1 - probability)
      }
      found.replace(with: own, where: regime .== Double(e))
    }
    return found
  }
}

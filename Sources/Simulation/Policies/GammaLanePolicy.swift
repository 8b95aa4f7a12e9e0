import Formulation
import Glibc
import VectorMath

/// Bands around zero net delta whose half-width follows the book's gamma, worked out on every path; see `gammaScaled`.
struct GammaLanePolicy: LanePolicy {
  var gathersTrades: Bool { false }
  /// c of `c (k S Γ²/a)^{1/3}`.
  let multiple: Double

  /// The half-width of every path, into `place`.
  func prepare(
    plan: RollOutPlan, costs: UnsafeBufferPointer<FormulaCost>, time: Double, book: BookTerms, state: BlockState
  ) {
    // Money of now is worth more at the horizon, where γ counts it.
    let aversion = plan.problem.preference.riskAversion * (plan.wealth?.growth(at: time) ?? 1)
    let halves = state.scalars(state.place)
    let regimes = state.scalars(state.regime)
    book.gammaExposures(state, into: state.place)
    let spots = state.scalars(state.spot)
    for path in 0..<BlockState.pathCount {
      let cost = costs[Int(regimes[path])]
      // Only a round trip counts, whichever side charges for it.
      let proportional = 0.5 * (cost.proportionalBuy + cost.proportionalSell)
      // S Γ² = (S Γ)²/S.
      halves[path] = multiple * cbrt(proportional * halves[path] * halves[path] / (spots[path] * aversion))
    }
  }

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    (-state.place[vector], state.place[vector])
  }

  @inline(__always) func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair {
    let half = paths.load(state.place)
    return (-half, half)
  }
}

/// A step of the singly diagonally implicit method of two stages and order two that damps like implicit Euler (Alexander,
/// "Diagonally implicit Runge–Kutta methods for stiff O.D.E.s", SIAM J. Numer. Anal. 14 (1977), table 1): with γ = 1 − 1/√2
///
///     (1 − γhA) U₁ = U + γh f(t + γh),     (1 − γhA) U₂ = U₁/γ·(1 − γ) − U (1 − 2γ)/γ + γh f(t + h)
///
/// Jumps are explicit, with weights that keep second order (Ascher, Ruuth, Spiteri, "Implicit-explicit Runge–Kutta methods for
/// time-dependent partial differential equations", Appl. Numer. Math. 25 (1997), §2.6): J(U) in the first stage and
/// `J((3 + 2√2) U₁ − (2 + 2√2) U)` in the second, an extrapolation of the same form as that of backward differences.
///
/// It needs no value from before a review, so that it starts afresh after each, and both stages have one matrix, the same in all
/// steps of one length.
struct TwoStageStep {
  /// 1 − 1/√2.
  static let gamma = 0.292_893_218_813_452_5

  let length: Double
  /// The stages as `LineSweep` and `LineSystem` take them.
  let first: BackwardDifference
  let second: BackwardDifference

  init(length: Double) {
    self.length = length
    let gamma = TwoStageStep.gamma
    let share = (1 - gamma) / gamma
    first = BackwardDifference(leading: 1, recent: 1, older: 0, step: gamma * length, ratio: 0)
    second = BackwardDifference(leading: 1, recent: share, older: share - 1, step: gamma * length, ratio: 2 * share)
  }

  /// Where the first stage lies on the way back from `end` [years].
  func firstStage(from end: Double) -> Double { end - TwoStageStep.gamma * length }
}

import Formulation

/// A policy of a class with its parameters chosen: what it is evaluated as.
struct BookClassCandidate: Sendable {
  /// Which clock a policy goes by.
  enum Clock: Sendable {
    /// It watches without pause.
    case none
    /// Blind between the ticks, a trade at each.
    case blind
    /// It watches without pause, and trades at each tick besides.
    case forced
    /// Its band is looked at when the clock ticks.
    case looked
  }

  /// What a clock adds to the functionals of a policy without one.
  struct Increment: Sendable {
    let base: BookClass
    /// `[functional × regime]`.
    let parts: [[Approximation]]
  }

  let bookClass: BookClass
  let rule: BandRule
  var parameters: [[BookClassParameter]] = []
  var clock = Clock.none
  /// Between ticks, per regime [years].
  var gaps: [Double] = []
  /// nil for a policy that is evaluated by itself.
  var increment: Increment?

  /// J, risk, turnover, and what can be counted.
  func functionals(_ problem: OptionBookProblem) -> [PolicyFunctional] {
    let counts = counts(problem)
    return [.total(problem), .risk(problem), .turnover(problem)] + (counts.trades == nil ? [] : [.trades(problem)])
      + (counts.passage == nil ? [] : [.firstPassage(problem)])
  }

  /// Where the number of trades and the time to the first are among the functionals: trades that reflect are without number, and so
  /// are, as looks become frequent, those of a band that is looked at.
  func counts(_ problem: OptionBookProblem) -> (trades: Int?, passage: Int?) {
    var watched = rule
    if case .looked(let rule, _) = rule { watched = rule }
    if watched.isReflecting(problem) { return (nil, nil) }
    return (3, clock == .none ? 4 : nil)
  }

  /// - Parameter leastSteps: between ticks between which nothing is watched.
  func evaluate(
    _ functionals: [PolicyFunctional], on nodes: EvaluationNodes, leastSteps: Int, threads: Int = 1
  ) -> [PolicyEvaluation.Outcome] {
    switch clock {
    case .none:
      return PolicyEvaluation(nodes: nodes, rule: rule, functionals: functionals, threads: threads).run()
    case .forced:
      let schedule = EvaluationSchedule(
        grid: nodes.grid, every: nodes.every, clocks: gaps, leastSteps: 1, ringsAtOnce: false)
      return PolicyEvaluation(nodes: nodes.on(schedule), rule: rule, functionals: functionals, threads: threads).run()
    case .blind, .looked:
      // A step of two stages does for two of the grid's.
      let schedule = EvaluationSchedule(
        grid: nodes.grid, every: 2, clocks: gaps, leastSteps: leastSteps, ringsAtOnce: true)
      return ClockedEvaluation(
        nodes: nodes.on(schedule, density: 1), rule: rule, functionals: functionals, threads: threads
      ).run()
    }
  }

  func setGaps(_ regime: inout BookClassRegime, _ e: Int) {
    switch clock {
    case .none: break
    case .blind:
      regime.fixed = gaps[e]
      regime.meanBetweenTrades = gaps[e]
      if case .always(let targets) = rule { regime.target = targets[e] }
    case .forced: regime.maxGap = gaps[e]
    case .looked: regime.minGap = gaps[e]
    }
  }
}

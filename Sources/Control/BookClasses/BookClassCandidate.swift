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

  /// J, risk, turnover, and what can be counted; of a utility, whose parts do not add up, and where fills come later, J alone.
  func functionals(_ problem: OptionBookProblem) -> [PolicyFunctional] {
    let parts = parts(problem)
    return [.total(problem)] + (parts.risk == nil ? [] : [.risk(problem), .turnover(problem)])
      + (parts.trades == nil ? [] : [.trades(problem)]) + (parts.passage == nil ? [] : [.firstPassage(problem)])
  }

  /// Where the parts of J are among the functionals.
  struct Parts {
    var risk: Int?
    var turnover: Int?
    var trades: Int?
    var passage: Int?
  }

  /// Where the number of trades and the time to the first are among the functionals: trades that reflect are without number, and so
  /// are, as looks become frequent, those of a band that is looked at.
  func parts(_ problem: OptionBookProblem) -> Parts {
    if problem.preference.isExponential || problem.costs.contains(where: { $0.routes.contains { $0.delay > 0 } })
      || problem.execution.delay > 0
    {
      return Parts()
    }
    var watched = rule
    if case .looked(let rule, _) = rule { watched = rule }
    if watched.isReflecting(problem) { return Parts(risk: 1, turnover: 2) }
    // Between looks nobody sees a first passage.
    let isWatched = clock == .none && !LookedEquations.areNeeded(for: problem)
    return Parts(risk: 1, turnover: 2, trades: 3, passage: isWatched ? 4 : nil)
  }

  /// - Parameter leastSteps: between ticks between which nothing is watched.
  func evaluate(
    _ functionals: [PolicyFunctional], on nodes: EvaluationNodes, leastSteps: Int, threads: Int = 1
  ) -> [PolicyEvaluation.Outcome] {
    if let looks = nodes.looks { return looks.evaluate(self, functionals, on: nodes) }
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

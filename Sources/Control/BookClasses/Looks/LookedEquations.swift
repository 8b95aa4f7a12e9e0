import Formulation

/// What evaluations by looks on one grid share: what happens between looks, and what trades cost then.
struct LookedEquations: Sendable {
  /// By kind, so that evaluations know whose steps they make.
  private enum Rest {
    case quadratic(QuadraticRest)
    case exponential(EntropicRest)
  }
  private let rest: Rest
  let table: RouteTable
  /// Between reviews that are made one by one [years]; nil where the market is watched.
  let period: Double?
  /// Looks at every so manieth review, or time of the grid, alone.
  var every = 1
  /// Whether all nodes are stepped, for comparison.
  var everywhere = false
  private var extrapolates = true

  /// Whether a problem is beyond `PolicyEvaluation`: utility, jumps, costs that are no `K + k|u|` or not paid at once, reviews, lots.
  static func areNeeded(for problem: OptionBookProblem) -> Bool {
    let timing = DecisionTiming(problem)
    return problem.preference.isExponential || problem.environment.hasPriceJumps || !problem.tradesAtOnce
      || timing.reviewPeriod != nil || timing.lot > 0
  }

  init(problem: OptionBookProblem, grid: FiniteHorizonGrid) throws(ControlError) {
    period = grid.timing.reviewPeriod
    table = try RouteTable(problem: problem, isReview: period != nil)
    // Evaluations run side by side, each on one thread.
    rest =
      problem.preference.isExponential
      ? .exponential(
        EntropicRest(problem: problem, grid: grid, threads: 1, table: table, isGuiding: false, isReview: true))
      : .quadratic(QuadraticRest(problem: problem, grid: grid, threads: 1, keepsValues: false, followsMarks: false))
  }

  /// Looks of an evaluation and of a search, at most: of more reviews than that every so manieth is made, and edges move inwards
  /// by what they are looked at less.
  private static let mostLooks = (evaluated: 600.0, sought: 100.0)

  /// The same with reviews thinned.
  ///
  /// - Parameter isSearch: whether parameters are sought.
  func thinned(horizon: Double, isSearch: Bool) -> LookedEquations {
    guard let period else { return self }
    var equations = self
    let most = isSearch ? LookedEquations.mostLooks.sought : LookedEquations.mostLooks.evaluated
    equations.every = max(1, Int((horizon / (period * most)).rounded(.up)))
    equations.extrapolates = !isSearch
    return equations
  }

  /// One outcome per functional. Where there are fewer looks than the market's own a second time with half as many: what is left
  /// of their distance is then of second order.
  func evaluate(
    _ candidate: BookClassCandidate, _ functionals: [PolicyFunctional], on nodes: EvaluationNodes
  ) -> [PolicyEvaluation.Outcome] {
    let outcomes = evaluateLooks(candidate, functionals, on: nodes)
    guard extrapolates, period == nil || every > 1, candidate.clock == .none || candidate.clock == .forced else {
      return outcomes
    }
    var rarer = self
    rarer.every = 2 * every
    // Of the distance that doubles, so much is not the market's own.
    let share = period == nil ? 1 : Double(every - 1) / Double(every)
    return zip(outcomes, rarer.evaluateLooks(candidate, functionals, on: nodes)).map { often, rarely in
      let values = zip(often.values, rarely.values).map { $0 + share * ($0 - $1) }
      return PolicyEvaluation.Outcome(values: values, atTargets: values)
    }
  }

  private func evaluateLooks(
    _ candidate: BookClassCandidate, _ functionals: [PolicyFunctional], on nodes: EvaluationNodes
  ) -> [PolicyEvaluation.Outcome] {
    let schedule = LookSchedule(
      grid: nodes.grid, regimes: nodes.regimes, period: period, every: every, clock: candidate.clock,
      gaps: candidate.gaps, delays: table.delays)
    func run(_ rest: some RestingMarch) -> [PolicyEvaluation.Outcome] {
      LookedEvaluation(
        nodes: nodes.on(schedule.instants, density: 1), rest: rest, table: table, schedule: schedule,
        rule: candidate.rule, functionals: functionals, everywhere: everywhere
      ).run()
    }
    switch rest {
    case .quadratic(let rest): return run(rest)
    case .exponential(let rest): return run(rest)
    }
  }
}

import Formulation
import Glibc

/// The classes that go by a clock.
extension BookClassSearch {
  /// Steps between ticks on the coarser and the finer grid, at least: with these the best blind interval agrees with the
  /// roll-out within two standard errors of half a per cent (`BookClassRollOutTests`).
  private static let leastSteps = (coarse: 2, fine: 4)
  /// Clocks that would ring more often than this before the horizon are not searched.
  private static let mostTicks = 2000.0
  /// Step of ln h in the search for the best interval: the last stretch before the horizon is cut short, so that J jitters
  /// with the number of ticks.
  private static let intervalDifference = 0.25
  /// A gap is sought in this many trials.
  private static let mostTrials = 7
  /// … until what it costs is this near to its share, relatively.
  private static let gapTolerance = 0.05

  /// Trade to a target every h_e, blind in between.
  func blind(optimum: Optimum) throws(Refusal) -> Found {
    let local = BookClassLocal(self)
    let horizon = problem.horizon
    let (coarse, problem) = (self.coarse, self.problem)
    let rule = BandRule.always(targets: local.centres)
    guard let shortest = local.intervals.min(), horizon / shortest <= BookClassSearch.mostTicks else {
      throw Refusal(reason: .tooFrequent)
    }
    let fit = BookClassFit(
      start: local.intervals.map { log($0) }, hasRatios: false, threads: threads, weights: weights,
      difference: Self.intervalDifference
    ) {
      BookClassSearch.clocked(coarse, rule, problem, $0.map { exp($0) }, leastSteps: Self.leastSteps.coarse, threads: 1)
    }
    guard let found = fit.run() else { throw Refusal(reason: .notConverged) }
    let gaps = found.map { exp($0) }
    func values(_ nodes: EvaluationNodes, _ functional: PolicyFunctional, _ leastSteps: Int) -> [Double] {
      BookClassSearch.clocked(
        nodes, rule, problem, gaps, functional: functional, leastSteps: leastSteps, threads: threads)
    }
    let pair = Pair(
      coarse: outcome(values(coarse, .total(problem), Self.leastSteps.coarse)),
      fine: outcome(values(fine, .total(problem), Self.leastSteps.fine)))
    var regimes = try figures(.interval, pair, optimum: optimum, countsTrades: true) { functional in
      BookClassSearch.limit(
        values(coarse, functional, Self.leastSteps.coarse), values(fine, functional, Self.leastSteps.fine))
    }
    for e in regimes.indices {
      regimes[e].fixed = gaps[e]
      regimes[e].target = local.centres[e]
      regimes[e].meanBetweenTrades = gaps[e]
    }
    return Found(
      solution: BookClassSolution(bookClass: .interval, regimes: regimes, table: nil), rule: rule, pair: pair)
  }

  private func outcome(_ values: [Double]) -> PolicyEvaluation.Outcome {
    PolicyEvaluation.Outcome(values: values, atTargets: values)
  }

  static func clocked(
    _ nodes: EvaluationNodes, _ rule: BandRule, _ problem: OptionBookProblem, _ gaps: [Double],
    functional: PolicyFunctional? = nil, leastSteps: Int, threads: Int
  ) -> [Double] {
    let schedule = EvaluationSchedule(grid: nodes.grid, clocks: gaps, leastSteps: leastSteps, ringsAtOnce: true)
    return ClockedEvaluation(
      nodes: nodes.on(schedule, density: 1), rule: rule, functional: functional ?? .total(problem), threads: threads
    ).run().values
  }

  /// A band with forced trades, or a band that is looked at now and then: at the gaps that cost `gapShare` of J more than the
  /// band alone. A forced trade never helps, so that without this price the gap would be endless; nor does looking away. Gaps
  /// of the regimes are as the best blind intervals of their local problems.
  func hybrid(_ bookClass: BookClass, base: Found, optimum: Optimum) throws(Refusal) -> Found {
    let rule = base.rule
    let isForced = bookClass == .hybridAny
    let plain = base.pair.coarse.values
    let size = zip(weights, plain).reduce(0) { $0 + $1.0 * abs($1.1) }
    let local = BookClassLocal(self)
    let horizon = problem.horizon
    func gaps(_ multiple: Double) -> [Double] { local.intervals.map { min(horizon, multiple * $0) } }
    func looks(_ multiple: Double) -> BandRule { isForced ? rule : .looked(rule: rule, gaps: gaps(multiple)) }
    func values(_ multiple: Double, _ nodes: EvaluationNodes, _ functional: PolicyFunctional) -> [Double] {
      if isForced { return forced(rule, gaps(multiple), nodes, functional).values }
      return BookClassSearch.clocked(
        nodes, looks(multiple), problem, gaps(multiple), functional: functional,
        leastSteps: nodes.rows == fine.rows ? Self.leastSteps.fine : Self.leastSteps.coarse, threads: threads)
    }
    /// The last trial's values: the search ends on the one that it accepts, nearly always.
    var last: (multiple: Double, values: [Double])?
    let multiple = try gap(isForced: isForced, intervals: local.intervals) { multiple in
      let found = values(multiple, coarse, .total(problem))
      last = (multiple, found)
      return zip(weights, zip(found, plain)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) } / size
    }
    let onCoarse =
      last.flatMap { $0.multiple == multiple ? $0.values : nil } ?? values(multiple, coarse, .total(problem))
    let pair = Pair(coarse: outcome(onCoarse), fine: outcome(values(multiple, fine, .total(problem))))
    var regimes = try figures(bookClass, pair, optimum: optimum, countsTrades: !isForced || hasFixed) { functional in
      BookClassSearch.limit(values(multiple, coarse, functional), values(multiple, fine, functional))
    }
    let bands = todaysBands(looks(multiple))
    for e in regimes.indices {
      regimes[e].band = bands[e]
      regimes[e].parameters = base.solution.regimes[e].parameters
      if isForced { regimes[e].maxGap = gaps(multiple)[e] } else { regimes[e].minGap = gaps(multiple)[e] }
    }
    return Found(
      solution: BookClassSolution(bookClass: bookClass, regimes: regimes, table: nil), rule: looks(multiple), pair: pair
    )
  }

  func forced(
    _ rule: BandRule, _ gaps: [Double], _ nodes: EvaluationNodes, _ functional: PolicyFunctional
  ) -> PolicyEvaluation.Outcome {
    let schedule = EvaluationSchedule(grid: nodes.grid, clocks: gaps, leastSteps: 1, ringsAtOnce: false)
    return evaluate(rule, functional, nodes.on(schedule))
  }

  /// The multiple of the local intervals whose price is `gapShare`: a secant in logarithms, the price of looking away being
  /// about proportional to the gap and that of forced trades to its inverse.
  private func gap(
    isForced: Bool, intervals: [Double], price: (Double) -> Double
  ) throws(Refusal) -> Double {
    let horizon = problem.horizon
    let (shortest, longest) = (intervals.min()!, intervals.max()!)
    /// From here on no clock rings.
    let endless = horizon / shortest
    var multiple = isForced ? min(endless, 0.25 * horizon / longest) : Self.firstLook
    var exponent = isForced ? -1.0 : 1
    var best: (multiple: Double, price: Double)?
    for _ in 0..<Self.mostTrials {
      guard horizon / (multiple * shortest) <= Self.mostTicks else { throw Refusal(reason: .tooFrequent) }
      let at = price(multiple)
      if isForced, multiple >= endless { return multiple }
      guard at > 0 else {
        multiple = min(endless, isForced ? multiple / Self.widestStep : multiple * Self.widestStep)
        continue
      }
      if abs(log(at / BookClassSearch.gapShare)) < Self.gapTolerance { return multiple }
      if let best, best.multiple != multiple {
        let slope = log(at / best.price) / log(multiple / best.multiple)
        if slope * exponent > Self.leastSlope { exponent = slope }
      }
      best = (multiple, at)
      let next = multiple * pow(BookClassSearch.gapShare / at, 1 / exponent)
      multiple = min(endless, max(multiple / Self.widestStep, min(multiple * Self.widestStep, next)))
    }
    guard let best, abs(log(best.price / BookClassSearch.gapShare)) < Self.gapSlack else {
      throw Refusal(reason: .notConverged)
    }
    return best.multiple
  }

  /// Where the search for a look's gap begins, in best blind intervals.
  private static let firstLook = 0.1
  /// A gap changes by no more than this factor in one step.
  private static let widestStep = 6.0
  /// Slopes of the price, in logarithms, below this are not followed.
  private static let leastSlope = 0.25
  /// What the last trial may be away from the price, in logarithms: the gap is then still stated with what it really costs.
  private static let gapSlack = 0.5
}

import Formulation
import Glibc

/// The work of a `BookClassSearch`: searches, evaluations, and what is told of them.
struct BookClassStudy: Sendable {
  /// Half as many spots and steps as on the coarser grid, and its inventories.
  let rough: EvaluationNodes
  /// Where parameters are sought: the same, solved less strictly.
  let scout: EvaluationNodes
  /// The coarser grid solved like the scout, so that nothing but their nodes tells the two apart.
  private let judge: EvaluationNodes
  let coarse: EvaluationNodes
  let fine: EvaluationNodes
  private let solutions: (coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution)
  private let wanted: Set<BookClass>
  let threads: Int

  /// - Throws: what keeps looks from being evaluated, where they are needed.
  init(
    optimum: PolicyTable, coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution, wanted: Set<BookClass>,
    threads: Int
  ) throws(ControlError) {
    solutions = (coarse, fine)
    (self.wanted, self.threads) = (wanted, threads)
    var settings = GridSettings(deviations: coarse.settingsGiven.deviations).refined(by: 0.5, of: coarse.grid)
    settings.holdings = coarse.grid.holdings.count
    // A grid that exists can be had with fewer spots.
    let roughest = (try? FiniteHorizonGrid(problem: coarse.problem, settings: settings)) ?? coarse.grid
    let grids = [fine.grid, coarse.grid, roughest]
    let needsLooks = LookedEquations.areNeeded(for: coarse.problem)
    let nodes = sideBySide(grids.count, threads: threads) {
      EvaluationNodes(coarse.problem, grid: grids[$0], optimum: optimum, every: Self.every, sharesLevels: !needsLooks)
    }
    var better = nodes
    if needsLooks {
      for (place, grid) in grids.enumerated() {
        better[place].looks = try LookedEquations(problem: coarse.problem, grid: grid)
          .thinned(horizon: coarse.problem.horizon, isSearch: false)
      }
    }
    (self.fine, self.coarse, self.rough) = (better[0], better[1], better[2])
    func sought(on nodes: EvaluationNodes) -> EvaluationNodes {
      var nodes = nodes
      nodes.looks = nodes.looks?.thinned(horizon: coarse.problem.horizon, isSearch: true)
      nodes.settled = Self.scoutSettled
      return nodes
    }
    (scout, judge) = (sought(on: better[2]), sought(on: better[1]))
  }

  /// The solver's steps follow edges that are to be found; with edges given, twice as long a step changes J on the finer grid by a
  /// tenth of what halving the spots does (straddles of `Benchmarks classes`).
  private static let every = 2
  /// Predictions are taken back later where parameters are sought: all candidates share what that changes.
  private static let scoutSettled = 3e-3

  var problem: OptionBookProblem { fine.problem }
  var regimes: Int { problem.environment.count }
  var hasFixed: Bool { problem.costs[0].leastFixed > 0 }
  /// The class whose band a hybrid keeps.
  var hybridBase: BookClass { hasFixed ? .inner : .optimal }
  /// Whether the optimum stops short of the edge, as where a large trade costs more than its parts.
  private var hasOwnEdge: Bool { !hasFixed && problem.costs.contains(where: \.hasImpact) }

  struct Refusal: Error { let reason: BookClassOmission }

  typealias Candidates = [BookClass: Result<BookClassCandidate, Refusal>]

  /// Shares of the work, for progress.
  private static let fittedShare = 0.4
  private static let evaluatedShare = 0.55

  func run(_ progress: (@Sendable (Double) -> Void)?) -> BookClasses {
    var candidates: Candidates = [.optimal: .success(BookClassCandidate(bookClass: .optimal, rule: .optimal))]
    let hybrids = [BookClass.hybridAny, .hybridAll].filter(wanted.contains)
    let base = hybridBase
    let alone = ([.gammaScaled, .inner, .recentre, .priceMove] + (hasOwnEdge ? [.edge] : [])).filter {
      wanted.contains($0) || !hybrids.isEmpty && $0 == base
    }
    // What scans share out to threads themselves; threads within threads would get nothing.
    for scanned in [BookClass.interval, .constantBand] where wanted.contains(scanned) {
      candidates[scanned] = fitted(scanned)
    }
    candidates.merge(search(alone) { self.fitted($0) }) { $1 }
    progress?(Self.fittedShare)
    let chosen = BookClass.allCases.compactMap { try? candidates[$0]?.get() }
    let (pairs, clocked) = evaluate(chosen, and: hybrids, of: candidates[base]) {
      progress?(Self.fittedShare + Self.evaluatedShare * $0)
    }
    candidates.merge(clocked.mapValues { incremented($0, pairs[base]) }) { $1 }
    progress?(1)
    let optimum = Optimum(pair: pairs[.optimal]!, solutions: solutions)
    var solved: [BookClassSolution] = []
    var omitted: [BookClasses.Omitted] = []
    for bookClass in BookClass.allCases {
      do throws(Refusal) { solved.append(try solution(bookClass, candidates, pairs, optimum)) } catch {
        omitted.append(.init(bookClass: bookClass, reason: error.reason))
      }
    }
    return BookClasses(solved: solved, omitted: omitted, baseline: optimum.baseline)
  }

  private func search(
    _ classes: [BookClass], _ job: @escaping @Sendable (BookClass) -> Result<BookClassCandidate, Refusal>
  ) -> Candidates {
    Dictionary(uniqueKeysWithValues: zip(classes, sideBySide(classes.count, threads: threads) { job(classes[$0]) }))
  }

  /// What a policy costs on both grids, and the parts of it.
  struct Pair: Sendable {
    /// J and all of its parts, on the roughest grid and on the coarser of both.
    let rough: [PolicyEvaluation.Outcome]
    let coarse: [PolicyEvaluation.Outcome]
    /// J, and the risk where edges reflect: there the risk is what the lines of rougher grids have fewest digits of.
    let fine: [PolicyEvaluation.Outcome]

    /// J on both.
    var totals: (coarse: [Double], fine: [Double]) { (coarse[0].values, fine[0].values) }

    /// A part, extrapolated from the finest grids that it is known on: counts of trades and shares of risk are not flat at the optimum as J is.
    func limit(_ part: Int, _ read: (PolicyEvaluation.Outcome) -> [Double] = \.values) -> [Double] {
      let (rough, better) = part < fine.count ? (coarse[part], fine[part]) : (rough[part], coarse[part])
      return zip(read(rough), read(better)).map { Approximation.limit(halfAsFine: $0, finest: $1).value }
    }
  }

  /// What all classes are compared with.
  struct Optimum {
    let pair: Pair
    /// By how much the optimum's table costs more than the solver says, per regime [quote].
    let baseline: [Approximation]

    init(pair: Pair, solutions: (coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution)) {
      self.pair = pair
      let inventory = solutions.fine.problem.inventory
      let totals = pair.totals
      baseline = totals.fine.indices.map { e in
        Approximation.limit(
          halfAsFine: totals.coarse[e] - solutions.coarse.value(regime: e, inventory: inventory),
          finest: totals.fine[e] - solutions.fine.value(regime: e, inventory: inventory))
      }
    }
  }

  /// All policies on all grids, the longest first, and before them the clocks of a policy's hybrids, which are sought one trial after
  /// the other.
  private func evaluate(
    _ candidates: [BookClassCandidate], and hybrids: [BookClass], of base: Result<BookClassCandidate, Refusal>?,
    progress: @escaping @Sendable (Double) -> Void
  ) -> (pairs: [BookClass: Pair], clocked: Candidates) {
    enum Outcome {
      case costs([PolicyEvaluation.Outcome])
      case clock(Result<BookClassCandidate, Refusal>)
    }
    let count = candidates.count
    let grids = [fine, coarse, rough]
    let jobs = hybrids.count + grids.count * count
    let inside = max(1, threads / jobs)
    let done: @Sendable (Int) -> Void = { progress(Double($0) / Double(jobs)) }
    let outcomes = sideBySide(jobs, threads: threads, done: done) { job -> Outcome in
      guard job >= hybrids.count else { return .clock(gapped(hybrids[job], base)) }
      let place = job - hybrids.count
      let candidate = candidates[place % count]
      let isFine = place < count
      let functionals = candidate.functionals(self.problem)
      return .costs(
        candidate.evaluate(
          isFine ? Array(functionals.prefix(candidate.rule.isReflecting(self.problem) ? 2 : 1)) : functionals,
          on: grids[place / count],
          leastSteps: isFine ? Self.leastSteps.fine : Self.leastSteps.coarse, threads: inside))
    }
    var (costs, clocked): ([[PolicyEvaluation.Outcome]], Candidates) = ([], [:])
    for (job, outcome) in outcomes.enumerated() {
      switch outcome {
      case .costs(let found): costs.append(found)
      case .clock(let found): clocked[hybrids[job]] = found
      }
    }
    let pairs = Dictionary(
      uniqueKeysWithValues: (0..<count).map {
        (
          candidates[$0].bookClass, Pair(rough: costs[2 * count + $0], coarse: costs[count + $0], fine: costs[$0])
        )
      })
    return (pairs, clocked)
  }

  /// Of bands of constant width with a fixed cost the best on the better grid is seen to be the tenth on the rough one.
  private static let constantConfirmations = 12

  /// Weights of the regimes in what is minimised.
  var weights: [Double] {
    problem.environment.generator.stationaryLaw
      ?? Array(repeating: 1 / Double(regimes), count: regimes)
  }

  /// A class of bands at the parameters at which it costs least.
  private func fitted(_ bookClass: BookClass) -> Result<BookClassCandidate, Refusal> {
    Result { () throws(Refusal) in
      if bookClass == .interval { return try blind() }
      if bookClass == .inner, !hasFixed { throw Refusal(reason: .sameAsEdge) }
      let shape = try BookClassShape(bookClass, study: self)
      @Sendable func evaluate(_ parameters: [Double], on nodes: EvaluationNodes) -> [Double] {
        total(BookClassCandidate(bookClass: bookClass, rule: shape.rule(parameters)), on: nodes)
      }
      let scan = BookClassScan(
        start: shape.start, regimes: regimes, threads: threads, evaluate: { weighted(evaluate($0, on: scout)) },
        confirm: { weighted(evaluate($0, on: judge)) }, confirmations: Self.constantConfirmations,
        countsChanges: bookClass == .constantBand && hasFixed)
      let fit = BookClassFit(start: shape.start, hasRatios: shape.hasRatios, weights: weights) {
        evaluate($0, on: scout)
      }
      // A constant band's J is no smooth function of its width.
      let found = bookClass == .constantBand ? scan.run() : fit.run() ?? scan.run()
      guard let found else { throw Refusal(reason: .notConverged) }
      return BookClassCandidate(
        bookClass: bookClass, rule: shape.rule(found), parameters: shape.parameters(found))
    }
  }

  private func solution(
    _ bookClass: BookClass, _ candidates: Candidates, _ pairs: [BookClass: Pair], _ optimum: Optimum
  ) throws(Refusal) -> BookClassSolution {
    guard wanted.contains(bookClass) || bookClass == .optimal else { throw Refusal(reason: .notRequested) }
    if bookClass == .edge {
      if let e = problem.costs.firstIndex(where: { $0.leastFixed > 0 }) { throw Refusal(reason: .fixedCost(regime: e)) }
      // Without a fixed cost and impact the optimum trades to the edge: it has been evaluated.
      if !hasOwnEdge {
        return try solution(.edge, BookClassCandidate(bookClass: .edge, rule: .optimal), optimum.pair, optimum)
      }
    }
    guard let candidate = try candidates[bookClass]?.get(), let pair = pairs[candidate.increment?.base ?? bookClass]
    else {
      throw Refusal(reason: .notConverged)
    }
    return try solution(bookClass, candidate, pair, optimum)
  }

  /// What a class costs, and the parts that a cost is told by, per regime.
  private func solution(
    _ bookClass: BookClass, _ candidate: BookClassCandidate, _ pair: Pair, _ optimum: Optimum
  ) throws(Refusal) -> BookClassSolution {
    let added = candidate.increment?.parts
    let excess = try excess(bookClass, pair, optimum, added: added?[0])
    let parts = candidate.parts(problem)
    func part(_ index: Int) -> [Double] {
      added.map { zip(pair.limit(index), $0[index]).map { $0 + $1.value } } ?? pair.limit(index)
    }
    let (risk, turnover) = (parts.risk.map(part), parts.turnover.map(part))
    let trades = parts.trades.map(part)
    let passage = parts.passage.map { pair.limit($0, \.atTargets) }
    let bands = candidate.clock == .blind ? nil : todaysBands(candidate.rule)
    let regimes = (0..<regimes).map { e in
      var regime = BookClassRegime()
      regime.band = bands?[e]
      regime.excess = excess[e]
      regime.total = pair.totals.fine[e] + (added?[0][e].value ?? 0)
      regime.risk = risk?[e]
      regime.turnover = turnover?[e]
      regime.trades = trades?[e]
      regime.meanBetweenTrades = passage?[e]
      regime.parameters = candidate.parameters.isEmpty ? [] : candidate.parameters[e]
      candidate.setGaps(&regime, e)
      return regime
    }
    return BookClassSolution(
      bookClass: bookClass, regimes: regimes, bands: candidate.clock == .blind ? nil : (candidate.rule, fine))
  }

  /// The bands of a rule today, per regime.
  private func todaysBands(_ rule: BandRule) -> [Band] {
    var bands = BandRule.bands(count: fine.nodes)
    var level = LevelTerms(fine)
    fine.fill(&level, 0, for: rule)
    rule.fill(&bands, level, on: fine)
    return (0..<regimes).map { bands[fine.grid.reference * regimes + $0] }
  }

  /// The difference from the optimum, extrapolated. Its error is the whole of what the two grids differ by: rules that stay
  /// narrow up to the expiry, where gamma is unbounded, are seen to converge more slowly than the second order
  /// (`PolicyEvaluationOrderTests`).
  ///
  /// - Parameter added: what a clock adds to the policy whose pair it is.
  /// - Throws: `inaccurate` when that and what is unknown of the optimum's own table are too much, of the optimum and of the loss.
  private func excess(
    _ bookClass: BookClass, _ pair: Pair, _ optimum: Optimum, added: [Approximation]?
  ) throws(Refusal) -> [Approximation] {
    var found: [Approximation] = []
    for e in 0..<regimes {
      let coarse = pair.totals.coarse[e] - optimum.pair.totals.coarse[e]
      let fine = pair.totals.fine[e] - optimum.pair.totals.fine[e]
      let shared = bookClass == .optimal ? 0 : abs(optimum.baseline[e].value) + optimum.baseline[e].error
      let error = abs(fine - coarse) + (added?[e].error ?? 0)
      let loss = Approximation.limit(halfAsFine: coarse, finest: fine).value + (added?[e].value ?? 0)
      let most = max(
        BookClassSearch.tolerance * abs(optimum.pair.totals.fine[e]), BookClassSearch.lossTolerance * loss)
      guard error + shared <= most else { throw Refusal(reason: .inaccurate) }
      found.append(Approximation(value: loss, error: error))
    }
    return found
  }
}

import Formulation
import Glibc

/// Every policy class of an option book at its own optimum (control.md §7), and what it loses.
///
/// Parameters, at most two per regime, are sought on the coarser of two grids; the best policy is then evaluated on both, and
/// its difference from the optimum's own table, evaluated by the same equations on the same nodes, is extrapolated as a
/// second-order quantity. What the optimum's table itself costs beyond the solver's value is common to all classes and
/// counts as error.
///
/// Best means: from today's spot and inventory, with the regime drawn from the chain's stationary law (evenly where it has
/// none). *Verified by* `BookClassLawTests`, `BookClassRollOutTests`.
public struct BookClassSearch: Sendable {
  let coarse: EvaluationNodes
  let fine: EvaluationNodes
  let coarseSolution: FiniteHorizonSolution
  let fineSolution: FiniteHorizonSolution
  let threads: Int

  /// A class is left out when its loss is less certain than this share of the optimum.
  public static let tolerance = 0.05
  /// What a gap may cost, as a share of J.
  public static let gapShare = 0.01

  /// - Parameters:
  ///   - optimum: bands of the finest solution there is, from which rules are scaled.
  ///   - coarse: the problem solved on a grid half as fine as `fine`'s.
  public init(
    optimum: PolicyTable, coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution, threads: Int
  ) {
    self.threads = max(1, threads)
    coarseSolution = coarse
    fineSolution = fine
    self.coarse = EvaluationNodes(coarse, optimum: optimum)
    self.fine = EvaluationNodes(fine, optimum: optimum)
  }

  var problem: OptionBookProblem { fine.problem }
  var regimes: Int { problem.environment.count }

  public func run(progress: (@Sendable (Double) -> Void)? = nil) -> BookClasses {
    if let reason = obstacle {
      return BookClasses(
        solved: [], omitted: BookClass.allCases.filter { $0 != .optimal }.map { .init(bookClass: $0, reason: reason) },
        baseline: [])
    }
    let optimum = Optimum(
      pair: Pair(
        coarse: evaluate(.optimal, .total(problem), coarse), fine: evaluate(.optimal, .total(problem), fine)),
      solutions: (coarseSolution, fineSolution))
    var found: [Found] = []
    var omitted: [BookClasses.Omitted] = []
    for (index, bookClass) in BookClass.allCases.enumerated() {
      do throws(Refusal) {
        found.append(try solve(bookClass, optimum: optimum, found: found))
      } catch { omitted.append(.init(bookClass: bookClass, reason: error.reason)) }
      progress?(Double(index + 1) / Double(BookClass.allCases.count))
    }
    return BookClasses(solved: found.map(\.solution), omitted: omitted, baseline: optimum.baseline)
  }

  struct Refusal: Error { let reason: BookClassOmission }

  /// What a policy costs on both grids.
  struct Pair {
    let coarse: PolicyEvaluation.Outcome
    let fine: PolicyEvaluation.Outcome
  }

  /// What all classes are compared with.
  struct Optimum {
    let pair: Pair
    /// By how much the optimum's table costs more than the solver says, per regime [quote].
    let baseline: [Approximation]

    init(pair: Pair, solutions: (coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution)) {
      self.pair = pair
      let inventory = solutions.fine.problem.inventory
      baseline = pair.fine.values.indices.map { e in
        Approximation.limit(
          halfAsFine: pair.coarse.values[e] - solutions.coarse.value(regime: e, inventory: inventory),
          finest: pair.fine.values[e] - solutions.fine.value(regime: e, inventory: inventory))
      }
    }
  }

  /// A class with its rule and what that costs, from which others are made.
  struct Found {
    let solution: BookClassSolution
    let rule: BandRule
    let pair: Pair
  }

  func evaluate(
    _ rule: BandRule, _ functional: PolicyFunctional, _ nodes: EvaluationNodes, threads: Int? = nil
  ) -> PolicyEvaluation.Outcome {
    PolicyEvaluation(nodes: nodes, rule: rule, functional: functional, threads: threads ?? self.threads).run()
  }

  /// Why no class has numbers.
  private var obstacle: BookClassOmission? {
    if problem.preference.isExponential { return .exponentialUtility }
    if problem.environment.hasPriceJumps { return .priceJumps }
    if problem.costs.contains(where: { !$0.isPlain }) || problem.execution.failure > 0
      || problem.execution.maximumTrade != nil
    {
      return .nonlinearCosts
    }
    if problem.costs.allSatisfy(\.isZero) { return .freeTrading }
    let timing = DecisionTiming(problem)
    if timing.reviewPeriod != nil || timing.lot > 0 { return .periodicReview }
    let fixed = problem.costs.map { $0.fixed > 0 }
    if fixed.contains(true), fixed.contains(false) { return .fixedCostInSomeRegimes }
    let values = (0..<regimes).map { abs(fineSolution.value(regime: $0, inventory: problem.inventory)) }
    // Rounding of one trade's cost.
    let ticket = problem.costs.map { $0.charge(price: problem.market.spot, trade: 1) }.max()!
    if values.max()! <= BookClassSearch.nothing * ticket { return .costless }
    return nil
  }

  private static let nothing = 1e-9

  var hasFixed: Bool { problem.costs[0].fixed > 0 }

  /// Weights of the regimes in what is minimised.
  var weights: [Double] {
    problem.environment.generator.stationaryLaw
      ?? Array(repeating: 1 / Double(regimes), count: regimes)
  }

  private func solve(
    _ bookClass: BookClass, optimum: Optimum, found: [Found]
  ) throws(Refusal) -> Found {
    switch bookClass {
    case .optimal: return try report(.optimal, rule: .optimal, pair: optimum.pair, optimum: optimum, parameters: [])
    case .edge:
      if let e = problem.costs.firstIndex(where: { $0.fixed > 0 }) { throw Refusal(reason: .fixedCost(regime: e)) }
      // Without a fixed cost the optimum trades to the edge: it has been evaluated.
      guard let same = found.first(where: { $0.solution.bookClass == .optimal }) else {
        throw Refusal(reason: .inaccurate)
      }
      _ = try excess(.edge, same.pair, optimum)
      let solution = BookClassSolution(
        bookClass: .edge, regimes: same.solution.regimes, table: same.solution.table)
      return Found(solution: solution, rule: same.rule, pair: same.pair)
    case .inner where !hasFixed: throw Refusal(reason: .sameAsEdge)
    case .recentre, .inner, .constantBand, .gammaScaled, .priceMove:
      let shape = try BookClassShape(bookClass, search: self)
      let fitted = try fit(shape)
      let rule = shape.rule(fitted)
      let pair = Pair(
        coarse: evaluate(rule, .total(problem), coarse), fine: evaluate(rule, .total(problem), fine))
      return try report(
        bookClass, rule: rule, pair: pair, optimum: optimum, parameters: shape.parameters(fitted))
    case .interval: return try blind(optimum: optimum)
    case .hybridAny, .hybridAll:
      let base = found.first { $0.solution.bookClass == (hasFixed ? .inner : .optimal) }
      guard let base else { throw Refusal(reason: .notConverged) }
      return try hybrid(bookClass, base: base, optimum: optimum)
    }
  }

  private func fit(_ shape: BookClassShape) throws(Refusal) -> [Double] {
    let (coarse, problem) = (self.coarse, self.problem)
    let fit = BookClassFit(
      start: shape.start, hasRatios: shape.hasRatios, threads: threads, weights: weights
    ) { parameters in
      PolicyEvaluation(nodes: coarse, rule: shape.rule(parameters), functional: .total(problem)).run().values
    }
    guard let found = fit.run() else { throw Refusal(reason: .notConverged) }
    return found
  }

  /// Everything that is said of a policy of bands.
  private func report(
    _ bookClass: BookClass, rule: BandRule, pair: Pair, optimum: Optimum, parameters: [[BookClassParameter]]
  ) throws(Refusal) -> Found {
    let isReflecting = rule.isReflecting(problem)
    func part(_ functional: PolicyFunctional, _ read: (PolicyEvaluation.Outcome) -> [Double]) -> [Double] {
      BookClassSearch.limit(read(evaluate(rule, functional, coarse)), read(evaluate(rule, functional, fine)))
    }
    var regimes = try figures(bookClass, pair, optimum: optimum, countsTrades: !isReflecting) { part($0, \.values) }
    let passage = isReflecting ? nil : part(.firstPassage(problem), \.atTargets)
    let bands = todaysBands(rule)
    for e in regimes.indices {
      regimes[e].band = bands[e]
      regimes[e].parameters = parameters.isEmpty ? [] : parameters[e]
      regimes[e].meanBetweenTrades = passage?[e]
    }
    return Found(
      solution: BookClassSolution(bookClass: bookClass, regimes: regimes, table: rule.table(on: fine)), rule: rule,
      pair: pair)
  }

  /// What a class costs, and the parts that a cost is told by, per regime.
  ///
  /// - Parameters:
  ///   - countsTrades: not where trades reflect without end.
  ///   - part: a part of the cost, extrapolated over both grids: counts of trades and shares of risk are not flat at the optimum
  ///     as J is.
  /// - Throws: `inaccurate`, before any part is evaluated.
  func figures(
    _ bookClass: BookClass, _ pair: Pair, optimum: Optimum, countsTrades: Bool, part: (PolicyFunctional) -> [Double]
  ) throws(Refusal) -> [BookClassRegime] {
    let excess = try excess(bookClass, pair, optimum)
    let (risk, turnover) = (part(.risk(problem)), part(.turnover(problem)))
    let trades = countsTrades ? part(.trades(problem)) : nil
    return (0..<regimes).map { e in
      var regime = BookClassRegime()
      regime.excess = excess[e]
      regime.total = pair.fine.values[e]
      regime.risk = risk[e]
      regime.turnover = turnover[e]
      regime.trades = trades?[e]
      return regime
    }
  }

  /// The bands of a rule today, per regime.
  func todaysBands(_ rule: BandRule) -> [Band] {
    var bands = BandRule.bands(count: fine.nodes)
    rule.fill(&bands, level: 0, on: fine)
    return (0..<regimes).map { bands[fine.grid.reference * regimes + $0] }
  }

  static func limit(_ coarse: [Double], _ fine: [Double]) -> [Double] {
    zip(coarse, fine).map { Approximation.limit(halfAsFine: $0, finest: $1).value }
  }

  /// The difference from the optimum, extrapolated. Its error is the whole of what the two grids differ by: rules that stay
  /// narrow up to the expiry, where gamma is unbounded, are seen to converge more slowly than the second order
  /// (`PolicyEvaluationOrderTests`).
  ///
  /// - Throws: `inaccurate` when that and what is unknown of the optimum's own table are too much.
  private func excess(
    _ bookClass: BookClass, _ pair: Pair, _ optimum: Optimum
  ) throws(Refusal) -> [Approximation] {
    var found: [Approximation] = []
    for e in 0..<regimes {
      let coarse = pair.coarse.values[e] - optimum.pair.coarse.values[e]
      let fine = pair.fine.values[e] - optimum.pair.fine.values[e]
      let shared = bookClass == .optimal ? 0 : abs(optimum.baseline[e].value) + optimum.baseline[e].error
      let error = abs(fine - coarse)
      guard error + shared <= BookClassSearch.tolerance * abs(optimum.pair.fine.values[e]) else {
        throw Refusal(reason: .inaccurate)
      }
      found.append(
        Approximation(value: Approximation.limit(halfAsFine: coarse, finest: fine).value, error: error))
    }
    return found
  }
}

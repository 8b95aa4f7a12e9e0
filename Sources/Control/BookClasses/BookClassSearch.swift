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
    var solved: [BookClassSolution] = []
    var omitted: [BookClasses.Omitted] = []
    let optimum = Pair(
      coarse: evaluate(.optimal, .total(problem), coarse), fine: evaluate(.optimal, .total(problem), fine))
    let baseline = (0..<regimes).map { e in
      Approximation.limit(
        halfAsFine: optimum.coarse.values[e] - coarseSolution.value(regime: e, inventory: problem.inventory),
        finest: optimum.fine.values[e] - fineSolution.value(regime: e, inventory: problem.inventory))
    }
    for (index, bookClass) in BookClass.allCases.enumerated() {
      do throws(Refusal) {
        let solution = try solve(bookClass, optimum: optimum, solved: solved)
        guard
          (0..<regimes).allSatisfy({ e in
            let shared = bookClass == .optimal ? 0 : abs(baseline[e].value) + baseline[e].error
            return solution.regimes[e].excess.error + shared
              <= BookClassSearch.tolerance * abs(optimum.fine.values[e])
          })
        else {
          throw Refusal(reason: .inaccurate)
        }
        solved.append(solution)
      } catch { omitted.append(.init(bookClass: bookClass, reason: error.reason)) }
      progress?(Double(index + 1) / Double(BookClass.allCases.count))
    }
    return BookClasses(solved: solved, omitted: omitted, baseline: baseline)
  }

  struct Refusal: Error { let reason: BookClassOmission }

  /// What a policy costs on both grids.
  struct Pair {
    let coarse: PolicyEvaluation.Outcome
    let fine: PolicyEvaluation.Outcome
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
    _ bookClass: BookClass, optimum: Pair, solved: [BookClassSolution]
  ) throws(Refusal) -> BookClassSolution {
    switch bookClass {
    case .optimal: return report(.optimal, rule: .optimal, pair: optimum, optimum: optimum, parameters: [])
    case .edge:
      if let e = problem.costs.firstIndex(where: { $0.fixed > 0 }) { throw Refusal(reason: .fixedCost(regime: e)) }
      return report(.edge, rule: .optimal, pair: optimum, optimum: optimum, parameters: [])
    case .inner where !hasFixed: throw Refusal(reason: .sameAsEdge)
    case .recentre, .inner, .constantBand, .gammaScaled, .priceMove:
      let shape = try BookClassShape(bookClass, search: self)
      let found = try fit(shape)
      let rule = shape.rule(found)
      let pair = Pair(
        coarse: evaluate(rule, .total(problem), coarse), fine: evaluate(rule, .total(problem), fine))
      return report(
        bookClass, rule: rule, pair: pair, optimum: optimum, parameters: shape.parameters(found))
    case .interval: return try blind(optimum: optimum)
    case .hybridAny, .hybridAll:
      let base = solved.first { $0.bookClass == (hasFixed ? .inner : .optimal) }
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
  func report(
    _ bookClass: BookClass, rule: BandRule, pair: Pair, optimum: Pair, parameters: [[BookClassParameter]]
  ) -> BookClassSolution {
    var bands = BandRule.bands(count: fine.nodes)
    rule.fill(&bands, level: 0, on: fine)
    let isReflecting = rule.isReflecting(problem)
    /// A part of the cost, extrapolated: counts of trades and shares of risk are not flat at the optimum as J is.
    func part(_ functional: PolicyFunctional, _ read: (PolicyEvaluation.Outcome) -> [Double]) -> [Double] {
      BookClassSearch.limit(read(evaluate(rule, functional, coarse)), read(evaluate(rule, functional, fine)))
    }
    let risk = part(.risk(problem)) { $0.values }
    let turnover = part(.turnover(problem)) { $0.values }
    let trades = isReflecting ? nil : part(.trades(problem)) { $0.values }
    let passage = isReflecting ? nil : part(.firstPassage(problem)) { $0.atTargets }
    let regimes = (0..<self.regimes).map { e in
      var regime = BookClassRegime()
      regime.band = bands[fine.grid.reference * self.regimes + e]
      regime.parameters = parameters.isEmpty ? [] : parameters[e]
      regime.excess = excess(pair, optimum, e)
      regime.total = pair.fine.values[e]
      regime.risk = risk[e]
      regime.turnover = turnover[e]
      regime.trades = trades?[e]
      regime.meanBetweenTrades = passage?[e]
      return regime
    }
    return BookClassSolution(bookClass: bookClass, regimes: regimes, table: rule.table(on: fine))
  }

  static func limit(_ coarse: [Double], _ fine: [Double]) -> [Double] {
    zip(coarse, fine).map { Approximation.limit(halfAsFine: $0, finest: $1).value }
  }

  /// The difference from the optimum, extrapolated. Its error is the whole of what the two grids differ by: rules that stay
  /// narrow up to the expiry, where gamma is unbounded, are seen to converge more slowly than the second order
  /// (`PolicyEvaluationOrderTests`).
  func excess(_ pair: Pair, _ optimum: Pair, _ e: Int) -> Approximation {
    let (coarse, fine) = (
      pair.coarse.values[e] - optimum.coarse.values[e], pair.fine.values[e] - optimum.fine.values[e]
    )
    return Approximation(
      value: Approximation.limit(halfAsFine: coarse, finest: fine).value, error: abs(fine - coarse))
  }
}

import Control
import Formulation
import Simulation

/// Follows a formula where it leads, and says what it costs beside the optimum.
///
/// The problem is solved and certified as without the formula; the formula is then rolled out on the same paths as the solution.
/// With V the certified value, the loss of a band is `2(J_f − J_o)(δ) − (J_f − J_o)(2δ)`, the difference extrapolated to looking
/// without pause; that of a rule of the clock is its J minus J_o at looks within its interval plus what looking costs the optimum.
/// Where the problem is reviewed, both are followed from review to review, and a clock's interval is the nearest whole number of
/// reviews: the loss is the difference.
///
/// *Verified by* `FormulaCertificateTests`.
public struct FormulaCertifier: Sendable {
  public let formula: Formula
  public let certifier: OptionBookCertifier

  public init(formula: Formula, certifier: OptionBookCertifier) {
    self.formula = formula
    self.certifier = certifier
  }

  private var problem: OptionBookProblem { certifier.problem }

  /// - Throws: the formula's obstacle before anything is solved; what the solution meets.
  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(CertificationError) -> Certificate {
    let rule = try rule()
    let solutions = try certifier.solve { progress?(OptionBookCertifier.solved * $0) }
    return try certify(rule, solutions, progress: progress)
  }

  /// - Throws: the formula's obstacle: one without a number for this problem is refused before the problem is solved.
  func rule() throws(CertificationError) -> FormulaRule {
    if let obstacle = formula.obstacle(to: problem) { throw .control(obstacle) }
    do {
      return try formula.rule(problem, grid: FiniteHorizonGrid(problem: problem, settings: certifier.grid))
    } catch { throw .control(error) }
  }

  /// Certificate of the problem's solutions and of the formula beside them.
  func certify(
    _ rule: FormulaRule, _ solutions: OptionBookCertifier.Refinements, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> Certificate {
    // The optimum beside a result of a formula is solved, not read: what was emitted is the formula's.
    var solver = certifier
    solver.emitted = nil
    let certificate = try certify(rule, beside: solver.certify(solutions, progress: progress))
    guard let emitted = certifier.emitted else { return certificate }
    guard case .optionBook(let answer) = certificate.answer else { return certificate }
    var checks = certificate.checks
    solver.confront(emitted, answer.regimes, grid: answer.solution.grid, checks: &checks)
    solver.confront(emitted.table, with: rule.table, checks: &checks)
    return Certificate(answer: certificate.answer, checks: checks)
  }

  /// The formula's own questions, beside a certificate whoever made it.
  func certify(_ rule: FormulaRule, beside optimum: Certificate) throws(CertificationError) -> Certificate {
    guard case .optionBook(let answer) = optimum.answer else { return optimum }
    var regimes: [FormulaAnswer.Regime] = []
    var checks: [Check] = []
    for e in 0..<problem.environment.count {
      let regime = try follow(rule, from: e, optimum: answer, checks: &checks)
      regimes.append(regime)
    }
    var followed = answer
    followed.formula = FormulaAnswer(rule: rule, regimes: regimes)
    return Certificate(answer: .optionBook(followed), checks: optimum.checks + checks)
  }

  private func follow(
    _ rule: FormulaRule, from e: Int, optimum: OptionBookAnswer, checks: inout [Check]
  ) throws(CertificationError) -> FormulaAnswer.Regime {
    let review = certifier.reviewSeconds
    // Whoever is reviewed acts at reviews.
    let seconds = rule.interval.map { interval in
      let seconds = interval * problem.dayCount.secondsPerYear
      return review.map { max(1, (seconds / $0).rounded()) * $0 } ?? seconds
    }
    let check =
      review ?? seconds.map { $0 / max(1, ($0 / optimum.rollOutCheck).rounded(.up)) } ?? optimum.rollOutCheck
    let policy: HedgingPolicy =
      seconds.map { .reviewed(rule.table, everySeconds: $0) } ?? .table(rule.table)
    let regime = optimum.regimes[e]
    let total: Simulation.Estimate
    var loss: Simulation.Estimate
    var lossError = regime.value.error
    let result: RollOutResult
    let best = HedgingPolicy.table(problem.readable(optimum.solution.policy))
    do throws(SimulationError) {
      let rollOut = try RollOut(
        problem: problem.replacing(currentRegime: e),
        settings: certifier.rollOutSettings(checkEvery: check, isDetailed: false))
      loss = try rollOut.compare(policy, best).difference(.criterion)
      if review == nil {
        // Looking costs the optimum J(δ) − J; both are looked at as the problem says where it is reviewed.
        let looking = try rollOut.estimate(best).discretisationError
        loss = loss.adding(looking.mean)
        lossError += looking.standardError
      }
      if review == nil, seconds == nil {
        // The formula's J(δ) − J is its own; a rule of the clock has none.
        let estimate = try rollOut.estimate(policy)
        (result, total) = (estimate.result, estimate.extrapolated)
        loss = loss.adding(-estimate.discretisationError.mean)
        lossError += estimate.discretisationError.standardError
      } else {
        result = try rollOut.run(policy)
        total = result[.criterion]
      }
    } catch { throw .simulation(error) }
    let name = regime.name
    let unit = problem.market.quote
    checks.append(
      Check(
        .formulaBelowOptimum, regime: name, measured: -loss.mean,
        atMost: CertificationSettings.rollOutDeviations * loss.standardError + lossError, unit: unit))
    let disorder = rule.table.bands.reduce(0.0) { worst, band in
      max(worst, band.lower - band.targetLower, band.targetLower - band.targetUpper, band.targetUpper - band.upper)
    }
    checks.append(
      Check(
        .edgesOrdered, regime: name, measured: disorder,
        atMost: CertificationSettings.lawTolerance * (1 + problem.book.grossQuantity), unit: problem.market.underlying))
    let grid = optimum.solution.grid
    let band = rule.table.band(time: 0, regime: e, spot: grid.reference)
    let delta = problem.book.greeks(time: 0, spot: problem.market.spot, regime: e).delta
    let spread =
      result[.fixedCosts].standardError + result[.variableCosts].standardError + result[.settlementCost].standardError
    return FormulaAnswer.Regime(
      band: band, holding: band.shifted(by: -delta), total: total,
      trading: Simulation.Estimate(
        mean: result.tradingCosts + result[.settlementCost].mean, standardError: spread),
      trades: result[.tradeCount], loss: loss, lossError: lossError)
  }
}

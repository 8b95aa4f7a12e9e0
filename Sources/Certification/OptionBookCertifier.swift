import Control
import Formulation
import Glibc
import Simulation

/// Solves an option book on three grids, measures the error, rolls the policy out with independent code, and asks the
/// questions of control.md §9.
///
/// The value is extrapolated from the finest two grids, `V + (V − V_½)/3`, which removes the second-order error; what
/// remains is estimated by half of their difference. Edges are taken from the finest grid and their error is the difference
/// to the next.
public struct OptionBookCertifier: Sendable {
  public let problem: OptionBookProblem
  public let grid: GridSettings
  public let settings: CertificationSettings
  /// A result whose policy is put to the questions instead of the one just solved; nil: the solution's own.
  public var emitted: EmittedPolicy?

  public init(problem: OptionBookProblem, grid: GridSettings, settings: CertificationSettings) {
    self.problem = problem
    self.grid = grid
    self.settings = settings
  }

  /// Shares of the work, for progress: the three solves, variants, roll-outs, bounds; the policy classes are the rest.
  static let solved = 0.1
  private static let compared = 0.15
  private static let followed = 0.25
  private static let bounded = 0.35

  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(CertificationError) -> Certificate {
    try certify(solve { progress?(OptionBookCertifier.solved * $0) }, progress: progress)
  }

  /// The same problem on three grids; of the coarser two nobody asks for other bands than today's.
  struct Refinements: Sendable {
    let fine: FiniteHorizonSolution
    let middle: FiniteHorizonSolution
    let coarse: FiniteHorizonSolution
  }

  func solve(progress: (@Sendable (Double) -> Void)? = nil) throws(CertificationError) -> Refinements {
    let fine = try solve(grid, threads: settings.threads, isGuiding: true, progress: progress)
    let middle = try solve(
      grid.refined(by: 0.5, of: fine.grid), threads: settings.threads,
      keepsValues: LowerBound.obstacle(to: problem) == nil, isForToday: true)
    let coarse = try solve(grid.refined(by: 0.25, of: fine.grid), threads: settings.threads, isForToday: true)
    return Refinements(fine: fine, middle: middle, coarse: coarse)
  }

  /// The questions, asked of solutions whoever found them.
  func certify(
    _ solutions: Refinements, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> Certificate {
    let (fine, middle, coarse) = (solutions.fine, solutions.middle, solutions.coarse)
    progress?(OptionBookCertifier.solved)
    let method = FiniteHorizon(settings: grid.refined(by: 0.5, of: fine.grid), threads: settings.threads)
    let variants: ProblemVariants
    do throws(ControlError) { variants = try ProblemVariants(of: middle, method: method) } catch {
      throw .control(error)
    }
    progress?(OptionBookCertifier.compared)

    let optimum = problem.readable(fine.policy)
    let followed = emitted?.table ?? optimum
    let times = TimeToTrade(fine).betweenTrades(threads: settings.threads)
    var regimes: [OptionBookAnswer.Regime] = []
    var checks: [Check] = []
    let check = rollOutCheck
    let count = problem.environment.count
    for e in 0..<count {
      let regime = try regimeAnswer(
        e, policy: followed, fine: fine, middle: middle, coarse: coarse, share: variants.share, time: times[e],
        check: check, checks: &checks)
      regimes.append(regime)
      progress?(
        OptionBookCertifier.compared
          + (OptionBookCertifier.followed - OptionBookCertifier.compared) * Double(e + 1) / Double(count))
    }
    if let emitted { confront(emitted, regimes, grid: fine.grid, checks: &checks) }
    let bounds = try bounds(policy: followed, middle: middle, regimes: regimes, checks: &checks)
    progress?(OptionBookCertifier.bounded)
    let rivals = try rivals(against: optimum)
    let classes = BookClassSearch(
      optimum: fine.policy, coarse: coarse, fine: middle, threads: settings.threads
    ).run(settings.classes) { progress?(OptionBookCertifier.bounded + (1 - OptionBookCertifier.bounded) * $0) }
    let simulated = try confront(classes, regimes, check: check, checks: &checks)
    let prices = problem.preference.isExponential ? [try prices(middle), try prices(fine)] : []
    progress?(1)
    let answer = OptionBookAnswer(
      problem: problem, solution: fine, coarser: middle, prices: prices, regimes: regimes, bounds: bounds,
      rivals: rivals,
      classes: classes, classRollOut: simulated?.estimate, simulatedClass: simulated?.bookClass,
      decomposition: variants.decomposition, rollOutCheck: check, settings: settings)
    for (e, regime) in regimes.enumerated() {
      guard let price = answer.price(regime: e, spot: problem.market.spot) else { continue }
      let scale = max(abs(price.writer), abs(price.buyer)) + CertificationSettings.lawTolerance * lawScale
      checks.append(
        Check(
          .priceError, regime: regime.name, measured: price.error,
          atMost: max(CertificationSettings.priceTolerance * scale, trivialAmount), unit: problem.market.quote))
    }
    return Certificate(answer: .optionBook(answer), checks: checks)
  }

  private func solve(
    _ grid: GridSettings, threads: Int, keepsValues: Bool = false, isGuiding: Bool = false, isForToday: Bool = false,
    progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> FiniteHorizonSolution {
    var method = FiniteHorizon(settings: grid, threads: threads)
    method.keepsValues = keepsValues
    method.isGuiding = isGuiding
    method.isForToday = isForToday
    do { return try method.solve(problem, progress: progress) } catch { throw .control(error) }
  }

  private func prices(_ solution: FiniteHorizonSolution) throws(CertificationError) -> ReservationPrices {
    do { return try ReservationPrices(solution, threads: settings.threads) } catch { throw .control(error) }
  }

  /// Seconds between the roll-out's checks: those of the problem, or the horizon in equal parts.
  var rollOutCheck: Double { reviewSeconds ?? densestCheck }

  /// Seconds between reviews that are solved one by one; nil where monitoring is treated as continuous.
  var reviewSeconds: Double? {
    DecisionTiming(problem).reviewPeriod == nil ? nil : problem.execution.checkEvery
  }

  /// Checks, gathered towards expiries, that a strong utility needs; nil where equal ones do.
  ///
  /// What a check that comes h late loses is `½γX²Γ(ΔX/X)²`, in an exponential: its mean `½γX²Γσ²h` has to be small, and
  /// Γ grows as `φ(0)/(Xσ√τ)` towards an expiry at the strike. With checks at `τ = T(j/n)²` it is the same at all of them.
  private var gradedChecks: Int? {
    guard case .exponential(let aversion) = problem.preference, reviewSeconds == nil else { return nil }
    let volatility = problem.environment.regimes.map(\.volatility).max()!
    let exposure = aversion * problem.market.spot * problem.book.grossQuantity * volatility
    let needed = exposure * NormalLaw.density(0) * problem.horizon.squareRoot() * 2
    let count = needed / CertificationSettings.mostBendPerCheck
    guard count > Double(settings.checksPerPath) else { return nil }
    return Int(min(count, CertificationSettings.mostGradedChecks).rounded())
  }

  /// Steps between two checks.
  var rollOutSubsteps: Int { substeps(checkEvery: rollOutCheck) }

  private func substeps(checkEvery check: Double) -> Int {
    settings.substeps(of: problem, checkEvery: check, isReviewed: reviewSeconds != nil)
  }

  /// Seconds between the checks of a path that is watched without pause.
  var densestCheck: Double { settings.densestCheck(of: problem) }

  // MARK: One regime

  private func regimeAnswer(
    _ e: Int, policy: PolicyTable, fine: FiniteHorizonSolution, middle: FiniteHorizonSolution,
    coarse: FiniteHorizonSolution, share: CostShare, time: Double, check: Double, checks: inout [Check]
  ) throws(CertificationError) -> OptionBookAnswer.Regime {
    let name = problem.environment.regimes[e].name
    let y = problem.inventory
    let node = fine.grid.reference * problem.environment.count + e
    let values = [coarse, middle, fine].map { $0.value(regime: e, inventory: y) }
    let difference = values[2] - values[1]
    let order = log2(abs(values[1] - values[0]) / max(abs(difference), .leastNormalMagnitude))
    // At the edges and targets, and half a deviation away in spot: the relative error is of the size that it has there.
    let around = fine.band(regime: e).withoutIdleTargets.shifted(by: -fine.bookDeltas[node])
    let ends = [fine, middle].map { ($0.grid.holdings[0], $0.grid.holdings[$0.grid.holdings.count - 1]) }
    let neighbours = [around.lower, around.targetLower, around.targetUpper, around.upper].filter { place in
      ends.allSatisfy { place > $0.0 && place < $0.1 }
    }.map { (halfAsFine: middle.value(regime: e, inventory: $0), finest: fine.value(regime: e, inventory: $0)) }
    let deviation = problem.environment.regimes[e].volatility * problem.horizon.squareRoot()
    let spots = [-0.5, 0.5].map { problem.market.spot * exp($0 * deviation) }
    let beside = spots.map { spot in
      (
        halfAsFine: middle.value(spot: spot, regime: e, inventory: y),
        finest: fine.value(spot: spot, regime: e, inventory: y)
      )
    }
    let limit = Approximation.limit(
      coarsest: values[0], halfAsFine: values[1], finest: values[2], neighbours: neighbours + beside)
    let controlled = withoutRounding(limit.value)
    let markJump = fine.markJumpRisk[node]
    let markJumpError = abs(markJump - middle.markJumpRisk[middle.grid.reference * problem.environment.count + e])

    let band = fine.band(regime: e)
    let delta = fine.bookDeltas[node]
    let holding = band.shifted(by: -delta)
    let bandError = max(
      problem.largestDifference(band, middle.band(regime: e)),
      CertificationSettings.readingError(
        of: holding, spacing: fine.grid.holdings[1] - fine.grid.holdings[0], settled: problem.settledFree))

    let rollOut = try rollOut(regime: e, policy: policy, check: check, guide: fine.guide)
    // Under exponential utility paths are drawn where the mean is made, and may know it better than two grids: what they miss beyond
    // three standard errors is an error that the grids did not see.
    let unseen =
      problem.preference.isExponential && rollOut.extrapolated.standardError.isFinite
      ? abs(rollOut.extrapolated.mean - controlled)
        - CertificationSettings.rollOutDeviations * rollOut.extrapolated.standardError : 0
    let error = max(limit.error, unseen)
    let trading = trading(share.trading[e], middle: values[1], limit: controlled, error: error, rollOut: rollOut)
    ask(
      &checks, name: name, cost: problem.costs[e], value: controlled, error: limit.error, order: order,
      difference: difference, band: band,
      bandError: bandError, share: (share.higher[e], share.lower[e]), rollOut: rollOut)
    if fine.grid.timing.mayTradeAgain(problem) { checks.append(obstacle(fine, regime: e, value: controlled)) }
    let loss = rollOut.discretisationError
    let resolved = loss.mean > 2 * loss.standardError && rollOut.extrapolated.mean > 0
    return OptionBookAnswer.Regime(
      name: name, value: Approximation(value: controlled + markJump, error: error + markJumpError),
      trading: trading,
      risk: Approximation(value: controlled - trading.value + markJump, error: error + trading.error + markJumpError),
      markJump: markJump,
      valueWhenHedged: withoutRounding(
        hedgedValue(fine, e, holding: holding, extrapolation: controlled - values[2])) + markJump,
      band: band, bandError: bandError, holding: holding, order: order,
      timeToTrade: time * problem.dayCount.secondsPerYear,
      startsAtTarget: TimeToTrade(fine).startsAtTargets(regime: e), rollOut: rollOut,
      check: resolved && gradedChecks == nil ? check * 0.01 * rollOut.extrapolated.mean / loss.mean : nil)
  }

  /// Expected trading costs: from the cost share of the middle grid, scaled by what the value gained on the way to the
  /// limit; with exponential utility the loss is no sum of costs and risk, and their mean comes from the simulation.
  private func trading(
    _ share: Double, middle: Double, limit: Double, error: Double, rollOut: RollOutEstimate
  ) -> Approximation {
    if problem.preference.isExponential {
      let result = rollOut.result
      let spread = hypot(result[.fixedCosts].standardError, result[.variableCosts].standardError)
      return Approximation(value: result.tradingCosts + result[.settlementCost].mean, error: spread)
    }
    // Of nothing there are no parts: a share is itself a difference of values.
    guard limit != 0 else { return Approximation(value: 0, error: error) }
    let scale = middle == 0 ? 1 : limit / middle
    // Costs are never negative; of what is never traded the difference is rounding and the grid's error.
    return Approximation(value: max(0, share * scale), error: abs(share) * abs(scale - 1) + error)
  }

  /// Nothing, where rounding is all there is to a value.
  private func withoutRounding(_ value: Double) -> Double {
    abs(value) > Self.roundings * Double.ulpOfOne * lawScale ? value : 0
  }

  /// Operations whose rounding adds up in a value.
  private static let roundings = 100.0

  /// The least value over inventories on the grid: where one would like to be, before the next move.
  private func hedgedValue(_ solution: FiniteHorizonSolution, _ e: Int, holding: Band, extrapolation: Double) -> Double
  {
    let centre = 0.5 * (holding.targetLower + holding.targetUpper)
    guard centre.isFinite else { return solution.value(regime: e, inventory: problem.inventory) + extrapolation }
    return solution.value(regime: e, inventory: centre) + extrapolation
  }

  private func ask(
    _ checks: inout [Check], name: String, cost: TradeCost, value: Double, error: Double, order: Double,
    difference: Double, band: Band,
    bandError: Double, share: (higher: Double, lower: Double), rollOut: RollOutEstimate
  ) {
    let unit = problem.market.quote
    // A value of nothing (an empty book) has no relative error: rounding stands in.
    let scale = abs(value) + lawScale * CertificationSettings.lawTolerance
    checks.append(
      Check(
        .valueError, regime: name, measured: error,
        atMost: max(CertificationSettings.valueTolerance * scale, trivialAmount), unit: unit))
    if abs(difference) > max(CertificationSettings.orderMatters * scale, trivialAmount) {
      checks.append(
        Check(.observedOrder, regime: name, measured: order, atLeast: CertificationSettings.leastOrder))
    }
    // Where there is nothing to hedge no edge is ever met; where trading is free there is no width.
    if band.width.isFinite, band.width > 0 || !cost.isZero, problem.book.grossQuantity + abs(problem.inventory) > 0 {
      checks.append(
        Check(
          .bandError, regime: name, measured: bandError,
          atMost: CertificationSettings.bandTolerance * band.width
            + CertificationSettings.lawTolerance * problem.book.grossQuantity, unit: problem.market.underlying))
    }
    let disorder = max(
      band.lower - band.targetLower, band.targetLower - band.targetUpper, band.targetUpper - band.upper)
    checks.append(
      Check(
        .edgesOrdered, regime: name, measured: disorder.isNaN ? 0 : disorder,
        atMost: CertificationSettings.lawTolerance * (1 + problem.book.grossQuantity), unit: problem.market.underlying))
    // Errors are homogeneous as the value is: of a change of costs by so much the grid gets that share of its error wrong, which
    // shows where no trade is ever worth its cost.
    checks.append(
      Check(
        .monotoneInCosts, regime: name, measured: share.lower - share.higher,
        atMost: CertificationSettings.lawTolerance * scale + Double.ulpOfOne * lawScale + 2 * CostShare.step * error,
        unit: unit))
    let allowance =
      CertificationSettings.rollOutDeviations * rollOut.extrapolated.standardError
      + abs(rollOut.discretisationError.mean) + error
    // A simulation that knows no error of its own confirms nothing.
    let isKnown = allowance.isFinite
    checks.append(
      Check(
        .rollOut, regime: name, measured: isKnown ? abs(rollOut.extrapolated.mean - value) : .infinity,
        atMost: isKnown ? max(allowance + CertificationSettings.lawTolerance * lawScale, trivialAmount) : error,
        unit: unit))
  }

  /// What nobody trades for: `CertificationSettings.trivialShare` of the least that trading the gross position once costs, in any
  /// regime [quote]; where trading is free somewhere `CertificationSettings.freeShare` of the risk left alone.
  var trivialAmount: Double {
    let quantity = problem.book.grossQuantity
    guard quantity > 0 else { return 0 }
    let least = problem.charges(units: quantity).least
    // Where trading is free there is no risk but that of the grid.
    return least > 0 ? CertificationSettings.trivialShare * least : CertificationSettings.freeShare * lawScale
  }

  /// The scale of rounding: the gamma risk of the whole gross position left alone, `½ a σ² S² q² T`, and one unit's trade
  /// [quote].
  var lawScale: Double {
    let volatility = problem.environment.regimes.map(\.volatility).max()!
    let exposure = volatility * problem.market.spot * problem.book.grossQuantity
    let ticket = problem.charges(units: 1).most
    return 0.5 * problem.preference.riskAversion * exposure * exposure * problem.horizon + ticket
  }

  // MARK: Roll-outs

  /// What all roll-outs of a certificate have in common, so that they see the same paths as finely.
  func rollOutSettings(checkEvery check: Double, isDetailed: Bool) -> RollOutSettings {
    var all = RollOutSettings(
      checkEvery: check, substeps: substeps(checkEvery: check), pathCount: settings.paths, seed: settings.seed,
      antithetic: true, detailed: isDetailed, threads: settings.threads)
    all.looksAtExpiries = reviewSeconds == nil
    return all
  }

  func rollOut(
    regime e: Int, policy: PolicyTable, check: Double, guide: LossGuide? = nil
  ) throws(CertificationError) -> RollOutEstimate {
    do {
      var settings = rollOutSettings(checkEvery: check, isDetailed: true)
      if guide != nil, let count = gradedChecks {
        settings.checkEvery = problem.horizon * problem.dayCount.secondsPerYear / Double(count)
        settings.graded = true
      }
      let rollOut = try RollOut(problem: problem.replacing(currentRegime: e), settings: settings)
      if let guide {
        return reviewSeconds == nil
          ? try rollOut.estimate(.table(policy), guide: guide)
          : try rollOut.estimateAsChecked(.table(policy), guide: guide)
      }
      return reviewSeconds == nil
        ? try rollOut.estimate(.table(policy)) : try rollOut.estimateAsChecked(.table(policy))
    } catch { throw .simulation(error) }
  }
}

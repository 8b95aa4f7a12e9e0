import Control
import Formulation
import Glibc
import Simulation

/// Solves a tracking problem and checks the variational inequalities everywhere, the error estimate, the closed form where
/// there is one, and a simulation by independent code.
///
/// Verification is a proof, not a sample: a smooth V and a number g with `LV + ℓ − g ≥ 0` and `V ≤ MV` everywhere and
/// complementarity bound the cost of every policy from below (Øksendal and Sulem 2007, theorem 9.2).
public struct TrackingCertifier: Sendable {
  public let problem: TrackingProblem
  public let settings: CertificationSettings
  /// Bands and values per regime of a result that is put to the questions instead of the solution just found; nil: its own.
  public var emitted: [(band: Band, value: Approximation)]?

  public init(problem: TrackingProblem, settings: CertificationSettings) {
    self.problem = problem
    self.settings = settings
  }

  /// Relative error that the spectral solution may have.
  static let errorTolerance = 1e-6
  /// Relative distance from the closed form that is allowed (the digits that the issue of bands needs, and rounding).
  static let closedFormTolerance = 1e-8

  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(CertificationError) -> Certificate {
    let solution: StationarySolution
    let classes: TrackingClasses
    do {
      let solver = StationarySolver(settings: StationarySettings(threads: settings.threads))
      solution = try solver.solve(problem)
      progress?(0.1)
      classes = try solver.classes(
        of: problem, optimum: solution,
        wanted: Set(settings.classes.compactMap { TrackingClass(rawValue: $0.rawValue) }))
    } catch { throw .stationary(error) }
    progress?(0.3)
    var checks: [Check] = []
    let residual = solution.residual
    let tolerance = solution.settings.verificationTolerance
    checks.append(Check(.equationResidual, measured: residual.equation, atMost: tolerance))
    checks.append(Check(.obstacleViolation, measured: residual.obstacle, atMost: tolerance))
    checks.append(Check(.tradingViolation, measured: residual.trading, atMost: tolerance))
    for regime in solution.regimes {
      let total = regime.cost.total
      checks.append(
        Check(
          .valueError, regime: regime.name, measured: total.error / max(abs(total.value), .leastNormalMagnitude),
          atMost: TrackingCertifier.errorTolerance))
      checks.append(
        Check(
          .bandError, regime: regime.name, measured: regime.bandError / regime.band.width,
          atMost: TrackingCertifier.errorTolerance))
      let band = regime.band
      let disorder = max(
        band.lower - band.targetLower, band.targetLower - band.targetUpper, band.targetUpper - band.upper)
      checks.append(
        Check(
          .edgesOrdered, regime: regime.name, measured: disorder,
          atMost: CertificationSettings.lawTolerance * band.width))
    }
    let closedForm = closedFormCost
    if let closedForm {
      let cost = solution.regimes[0].cost.total.value
      checks.append(
        Check(
          .closedForm, measured: abs(cost - closedForm) / closedForm, atMost: TrackingCertifier.closedFormTolerance))
    }
    check(classes, &checks)
    if let emitted { confront(emitted, solution, &checks) }
    let starts = problem.distinctStarts
    let bands = emitted?.map(\.band) ?? solution.regimes.map(\.band)
    var simulated: (result: TrackingResult, step: Double)?
    for e in starts {
      let found = try rollOut(bands, solution.regimes[e].cost.total, .rollOut, &checks, from: e)
      if e == starts[0] { simulated = found }
    }
    progress?(0.7)
    let chosen = TrackingCertifier.simulatedClasses.first { classes[$0] != nil }
    var classSimulated: TrackingResult?
    if let chosen, let regimes = classes[chosen]?.regimes {
      classSimulated = try rollOut(
        regimes.compactMap(\.band), regimes[0].cost.total, .classRollOut, &checks, name: chosen.rawValue)?.result
    }
    progress?(1)
    return Certificate(
      answer: .tracking(
        TrackingAnswer(
          problem: problem, solution: solution, rollOut: simulated?.result, classes: classes,
          classRollOut: classSimulated, simulatedClass: classSimulated == nil ? nil : chosen,
          rollOutStep: simulated?.step, closedFormCost: closedForm)),
      checks: checks)
  }

  /// Whether stated bands and values are those found again.
  private func confront(
    _ emitted: [(band: Band, value: Approximation)], _ solution: StationarySolution, _ checks: inout [Check]
  ) {
    for (stated, regime) in zip(emitted, solution.regimes) {
      let total = regime.cost.total
      checks.append(
        Check(
          .emittedValue, regime: regime.name, measured: abs(stated.value.value - total.value),
          atMost: stated.value.error + total.error + CertificationSettings.lawTolerance * abs(total.value)))
      checks.append(
        Check(
          .emittedBand, regime: regime.name, measured: stated.band.largestDifference(regime.band),
          atMost: regime.bandError + CertificationSettings.lawTolerance * regime.band.width))
    }
  }

  private var closedFormCost: Double? {
    guard problem.regimes.count == 1, problem.criterion == .longRunAverage, problem.regimes[0].isBrownian,
      problem.regimes[0].drift == 0, problem.regimes[0].runningCost.isPlain,
      problem.costs[0].proportionalBuy == problem.costs[0].proportionalSell
    else { return nil }
    return StationaryClosedForm(
      runningCost: problem.regimes[0].runningCost.above, volatility: problem.regimes[0].volatility,
      fixed: problem.costs[0].fixed, proportional: problem.costs[0].proportionalBuy
    ).optimum.cost
  }

  /// Classes that the roll-out can run, the first that exists is taken. Watched every δ their edges act further out by
  /// 0.5826 η√δ, to which the cost of these classes is flat, so that the extrapolation in δ holds.
  private static let simulatedClasses = [TrackingClass.recentre, .inner]

  /// No class may be better than the optimum by more than the errors that the two state, and each knows its cost.
  private func check(_ classes: TrackingClasses, _ checks: inout [Check]) {
    for solution in classes.solved where solution.policyClass != .optimal {
      let name = solution.policyClass.rawValue
      for (regime, state) in zip(solution.regimes, problem.regimes) {
        checks.append(
          Check(
            .classBelowOptimum, regime: state.name, policyClass: name, measured: max(0, -regime.loss.value),
            atMost: regime.loss.error + CertificationSettings.lawTolerance))
      }
      let errors = solution.regimes.map {
        $0.cost.total.error / max(abs($0.cost.total.value), .leastNormalMagnitude)
      }
      checks.append(
        Check(.classError, policyClass: name, measured: errors.max()!, atMost: TrackingCertifier.errorTolerance))
    }
  }

  /// - Parameter name: of the class, for the check.
  private func rollOut(
    _ bands: [Band], _ cost: Approximation, _ kind: Check.Kind, _ checks: inout [Check], from regime: Int = 0,
    name: String? = nil
  ) throws(CertificationError) -> (result: TrackingResult, step: Double)? {
    let plan: TrackingRollOutPlan
    do { plan = try TrackingRollOutPlan(problem, bands: bands, certification: settings, from: regime) } catch {
      return nil
    }
    do {
      let rollOut = try TrackingRollOut(problem: problem, settings: plan.settings)
      let result = try rollOut.run(bands: bands)
      let allowance =
        CertificationSettings.rollOutDeviations * result.extrapolatedCost.standardError
        + abs(result.discretisationError.mean) + cost.error
      checks.append(
        Check(
          kind, regime: name != nil || problem.distinctStarts.count == 1 ? nil : problem.regimes[regime].name,
          policyClass: name, measured: abs(result.extrapolatedCost.mean - cost.value), atMost: allowance))
      return (result, plan.settings.step)
    } catch { throw .simulation(error) }
  }
}

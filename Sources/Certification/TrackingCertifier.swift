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

  public init(problem: TrackingProblem, settings: CertificationSettings) {
    self.problem = problem
    self.settings = settings
  }

  /// Relative error that the spectral solution may have.
  static let errorTolerance = 1e-6
  /// Relative distance from the closed form that is allowed (the digits that the issue of bands needs, and rounding).
  static let closedFormTolerance = 1e-8
  /// The roll-out's step in units of the fastest time (half-width/η)² of any regime.
  private static let stepShare = 1e-3
  /// Simulated time of one batch and of the burn-in, in units of the slowest time scale.
  private static let batchLengths = 20.0
  private static let burnInLengths = 5.0
  /// Steps that one roll-out may take in all.
  private static let stepBudget = 4e7

  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(CertificationError) -> Certificate {
    let solution: StationarySolution
    do { solution = try StationarySolver().solve(problem) } catch { throw .stationary(error) }
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
    let simulated = try rollOut(solution, checks: &checks)
    progress?(1)
    return Certificate(
      answer: .tracking(
        TrackingAnswer(
          problem: problem, solution: solution, rollOut: simulated?.result, rollOutStep: simulated?.step,
          closedFormCost: closedForm)),
      checks: checks)
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

  private func rollOut(
    _ solution: StationarySolution, checks: inout [Check]
  ) throws(CertificationError) -> (result: TrackingResult, step: Double)? {
    guard problem.criterion == .longRunAverage else { return nil }
    let times = zip(solution.regimes, problem.regimes).map { pow(0.5 * $0.band.width / $1.volatility, 2) }
    let leaving = problem.generator.rates.enumerated().map { -$1[$0] }.filter { $0 > 0 }
    // A regime that is hardly ever left never mixes with the others; its average is then its own.
    let slowest = max(times.max()!, leaving.map { 1 / $0 }.max() ?? 0)
    let step = TrackingCertifier.stepShare * times.min()!
    let length = TrackingCertifier.batchLengths * slowest
    let replicas = 64
    let batches = 8
    let budgetStep =
      (TrackingCertifier.burnInLengths * slowest + length * Double(batches)) * Double(replicas)
      / TrackingCertifier.stepBudget
    let used = max(step, budgetStep)
    do {
      let rollOut = try TrackingRollOut(
        problem: problem,
        settings: TrackingSettings(
          step: used, burnIn: TrackingCertifier.burnInLengths * slowest, batchLength: length, batchCount: batches,
          replicaCount: replicas, seed: settings.seed, threads: settings.threads))
      let result = try rollOut.run(bands: solution.regimes.map(\.band))
      let cost = solution.regimes[0].cost.total
      let allowance =
        CertificationSettings.rollOutDeviations * result.extrapolatedCost.standardError
        + abs(result.discretisationError.mean) + cost.error
      checks.append(
        Check(.rollOut, measured: abs(result.extrapolatedCost.mean - cost.value), atMost: allowance))
      return (result, used)
    } catch { throw .simulation(error) }
  }
}

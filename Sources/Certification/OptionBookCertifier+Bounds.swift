import Control
import Formulation
import Glibc
import Simulation

/// Both bounds per regime, or why there are none.
public enum BookBounds: Sendable {
  case found([LowerBoundResult])
  case none(LowerBound.Obstacle)
}

extension OptionBookCertifier {
  /// What no policy can cost less than (control.md §9), from every regime, and whether the solution agrees.
  ///
  /// - Parameters:
  ///   - policy: what is emitted and rolled out.
  ///   - middle: whose values make the penalty; the bound holds whatever they are.
  ///   - regimes: the values to agree with, extrapolated, with their errors.
  func bounds(
    policy: PolicyTable, middle: FiniteHorizonSolution, regimes: [OptionBookAnswer.Regime],
    checks: inout [Check]
  ) throws(CertificationError) -> BookBounds {
    if let obstacle = LowerBound.obstacle(to: problem) { return .none(obstacle) }
    guard let table = middle.table else { return .none(.generalTrades) }
    var results: [LowerBoundResult] = []
    for (e, regime) in regimes.enumerated() {
      let result: LowerBoundResult
      do throws(SimulationError) {
        result = try LowerBound(
          problem: problem.replacing(currentRegime: e), values: table, settings: boundSettings(regime)
        ).run(policy)
      } catch { throw .simulation(error) }
      results.append(result)
      let bounds = result.bounds
      let (value, error) = (regime.value.value - regime.markJump, regime.value.error)
      let unit = problem.market.quote
      // A value can be nothing, or less, where the drift pays for the hedge; what trades cost is a scale then.
      let rounding = CertificationSettings.lawTolerance * lawScale
      let scale = max(abs(value), abs(regime.trading.value)) + rounding
      checks.append(
        Check(
          .belowBound, regime: regime.name, measured: bounds.lower.mean - value,
          atMost: CertificationSettings.rollOutDeviations * bounds.lower.standardError + error + rounding, unit: unit))
      guard GapNotAsked(problem, band: regime.band) == nil else { continue }
      checks.append(
        Check(
          .boundGap, regime: regime.name, measured: bounds.gap.mean,
          atMost: max(
            CertificationSettings.gapTolerance * scale
              + CertificationSettings.gapDeviations * bounds.gap.standardError, trivialAmount), unit: unit))
    }
    return .found(results)
  }

  /// Decisions as dense as the policy's trades ask for, and the fewer paths the denser they are: what a step leaves to chance
  /// falls with its length.
  private func boundSettings(_ regime: OptionBookAnswer.Regime) -> LowerBoundSettings {
    let isContinuous = reviewSeconds == nil
    let trades = regime.rollOut.result[.tradeCount].mean
    let wanted = CertificationSettings.checksPerTrade * trades / Double(settings.checksPerPath)
    let halvings = isContinuous ? max(0, min(CertificationSettings.mostHalvings, log2(wanted).rounded(.up))) : 0
    let parts = exp2(halvings)
    // Reviews that are denser than the densest checks make a path as much longer.
    let excess = isContinuous ? 1 : max(1, densestCheck / rollOutCheck)
    let steps = excess * parts * Double(rollOutSubsteps)
    let least = CertificationSettings.leastBoundPaths
    return LowerBoundSettings(
      checkEvery: rollOutCheck / parts, substeps: rollOutSubsteps, isContinuous: isContinuous,
      pathCount: least * max(1, Int(Double(settings.boundPaths) / (steps * Double(least)))),
      enough: CertificationSettings.boundPrecision * abs(regime.value.value), seed: settings.seed,
      threads: settings.threads)
  }
}

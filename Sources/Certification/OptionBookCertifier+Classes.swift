import Control
import Formulation
import Simulation

/// What the certificate asks of the policy classes.
extension OptionBookCertifier {
  /// Classes that the roll-out can run from a table, the first that exists is taken. They trade to inner targets, so that
  /// looking every δ changes their cost by an amount that the extrapolation in δ takes away.
  private static let simulatedClasses = [BookClass.recentre, .inner, .constantBand]

  /// No class is cheaper than the optimum, and one of them is rolled out by independent code from the current regime.
  func confront(
    _ classes: BookClasses, _ regimes: [OptionBookAnswer.Regime], check: Double, checks: inout [Check]
  ) throws(CertificationError) -> (bookClass: BookClass, estimate: RollOutEstimate)? {
    let unit = problem.market.quote
    for solution in classes.solved where solution.bookClass != .optimal && solution.bookClass != .edge {
      for (e, regime) in solution.regimes.enumerated() {
        let allowed =
          regime.excess.error + classes.sharedError(regime: e) + regimes[e].value.error
        checks.append(
          Check(
            .classBelowOptimum, regime: regimes[e].name, policyClass: solution.bookClass.rawValue,
            measured: max(0, -regime.excess.value), atMost: allowed, unit: unit))
      }
    }
    let e = problem.market.currentRegime
    let chosen = Self.simulatedClasses.lazy.compactMap { classes[$0] }.first
    guard let chosen, let table = chosen.table else { return nil }
    let estimate = try rollOut(regime: e, policy: table, check: check)
    let regime = regimes[e]
    let expected = regime.value.value - regime.markJump + chosen.regimes[e].excess.value
    let allowance =
      CertificationSettings.rollOutDeviations * estimate.extrapolated.standardError
      + abs(estimate.discretisationError.mean) + regime.value.error + chosen.regimes[e].excess.error
      + classes.sharedError(regime: e)
    checks.append(
      Check(
        .classRollOut, regime: regime.name, policyClass: chosen.bookClass.rawValue,
        measured: abs(estimate.extrapolated.mean - expected), atMost: allowance, unit: unit))
    return (chosen.bookClass, estimate)
  }
}

extension OptionBookAnswer {
  /// Whether the optimum trades to the edge: without a fixed cost the two classes are one.
  public var isEdgeOptimal: Bool { problem.costs.allSatisfy { $0.leastFixed == 0 && $0.isPlain } }

  /// Classes without numbers, and why; the edge is not among them where its numbers are the optimum's.
  public var omittedClasses: [BookClasses.Omitted] {
    classes.omitted.filter { !($0.bookClass == .edge && isEdgeOptimal) }
  }

  /// A class's loss as a share of the optimum, which the jumps of marks are a part of.
  public func loss(_ solution: BookClassSolution, regime e: Int) -> Approximation {
    let scale = max(abs(regimes[e].value.value), .leastNormalMagnitude)
    let excess = solution.regimes[e].excess
    if solution.bookClass == .optimal || solution.bookClass == .edge { return Approximation(value: 0, error: 0) }
    return Approximation(value: excess.value / scale, error: (excess.error + classes.sharedError(regime: e)) / scale)
  }
}

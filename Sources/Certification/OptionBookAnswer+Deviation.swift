import Formulation
import Simulation

extension OptionBookAnswer.Regime {
  /// The deviation of the hedged book as the independent simulation shows it, `√(2 R/a)` with the mean R of gamma risk and
  /// marks' jumps over paths [quote]; its error by the delta method, the parts' errors added.
  ///
  /// Looking now and then rather than without pause, the simulation overshoots the band and so deviates by a little more.
  public func hedgingDeviation(in problem: OptionBookProblem) -> Simulation.Estimate {
    let parts = [rollOut.result[.gammaRisk], rollOut.result[.markJumpRisk]]
    let aversion = problem.preference.riskAversion
    let deviation = (2 * parts.reduce(0) { $0 + $1.mean } / aversion).squareRoot()
    let error = parts.reduce(0) { $0 + $1.standardError }
    return Simulation.Estimate(
      mean: deviation, standardError: deviation > 0 ? error / (aversion * deviation) : 0)
  }
}

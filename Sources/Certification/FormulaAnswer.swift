import Control
import Formulation
import Simulation

/// What a formula says of an option book, what it costs when it is followed, and what that is more than the optimum.
///
/// Nothing here says that the formula is right: its cost is an upper bound by simulation, and its loss the distance to a solution
/// that has a certificate of its own.
public struct FormulaAnswer: Sendable {
  public let rule: FormulaRule
  public let regimes: [Regime]

  /// From one regime, at today's spot and the problem's inventory.
  public struct Regime: Sendable {
    /// In net delta D at the problem's marks [units].
    public let band: Band
    /// The same band in inventory y [units].
    public let holding: Band
    /// J of the formula without the jump-of-mark part [quote]: for bands monitored without pause, by extrapolation from looks; for a
    /// rule of the clock as it is.
    public let total: Simulation.Estimate
    /// Its trading and settlement costs [quote].
    public let trading: Simulation.Estimate
    public let trades: Simulation.Estimate
    /// J of the formula minus J of the optimum on the same paths [quote]; the standard error is of sampling.
    public let loss: Simulation.Estimate
    /// What looking now and then leaves unknown of the loss [quote].
    public let lossError: Double
  }

  /// Seconds between decisions; nil: monitored without pause.
  public func secondsBetweenDecisions(in problem: OptionBookProblem) -> Double? {
    rule.interval.map { $0 * problem.dayCount.secondsPerYear }
  }
}

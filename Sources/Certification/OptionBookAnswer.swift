import Control
import Formulation
import Simulation

/// Everything that is said of an option book, with errors.
public struct OptionBookAnswer: Sendable {
  public let problem: OptionBookProblem
  public let solution: FiniteHorizonSolution
  /// The same on the next coarser grid, from which errors are estimated.
  let coarser: FiniteHorizonSolution
  /// Reservation prices on the coarser and the finest grid; empty without exponential utility.
  let prices: [ReservationPrices]
  public let regimes: [Regime]
  /// What no policy can cost less than.
  public let bounds: BookBounds
  /// Other ways to hedge the same book from the current regime, on common random numbers.
  public let rivals: [Rival]
  /// Every policy class at its own optimum.
  public let classes: BookClasses
  /// Independent simulation of one class from the current regime; nil where none was simulated.
  public let classRollOut: RollOutEstimate?
  /// Which class that is.
  public let simulatedClass: BookClass?
  /// Null when the regimes are one.
  public let decomposition: RegimeDecomposition?
  /// Seconds between the roll-out's checks.
  public let rollOutCheck: Double
  /// Observed order of the value over three grids, per regime.
  public let settings: CertificationSettings
  /// A formula that was followed beside the solution; nil when none was asked for.
  public internal(set) var formula: FormulaAnswer?

  /// The policy that was asked for: the formula's, else the solved one.
  public var policy: PolicyTable { formula?.rule.table ?? problem.readable(solution.policy) }

  /// Its name as a class.
  public var policyName: String { formula?.rule.formula.rawValue ?? "optimal" }

  /// The answer in one regime, at today's spot and the problem's inventory.
  public struct Regime: Sendable {
    public let name: String
    /// J [quote], extrapolated to a grid without spacing, with the jump-of-mark part.
    public let value: Approximation
    /// Expected trading and settlement costs [quote].
    public let trading: Approximation
    /// The rest of J: risk and carry [quote], the jump-of-mark part included.
    public let risk: Approximation
    /// The part of the risk that is the mark's jump when regimes switch; no policy changes it [quote].
    public let markJump: Double
    /// J when the first trade to the band has been made already [quote].
    public let valueWhenHedged: Double
    /// In net delta D [units].
    public let band: Band
    /// The largest error estimate of the band's four numbers [units].
    public let bandError: Double
    /// The same band in inventory y [units].
    public let holding: Band
    /// Observed order of convergence of the value.
    public let order: Double
    /// Expected seconds from the target (with a fixed cost) or the band's centre to the next trade or the horizon.
    public let timeToTrade: Double
    /// Whether `timeToTrade` starts from the targets.
    public let startsAtTarget: Bool
    public let rollOut: RollOutEstimate
    /// Seconds between checks at which not monitoring continuously costs 1 % of J, from the roll-out; nil when it is too
    /// small to be told from its standard error.
    public let check: Double?
  }

  /// A rule that is not ours.
  public struct Rival: Sendable {
    public let name: String
    /// Seconds between its trades.
    public let interval: Double
    /// J, trading cost and risk [quote], each with its standard error.
    public let total: Simulation.Estimate
    public let trading: Simulation.Estimate
    public let risk: Simulation.Estimate
    /// J of the band on the same paths, looked at as often as these are followed [quote].
    public let band: Simulation.Estimate
    /// J of the rule minus that [quote].
    public let excess: Simulation.Estimate
  }
}

import Control
import Formulation
import Simulation

/// Everything that is said of a tracking problem, with errors.
public struct TrackingAnswer: Sendable {
  public let problem: TrackingProblem
  public let solution: StationarySolution
  /// Independent simulation of the bands, of a discounted cost from the first regime; nil where `notSimulated` says why not.
  public let rollOut: TrackingResult?
  /// Every policy class at its own optimum.
  public let classes: TrackingClasses
  /// Independent simulation of one class beside the optimum; nil where none was simulated.
  public let classRollOut: TrackingResult?
  /// Which class that is.
  public let simulatedClass: TrackingClass?
  /// Time between the roll-out's checks [unit of time of the problem].
  public let rollOutStep: Double?
  /// The closed form's cost where the problem has one: a single regime without drift, long-run average.
  public let closedFormCost: Double?

  /// Why an answer has no simulation.
  public enum NotSimulated: String, Sendable {
    /// The fastest and the slowest times lie too far apart for its budget.
    case timeScales
  }

  public var notSimulated: NotSimulated? { rollOut == nil ? .timeScales : nil }
}

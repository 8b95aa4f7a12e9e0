import Control
import Formulation
import Simulation

/// Everything that is said of a tracking problem, with errors.
public struct TrackingAnswer: Sendable {
  public let problem: TrackingProblem
  public let solution: StationarySolution
  /// Independent simulation of the bands; nil for a discounted criterion, which the roll-out does not cover.
  public let rollOut: TrackingResult?
  /// Time between the roll-out's checks [unit of time of the problem].
  public let rollOutStep: Double?
  /// The closed form's cost where the problem has one: a single regime without drift, long-run average.
  public let closedFormCost: Double?
}

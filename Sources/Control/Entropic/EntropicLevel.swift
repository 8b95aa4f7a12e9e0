import Formulation
import Glibc

/// What a step of `EntropicMarch` needs that does not follow from the solution, prepared one step ahead as `MarchTerms` are.
///
/// `@unchecked Sendable`: written by one thread while nobody reads.
final class EntropicLevel: @unchecked Sendable {
  private let problem: OptionBookProblem
  private let grid: FiniteHorizonGrid
  private let marks: BookTable
  var terms: EntropicTerms
  private(set) var scheme = BackwardDifference(step: 1, ratio: 0)
  /// The book's delta at its marks, per node [units].
  private(set) var delta: [Double]
  /// How far the frictionless delta moves until the end of the segment, per node [units].
  let diffusion: NodeArray<Double>
  /// `e^{r(T−t)}`.
  private(set) var growth = 1.0
  /// Whether a segment begins with this step.
  private(set) var isOpening = false
  private var segmentEnd = 0.0

  init(problem: OptionBookProblem, grid: FiniteHorizonGrid, marks: BookTable, terms: EntropicTerms) {
    self.problem = problem
    self.grid = grid
    self.marks = marks
    self.terms = terms
    let nodes = grid.logSpots.count * problem.environment.count
    delta = Array(repeating: 0, count: nodes)
    diffusion = NodeArray(repeating: 0.0, count: nodes)
  }

  func deallocate() { diffusion.deallocate() }

  /// For the step to a level.
  ///
  /// - Parameter before: that of the step before; nil for the first.
  func prepare(level: Int, after before: EntropicLevel?) {
    let time = grid.times[level]
    scheme = grid.step(to: level)
    isOpening = grid.isSegmentEnd[level + 1]
    segmentEnd = isOpening ? grid.times[level + 1] : before!.segmentEnd
    let logGrowth = problem.market.rate * (problem.horizon - time)
    growth = exp(logGrowth)
    terms.update(time: time)
    marks.deltas(at: time, logShift: -logGrowth, into: &delta)
    grid.diffusions(of: terms.bookDelta, in: problem.environment, remaining: segmentEnd - time, into: diffusion)
  }
}

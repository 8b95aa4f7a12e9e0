import Formulation

/// The expectation of `½ a ∫ Σ q (V_{e'} − V_e)² dt`, the jumps of marks when regimes switch, as a line that rides along with a
/// march [quote]: no policy changes it.
struct MarkJumpLine {
  private let problem: OptionBookProblem
  private let book: BookTable
  private let jumps: JumpOperator?
  private let isMoving: Bool
  private var line: SingleLine
  private var marks: [Double]

  /// - Parameters:
  ///   - jumps: of a price that jumps, on values.
  ///   - isFollowed: whether anybody asks.
  init(problem: OptionBookProblem, book: BookTable, jumps: JumpOperator?, count: Int, isFollowed: Bool = true) {
    self.problem = problem
    self.book = book
    self.jumps = jumps
    isMoving = isFollowed && book.jumpsOnSwitching && problem.environment.count > 1
    line = SingleLine(count: count)
    marks = Array(repeating: 0, count: count)
  }

  /// Per node `[row × regime]`.
  var risk: [Double] { line.recent }

  /// Steps to a time [years from the valuation].
  mutating func advance(to time: Double, _ system: LineSystem, _ scheme: BackwardDifference) {
    guard isMoving else { return }
    book.values(at: time, into: &marks)
    line.advance(system, scheme, jumps: jumps) { node in
      0.5 * problem.preference.riskAversion * problem.environment.jumpVariance(of: marks, node: node)
    }
  }
}

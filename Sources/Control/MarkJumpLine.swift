import Formulation

/// The expectation of `½ a ∫ Σ q (V_{e'} − V_e)² dt`, the jumps of marks when regimes switch, as a line that rides along with a
/// march [quote]: no policy changes it.
struct MarkJumpLine {
  private let problem: OptionBookProblem
  private let book: BookTable
  private let jumps: JumpOperator?
  private let variance: MarkJumpVariance
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
    variance = MarkJumpVariance(problem.environment)
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
    let weight = 0.5 * problem.preference.riskAversion
    variance.withRates(of: marks) { rate in
      line.advance(system, scheme, jumps: jumps) { node in weight * rate(node) }
    }
  }
}

/// `Σ q_{ee'} (V_{e'} − V_e)²` at a node `[row × regime]`, over the switches that leave the price where it is: the variance
/// rate of marks that jump with the regime, which no inventory changes [quote²/year].
struct MarkJumpVariance {
  private let count: Int
  /// `[from × to]`; zero where nothing is to be added.
  private let rates: [Double]

  init(_ chain: EnvironmentChain) {
    count = chain.count
    rates = (0..<(chain.count * chain.count)).map { index in
      let (from, to) = (index / chain.count, index % chain.count)
      return from == to || chain.switchJump(from: from, to: to) != 0 ? 0 : chain.generator.rates[from][to]
    }
  }

  /// Calls `body` with the rate by node.
  func withRates(of marks: [Double], _ body: ((Int) -> Double) -> Void) {
    let count = count
    rates.withUnsafeBufferPointer { rates in
      marks.withUnsafeBufferPointer { marks in
        body { node in
          let from = node % count
          var rate = 0.0
          for to in 0..<count where rates[from * count + to] != 0 {
            let jump = marks[node - from + to] - marks[node]
            rate += rates[from * count + to] * jump * jump
          }
          return rate
        }
      }
    }
  }
}

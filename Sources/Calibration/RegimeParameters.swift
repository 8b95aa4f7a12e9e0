// A Gaussian hidden Markov chain in units of one step. Years enter elsewhere.

/// Parameters of a hidden Markov chain whose states emit normal returns.
///
/// In state e a return over τ steps is N(m_e τ, v_e τ); between neighbouring steps the state moves by `transition`.
/// Shapes: `means[e]` [1/step], `variances[e]` [1/step], `transition[from · states + to]`, rows sum to 1.
public struct RegimeParameters: Equatable, Sendable {
  /// Mean log return per step m_e.
  public var means: [Double]
  /// Variance of the log return per step v_e, positive.
  public var variances: [Double]
  /// Transition probabilities per step, row by row.
  public var transition: [Double]

  /// The number of states.
  public var states: Int { means.count }

  /// Parameters; throws `wrongShape`, `outOfRange` for a variance that is not positive, `notStochastic`.
  public init(means: [Double], variances: [Double], transition: [[Double]]) throws(CalibrationError) {
    let states = means.count
    guard states >= 1, states <= RegimeModel.mostRegimes else {
      throw .outOfRange(
        argument: "regimes", value: Double(states), lowest: 1, highest: Double(RegimeModel.mostRegimes))
    }
    guard variances.count == states else { throw .wrongShape(expected: states, found: variances.count) }
    guard transition.count == states else { throw .wrongShape(expected: states, found: transition.count) }
    for variance in variances where !(variance > 0 && variance.isFinite) {
      throw .outOfRange(argument: "variance", value: variance, lowest: 0, highest: .infinity)
    }
    for row in 0..<states {
      guard transition[row].count == states else { throw .wrongShape(expected: states, found: transition[row].count) }
      try MarkovChain.check(row: transition[row], index: row)
    }
    self.init(unchecked: means, variances, transition.flatMap { $0 })
  }

  init(unchecked means: [Double], _ variances: [Double], _ transition: [Double]) {
    self.means = means
    self.variances = variances
    self.transition = transition
  }

  /// The chain's stationary law.
  public var stationary: [Double] { MarkovChain.stationaryLaw(transition, states: states) }

  /// The transition matrix as rows.
  public var transitionRows: [[Double]] {
    (0..<states).map { Array(transition[$0 * states..<($0 + 1) * states]) }
  }

  /// The same chain with the states in another order: state k of the result is state `order[k]`.
  public func reordered(_ order: [Int]) -> RegimeParameters {
    RegimeParameters(
      unchecked: order.map { means[$0] }, order.map { variances[$0] },
      order.flatMap { from in order.map { to in transition[from * states + to] } })
  }

  /// The same chain with the states in ascending order of variance.
  public var orderedByVariance: RegimeParameters {
    reordered((0..<states).sorted { (variances[$0], $0) < (variances[$1], $1) })
  }
}

/// Facts about finite Markov chains; matrices are row by row.
enum MarkovChain {
  /// Rows may miss the sum 1 by rounding of this many units: sums of at most eight numbers.
  static let rowTolerance = 1e-12

  static func check(row: [Double], index: Int) throws(CalibrationError) {
    let sum = row.reduce(0, +)
    guard row.allSatisfy({ $0 >= 0 }), abs(sum - 1) <= rowTolerance else {
      throw .notStochastic(row: index, sum: sum)
    }
  }

  /// The stationary law π P = π.
  ///
  /// State reduction without subtractions, so that every component has a small relative error however nearly the
  /// chain decomposes: W. K. Grassmann, M. I. Taksar and D. P. Heyman, "Regenerative analysis and steady state
  /// distributions for Markov chains", Operations Research 33 (1985). A chain with several closed classes has no
  /// unique law; the reduction then returns one of them.
  /// *Verified by* `MarkovChainTests.stationaryLaw`.
  static func stationaryLaw(_ transition: [Double], states: Int) -> [Double] {
    var reduced = transition
    for last in stride(from: states - 1, to: 0, by: -1) {
      var leaving = 0.0
      for to in 0..<last { leaving += reduced[last * states + to] }
      guard leaving > 0 else { continue }
      for from in 0..<last {
        reduced[from * states + last] /= leaving
        for to in 0..<last {
          reduced[from * states + to] += reduced[from * states + last] * reduced[last * states + to]
        }
      }
    }
    var law = [Double](repeating: 0, count: states)
    law[0] = 1
    var total = 1.0
    for state in 1..<max(states, 1) {
      for from in 0..<state { law[state] += law[from] * reduced[from * states + state] }
      total += law[state]
    }
    return law.map { $0 / total }
  }

  /// `left · right`.
  static func product(_ left: [Double], _ right: [Double], states: Int) -> [Double] {
    var result = [Double](repeating: 0, count: states * states)
    for row in 0..<states {
      for middle in 0..<states {
        let factor = left[row * states + middle]
        for column in 0..<states { result[row * states + column] += factor * right[middle * states + column] }
      }
    }
    return result
  }

  /// P⁰ … P^highest.
  static func powers(_ transition: [Double], states: Int, highest: Int) -> [[Double]] {
    var identity = [Double](repeating: 0, count: states * states)
    for state in 0..<states { identity[state * states + state] = 1 }
    var result = [identity]
    for _ in 0..<highest { result.append(product(result[result.count - 1], transition, states: states)) }
    return result
  }
}

import Glibc

// Which regime are we in? One Bayes step per return, as a production rebalancer runs it.

/// The streaming regime filter.
///
/// Prediction over k steps `p ← p P^k`, then `p_e ← p_e n(r; m_e τ, v_e τ)` normalised, where τ is the elapsed time in
/// steps and k = max(1, τ rounded). Before the first return, and after a hole longer than `longestGap`, the prediction
/// is the stationary law. A return over such a hole is not used.
/// This is plain arithmetic on plain numbers, written apart from the batch recursion so that the two check each other.
/// *Verified by* `OnlineFilterTests.equalsBatchFilter`.
public struct OnlineFilter: Equatable, Sendable {
  /// Mean and variance of the log return per step, by regime.
  public let means: [Double]
  public let variances: [Double]
  /// Transition probabilities per step.
  public let transition: [[Double]]
  /// The stationary law.
  public let stationary: [Double]
  /// Longest hole that is bridged [steps].
  public let longestGap: Int
  /// Regime probabilities given every return so far; the stationary law before any.
  public private(set) var probabilities: [Double]
  /// Log likelihood of the returns so far.
  public private(set) var logLikelihood = 0.0
  private var restarted = true

  /// A filter that has seen no return.
  public init(_ parameters: RegimeParameters, longestGap: Int = LogReturns.defaultLongestGap) {
    means = parameters.means
    variances = parameters.variances
    transition = parameters.transitionRows
    stationary = parameters.stationary
    self.longestGap = longestGap
    probabilities = stationary
  }

  /// Forgets the past: the next return is met by the stationary law.
  public mutating func restart() {
    probabilities = stationary
    restarted = true
  }

  /// The most probable regime; the calmer of equally probable ones.
  public var mostProbable: Int {
    probabilities.indices.max { (probabilities[$0], -$0) < (probabilities[$1], -$1) } ?? 0
  }

  /// Takes one log return over so many steps.
  ///
  /// Throws `outOfRange` for a return that is not finite or an elapsed time that is not positive; the state is then
  /// unchanged.
  public mutating func update(logReturn: Double, elapsedSteps: Double = 1) throws(CalibrationError) {
    guard logReturn.isFinite else {
      throw .outOfRange(argument: "return", value: logReturn, lowest: -.infinity, highest: .infinity)
    }
    guard elapsedSteps > 0, elapsedSteps.isFinite else {
      throw .outOfRange(argument: "elapsed", value: elapsedSteps, lowest: 0, highest: .infinity)
    }
    let steps = max(1, elapsedSteps.rounded())
    if steps > Double(longestGap) {
      restart()
      return
    }
    var predicted = probabilities
    if !restarted {
      for _ in 0..<Int(steps) {
        let law = predicted
        for to in predicted.indices {
          predicted[to] = law.indices.reduce(0) { $0 + law[$1] * transition[$1][to] }
        }
      }
    }
    restarted = false
    let logs = predicted.indices.map { state in
      let deviation = logReturn - means[state] * elapsedSteps
      let variance = variances[state] * elapsedSteps
      return log(predicted[state]) - 0.5 * log(2 * Double.pi * variance) - 0.5 * deviation * deviation / variance
    }
    let largest = logs.max() ?? 0
    let weights = logs.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    probabilities = weights.map { $0 / total }
    logLikelihood += largest + log(total)
  }
}

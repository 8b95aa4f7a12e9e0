import Glibc

// Baum–Welch: expectation, maximisation, and when to stop.

/// One run of the expectation–maximisation algorithm.
struct EMRun: Sendable {
  var parameters: RegimeParameters
  /// Log likelihood of `parameters` at the last expectation step.
  var logLikelihood: Double
  /// Log likelihood at each expectation step.
  var trace: [Double]
  var converged: Bool
  /// Whether the variance floor was active in the last maximisation.
  var onFloor: Bool
  var iterations: Int { trace.count }
}

/// The algorithm's two steps and its stopping rule.
///
/// Each iteration raises the likelihood or leaves it: A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood
/// from incomplete data via the EM algorithm", JRSS B 39 (1977), theorem 1.
/// *Verified by* `ExpectationMaximisationTests.likelihoodNeverDecreases`.
enum ExpectationMaximisation {
  /// A transition probability is never rounded to zero: an outlier at which every other density underflows would then
  /// have no likelihood at all. This is far below the rounding of a row's sum.
  static let leastProbability = 1e-100
  /// Halvings of a transition update that the law of the restarts forbids, before the old one is kept.
  static let mostHalvings = 12

  /// Iterates until one iteration gains less than `tolerance`·(1 + |log likelihood|), or `most` iterations are done.
  static func run(
    _ data: inout ForwardBackward, from start: RegimeParameters, tolerance: Double, most: Int, varianceFloor: Double
  ) -> EMRun {
    var run = EMRun(parameters: start, logLikelihood: -.infinity, trace: [], converged: false, onFloor: false)
    var next = start
    while run.iterations < most {
      let expectations = data.expectations(next)
      let gain = expectations.logLikelihood - run.logLikelihood
      run.parameters = next
      run.logLikelihood = expectations.logLikelihood
      run.trace.append(expectations.logLikelihood)
      if run.iterations > 1, gain <= tolerance * (1 + abs(run.logLikelihood)) {
        run.converged = true
        return run
      }
      (next, run.onFloor) = maximised(next, expectations, varianceFloor: varianceFloor)
    }
    return run
  }

  /// The maximisation step.
  ///
  /// `m_e = Σγr/Σγτ`, `v_e = Σγ(r − m_e τ)²/τ / Σγ` (not below the floor), `P_ij` proportional to the expected moves.
  /// Since restarts are drawn from the stationary law of P itself, the moves alone do not maximise over P: the update
  /// is then halved towards the old P until Σ moves·log P + Σ starts·log π(P) does not fall.
  static func maximised(
    _ old: RegimeParameters, _ data: RegimeExpectations, varianceFloor: Double
  ) -> (RegimeParameters, onFloor: Bool) {
    let states = old.states
    var new = old
    var onFloor = false
    for state in 0..<states where data.weights[state] > 0 && data.elapsed[state] > 0 {
      let mean = data.sums[state] / data.elapsed[state]
      let squares = data.squares[state] - 2 * mean * data.sums[state] + mean * mean * data.elapsed[state]
      let variance = squares / data.weights[state]
      new.means[state] = mean
      new.variances[state] = max(variance, varianceFloor)
      if variance < varianceFloor { onFloor = true }
    }
    var candidate = old.transition
    for from in 0..<states {
      var total = 0.0
      for to in 0..<states { total += data.moves[from * states + to] }
      guard total > 0 else { continue }
      for to in 0..<states {
        candidate[from * states + to] = max(data.moves[from * states + to] / total, leastProbability)
      }
    }
    let before = expectedLogLikelihood(of: old.transition, data, states: states)
    var share = 1.0
    for _ in 0..<mostHalvings {
      var trial = old.transition
      for index in trial.indices { trial[index] += share * (candidate[index] - trial[index]) }
      if expectedLogLikelihood(of: trial, data, states: states) >= before {
        new.transition = trial
        break
      }
      share /= 2
    }
    return (new, onFloor)
  }

  /// Σ moves·log P + Σ starts·log π(P).
  static func expectedLogLikelihood(of transition: [Double], _ data: RegimeExpectations, states: Int) -> Double {
    var sum = 0.0
    for index in transition.indices where data.moves[index] > 0 { sum += data.moves[index] * log(transition[index]) }
    let law = MarkovChain.stationaryLaw(transition, states: states)
    for state in 0..<states where data.starts[state] > 0 { sum += data.starts[state] * log(law[state]) }
    return sum
  }
}

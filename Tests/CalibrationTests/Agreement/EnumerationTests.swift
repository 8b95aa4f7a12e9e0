import Glibc
import Testing

@testable import Calibration

/// The recursion against the sum over every path of the hidden chain.
struct EnumerationTests {
  /// Eight returns, a hole of three steps before the fifth, a restart before the seventh.
  static let returns = [0.3, -1.2, 0.4, 2.5, -3.1, 0.2, 0.05, -0.6]
  static let elapsed = [1.0, 1, 1, 1, 3, 1.02, 1, 2]
  static let transitions = [0, 1, 1, 1, 3, 1, 0, 2]

  static func chains() throws -> [RegimeParameters] {
    [
      try RegimeParameters(means: [0.1, -0.3], variances: [0.4, 5], transition: [[0.9, 0.1], [0.3, 0.7]]),
      try RegimeParameters(
        means: [0, 0.1, -0.2], variances: [0.2, 1, 6],
        transition: [[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.02, 0.3, 0.68]]),
      try RegimeParameters(
        means: [0, 0.1, -0.2, 0, 0.3], variances: [0.2, 1, 6, 3, 0.01],
        transition: [
          [0.6, 0.15, 0.05, 0.1, 0.1], [0.1, 0.7, 0.1, 0.05, 0.05], [0.02, 0.2, 0.68, 0.1, 0],
          [0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0, 0, 0.1, 0.8],
        ]),
    ]
  }

  struct Sums {
    var likelihood = 0.0
    var smoothed: [[Double]]
    var moves: [Double]
    var starts: [Double]
  }

  /// Sums over all paths, unseen states inside holes included, of density × indicator.
  static func enumerated(_ chain: RegimeParameters) -> Sums {
    let m = chain.states
    let rows = chain.transitionRows
    var sums = Sums(
      smoothed: returns.map { _ in [Double](repeating: 0, count: m) }, moves: [Double](repeating: 0, count: m * m),
      starts: [Double](repeating: 0, count: m))
    /// All continuations from return `n`, in state `state` at the return before it.
    func extend(_ n: Int, _ state: Int, _ weight: Double, _ path: [Int], _ moves: [(Int, Int)], _ starts: [Int]) {
      guard n < returns.count else {
        sums.likelihood += weight
        for (index, visited) in path.enumerated() { sums.smoothed[index][visited] += weight }
        for (from, to) in moves { sums.moves[from * m + to] += weight }
        for start in starts { sums.starts[start] += weight }
        return
      }
      func emit(_ next: Int, _ weight: Double, _ moves: [(Int, Int)], _ starts: [Int]) {
        let density = normalDensity(
          returns[n], mean: chain.means[next] * elapsed[n], variance: chain.variances[next] * elapsed[n])
        extend(n + 1, next, weight * density, path + [next], moves, starts)
      }
      if transitions[n] == 0 {
        for next in 0..<m { emit(next, weight * chain.stationary[next], moves, starts + [next]) }
        return
      }
      func hop(_ left: Int, _ from: Int, _ weight: Double, _ moves: [(Int, Int)]) {
        if left == 0 {
          emit(from, weight, moves, starts)
          return
        }
        for next in 0..<m where rows[from][next] > 0 {
          hop(left - 1, next, weight * rows[from][next], moves + [(from, next)])
        }
      }
      hop(transitions[n], state, weight, moves)
    }
    extend(0, 0, 1, [], [], [])
    return sums
  }

  /// Sums of ten thousand positive terms agree to 1e-12.
  static let tolerance = 1e-12

  @Test(arguments: 0..<2) func recursionEqualsEnumeration(_ number: Int) throws {
    let chain = try Self.chains()[number]
    try compare(chain, Self.enumerated(chain))
  }

  /// Five states take the eight-lane path; the scalar streaming filter gives the same likelihood.
  @Test func fiveStatesEqualScalarForwardRecursion() throws {
    let chain = try Self.chains()[2]
    let data = try LogReturns(
      values: Self.returns, elapsed: Self.elapsed, transitions: Self.transitions, stepsPerYear: 8760)
    var recursion = ForwardBackward(data)
    var filter = OnlineFilter(chain)
    for n in Self.returns.indices {
      if Self.transitions[n] == 0 { filter.restart() }
      try filter.update(logReturn: Self.returns[n], elapsedSteps: Self.elapsed[n])
    }
    let expectations = recursion.expectations(chain)
    #expect(abs(expectations.logLikelihood - filter.logLikelihood) < Self.tolerance * 100)
    // Every step is a move from somewhere.
    let steps = Double(Self.transitions.reduce(0, +))
    #expect(abs(expectations.moves.reduce(0, +) - steps) < Self.tolerance * steps)
  }

  func compare(_ chain: RegimeParameters, _ truth: Sums) throws {
    let data = try LogReturns(
      values: Self.returns, elapsed: Self.elapsed, transitions: Self.transitions, stepsPerYear: 8760)
    var recursion = ForwardBackward(data)
    let expectations = recursion.expectations(chain)
    let posteriors = recursion.posteriors(chain)
    #expect(
      abs(expectations.logLikelihood - log(truth.likelihood)) < Self.tolerance * abs(log(truth.likelihood)),
      "\(expectations.logLikelihood) against \(log(truth.likelihood))")
    for n in Self.returns.indices {
      for state in 0..<chain.states {
        let exact = truth.smoothed[n][state] / truth.likelihood
        #expect(
          abs(posteriors.smoothed[n][state] - exact) < Self.tolerance,
          "return \(n) state \(state): \(posteriors.smoothed[n][state]) against \(exact)")
      }
    }
    for index in 0..<chain.states * chain.states {
      let exact = truth.moves[index] / truth.likelihood
      #expect(
        abs(expectations.moves[index] - exact) < Self.tolerance * 10,
        "move \(index): \(expectations.moves[index]) against \(exact)")
    }
    for state in 0..<chain.states {
      let exact = truth.starts[state] / truth.likelihood
      #expect(abs(expectations.starts[state] - exact) < Self.tolerance, "start \(state)")
      let weight = truth.smoothed.reduce(0) { $0 + $1[state] } / truth.likelihood
      #expect(abs(expectations.weights[state] - weight) < Self.tolerance * 10, "weight \(state)")
    }
  }
}

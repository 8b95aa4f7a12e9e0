import Glibc
import LinearAlgebra

// Standard errors: the curvature of the log likelihood in parameters without bounds.

/// Unbounded coordinates of a chain: means in units of the state's own deviation, logarithms of the deviations, and
/// logits of the transitions against staying.
///
/// `θ = (m_e/s_e, log √v_e, log(P_ij/P_ii))`, where s_e is the deviation at which the coordinates were made. Entries at
/// a bound (`P_ij` without an expected move, a variance on its floor) are left out and stay as they are.
struct UnboundedCoordinates: Sendable {
  /// Transitions with fewer expected moves than this, one in twenty samples, lie at their bound: the likelihood has no
  /// inner maximum there that a curvature could describe.
  static let leastMoves = 0.05

  enum Kind: Equatable, Sendable {
    case mean(Int)
    case logDeviation(Int)
    case logit(from: Int, to: Int)
  }

  let kinds: [Kind]
  let origin: RegimeParameters
  let scales: [Double]

  init(_ parameters: RegimeParameters, _ expectations: RegimeExpectations, varianceFloor: Double) {
    let states = parameters.states
    var kinds: [Kind] = (0..<states).map { .mean($0) }
    for state in 0..<states where parameters.variances[state] > varianceFloor { kinds.append(.logDeviation(state)) }
    for from in 0..<states {
      for to in 0..<states where to != from && expectations.moves[from * states + to] >= Self.leastMoves {
        if expectations.moves[from * states + from] >= Self.leastMoves { kinds.append(.logit(from: from, to: to)) }
      }
    }
    self.kinds = kinds
    origin = parameters
    scales = parameters.variances.map { sqrt($0) }
  }

  var count: Int { kinds.count }

  /// Whether a transition probability is free to move: it has its own coordinate, or it is the probability to stay of
  /// a row that has one.
  func isFree(from: Int, to: Int) -> Bool {
    kinds.contains { kind in
      guard case .logit(let row, let column) = kind, row == from else { return false }
      return to == from || column == to
    }
  }

  /// The parameters at a displacement from the origin.
  func parameters(at displacement: [Double]) -> RegimeParameters {
    let states = origin.states
    var result = origin
    for (kind, step) in zip(kinds, displacement) {
      switch kind {
      case .mean(let state): result.means[state] += step * scales[state]
      case .logDeviation(let state): result.variances[state] *= exp(2 * step)
      // P_ij/P_ii is multiplied by e^step; the row is normalised below.
      case .logit(let from, let to): result.transition[from * states + to] *= exp(step)
      }
    }
    for from in 0..<states {
      let row = from * states..<(from + 1) * states
      let sum = result.transition[row].reduce(0, +)
      for index in row { result.transition[index] /= sum }
    }
    return result
  }

  /// Gradient of the log likelihood, by Fisher's identity: the expectation, given the data, of the gradient of the
  /// complete data's log likelihood.
  ///
  /// Mean: `s_e (Σγr − m_e Σγτ)/v_e`. Log deviation: `Σγ(r − m_e τ)²/(τ v_e) − Σγ`. Logit: `moves_ij − P_ij Σ_j moves_ij`
  /// plus the derivative of Σ starts·log π.
  /// *Verified by* `InformationTests.scoreIsTheGradient`.
  func score(_ parameters: RegimeParameters, _ data: RegimeExpectations) -> [Double] {
    let states = parameters.states
    return kinds.map { kind in
      switch kind {
      case .mean(let state):
        let excess = data.sums[state] - parameters.means[state] * data.elapsed[state]
        return scales[state] * excess / parameters.variances[state]
      case .logDeviation(let state):
        let mean = parameters.means[state]
        let squares = data.squares[state] - 2 * mean * data.sums[state] + mean * mean * data.elapsed[state]
        return squares / parameters.variances[state] - data.weights[state]
      case .logit(let from, let to):
        var row = 0.0
        for other in 0..<states { row += data.moves[from * states + other] }
        let direct = data.moves[from * states + to] - parameters.transition[from * states + to] * row
        return direct + startScore(parameters, data, from: from, to: to)
      }
    }
  }

  /// Step of the central differences of the stationary law: the cube root of the rounding unit.
  private static let lawStep = 6e-6

  private func startScore(_ parameters: RegimeParameters, _ data: RegimeExpectations, from: Int, to: Int) -> Double {
    let states = parameters.states
    func logLaw(_ step: Double) -> Double {
      var transition = parameters.transition
      transition[from * states + to] *= exp(step)
      let row = from * states..<(from + 1) * states
      let sum = transition[row].reduce(0, +)
      for index in row { transition[index] /= sum }
      let law = MarkovChain.stationaryLaw(transition, states: states)
      var total = 0.0
      for state in 0..<states where data.starts[state] > 0 { total += data.starts[state] * log(law[state]) }
      return total
    }
    return (logLaw(Self.lawStep) - logLaw(-Self.lawStep)) / (2 * Self.lawStep)
  }
}

/// The observed information at a maximum, its inverse, and the delta method.
struct ObservedInformation: Sendable {
  let coordinates: UnboundedCoordinates
  /// Inverse of the information, row by row; nil when it is not positive definite.
  let covariance: [[Double]]?
  /// score · information⁻¹: the Newton step towards the maximum.
  let newtonStep: [Double]
  /// √(scoreᵀ information⁻¹ score): the distance to the maximum in standard errors.
  let newtonDecrement: Double

  /// Step of the central differences of the score: error O(step²) of the curvature, rounding 1e-10/step.
  private static let step = 1e-4

  /// The information by central differences of the exact score: 2·count passes over the data.
  init(_ data: inout ForwardBackward, _ coordinates: UnboundedCoordinates, _ expectations: RegimeExpectations) {
    self.coordinates = coordinates
    let count = coordinates.count
    var rows = [[Double]](repeating: [], count: count)
    for index in 0..<count {
      var displacement = [Double](repeating: 0, count: count)
      displacement[index] = Self.step
      let ahead = coordinates.parameters(at: displacement)
      let scoreAhead = coordinates.score(ahead, data.expectations(ahead))
      displacement[index] = -Self.step
      let behind = coordinates.parameters(at: displacement)
      let scoreBehind = coordinates.score(behind, data.expectations(behind))
      rows[index] = zip(scoreAhead, scoreBehind).map { -($0 - $1) / (2 * Self.step) }
    }
    var symmetric = rows
    for i in 0..<count {
      for j in 0..<count { symmetric[i][j] = 0.5 * (rows[i][j] + rows[j][i]) }
    }
    let score = coordinates.score(coordinates.origin, expectations)
    guard let inverse = Self.inverse(of: symmetric) else {
      covariance = nil
      newtonStep = [Double](repeating: 0, count: count)
      newtonDecrement = .infinity
      return
    }
    covariance = inverse
    let step = inverse.map { row in zip(row, score).reduce(0) { $0 + $1.0 * $1.1 } }
    newtonStep = step
    newtonDecrement = sqrt(max(0, zip(step, score).reduce(0) { $0 + $1.0 * $1.1 }))
  }

  /// The inverse of a symmetric matrix, or nil when it is not positive definite, which is an answer here and no failure.
  private static func inverse(of symmetric: [[Double]]) -> [[Double]]? {
    guard let matrix = try? Matrix(symmetric), let factors = try? CholeskyFactorisation(matrix),
      let inverse = try? factors.solve(Matrix.identity(symmetric.count))
    else { return nil }
    return symmetric.indices.map { inverse.row($0) }
  }

  /// Step of the central differences of a function of the parameters.
  private static let functionStep = 1e-5

  /// Standard errors of functions of the parameters: √(∇f covariance ∇fᵀ), by central differences of `function`.
  ///
  /// A function that does not move with any free parameter has no standard error (nil).
  func standardErrors(of function: (RegimeParameters) -> [Double]) -> [Double?] {
    let size = function(coordinates.origin).count
    guard let covariance else { return [Double?](repeating: nil, count: size) }
    var gradients = [[Double]](repeating: [], count: coordinates.count)
    for index in 0..<coordinates.count {
      var displacement = [Double](repeating: 0, count: coordinates.count)
      displacement[index] = Self.functionStep
      let ahead = function(coordinates.parameters(at: displacement))
      displacement[index] = -Self.functionStep
      let behind = function(coordinates.parameters(at: displacement))
      gradients[index] = zip(ahead, behind).map { ($0 - $1) / (2 * Self.functionStep) }
    }
    return (0..<size).map { output in
      var variance = 0.0
      for i in 0..<coordinates.count {
        for j in 0..<coordinates.count { variance += gradients[i][output] * covariance[i][j] * gradients[j][output] }
      }
      return variance > 0 ? sqrt(variance) : nil
    }
  }
}

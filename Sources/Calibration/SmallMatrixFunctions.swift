// Logarithm and exponential of matrices of a few states, row by row in arrays.

/// Functions of matrices of at most eight rows.
enum SmallMatrixFunctions {
  /// Square roots are taken until ‖A − I‖ is below this; then z = (A − I)(A + I)⁻¹ has ‖z‖ < 1/7.
  private static let nearIdentity = 0.25
  /// Terms of Σ z^(2k+1)/(2k+1): the first one left out is below (1/7)²³/23 = 2e-21.
  private static let logarithmTerms = 11
  /// A row sum of a transition matrix halves its distance to 1 by each root: fifty roots exhaust a double.
  private static let mostRoots = 50
  private static let mostIterations = 60
  /// ‖X² − A‖ at which a square root is accepted: some hundred rounding errors.
  private static let rootTolerance = 1e-13
  /// Taylor terms of e^A for ‖A‖ ≤ 1/2: the first one left out is below 2⁻¹⁸/18! = 6e-22.
  private static let exponentialTerms = 17

  /// The principal logarithm, or nil when there is no real one (an eigenvalue on the closed negative axis).
  ///
  /// log A = 2^s log A^(1/2^s), with roots by the coupled Newton iteration X ← (X + Y⁻¹)/2, Y ← (Y + X⁻¹)/2 from
  /// (A, I) of E. D. Denman and A. N. Beavers, "The matrix sign function and computations in systems", Applied
  /// Mathematics and Computation 2 (1976), and log B = 2 artanh((B − I)(B + I)⁻¹).
  /// The roots lose about s digits in base two: relative error some 2^s · 1e-16, s ≤ 5 for steps of days and hours.
  /// *Verified by* `GeneratorTests.twoStatesInClosedForm`, `GeneratorTests.roundTrip`.
  static func logarithm(_ matrix: [Double], states n: Int) -> [Double]? {
    let identity = MarkovChain.powers(matrix, states: n, highest: 0)[0]
    var root = matrix
    var doublings = 1.0
    for _ in 0..<mostRoots {
      if distance(root, identity) < nearIdentity {
        let difference = zip(root, identity).map { $0 - $1 }
        let sum = zip(root, identity).map { $0 + $1 }
        guard let inverse = inverse(sum, states: n) else { return nil }
        let z = MarkovChain.product(difference, inverse, states: n)
        let square = MarkovChain.product(z, z, states: n)
        var power = z
        var result = z
        for term in 1..<logarithmTerms {
          power = MarkovChain.product(power, square, states: n)
          for index in result.indices { result[index] += power[index] / Double(2 * term + 1) }
        }
        return result.map { 2 * doublings * $0 }
      }
      guard let next = squareRoot(root, identity: identity, states: n) else { return nil }
      root = next
      doublings *= 2
    }
    return nil
  }

  private static func squareRoot(_ matrix: [Double], identity: [Double], states n: Int) -> [Double]? {
    var x = matrix
    var y = identity
    var accepted = false
    for _ in 0..<mostIterations {
      guard let inverseX = inverse(x, states: n), let inverseY = inverse(y, states: n) else { return nil }
      x = zip(x, inverseY).map { 0.5 * ($0 + $1) }
      y = zip(y, inverseX).map { 0.5 * ($0 + $1) }
      // Convergence is quadratic: one iteration after acceptance leaves rounding only.
      if accepted { return x }
      accepted = distance(MarkovChain.product(x, x, states: n), matrix) < rootTolerance
    }
    return nil
  }

  /// e^A by scaling, Taylor's series and squaring.
  static func exponential(_ matrix: [Double], states n: Int) -> [Double] {
    let identity = MarkovChain.powers(matrix, states: n, highest: 0)[0]
    var squarings = 0
    var scaled = matrix
    while distance(scaled, [Double](repeating: 0, count: n * n)) > 0.5 {
      scaled = scaled.map { 0.5 * $0 }
      squarings += 1
    }
    var result = identity
    var term = identity
    for order in 1...exponentialTerms {
      term = MarkovChain.product(term, scaled, states: n).map { $0 / Double(order) }
      result = zip(result, term).map { $0 + $1 }
    }
    for _ in 0..<squarings { result = MarkovChain.product(result, result, states: n) }
    return result
  }

  /// The largest absolute row sum of the difference.
  static func distance(_ left: [Double], _ right: [Double]) -> Double {
    let n = Int(Double(left.count).squareRoot().rounded())
    var worst = 0.0
    for row in 0..<n {
      var sum = 0.0
      for column in 0..<n { sum += abs(left[row * n + column] - right[row * n + column]) }
      worst = max(worst, sum)
    }
    return worst
  }

  /// The inverse by elimination with row pivots, or nil at a zero pivot.
  static func inverse(_ matrix: [Double], states n: Int) -> [Double]? {
    var a = matrix
    var result = MarkovChain.powers(matrix, states: n, highest: 0)[0]
    for column in 0..<n {
      guard let pivot = (column..<n).max(by: { abs(a[$0 * n + column]) < abs(a[$1 * n + column]) }) else { return nil }
      let size = a[pivot * n + column]
      guard size != 0, size.isFinite else { return nil }
      for k in 0..<n {
        a.swapAt(column * n + k, pivot * n + k)
        result.swapAt(column * n + k, pivot * n + k)
      }
      for k in 0..<n {
        a[column * n + k] /= size
        result[column * n + k] /= size
      }
      for row in 0..<n where row != column {
        let factor = a[row * n + column]
        guard factor != 0 else { continue }
        for k in 0..<n {
          a[row * n + k] -= factor * a[column * n + k]
          result[row * n + k] -= factor * result[column * n + k]
        }
      }
    }
    return result
  }
}

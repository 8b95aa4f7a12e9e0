import Formulation

/// The penalty of one step as weights on the values at nodes around the path:
///
///     M(y) = Σ_{e'} Σ_i V(t', S_i, e', y) ( 1{e_{n+1} = e'} ℓ_i(x) − E[1{e_{n+1} = e'} ℓ_i(x) | e_n] )
///
/// with ℓ_i the Lagrange polynomials of five nodes in x = ln S_{n+1}/S_n. The expectations are exact (`LogReturnMoments`), so
/// that M has mean zero for every y that is chosen at t_n, whatever V is; where V is the value and smooth over a step, M is
/// what chance adds to it.
struct MartingaleWeights {
  /// Nodes of a polynomial.
  static let nodeCount = LogReturnMoments.degree + 1

  /// The outermost nodes are this many deviations of a step away, about: closer, a step leaves them; further, the polynomial
  /// sees less than the grid does.
  private static let reach = 2.8

  /// The node of each polynomial's first point, and the distance between its points.
  private(set) var first = 0
  private(set) var stride = 1
  /// `[regime × node]`.
  private(set) var weights: [Double]
  private let regimes: Int
  private var places = [Double](repeating: 0, count: nodeCount)
  private var polynomial = [Double](repeating: 0, count: nodeCount)

  init(regimes: Int) {
    self.regimes = regimes
    weights = Array(repeating: 0, count: regimes * MartingaleWeights.nodeCount)
  }

  /// Works the weights out for one step.
  ///
  /// - Parameters:
  ///   - nodes: ln S at the table's nodes.
  ///   - nearest: the node nearest to the path before the step.
  /// - Returns: false where the table does not reach: there is no penalty then.
  mutating func set(
    nodes: [Double], nearest: Int, from logSpot: Double, to end: Double, regime: Int, next: Int,
    law: LogReturnMoments
  ) -> Bool {
    let half = MartingaleWeights.nodeCount / 2
    let around = nodes[min(nodes.count - 1, nearest + 1)] - nodes[max(0, nearest - 1)]
    let wanted = MartingaleWeights.reach * law.scale / (0.5 * around * Double(half))
    stride = max(1, Int(min(wanted.rounded(), Double(nodes.count))))
    first = nearest - half * stride
    guard first >= 0, nearest + half * stride < nodes.count else { return false }
    let unit = 1 / law.scale
    let x = (end - logSpot) * unit
    for i in 0..<MartingaleWeights.nodeCount { places[i] = (nodes[first + i * stride] - logSpot) * unit }
    for i in 0..<MartingaleWeights.nodeCount {
      setPolynomial(i)
      for e in 0..<regimes {
        var mean = 0.0
        for power in 0..<MartingaleWeights.nodeCount { mean += polynomial[power] * law.moments[power][e] }
        weights[e * MartingaleWeights.nodeCount + i] = -mean
      }
      var here = 0.0
      for power in (0..<MartingaleWeights.nodeCount).reversed() { here = here * x + polynomial[power] }
      weights[next * MartingaleWeights.nodeCount + i] += here
    }
    return true
  }

  /// The coefficients of ℓ_i, from the constant upwards.
  private mutating func setPolynomial(_ i: Int) {
    var scale = 1.0
    polynomial[0] = 1
    var degree = 0
    for other in 0..<MartingaleWeights.nodeCount where other != i {
      polynomial[degree + 1] = polynomial[degree]
      for power in Swift.stride(from: degree, to: 0, by: -1) {
        polynomial[power] = polynomial[power - 1] - places[other] * polynomial[power]
      }
      polynomial[0] *= -places[other]
      degree += 1
      scale *= places[i] - places[other]
    }
    for power in 0..<MartingaleWeights.nodeCount { polynomial[power] /= scale }
  }
}

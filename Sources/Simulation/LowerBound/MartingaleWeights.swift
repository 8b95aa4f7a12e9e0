/// The penalty of one step as weights on the values at nodes around the path:
///
///     M(y) = Σ_{e'} Σ_i V(t', S_i, e', y) ( 1{e_{n+1} = e'} ℓ_i(x) − E[1{e_{n+1} = e'} ℓ_i(x) | e_n] )
///
/// with ℓ_i the Lagrange polynomials of five nodes in x = ln S_{n+1}/S_n, close ones for steps in which the regime stays and
/// wide ones for those in which it switches. The expectations are exact (`StepLaw`), so that M has mean zero for every y that is
/// chosen at t_n, whatever V is; where V is the value and smooth over a step, M is what chance adds to it.
struct MartingaleWeights {
  /// Nodes of a polynomial.
  static let nodeCount = StepLaw.degree + 1

  /// The outermost nodes are this many deviations of a step away, about: closer, a step leaves them; further, the polynomial
  /// sees less than the grid does.
  private static let reach = 2.8

  /// A value that enters the penalty.
  struct Term {
    var row: Int
    var regime: Int
    var weight: Double
  }

  /// What a path does in a step.
  struct Move {
    /// ln S before and after.
    let from: Double
    let to: Double
    let regime: Int
    let next: Int
    /// Whether the regime stayed what it was all the while.
    let isQuiet: Bool
  }

  private(set) var terms: [Term] = []
  private var places = [Double](repeating: 0, count: nodeCount)
  private var polynomial = [Double](repeating: 0, count: nodeCount)

  /// How many terms there are at most.
  static func mostTerms(regimes: Int) -> Int { (1 + regimes) * nodeCount }

  /// Works the weights out for one step; beyond the table's reach there is no penalty.
  ///
  /// - Parameters:
  ///   - nodes: ln S at the table's nodes.
  ///   - nearest: the node nearest to the path before the step.
  mutating func set(nodes: [Double], nearest: Int, move: Move, law: StepLaw) {
    terms.removeAll(keepingCapacity: true)
    add(nodes, nearest, move, law.quiet, regimes: move.regime..<(move.regime + 1), happened: move.isQuiet)
    guard let busy = law.busy else { return }
    add(nodes, nearest, move, busy, regimes: 0..<busy.moments[0].count, happened: !move.isQuiet)
  }

  private mutating func add(
    _ nodes: [Double], _ nearest: Int, _ move: Move, _ part: StepLaw.Part, regimes: Range<Int>, happened: Bool
  ) {
    let half = MartingaleWeights.nodeCount / 2
    let around = nodes[min(nodes.count - 1, nearest + 1)] - nodes[max(0, nearest - 1)]
    let wanted = MartingaleWeights.reach * part.scale / (0.5 * around * Double(half))
    let stride = max(1, Int(min(wanted.rounded(), Double(nodes.count))))
    let first = nearest - half * stride
    guard first >= 0, nearest + half * stride < nodes.count else { return }
    let unit = 1 / part.scale
    let x = (move.to - move.from) * unit
    for i in 0..<MartingaleWeights.nodeCount { places[i] = (nodes[first + i * stride] - move.from) * unit }
    for i in 0..<MartingaleWeights.nodeCount {
      setPolynomial(i)
      for e in regimes {
        var weight = 0.0
        for power in 0..<MartingaleWeights.nodeCount { weight -= polynomial[power] * part.moments[power][e] }
        if happened, e == move.next {
          var here = 0.0
          for power in (0..<MartingaleWeights.nodeCount).reversed() { here = here * x + polynomial[power] }
          weight += here
        }
        terms.append(Term(row: first + i * stride, regime: e, weight: weight))
      }
    }
  }

  /// The coefficients of ℓ_i in x/s, from the constant upwards.
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

import Formulation
import Glibc

/// Four-point Lagrange interpolation on the nodes of log-spot: fourth order, and exact for the first three moments of a
/// jump that is smaller than a spacing, so that small jumps diffuse as much as they should.
///
/// Beyond the nodes a function continues as a power of the spot from the last node, `f(x) = f(x_N) e^{n(x − x_N)}`.
struct LogInterpolation {
  let nodes: [Double]
  /// n below the first node and above the last.
  let below: Double
  let above: Double
  /// `1/Π(x_i − x_j)` of the four nodes from each first one.
  private let factors: [SIMD4<Double>]

  /// Four neighbouring nodes and their weights.
  struct Stencil {
    var first: Int
    var weights: SIMD4<Double>
  }

  init(nodes: [Double], below: Double, above: Double) {
    self.nodes = nodes
    self.below = below
    self.above = above
    factors = (0...(nodes.count - 4)).map { first in
      var factor = SIMD4<Double>(repeating: 1)
      for i in 0..<4 {
        for j in 0..<4 where j != i { factor[i] /= nodes[first + i] - nodes[first + j] }
      }
      return factor
    }
  }

  /// The stencil at x; `cell` is where the search begins and ends, so that ascending x are found in passing.
  func stencil(at x: Double, cell: inout Int) -> Stencil {
    let last = nodes.count - 1
    if x <= nodes[0] { return Stencil(first: 0, weights: SIMD4(exp(below * (x - nodes[0])), 0, 0, 0)) }
    if x >= nodes[last] {
      return Stencil(first: last - 3, weights: SIMD4(0, 0, 0, exp(above * (x - nodes[last]))))
    }
    while cell > 0, nodes[cell] > x { cell -= 1 }
    while cell < last - 1, nodes[cell + 1] <= x { cell += 1 }
    let first = max(0, min(last - 3, cell - 1))
    let (a, b, c, d) = (x - nodes[first], x - nodes[first + 1], x - nodes[first + 2], x - nodes[first + 3])
    return Stencil(first: first, weights: factors[first] * SIMD4(b * c * d, a * c * d, a * b * d, a * b * c))
  }
}

extension PriceJumps {
  /// A node of a quadrature over the law of Z.
  struct KernelNode {
    let logJump: Double
    let weight: Double
  }

  /// Deviations and scales beyond which a law has less than 10⁻¹⁵ and 10⁻¹⁴ of its mass.
  static let normalReach = 8.0
  static let exponentialReach = 32.0
  /// A panel is at most this share of a deviation or a scale, where Gauss's rule with four nodes is exact to 10⁻¹⁰.
  private static let coarsest = 0.25
  /// and at least this share, however fine the grid: what is interpolated has no more structure than that by then.
  private static let finest = 0.025
  /// Panels grow with the distance from the origin of an exponential law.
  private static let growth = 0.1

  /// Gauss's rule on panels about as long as the grid's finest spacing, ascending and of mass one.
  func nodes(spacing: Double) -> [KernelNode] {
    var panels: [(Double, Double)] = []
    /// Panels on [0, reach] scales.
    func ends(scale: Double, reach: Double) -> [Double] {
      let base = min(max(spacing / scale, PriceJumps.finest), PriceJumps.coarsest)
      var ends = [0.0]
      while ends[ends.count - 1] < reach {
        let here = ends[ends.count - 1]
        ends.append(here + max(base, min(PriceJumps.growth * here, PriceJumps.coarsest)))
      }
      return ends
    }
    switch law {
    case .merton(let mean, let deviation):
      let base = min(max(spacing / deviation, PriceJumps.finest), PriceJumps.coarsest)
      let count = Int((2 * PriceJumps.normalReach / base).rounded(.up))
      let length = 2 * PriceJumps.normalReach * deviation / Double(count)
      let start = mean - PriceJumps.normalReach * deviation
      for index in 0..<count { panels.append((start + Double(index) * length, start + Double(index + 1) * length)) }
    case .kou(let up, let down, let probability):
      if probability < 1 {
        let found = ends(scale: down, reach: PriceJumps.exponentialReach)
        for index in stride(from: found.count - 1, to: 0, by: -1) {
          panels.append((-down * found[index], -down * found[index - 1]))
        }
      }
      if probability > 0 {
        // Second moments decay as e^{−(1/u − 2)z} only.
        let found = ends(scale: up, reach: PriceJumps.exponentialReach / (1 - 2 * up))
        for index in 1..<found.count { panels.append((up * found[index - 1], up * found[index])) }
      }
    }
    return gaussNodes(panels: panels)
  }

  /// Gauss's rule on panels of log-jumps, of mass one.
  func gaussNodes(panels: [(Double, Double)]) -> [KernelNode] {
    let law = logarithm
    var nodes: [KernelNode] = []
    for (low, high) in panels {
      let (middle, half) = (0.5 * (low + high), 0.5 * (high - low))
      for (node, weight) in zip(GaussLegendre.panel.nodes, GaussLegendre.panel.weights) {
        let z = middle + half * node
        nodes.append(KernelNode(logJump: z, weight: half * weight * law.density(z)))
      }
    }
    let mass = nodes.reduce(0) { $0 + $1.weight }
    return nodes.map { KernelNode(logJump: $0.logJump, weight: $0.weight / mass) }
  }

  /// Jumps beyond this are rarer than one in a million horizons, weighted with the square of the price they lead to.
  private static let rarest = 1e-6
  /// The normal law's quantile of that, rounded up.
  private static let rarestDeviations = 5.0

  /// How far one of the jumps expected over a time may reasonably go [log-price].
  func reach(over time: Double) -> Double {
    guard intensity > 0, time > 0 else { return 0 }
    switch law {
    case .merton(let mean, let deviation):
      return abs(mean) + (PriceJumps.rarestDeviations + 2 * deviation) * deviation
    case .kou(let up, let down, let probability):
      let logarithm = log(max(1, intensity * time) / PriceJumps.rarest)
      // A scale near ½ would reach for ever; what is beyond the grid then shows in the certificate's errors.
      let longest = 4.0
      return min(
        longest, max(probability > 0 ? logarithm * up / (1 - 2 * up) : 0, probability < 1 ? logarithm * down : 0))
    }
  }
}

extension GaussLegendre {
  /// For panels a quarter of a law's scale long.
  static let panel = GaussLegendre(count: 4)
  /// For one cell of a grid at a time.
  static let cell = GaussLegendre(count: 8)
}

extension EnvironmentChain {
  /// The largest deviation of log-price over a year, jumps included [1/√year].
  var widestDeviation: Double {
    // The plain square root of a square would not be the volatility to the last bit.
    regimes.indices.map { e in
      let variance = logVariance(e)
      let own = regimes[e].volatility
      return variance == own * own ? own : variance.squareRoot()
    }.max()!
  }

  /// The greatest rate at which the price jumps in a regime, by itself or on switching [1/year].
  var jumpRate: Double {
    regimes.indices.map { e in
      regimes.indices.reduce(regimes[e].hasJumps ? regimes[e].jumps!.intensity : 0) {
        switchJump(from: e, to: $1) != 0 ? $0 + generator.rates[e][$1] : $0
      }
    }.max()!
  }
}

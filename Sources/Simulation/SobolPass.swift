import Formulation
import VectorMath

/// How the normals of the paths are drawn.
public enum PathSequence: Sendable, Equatable {
  /// By Philox, every path by itself.
  case pseudorandom
  /// The coarse course of the price from Sobol's points, in so many independent scramblings of equal size, a power of two of paths each;
  /// errors are those of the scramblings' means. The rest of every path by Philox.
  case sobol(randomisations: Int)
}

/// One worker's normals whose coarse course is from Sobol's points.
///
/// The steps are divided into up to 32 stretches; where the Brownian motion stands at their ends comes from a scrambled point by the
/// Brownian bridge, the end of the path first, then the middle, and so on by halves. Within a stretch of lengths h_i, H in all,
///
///     z_i = x_i + √h_i (B − Σ √h_j x_j)/H
///
/// with x_i Philox's normals and B the motion over the stretch: independent standard normals again, whatever the lengths.
/// Source: R. Caflisch, W. Morokoff and A. Owen, "Valuation of mortgage-backed securities using Brownian bridges", Journal of
/// Computational Finance 1 (1997).
/// *Verified by* `SobolRollOutTests`.
final class SobolPass {
  private let plan: RollOutPlan
  /// First steps of the stretches, and the number of steps.
  private let bounds: [Int]
  /// In the order of the dimensions: the node set, between which two it lies, its weights and deviation.
  private let bridge: [(node: Int, left: Int, right: Int, lean: Double, deviation: Double)]
  private let roots: [Double]
  private var scrambling: (number: Int, points: ScrambledSobol)?
  /// The motion at the ends of the stretches, `[node][vector]`, node 0 the valuation.
  private let nodes: UnsafeMutablePointer<Lanes>
  private let digits: UnsafeMutablePointer<UInt32>
  /// The normals of a stretch, `[step][vector]`.
  private let normals: UnsafeMutablePointer<Lanes>
  private let sums: UnsafeMutablePointer<Lanes>
  private var stretch = 0

  /// Normals are drawn for four steps at once: stretches begin at multiples.
  static let group = 4

  init(_ plan: RollOutPlan) {
    self.plan = plan
    let times = plan.sample.times
    let groups = (plan.sample.stepCount + Self.group - 1) / Self.group
    let count = min(SobolDirections.dimensionCount, groups)
    bounds = (0...count).map { min(plan.sample.stepCount, $0 * groups / count * Self.group) }
    let ends = bounds.map { times[$0] }
    bridge = SobolPass.bisection(ends)
    roots = zip(times.dropFirst(), times).map { ($0 - $1).squareRoot() }
    let longest = zip(bounds.dropFirst(), bounds).map { $0 - $1 }.max()! + Self.group
    let size = BlockState.vectorCount
    nodes = .allocate(capacity: (count + 1) * size)
    nodes.initialize(repeating: Lanes(), count: (count + 1) * size)
    digits = .allocate(capacity: BlockState.pathCount)
    digits.initialize(repeating: 0, count: BlockState.pathCount)
    normals = .allocate(capacity: longest * size)
    normals.initialize(repeating: Lanes(), count: longest * size)
    sums = .allocate(capacity: size)
    sums.initialize(repeating: Lanes(), count: size)
  }

  deinit {
    nodes.deallocate()
    digits.deallocate()
    normals.deallocate()
    sums.deallocate()
  }

  /// The end first, then halves of halves.
  private static func bisection(
    _ ends: [Double]
  ) -> [(node: Int, left: Int, right: Int, lean: Double, deviation: Double)] {
    let last = ends.count - 1
    var order = [(node: last, left: 0, right: 0, lean: 0.0, deviation: ends[last].squareRoot())]
    var open = [0..<last]
    while !open.isEmpty {
      let range = open.removeFirst()
      guard range.count > 1 else { continue }
      let (left, right) = (range.lowerBound, range.upperBound)
      let node = (left + right) / 2
      let (before, after, whole) = (ends[node] - ends[left], ends[right] - ends[node], ends[right] - ends[left])
      order.append((node, left, right, before / whole, (before * after / whole).squareRoot()))
      open += [left..<node, node..<right]
    }
    return order
  }

  /// Draws a block's normals for the four steps from one whose number is a multiple of four.
  func drawNormals(firstPath: Int, step: Int, state: BlockState) {
    if step == 0 {
      placeNodes(firstPath: firstPath)
      stretch = -1
    }
    if stretch < 0 || step >= bounds[stretch + 1] {
      stretch += 1
      fillStretch(firstPath: firstPath, state: state)
    }
    let size = BlockState.vectorCount
    for part in 0..<Self.group {
      state.normals(part).update(from: normals + (step - bounds[stretch] + part) * size, count: size)
    }
  }

  private func placeNodes(firstPath: Int) {
    let size = BlockState.vectorCount
    let perScrambling = plan.pathsPerScrambling
    let number = firstPath / perScrambling
    if scrambling?.number != number {
      scrambling = (
        number,
        ScrambledSobol(seed: plan.settings.seed, randomisation: number, dimensions: SobolDirections.dimensionCount)
      )
    }
    let points = scrambling!.points
    for (dimension, rule) in bridge.enumerated() {
      points.fill(
        digits, dimension: dimension, first: firstPath - number * perScrambling, count: BlockState.pathCount)
      for vector in 0..<size {
        var uniform = Lanes()
        for lane in 0..<Lanes.scalarCount {
          uniform[lane] = (Double(digits[vector * Lanes.scalarCount + lane]) + 0.5) * 0x1p-32
        }
        let normal = rule.deviation * inverseNormalCumulative(uniform)
        let (left, right) = (nodes[rule.left * size + vector], nodes[rule.right * size + vector])
        // The end hangs between nothing.
        nodes[rule.node * size + vector] = rule.right == 0 ? normal : left + rule.lean * (right - left) + normal
      }
    }
  }

  private func fillStretch(firstPath: Int, state: BlockState) {
    let size = BlockState.vectorCount
    let steps = bounds[stretch]..<bounds[stretch + 1]
    sums.update(repeating: Lanes(), count: size)
    for step in stride(from: steps.lowerBound, to: steps.upperBound, by: Self.group) {
      plan.drawNormals(firstPath: firstPath, step: step, state: state)
      for part in 0..<Self.group {
        let row = normals + (step - steps.lowerBound + part) * size
        row.update(from: state.normals(part), count: size)
        guard step + part < steps.upperBound else { continue }
        for vector in 0..<size { sums[vector] += roots[step + part] * row[vector] }
      }
    }
    let whole = plan.sample.times[steps.upperBound] - plan.sample.times[steps.lowerBound]
    let (from, to) = (nodes + stretch * size, nodes + (stretch + 1) * size)
    for vector in 0..<size { sums[vector] = (to[vector] - from[vector] - sums[vector]) / whole }
    for step in steps {
      let row = normals + (step - steps.lowerBound) * size
      for vector in 0..<size { row[vector] += roots[step] * sums[vector] }
    }
  }
}

extension RollOutPlan {
  /// Sobol's points for one worker; nil where all normals are Philox's.
  var sobolPass: SobolPass? { settings.sequence == .pseudorandom ? nil : SobolPass(self) }

  /// Draws a block's normals for the four steps from one whose number is a multiple of four.
  @inline(__always)
  func drawNormals(firstPath: Int, step: Int, state: BlockState, from sobol: SobolPass?) {
    if let sobol {
      sobol.drawNormals(firstPath: firstPath, step: step, state: state)
    } else {
      drawNormals(firstPath: firstPath, step: step, state: state)
    }
  }

  /// Paths of one scrambling, or all.
  var pathsPerScrambling: Int {
    guard case .sobol(let count) = settings.sequence else { return settings.pathCount }
    return settings.pathCount / count
  }

  /// What Sobol's points ask of settings.
  static func checkSequence(_ settings: RollOutSettings, world: World?) throws(SimulationError) {
    guard case .sobol(let count) = settings.sequence else { return }
    try require(
      Double(count), count >= 2 && settings.pathCount % count == 0, "sequence.randomisations", "≥ 2, dividing the paths"
    )
    let size = settings.pathCount / count
    try require(
      Double(size), size >= BlockState.pathCount && size.nonzeroBitCount == 1, "paths of a scrambling",
      "a power of two from \(BlockState.pathCount)")
    try require(settings.antithetic ? 1 : 0, !settings.antithetic, "antithetic", "false with Sobol's points")
    if case .bootstrap = world {
      throw .outOfRange(setting: "sequence", value: Double(count), allowed: "pseudorandom in a history")
    }
  }
}

/// The normals of one block by themselves, for a path that is replayed.
final class SobolBlock {
  private let pass: SobolPass
  private let state: BlockState

  /// Nil where all normals are Philox's.
  init?(_ plan: RollOutPlan) {
    guard let pass = plan.sobolPass else { return nil }
    self.pass = pass
    state = BlockState(regimeCount: plan.regimes.count)
  }

  deinit { state.deallocate() }

  func four(firstPath: Int, step: Int, vector: Int) -> [Lanes] {
    pass.drawNormals(firstPath: firstPath, step: step, state: state)
    return (0..<SobolPass.group).map { state.normals($0)[vector] }
  }
}

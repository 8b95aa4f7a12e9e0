import Formulation
import Glibc
import VectorMath

/// A₂, A₁ and A₀ of `HedgedVariance` on the grid, `[row × regime]`, at one time after another.
///
/// The squares and products of changes of the mark are interpolated between the nodes (`LogInterpolation`) and integrated
/// against the law; nodes go on beyond the grid as far as jumps do. All three come from the same positive rule, so that v
/// is never negative beyond its error, which is that of the interpolation: third order in the spacing.
/// *Verified by* `HedgedVarianceTests` against `OptionBookProblem.hedgedVariance`.
struct VarianceTable {
  private(set) var quadratic: [Double]
  private(set) var linear: [Double]
  private(set) var constant: [Double]

  private struct Kernel {
    let regime: Int
    /// Per row: first node, number of nodes in whole vectors, where the weights begin. Times ν.
    var rows: [(first: Int, count: Int, offset: Int)] = []
    var weights: [Double] = []
  }

  private struct Switch {
    let regime: Int
    let other: Int
    let rate: Double
    let factor: Double
    var stencils: [LogInterpolation.Stencil]
  }

  private let environment: EnvironmentChain
  /// σ² S², per node.
  private let diffusion: [Double]
  private let spots: [Double]
  private let marks: BookTable?
  /// Index of the grid's first row among the nodes.
  private let first: Int
  private let nodeSpots: [Double]
  private var values: [Double]
  /// From one regime's column to the next: the nodes and room for a whole vector.
  private let columnLength: Int
  private var kernels: [Kernel] = []
  private var switches: [Switch] = []

  /// Each spacing beyond the grid is so much longer than the one before.
  private static let stretch = 1.05
  /// Spots beyond e^±8 of the grid's ends: nothing that is left changes there but in proportion.
  private static let farthest = 8.0
  /// Changes beyond the last node go on in proportion to the price, so that their squares go on with its square.
  private static let power = 2.0

  init(problem: OptionBookProblem, logSpots: [Double]) {
    environment = problem.environment
    let spots = logSpots.map { exp($0) }
    self.spots = spots
    diffusion = spots.flatMap { spot in
      problem.environment.regimes.map { $0.volatility * $0.volatility * spot * spot }
    }
    let m = problem.environment.count
    let count = spots.count * m
    quadratic = Array(repeating: 0, count: count)
    linear = quadratic
    constant = quadratic
    guard environment.hasPriceJumps else {
      marks = nil
      (first, nodeSpots, values, columnLength) = (0, [], [], 0)
      return
    }
    let spacing = zip(logSpots.dropFirst(), logSpots).map { $0 - $1 }.min()!
    let laws = environment.regimes.map { regime in regime.hasJumps ? regime.jumps!.nodes(spacing: spacing) : [] }
    var (down, up) = (0.0, 0.0)
    for law in laws {
      down = max(down, -(law.first?.logJump ?? 0))
      up = max(up, law.last?.logJump ?? 0)
    }
    for e in 0..<m {
      for other in 0..<m {
        down = max(down, -problem.environment.switchJump(from: e, to: other))
        up = max(up, problem.environment.switchJump(from: e, to: other))
      }
    }
    func beyond(_ reach: Double, _ step: Double) -> [Double] {
      var (offset, length, found) = (0.0, step, [Double]())
      while offset < min(reach, VarianceTable.farthest) {
        offset += length
        length *= VarianceTable.stretch
        found.append(offset)
      }
      return found
    }
    let last = logSpots.count - 1
    let before = beyond(down, logSpots[1] - logSpots[0]).reversed().map { logSpots[0] - $0 }
    let after = beyond(up, logSpots[last] - logSpots[last - 1]).map { logSpots[last] + $0 }
    let nodes = before + logSpots + after
    first = before.count
    let padding = (laneCount - nodes.count % laneCount) % laneCount + laneCount
    nodeSpots = nodes.map { exp($0) } + Array(repeating: 0, count: padding)
    columnLength = nodes.count + padding
    values = Array(repeating: 0, count: columnLength * m)
    marks = BookTable(book: problem.book, spots: nodes.map { exp($0) }, regimes: m)
    let interpolation = LogInterpolation(nodes: nodes, below: 0, above: VarianceTable.power)
    for e in 0..<m where !laws[e].isEmpty {
      kernels.append(
        VarianceTable.kernel(e, environment.regimes[e].jumps!.intensity, laws[e], interpolation, logSpots))
    }
    for e in 0..<m {
      for other in 0..<m {
        let jump = problem.environment.switchJump(from: e, to: other)
        guard jump != 0 else { continue }
        var cell = 0
        switches.append(
          Switch(
            regime: e, other: other, rate: environment.generator.rates[e][other], factor: exp(jump),
            stencils: logSpots.map { interpolation.stencil(at: $0 + jump, cell: &cell) }))
      }
    }
  }

  private static func kernel(
    _ e: Int, _ intensity: Double, _ law: [PriceJumps.KernelNode], _ interpolation: LogInterpolation,
    _ logSpots: [Double]
  ) -> Kernel {
    var kernel = Kernel(regime: e)
    var row = [Double](repeating: 0, count: interpolation.nodes.count)
    for x in logSpots {
      for index in row.indices { row[index] = 0 }
      var cell = 0
      var (low, high) = (row.count, 0)
      for node in law {
        let stencil = interpolation.stencil(at: x + node.logJump, cell: &cell)
        for k in 0..<4 { row[stencil.first + k] += intensity * node.weight * stencil.weights[k] }
        low = min(low, stencil.first)
        high = max(high, stencil.first + 3)
      }
      let count = (high - low + laneCount) / laneCount * laneCount
      kernel.rows.append((low, count, kernel.weights.count))
      for index in low..<(low + count) { kernel.weights.append(index <= high ? row[index] : 0) }
    }
    return kernel
  }

  /// Fills the three from the deltas of the legs that expire after a time, `[row × regime]`.
  mutating func fill(at time: Double, delta: [Double], threads: Int) {
    for node in diffusion.indices {
      quadratic[node] = diffusion[node]
      linear[node] = diffusion[node] * delta[node]
      constant[node] = diffusion[node] * delta[node] * delta[node]
    }
    guard let marks else { return }
    marks.columns(at: time, into: &values, columnLength: columnLength)
    for kernel in kernels { add(kernel, threads: threads) }
    for change in switches { add(change) }
  }

  private mutating func add(_ kernel: Kernel, threads: Int) {
    let m = environment.count
    let parts = min(threads, spots.count)
    let (count, first, offset) = (spots.count, first, kernel.regime * columnLength)
    let (values, nodeSpots) = (values, nodeSpots)
    quadratic.withUnsafeMutableBufferPointer { quadratic in
      linear.withUnsafeMutableBufferPointer { linear in
        constant.withUnsafeMutableBufferPointer { constant in
          nonisolated(unsafe) let (two, one, none) = (
            quadratic.baseAddress!, linear.baseAddress!, constant.baseAddress!
          )
          parallel(parts) { part in
            values.withUnsafeBytes { values in
              nodeSpots.withUnsafeBytes { nodeSpots in
                kernel.weights.withUnsafeBytes { weights in
                  func lanes(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Lanes {
                    bytes.loadUnaligned(fromByteOffset: index * 8, as: Lanes.self)
                  }
                  for row in (part * count / parts)..<((part + 1) * count / parts) {
                    let band = kernel.rows[row]
                    let value = Lanes(repeating: lanes(values, offset + first + row)[0])
                    let spot = Lanes(repeating: lanes(nodeSpots, first + row)[0])
                    var (squares, products, changes) = (Lanes(), Lanes(), Lanes())
                    for step in stride(from: 0, to: band.count, by: laneCount) {
                      let weight = lanes(weights, band.offset + step)
                      let change = lanes(values, offset + band.first + step) - value
                      let move = lanes(nodeSpots, band.first + step) - spot
                      squares += weight * move * move
                      products += weight * move * change
                      changes += weight * change * change
                    }
                    let node = row * m + kernel.regime
                    two[node] += squares.sum()
                    one[node] += products.sum()
                    none[node] += changes.sum()
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private mutating func add(_ change: Switch) {
    let m = environment.count
    let (own, other) = (change.regime * columnLength, change.other * columnLength)
    for row in spots.indices {
      let stencil = change.stencils[row]
      var value = -values[own + first + row]
      for k in 0..<4 { value += stencil.weights[k] * values[other + stencil.first + k] }
      let move = spots[row] * (change.factor - 1)
      let node = row * m + change.regime
      quadratic[node] += change.rate * move * move
      linear[node] += change.rate * move * value
      constant[node] += change.rate * value * value
    }
  }
}

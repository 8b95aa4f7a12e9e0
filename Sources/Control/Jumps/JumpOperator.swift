import Formulation
import Glibc

/// What jumps bring from elsewhere, `ν_e E[U_e(S e^Z)] + Σ q_ee' U_e'(S J_ee')` over the switches that move the price, for all
/// lines at once; what they take, `−ν U − Σ q U`, is in `LineSystem`.
///
/// Merton's law is a matrix: the law integrated against the interpolation of U between nodes (`LogInterpolation`). Its rows
/// are smooth in x on the scale s of the law, so that they are computed at stations s/8 apart and interpolated to the
/// fourth order, 5·10⁻⁶ of a unit variation over s. Kou's law is a recurrence over the nodes, O(n):
///
///     I(x_i) = e^{−h/u} I(x_{i+1}) + ∫₀^h e^{−z/u}/u U(x_i + z) dz,
///
/// and its mirror image. Error: third order and higher in the spacing, below that of the differences.
/// *Verified by* `JumpOperatorTests`.
struct JumpOperator {
  /// Beyond the nodes U continues as a power of the spot.
  struct Ends {
    let below: Double
    let above: Double
    /// Values of positions: constant where the price vanishes, linear where it is large.
    static let value = Ends(below: 0, above: 1)
    /// Slopes in inventory, which both obstacles bound by multiples of the price.
    static let slope = Ends(below: 1, above: 1)
    /// Times and probabilities.
    static let constant = Ends(below: 0, above: 0)
  }

  /// Rows of a matrix at stations two by two, and how rows in between follow from four stations.
  private struct Dense {
    let regime: Int
    /// First column, number of columns and where their weights begin, `[column × 2]`.
    var blocks: [(first: Int, count: Int, offset: Int)] = []
    var weights: [Double] = []
    var stencils: [LogInterpolation.Stencil] = []
  }

  private struct Exponential {
    let regime: Int
    /// ν p for jumps up, ν(1 − p) for jumps down.
    let rate: Double
    /// `e^{−h/u}` and the weights of the cell that begins at a row, in the direction of the jump.
    var decay: [Double] = []
    var cells: [LogInterpolation.Stencil] = []
    let isUp: Bool
    /// I beyond the last node, as a multiple of U there.
    let beyond: Double
  }

  private struct Shift {
    let regime: Int
    let other: Int
    /// Times q.
    var stencils: [LogInterpolation.Stencil]
  }

  let rows: Int
  let regimes: Int
  private var dense: [Dense] = []
  private var exponential: [Exponential] = []
  private var shifts: [Shift] = []

  /// Stations lie this share of the law's deviation apart.
  static let stationSpacing = 0.125

  /// Nil when the price never jumps.
  init?(logSpots: [Double], environment: EnvironmentChain, ends: Ends) {
    guard environment.hasPriceJumps else { return nil }
    rows = logSpots.count
    regimes = environment.count
    let interpolation = LogInterpolation(nodes: logSpots, below: ends.below, above: ends.above)
    let spacing = zip(logSpots.dropFirst(), logSpots).map { $0 - $1 }.min()!
    for (e, regime) in environment.regimes.enumerated() {
      if let jumps = regime.jumps, jumps.intensity > 0 {
        switch jumps.law {
        case .merton(_, let deviation):
          dense.append(
            JumpOperator.dense(e, jumps, interpolation, spacing: spacing, scale: deviation))
        case .kou(let up, let down, let p):
          if p > 0 {
            exponential.append(
              JumpOperator.exponential(
                e, rate: jumps.intensity * p, scale: up, isUp: true, interpolation,
                beyond: 1 / (1 - ends.above * up)))
          }
          if p < 1 {
            exponential.append(
              JumpOperator.exponential(
                e, rate: jumps.intensity * (1 - p), scale: down, isUp: false, interpolation,
                beyond: 1 / (1 + ends.below * down)))
          }
        }
      }
      for other in 0..<regimes {
        let jump = environment.switchJump(from: e, to: other)
        guard jump != 0 else { continue }
        var cell = 0
        let stencils = logSpots.map { x in
          var stencil = interpolation.stencil(at: x + jump, cell: &cell)
          stencil.weights *= environment.generator.rates[e][other]
          return stencil
        }
        shifts.append(Shift(regime: e, other: other, stencils: stencils))
      }
    }
  }

  private static func dense(
    _ e: Int, _ jumps: PriceJumps, _ interpolation: LogInterpolation, spacing: Double, scale: Double
  ) -> Dense {
    let nodes = interpolation.nodes
    var stations: [Int] = [0]
    for row in 1..<nodes.count {
      let isLast = row == nodes.count - 1
      if isLast || nodes[row + 1] - nodes[stations[stations.count - 1]] > stationSpacing * scale {
        stations.append(row)
      }
    }
    let law = jumps.nodes(spacing: spacing)
    var result = Dense(regime: e)
    var row = [Double](repeating: 0, count: nodes.count)
    /// The row of a station, times ν, and the columns it uses.
    func fill(_ station: Int) -> Range<Int> {
      for column in row.indices { row[column] = 0 }
      var cell = 0
      var (first, last) = (nodes.count, 0)
      for node in law {
        let stencil = interpolation.stencil(at: nodes[station] + node.logJump, cell: &cell)
        for k in 0..<4 { row[stencil.first + k] += jumps.intensity * node.weight * stencil.weights[k] }
        first = min(first, stencil.first)
        last = max(last, stencil.first + 3)
      }
      return first..<(last + 1)
    }
    for pair in stride(from: 0, to: stations.count, by: 2) {
      let range = fill(stations[pair])
      let own = row
      let hasSecond = pair + 1 < stations.count
      let second = hasSecond ? fill(stations[pair + 1]) : range
      let all = min(range.lowerBound, second.lowerBound)..<max(range.upperBound, second.upperBound)
      result.blocks.append((all.lowerBound, all.count, result.weights.count))
      for column in all {
        result.weights.append(own[column])
        result.weights.append(hasSecond ? row[column] : 0)
      }
    }
    if stations.count < nodes.count, stations.count >= 4 {
      let between = LogInterpolation(nodes: stations.map { nodes[$0] }, below: 0, above: 0)
      var cell = 0
      result.stencils = nodes.map { between.stencil(at: $0, cell: &cell) }
    } else if stations.count < nodes.count {
      // Too few stations to interpolate between: every row is one.
      return dense(e, jumps, interpolation, spacing: spacing, scale: 0)
    }
    return result
  }

  /// Longest panel within a cell, in scales of the law.
  private static let cellPanel = 1.0
  /// Beyond so many scales nothing of a cell counts.
  private static let cellReach = 40.0

  private static func exponential(
    _ e: Int, rate: Double, scale: Double, isUp: Bool, _ interpolation: LogInterpolation, beyond: Double
  ) -> Exponential {
    let nodes = interpolation.nodes
    var result = Exponential(regime: e, rate: rate, isUp: isUp, beyond: beyond)
    for row in nodes.indices {
      let neighbour = isUp ? row + 1 : row - 1
      guard nodes.indices.contains(neighbour) else {
        result.decay.append(0)
        result.cells.append(LogInterpolation.Stencil(first: 0, weights: .zero))
        continue
      }
      let length = abs(nodes[neighbour] - nodes[row]) / scale
      let reach = min(length, cellReach)
      let panels = max(1, Int((reach / cellPanel).rounded(.up)))
      var cell = min(row, neighbour)
      var sum = LogInterpolation.Stencil(first: max(0, min(nodes.count - 4, cell - 1)), weights: .zero)
      for panel in 0..<panels {
        let half = 0.5 * reach / Double(panels)
        for (node, weight) in zip(GaussLegendre.cell.nodes, GaussLegendre.cell.weights) {
          let z = half * (Double(2 * panel + 1) + node)
          let stencil = interpolation.stencil(at: nodes[row] + (isUp ? z : -z) * scale, cell: &cell)
          sum.weights += stencil.weights * (half * weight * exp(-z))
        }
      }
      result.decay.append(exp(-length))
      result.cells.append(sum)
    }
    return result
  }

  // MARK: Application

  /// Numbers of scratch that `apply` needs, in groups.
  var scratchCount: Int { (regimes + 1) * rows * LineSweep.tile + 2 * LineSweep.tile }

  /// Of one tile `[row × regime × group]`: applies the operator to `(1 + ω) U^n − ω U^{n−1}`, the second-order
  /// extrapolation to the new time.
  func apply(
    recent: UnsafePointer<LineGroup>, older: UnsafePointer<LineGroup>, ratio: Double,
    into result: UnsafeMutablePointer<LineGroup>, scratch: UnsafeMutablePointer<LineGroup>
  ) {
    let width = LineSweep.tile
    let ahead = LineGroup(repeating: 1 + ratio)
    let back = LineGroup(repeating: -ratio)
    // [regime × row × group], so that a column is contiguous.
    for row in 0..<rows {
      for e in 0..<regimes {
        for group in 0..<width {
          let place = (row * regimes + e) * width + group
          let value = recent[place]
          scratch[(e * rows + row) * width + group] =
            ratio == 0 ? value : fused(ahead, value, back * older[place])
          result[place] = .zero
        }
      }
    }
    let stations = scratch + regimes * rows * width
    for term in dense { apply(term, scratch + term.regime * rows * width, result, stations) }
    for term in exponential { apply(term, scratch + term.regime * rows * width, result) }
    for term in shifts { apply(term, scratch + term.other * rows * width, result) }
  }

  private func apply(
    _ term: Dense, _ column: UnsafePointer<LineGroup>, _ result: UnsafeMutablePointer<LineGroup>,
    _ stations: UnsafeMutablePointer<LineGroup>
  ) {
    let width = LineSweep.tile
    let target = result + term.regime * width
    let distance = regimes * width
    let isDirect = term.stencils.isEmpty
    term.weights.withUnsafeBufferPointer { weights in
      for (index, block) in term.blocks.enumerated() {
        // Two stations, two groups each: four sums that live in registers.
        var (a0, a1, b0, b1) = (LineGroup.zero, LineGroup.zero, LineGroup.zero, LineGroup.zero)
        var weight = weights.baseAddress! + block.offset
        var source = column + block.first * width
        for _ in 0..<block.count {
          let first = LineGroup(repeating: weight[0])
          let second = LineGroup(repeating: weight[1])
          a0 = fused(first, source[0], a0)
          a1 = fused(first, source[1], a1)
          b0 = fused(second, source[0], b0)
          b1 = fused(second, source[1], b1)
          weight += 2
          source += width
        }
        let row = 2 * index
        if isDirect {
          (target[row * distance], target[row * distance + 1]) = (a0, a1)
          if row + 1 < rows { (target[(row + 1) * distance], target[(row + 1) * distance + 1]) = (b0, b1) }
        } else {
          (stations[row * width], stations[row * width + 1]) = (a0, a1)
          (stations[(row + 1) * width], stations[(row + 1) * width + 1]) = (b0, b1)
        }
      }
    }
    if !isDirect { JumpOperator.add(term.stencils, stations, target, distance: distance) }
  }

  private func apply(
    _ term: Exponential, _ column: UnsafePointer<LineGroup>, _ result: UnsafeMutablePointer<LineGroup>
  ) {
    let width = LineSweep.tile
    let target = result + term.regime * width
    let distance = regimes * width
    let rate = LineGroup(repeating: term.rate)
    let end = term.isUp ? rows - 1 : 0
    let beyond = LineGroup(repeating: term.beyond)
    var sum0 = beyond * column[end * width]
    var sum1 = beyond * column[end * width + 1]
    term.decay.withUnsafeBufferPointer { decays in
      term.cells.withUnsafeBufferPointer { cells in
        for step in 0..<rows {
          let row = term.isUp ? rows - 1 - step : step
          if step > 0 {
            let decay = LineGroup(repeating: decays[row])
            let cell = cells[row]
            let source = column + cell.first * width
            sum0 = decay * sum0
            sum1 = decay * sum1
            for k in 0..<4 {
              let weight = LineGroup(repeating: cell.weights[k])
              sum0 = fused(weight, source[k * width], sum0)
              sum1 = fused(weight, source[k * width + 1], sum1)
            }
          }
          let place = row * distance
          target[place] = fused(rate, sum0, target[place])
          target[place + 1] = fused(rate, sum1, target[place + 1])
        }
      }
    }
  }

  private func apply(
    _ term: Shift, _ column: UnsafePointer<LineGroup>, _ result: UnsafeMutablePointer<LineGroup>
  ) {
    JumpOperator.add(
      term.stencils, column, result + term.regime * LineSweep.tile, distance: regimes * LineSweep.tile)
  }

  /// Adds to every row four weighted entries of a column.
  private static func add(
    _ stencils: [LogInterpolation.Stencil], _ column: UnsafePointer<LineGroup>,
    _ target: UnsafeMutablePointer<LineGroup>, distance: Int
  ) {
    let width = LineSweep.tile
    stencils.withUnsafeBufferPointer { stencils in
      for row in stencils.indices {
        let stencil = stencils[row]
        let source = column + stencil.first * width
        for group in 0..<width {
          var sum = target[row * distance + group]
          for k in 0..<4 {
            sum = fused(LineGroup(repeating: stencil.weights[k]), source[k * width + group], sum)
          }
          target[row * distance + group] = sum
        }
      }
    }
  }

  /// Of a single line `[row × regime]`.
  func applied(to line: [Double]) -> [Double] {
    let size = rows * regimes * LineSweep.tile
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * size + scratchCount) { memory in
      let start = memory.baseAddress!
      start.initialize(repeating: .zero, count: 2 * size + scratchCount)
      for node in line.indices { start[node * LineSweep.tile][0] = line[node] }
      apply(recent: start, older: start, ratio: 0, into: start + size, scratch: start + 2 * size)
      return line.indices.map { start[size + $0 * LineSweep.tile][0] }
    }
  }
}

extension JumpOperator {
  /// Of the tiles of a range, with scratch of its own: what a thread does.
  func apply(_ buffers: LineBuffers, ratio: Double, tiles: StrideTo<Int>) {
    guard let explicit = buffers.explicit else { return }
    let size = rows * regimes * LineSweep.tile
    let scratch = UnsafeMutablePointer<LineGroup>.allocate(capacity: scratchCount)
    scratch.initialize(repeating: .zero, count: scratchCount)
    defer { scratch.deallocate() }
    for tile in tiles {
      apply(
        recent: buffers.recent + tile * size, older: buffers.older + tile * size, ratio: ratio,
        into: explicit + tile * size, scratch: scratch)
    }
  }
}

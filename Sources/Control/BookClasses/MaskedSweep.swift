import Formulation
import VectorMath

/// One implicit step of a linear problem on every line of inventory, inside a band whose edges fall between nodes.
///
///     (c₀ − hA) U = c₁ Uⁿ − c₂ Uⁿ⁻¹ + h f   where low < y < high,   U = constant + slope y   beyond
///
/// On the line of an inventory the band is a set of intervals in spot, others for every regime. A difference whose neighbour
/// lies beyond an edge has its arm end where the edge is crossed, net of the linear course of the edge between the nodes
/// (Shortley and Weller 1938), so that no edge is rounded to a node: second order in the spacing. Regimes are coupled
/// implicitly by block elimination. Eight lines are advanced together, each with its own coefficients; rows in which none of
/// them is inside cost nothing.
///
/// *Verified by* `PolicyEvaluationTests`.
struct MaskedSweep {
  private let system: LineSystem
  private let logSpots: [Double]
  /// σ² and μ − σ²/2 per regime, and the switching rates, `[regime × regime]`.
  private let variance: [Double]
  private let drift: [Double]
  private let rates: [Double]

  init(system: LineSystem, logSpots: [Double], environment: EnvironmentChain) {
    self.system = system
    self.logSpots = logSpots
    variance = environment.regimes.map { $0.volatility * $0.volatility }
    drift = environment.regimes.map { $0.drift - 0.5 * $0.volatility * $0.volatility }
    rates = environment.generator.rates.flatMap { $0 }
  }

  /// An arm shorter than this share of its spacing is held at this share.
  private static let shortestArm = 0.01

  /// Numbers of a group that a row needs: right-hand sides and eliminated blocks.
  static func scratchCount(rows: Int, regimes m: Int) -> Int { rows * (m + m * m) + 2 * m * m + 3 * m }

  /// One group of lines.
  struct Lines {
    let holdings: LineGroup
    let next: UnsafeMutablePointer<LineGroup>
    let recent: UnsafePointer<LineGroup>
    let older: UnsafePointer<LineGroup>
  }

  /// The edges of the level arrived at and of the two before.
  struct Levels {
    let now: LevelStore
    let recent: LevelStore
    let older: LevelStore
  }

  func advance(
    _ lines: Lines, _ levels: Levels, source: QuadraticSource, scheme: BackwardDifference,
    scratch: UnsafeMutablePointer<LineGroup>
  ) {
    let least = lines.holdings.min()
    let most = lines.holdings.max()
    let m = system.regimes
    let (low, high) = (levels.now.low, levels.now.high)
    func isActive(_ row: Int) -> Bool {
      for node in (row * m)..<(row * m + m) where most > low[node] && least < high[node] { return true }
      return false
    }
    var row = 0
    while row < system.rows {
      guard isActive(row) else {
        row += 1
        continue
      }
      var end = row + 1
      while end < system.rows, isActive(end) { end += 1 }
      solve(row..<end, lines, levels, source, scheme, scratch)
      row = end
    }
  }

  /// Uⁿ where its own level had it inside, else the trade's value there.
  @inline(__always)
  private func history(
    _ values: UnsafePointer<LineGroup>, _ store: LevelStore, _ node: Int, _ y: LineGroup
  ) -> LineGroup {
    let low = LineGroup(repeating: store.low[node])
    let high = LineGroup(repeating: store.high[node])
    let isHigh = y .>= high
    let isLow = y .<= low
    guard anyLane(isHigh .| isLow) else { return values[node] }
    var value = values[node]
    value.replace(with: line(store.highConstant[node], store.highSlope[node], y), where: isHigh)
    value.replace(with: line(store.lowConstant[node], store.lowSlope[node], y), where: isLow .& .!isHigh)
    return value
  }

  @inline(__always)
  private func line(_ constant: Double, _ slope: Double, _ y: LineGroup) -> LineGroup {
    fused(LineGroup(repeating: slope), y, LineGroup(repeating: constant))
  }

  /// An arm towards a neighbouring node: its length, the value where it ends, and which lanes end at an edge.
  private struct Arm {
    var length: LineGroup
    var value = LineGroup.zero
    var ends = SIMDMask<SIMD8<Int64>>(repeating: false)
  }

  @inline(__always)
  private func arm(
    _ store: LevelStore, _ node: Int, _ other: Int, spacing: Double, _ y: LineGroup
  ) -> Arm {
    let full = LineGroup(repeating: spacing)
    let isHigh = y .>= LineGroup(repeating: store.high[other])
    let isLow = (y .<= LineGroup(repeating: store.low[other])) .& .!isHigh
    var arm = Arm(length: full)
    let ends = isHigh .| isLow
    arm.ends = ends
    guard anyLane(arm.ends) else { return arm }
    let shortest = LineGroup(repeating: MaskedSweep.shortestArm)
    let one = LineGroup(repeating: 1)
    var share = one
    // The edge runs linearly between the nodes: it meets y at (y − edge)/(edge' − edge).
    let fromHigh =
      (LineGroup(repeating: store.high[node]) - y)
      / LineGroup(repeating: store.high[node] - store.high[other])
    let fromLow = (y - LineGroup(repeating: store.low[node])) / LineGroup(repeating: store.low[other] - store.low[node])
    share.replace(with: fromHigh, where: isHigh)
    share.replace(with: fromLow, where: isLow)
    share = laneMinimum(one, laneMaximum(shortest, share))
    arm.length = full * share
    let rest = one - share
    let high =
      share * line(store.highConstant[other], store.highSlope[other], y)
      + rest * line(store.highConstant[node], store.highSlope[node], y)
    let low =
      share * line(store.lowConstant[other], store.lowSlope[other], y)
      + rest * line(store.lowConstant[node], store.lowSlope[node], y)
    arm.value = low.replacing(with: high, where: isHigh)
    return arm
  }

  private func solve(
    _ rows: Range<Int>, _ lines: Lines, _ levels: Levels, _ source: QuadraticSource, _ scheme: BackwardDifference,
    _ scratch: UnsafeMutablePointer<LineGroup>
  ) {
    let m = system.regimes
    let y = lines.holdings
    let store = levels.now
    let width = m + m * m
    let pivot = scratch + system.rows * width
    let right = pivot + m * m
    let below = right + m
    let above = below + m
    let h = LineGroup(repeating: scheme.step)
    let leading = LineGroup(repeating: scheme.leading)
    let zero = LineGroup.zero
    let one = LineGroup(repeating: 1)
    for row in rows {
      for e in 0..<m {
        let node = row * m + e
        let isHigh = y .>= LineGroup(repeating: store.high[node])
        let isLow = (y .<= LineGroup(repeating: store.low[node])) .& .!isHigh
        let isOutside = isHigh .| isLow
        var toBelow = LineGroup(repeating: system.lower[node])
        var toAbove = LineGroup(repeating: system.upper[node])
        var value =
          fused(
            fused(LineGroup(repeating: source.quadratic[node]), y, LineGroup(repeating: source.linear[node])), y,
            LineGroup(repeating: source.constant[node])) * h
        value = fused(LineGroup(repeating: scheme.recent), history(lines.recent, levels.recent, node, y), value)
        if scheme.older != 0 {
          value = fused(LineGroup(repeating: -scheme.older), history(lines.older, levels.older, node, y), value)
        }
        var lowerEntry = -h * toBelow
        var upperEntry = -h * toAbove
        if row > 0, row < system.rows - 1 {
          let down = arm(store, node, node - m, spacing: logSpots[row] - logSpots[row - 1], y)
          let up = arm(store, node, node + m, spacing: logSpots[row + 1] - logSpots[row], y)
          if anyLane(down.ends .| up.ends) {
            let (two, tilt) = (LineGroup(repeating: variance[e]), LineGroup(repeating: drift[e]))
            let span = down.length + up.length
            toBelow = (two - tilt * up.length) / (down.length * span)
            toAbove = (two + tilt * down.length) / (up.length * span)
            value.replace(with: fused(h * toBelow, down.value, value), where: down.ends)
            value.replace(with: fused(h * toAbove, up.value, value), where: up.ends)
            lowerEntry = (-h * toBelow).replacing(with: zero, where: down.ends)
            upperEntry = (-h * toAbove).replacing(with: zero, where: up.ends)
          }
        } else {
          // At the grid's ends only the drift is left, towards the inside; an edge between the last two nodes is left out.
          if row == 0 { lowerEntry = zero } else { upperEntry = zero }
        }
        let diagonal = leading + h * (toBelow + toAbove - LineGroup(repeating: rates[e * m + e]))
        for f in 0..<m {
          let entry = f == e ? diagonal : LineGroup(repeating: -scheme.step * rates[e * m + f])
          pivot[e * m + f] = entry.replacing(with: f == e ? one : zero, where: isOutside)
        }
        value.replace(with: line(store.highConstant[node], store.highSlope[node], y), where: isHigh)
        value.replace(with: line(store.lowConstant[node], store.lowSlope[node], y), where: isLow)
        right[e] = value
        below[e] = lowerEntry.replacing(with: zero, where: isOutside)
        above[e] = upperEntry.replacing(with: zero, where: isOutside)
      }
      let here = scratch + row * width
      if row > rows.lowerBound {
        let before = here - width
        for e in 0..<m {
          right[e] = fused(-below[e], before[e], right[e])
          for f in 0..<m { pivot[e * m + f] = fused(-below[e], before[m + e * m + f], pivot[e * m + f]) }
        }
      }
      MaskedSweep.invert(pivot, m)
      for e in 0..<m {
        var sum = pivot[e * m] * right[0]
        for f in 1..<m { sum = fused(pivot[e * m + f], right[f], sum) }
        here[e] = sum
        for f in 0..<m { here[m + e * m + f] = pivot[e * m + f] * above[f] }
      }
    }
    for row in rows.reversed() {
      let here = scratch + row * width
      let target = lines.next + row * m
      for e in 0..<m {
        var value = here[e]
        if row < rows.upperBound - 1 {
          for f in 0..<m { value = fused(-here[m + e * m + f], target[m + f], value) }
        }
        target[e] = value
      }
    }
  }

  /// Gauss–Jordan without exchanges on eight small diagonally dominant matrices, in place.
  @inline(__always)
  private static func invert(_ a: UnsafeMutablePointer<LineGroup>, _ m: Int) {
    let one = LineGroup(repeating: 1)
    for p in 0..<m {
      let reciprocal = one / a[p * m + p]
      a[p * m + p] = one
      for j in 0..<m { a[p * m + j] *= reciprocal }
      for i in 0..<m where i != p {
        let factor = a[i * m + p]
        a[i * m + p] = .zero
        for j in 0..<m { a[i * m + j] = fused(-factor, a[p * m + j], a[i * m + j]) }
      }
    }
  }
}

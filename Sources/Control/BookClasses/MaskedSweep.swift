import Formulation
import VectorMath

/// One implicit step of linear problems on every line of inventory, inside a band whose edges fall between nodes.
///
///     (c₀ − hA) U = c₁ Uⁿ − c₂ Uⁿ⁻¹ + h f   where low < y < high,   U = constant + slope y   beyond
///
/// On the line of an inventory the band is a set of intervals in spot, others for every regime. A difference whose neighbour
/// lies beyond an edge has its arm end where the edge is crossed, net of the linear course of the edge between the nodes
/// (Shortley and Weller 1938), so that no edge is rounded to a node: second order in the spacing. Regimes are coupled
/// implicitly by block elimination. Eight lines are advanced together, each with its own coefficients; rows in which none of
/// them is inside cost nothing. Whatever is summed along the paths of one policy has the same matrix: all functionals are
/// right-hand sides of one elimination.
///
/// Plain memory, which the owner deallocates. *Verified by* `PolicyEvaluationTests`.
struct MaskedSweep: Sendable {
  private let rows: Int
  private let regimes: Int
  private let kinds: NodeArray<PolicyFunctional.Source>
  /// Generator coefficients to the rows below and above, `[node]`; spacings of ln S, `[row]`.
  private let lower: NodeArray<Double>
  private let upper: NodeArray<Double>
  private let spacing: NodeArray<Double>
  /// σ² and μ − σ²/2 per regime, and the switching rates, `[regime × regime]`.
  private let variance: NodeArray<Double>
  private let drift: NodeArray<Double>
  private let rates: NodeArray<Double>

  init(
    system: LineSystem, logSpots: [Double], environment: EnvironmentChain, functionals: [PolicyFunctional.Source]
  ) {
    rows = system.rows
    regimes = system.regimes
    kinds = NodeArray(functionals)
    lower = NodeArray(system.lower)
    upper = NodeArray(system.upper)
    spacing = NodeArray(zip(logSpots.dropFirst(), logSpots).map { $0 - $1 })
    variance = NodeArray(environment.regimes.map { $0.volatility * $0.volatility })
    drift = NodeArray(environment.regimes.map { $0.drift - 0.5 * $0.volatility * $0.volatility })
    rates = NodeArray(environment.generator.rates.flatMap { $0 })
  }

  func deallocate() {
    for array in [lower, upper, spacing, variance, drift, rates] { array.deallocate() }
    kinds.deallocate()
  }

  /// An arm shorter than this share of its spacing is held at this share.
  private static let shortestArm = 0.01

  /// Numbers of a group that a thread needs: right-hand sides and eliminated blocks of every row, one row's matrices, the values
  /// beyond the edges of three rows.
  var scratchCount: Int {
    let (m, k) = (regimes, kinds.count)
    return rows * (m * k + m * m) + m * m + m * k + 2 * m + 3 * 2 * m * k
  }

  func advance(
    _ buffers: EvaluationBuffers, group: Int, holdings y: LineGroup, source: QuadraticSource,
    scheme: BackwardDifference,
    scratch: UnsafeMutablePointer<LineGroup>
  ) {
    let (least, most) = (y[0], y[LineGroup.scalarCount - 1])
    let (low, high) = (buffers.now.rowLow, buffers.now.rowHigh)
    func isActive(_ row: Int) -> Bool { most > low[row] && least < high[row] }
    var (first, last) = (0, rows)
    while first < rows, !isActive(first) { first += 1 }
    while last > first, !isActive(last - 1) { last -= 1 }
    let hull = first..<last
    buffers.now.covered[group] = hull
    guard !hull.isEmpty else { return }
    cover(hull, of: buffers.recent, buffers.before, buffers, group: group, y)
    if scheme.older != 0 { cover(hull, of: buffers.older, buffers.earlier, buffers, group: group, y) }
    var row = first
    while row < last {
      let isInside = isActive(row)
      var end = row + 1
      while end < last, isActive(end) == isInside { end += 1 }
      if isInside {
        let part = Part(rows: row..<end, group: group, y: y, source: source, scheme: scheme)
        switch regimes {
        case 1: solve(part, buffers, scratch, One.self)
        case 2: solve(part, buffers, scratch, Two.self)
        default: solve(part, buffers, scratch, Several.self, Several.self)
        }
      } else {
        buffers.fillOutside(buffers.next, buffers.now, group: group, rows: row..<end, y: y)
      }
      row = end
    }
  }

  /// Sees to it that the rows of an earlier level are in memory.
  private func cover(
    _ hull: Range<Int>, of slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ buffers: EvaluationBuffers,
    group: Int, _ y: LineGroup
  ) {
    let known = store.covered[group]
    if known.isEmpty {
      buffers.fillOutside(slice, store, group: group, rows: hull, y: y)
      store.covered[group] = hull
      return
    }
    if hull.lowerBound < known.lowerBound {
      buffers.fillOutside(slice, store, group: group, rows: hull.lowerBound..<known.lowerBound, y: y)
    }
    if hull.upperBound > known.upperBound {
      buffers.fillOutside(slice, store, group: group, rows: known.upperBound..<hull.upperBound, y: y)
    }
    store.covered[group] = min(hull.lowerBound, known.lowerBound)..<max(hull.upperBound, known.upperBound)
  }

  /// An arm towards a neighbouring node: its share of the spacing, which lanes end at an edge, and at which.
  private struct Arm {
    var share = LineGroup(repeating: 1)
    let isHigh: SIMDMask<SIMD8<Int64>>
    let ends: SIMDMask<SIMD8<Int64>>
  }

  /// A level's edges and what lies beyond them, as plain addresses: none is looked up again for a node.
  private struct Edges {
    let low: UnsafePointer<Double>
    let high: UnsafePointer<Double>
    let lowConstant: UnsafePointer<Double>
    let highConstant: UnsafePointer<Double>
    let lowSlope: UnsafePointer<Double>
    let highSlope: UnsafePointer<Double>

    init(_ buffers: EvaluationBuffers) {
      let store = buffers.now
      (low, high) = (UnsafePointer(store.low), UnsafePointer(store.high))
      (lowConstant, highConstant) = (UnsafePointer(store.lowConstant), UnsafePointer(store.highConstant))
      (lowSlope, highSlope) = (UnsafePointer(buffers.lowSlope.start), UnsafePointer(buffers.highSlope.start))
    }
  }

  @inline(__always)
  private func arm(_ edges: Edges, _ node: Int, _ other: Int, _ y: LineGroup) -> Arm {
    let isHigh = y .>= LineGroup(repeating: edges.high[other])
    let isLow = (y .<= LineGroup(repeating: edges.low[other])) .& .!isHigh
    var arm = Arm(isHigh: isHigh, ends: isHigh .| isLow)
    guard anyLane(arm.ends) else { return arm }
    // The edge runs linearly between the nodes: it meets y at (y − edge)/(edge' − edge).
    let far = (y - LineGroup(repeating: edges.low[node]))
      .replacing(with: LineGroup(repeating: edges.high[node]) - y, where: isHigh)
    let whole = LineGroup(repeating: edges.low[other] - edges.low[node])
      .replacing(with: LineGroup(repeating: edges.high[node] - edges.high[other]), where: isHigh)
    let share = laneMinimum(
      LineGroup(repeating: 1), laneMaximum(LineGroup(repeating: MaskedSweep.shortestArm), far / whole))
    arm.share.replace(with: share, where: arm.ends)
    return arm
  }

  /// What functionals are worth beyond the edges of a row: `[regime × functional × (high, low)]`.
  @inline(__always)
  private func outside(
    _ row: Int, _ edges: Edges, _ y: LineGroup, width: Int, into values: UnsafeMutablePointer<LineGroup>
  ) {
    for index in 0..<width {
      let place = row * width + index
      values[2 * index] = fused(
        LineGroup(repeating: edges.highSlope[place]), y, LineGroup(repeating: edges.highConstant[place]))
      values[2 * index + 1] = fused(
        LineGroup(repeating: edges.lowSlope[place]), y, LineGroup(repeating: edges.lowConstant[place]))
    }
  }

  /// A run of rows of a group.
  private struct Part {
    let rows: Range<Int>
    let group: Int
    let y: LineGroup
    let source: QuadraticSource
    let scheme: BackwardDifference
  }

  /// Searches have one functional; the finest grid has J and the risk, others three of a policy that reflects and five of one that
  /// does not.
  private func solve<Regimes: KnownCount>(
    _ part: Part, _ buffers: EvaluationBuffers, _ scratch: UnsafeMutablePointer<LineGroup>, _: Regimes.Type
  ) {
    switch kinds.count {
    case 1: solve(part, buffers, scratch, Regimes.self, One.self)
    case 2: solve(part, buffers, scratch, Regimes.self, Two.self)
    case 3: solve(part, buffers, scratch, Regimes.self, Three.self)
    case 5: solve(part, buffers, scratch, Regimes.self, Five.self)
    default: solve(part, buffers, scratch, Regimes.self, Several.self)
    }
  }

  /// - Parameters:
  ///   - _: how many regimes and functionals there are, where the compiler may know.
  private func solve<Regimes: KnownCount, Functionals: KnownCount>(
    _ part: Part, _ buffers: EvaluationBuffers, _ scratch: UnsafeMutablePointer<LineGroup>, _: Regimes.Type,
    _: Functionals.Type
  ) {
    let m = Regimes.value(regimes)
    let count = Functionals.value(kinds.count)
    let (range, group, y, scheme) = (part.rows, part.group, part.y, part.scheme)
    let source = part.source
    let edges = Edges(buffers)
    let width = m * count + m * m
    let pivot = scratch + rows * width
    let right = pivot + m * m
    let below = right + m * count
    let above = below + m
    let ring = above + m
    let ringWidth = 2 * m * count
    let start = group * buffers.nodes * count
    let (next, recent, older) = (buffers.next + start, buffers.recent + start, buffers.older + start)
    let h = LineGroup(repeating: scheme.step)
    let leading = LineGroup(repeating: scheme.leading)
    let (c1, c2) = (LineGroup(repeating: scheme.recent), LineGroup(repeating: -scheme.older))
    let hasOlder = scheme.older != 0
    let zero = LineGroup.zero
    let one = LineGroup(repeating: 1)
    func place(_ row: Int) -> UnsafeMutablePointer<LineGroup> { ring + (row % 3) * ringWidth }
    if range.lowerBound > 0 {
      outside(range.lowerBound - 1, edges, y, width: m * count, into: place(range.lowerBound - 1))
    }
    outside(range.lowerBound, edges, y, width: m * count, into: place(range.lowerBound))
    for row in range {
      if row + 1 < rows { outside(row + 1, edges, y, width: m * count, into: place(row + 1)) }
      let isInterior = row > 0 && row < rows - 1
      for e in 0..<m {
        let node = row * m + e
        let isHigh = y .>= LineGroup(repeating: edges.high[node])
        let isLow = (y .<= LineGroup(repeating: edges.low[node])) .& .!isHigh
        let isOutside = isHigh .| isLow
        var toBelow = LineGroup(repeating: lower[node])
        var toAbove = LineGroup(repeating: upper[node])
        var lowerEntry = -h * toBelow
        var upperEntry = -h * toAbove
        var down = Arm(isHigh: isHigh, ends: isHigh)
        var up = down
        var hasArms = false
        // What is taken of the values at the arms' ends.
        var (downWeight, upWeight) = (zero, zero)
        if isInterior {
          down = arm(edges, node, node - m, y)
          up = arm(edges, node, node + m, y)
          hasArms = anyLane(down.ends .| up.ends)
          if hasArms {
            let (two, tilt) = (LineGroup(repeating: variance[e]), LineGroup(repeating: drift[e]))
            let (downward, upward) = (
              down.share * LineGroup(repeating: spacing[row - 1]), up.share * LineGroup(repeating: spacing[row])
            )
            // (σ² − μ b)/(a (a + b)) and (σ² + μ a)/(b (a + b)), with one division.
            let each = one / (downward * upward * (downward + upward))
            toBelow = (two - tilt * upward) * upward * each
            toAbove = (two + tilt * downward) * downward * each
            downWeight.replace(with: h * toBelow, where: down.ends)
            upWeight.replace(with: h * toAbove, where: up.ends)
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
        below[e] = lowerEntry.replacing(with: zero, where: isOutside)
        above[e] = upperEntry.replacing(with: zero, where: isOutside)
        let running =
          fused(
            fused(LineGroup(repeating: source.quadratic[node]), y, LineGroup(repeating: source.linear[node])), y,
            LineGroup(repeating: source.constant[node])) * h
        let here = place(row) + 2 * e * count
        for k in 0..<count {
          let kind = kinds[k]
          var value = kind == .running ? running : kind == .time ? h : zero
          value = fused(c1, recent[node * count + k], value)
          if hasOlder { value = fused(c2, older[node * count + k], value) }
          let (hereHigh, hereLow) = (here[2 * k], here[2 * k + 1])
          if hasArms {
            let (lowerRow, upperRow) = (place(row + 2) + 2 * e * count, place(row + 1) + 2 * e * count)
            let atDown = crossing(down, hereHigh, hereLow, lowerRow[2 * k], lowerRow[2 * k + 1])
            let atUp = crossing(up, hereHigh, hereLow, upperRow[2 * k], upperRow[2 * k + 1])
            value = fused(upWeight, atUp, fused(downWeight, atDown, value))
          }
          value.replace(with: hereLow.replacing(with: hereHigh, where: isHigh), where: isOutside)
          right[e * count + k] = value
        }
      }
      let here = scratch + row * width
      if row > range.lowerBound {
        let before = here - width
        for e in 0..<m {
          let factor = -below[e]
          for k in 0..<count { right[e * count + k] = fused(factor, before[e * count + k], right[e * count + k]) }
          for f in 0..<m { pivot[e * m + f] = fused(factor, before[m * count + e * m + f], pivot[e * m + f]) }
        }
      }
      if m == 2 { MaskedSweep.invertPair(pivot) } else { MaskedSweep.invert(pivot, m) }
      for e in 0..<m {
        for k in 0..<count {
          var sum = pivot[e * m] * right[k]
          for f in 1..<m { sum = fused(pivot[e * m + f], right[f * count + k], sum) }
          here[e * count + k] = sum
        }
        for f in 0..<m { here[m * count + e * m + f] = pivot[e * m + f] * above[f] }
      }
    }
    for row in range.reversed() {
      let here = scratch + row * width
      let target = next + row * m * count
      let isLast = row == range.upperBound - 1
      for e in 0..<m {
        for k in 0..<count {
          var value = here[e * count + k]
          if !isLast {
            for f in 0..<m { value = fused(-here[m * count + e * m + f], target[(m + f) * count + k], value) }
          }
          target[e * count + k] = value
        }
      }
    }
  }

  /// The value where an arm ends, linear between the two nodes' values beyond the edge.
  @inline(__always)
  private func crossing(
    _ arm: Arm, _ hereHigh: LineGroup, _ hereLow: LineGroup, _ otherHigh: LineGroup, _ otherLow: LineGroup
  ) -> LineGroup {
    let here = hereLow.replacing(with: hereHigh, where: arm.isHigh)
    let other = otherLow.replacing(with: otherHigh, where: arm.isHigh)
    return fused(arm.share, other - here, here)
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

  /// Two by two, with one division.
  @inline(__always)
  private static func invertPair(_ a: UnsafeMutablePointer<LineGroup>) {
    let (p, q, r, s) = (a[0], a[1], a[2], a[3])
    let reciprocal = LineGroup(repeating: 1) / fused(-q, r, p * s)
    a[0] = s * reciprocal
    a[1] = -q * reciprocal
    a[2] = -r * reciprocal
    a[3] = p * reciprocal
  }
}

/// A count that the compiler may know: loops over few regimes are then unrolled.
private protocol KnownCount { static func value(_ count: Int) -> Int }

private enum One: KnownCount {
  @inline(__always) static func value(_ count: Int) -> Int { 1 }
}

private enum Two: KnownCount {
  @inline(__always) static func value(_ count: Int) -> Int { 2 }
}

private enum Three: KnownCount {
  @inline(__always) static func value(_ count: Int) -> Int { 3 }
}

private enum Five: KnownCount {
  @inline(__always) static func value(_ count: Int) -> Int { 5 }
}

private enum Several: KnownCount {
  @inline(__always) static func value(_ count: Int) -> Int { count }
}

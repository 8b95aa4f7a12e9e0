import Formulation

/// Reads one (spot, regime) of the game: the band, and `∫ λ dy` from the band to a reference inventory, the rate at which V
/// there exceeds what running cost alone would make it, because the inventory is really traded to the edge.
struct GameRow {
  let buffers: LineBuffers
  let strip: Strip
  let rates: PinnedRates
  let node: Int
  let row: Int
  let spacing: Double
  /// Whether the solution is tangent at the band's edges; see `EdgeReader`.
  let isTangent: Bool

  /// Lines at which W may jump: those of inventories that settlement leaves free.
  let settled: NodeArray<Int>?

  /// Where a row was found to wait.
  struct Ends {
    /// The first line on which one does not buy, and the first on which one sells.
    var inside: Int
    var above: Int
  }
  /// What the last step found, near which to look.
  let before: Ends

  /// What a row says.
  struct Outcome {
    /// In inventory.
    let lower: Edge
    let upper: Edge
    /// `∫ λ dy` [quote/year].
    let excess: Double
    let ends: Ends
    /// The lines that wait, or those next to the band where none does.
    let waiting: LineExtent
  }

  private var lines: Int { strip.tiles * LineSweep.tileLines }

  private func holding(_ line: Int) -> Double { buffers.inventories[line] }

  func read(reference: Int) -> Outcome {
    let tiles = strip.span[row]
    let first = tiles.lowerBound * LineSweep.tileLines
    let count = tiles.count * LineSweep.tileLines
    let (ceiling, floor) = (rates.ceiling[node], -rates.floor[node])
    let values = RowLines(buffers, buffers.recent, node: node, tile: tiles.lowerBound)
    // W grows with y (V is convex in y): the interior is one interval, whose ends move by a line or two in a step.
    let inside = firstLine(of: values, count: count, near: before.inside - first) { $0 > floor }
    let above = firstLine(of: values, count: count, near: before.above - first) { $0 >= ceiling }
    guard inside < above else { return crossed(first + inside, first + above, reference: reference) }
    let reader = EdgeReader(origin: holding(first), spacing: spacing, count: count, isTangent: isTangent)
    var upper =
      above < count ? reader.found(at: above - 1, direction: 1) { ceiling - values[$0] } : Edge(direction: 1)
    var lower = inside > 0 ? reader.found(at: inside, direction: -1) { values[$0] - floor } : Edge(direction: -1)
    if settled != nil {
      let ends = (lower: inside, upper: above - 1)
      upper = kinkedEdge(ends.upper, first: first, count: count, direction: 1) { ceiling - values[$0] } ?? upper
      lower = kinkedEdge(ends.lower, first: first, count: count, direction: -1) { values[$0] - floor } ?? lower
    }
    // An edge that the row's tiles do not hold lies at their end, unless the grid itself ends there.
    if upper.beyond == .infinity, first + count < lines { upper = Edge(at: holding(first + count - 1)) }
    if lower.beyond == .infinity, first > 0 { lower = Edge(at: holding(first)) }
    let waiting = (first + inside)...(first + above - 1)
    return Outcome(
      lower: lower, upper: upper, excess: excess(from: first + (inside + above) / 2, to: reference, free: waiting),
      ends: Ends(inside: first + inside, above: first + above), waiting: waiting)
  }

  /// An edge at or beside a line at which W jumps; nil without a jump.
  ///
  /// There W holds the mean of its sides. Where it waits, the inner side follows from the two lines further in, and with it the outer
  /// one: touches that its obstacle, the line itself is the edge. Where the mean touches already, so does the outer side. A smooth
  /// edge lies at most a spacing from its last line, so that distances to the obstacle have ratios of ½ at most one and two spacings
  /// from the edge, of ⅔ two and three, and of their squares where the solution is tangent.
  private func kinkedEdge(
    _ index: Int, first: Int, count: Int, direction: Int, distance: (Int) -> Double
  ) -> Edge? {
    let (next, innermost) = (index + direction, index - 2 * direction)
    guard let settled, min(next, innermost) >= 0, max(next, innermost) < count else { return nil }
    func isJump(_ near: Int, _ ratio: Double) -> Bool {
      distance(near) > (isTangent ? ratio : 1) * ratio * distance(near - direction)
    }
    if settled.indices.contains(where: { settled[$0] == first + next }) {
      return isJump(index, 1.0 / 2) ? Edge(at: holding(first + next)) : nil
    }
    guard settled.indices.contains(where: { settled[$0] == first + index }), isJump(index - direction, 2.0 / 3) else {
      return nil
    }
    let (near, far) = (distance(index - direction), distance(innermost))
    let outer = 2 * distance(index) - (2 * near - far)
    return Edge(
      origin: holding(first), spacing: spacing, index: Double(index), direction: Double(direction),
      beyond: outer > 0 && far > near ? min(1, outer / (far - near)) : 0)
  }

  /// The first line whose value satisfies a condition that all beyond it satisfy; `count` when none does. Walked from near.
  @inline(__always)
  private func firstLine(of values: RowLines, count: Int, near: Int, where isBeyond: (Double) -> Bool) -> Int {
    var line = max(0, min(count, near))
    while line > 0, isBeyond(values[line - 1]) { line -= 1 }
    while line < count, !isBeyond(values[line]) { line += 1 }
    return line
  }

  /// Nothing is inside: the band is narrower than the spacing, and lies where the multiplier changes sign.
  private func crossed(_ inside: Int, _ above: Int, reference: Int) -> Outcome {
    var (low, high) = (strip.span[row].lowerBound * LineSweep.tileLines, 0)
    high = (strip.span[row].upperBound + 1) * LineSweep.tileLines
    while low < high {
      let middle = (low + high) / 2
      if multiplier(middle) > 0 { high = middle } else { low = middle + 1 }
    }
    let index = max(1, min(lines - 1, low))
    let (before, after) = (multiplier(index - 1), multiplier(index))
    let share = after > before ? min(1, max(0, -before / (after - before))) : 0.5
    let edge = Edge(at: holding(index - 1) + share * spacing)
    return Outcome(
      lower: edge, upper: edge, excess: excess(fromCrossing: Double(index - 1) + share, to: reference),
      ends: Ends(inside: inside, above: above),
      waiting: max(0, min(lines - 1, above - 1))...min(lines - 1, max(0, inside)))
  }

  // MARK: ∫ λ dy

  /// From an index inside the band.
  ///
  /// The multiplier of the discrete problem is integrated by the trapezoidal rule, which keeps the balance of the discrete
  /// equations, with the end correction of Euler and Maclaurin at the reference. At the edge itself λ jumps; as the edge
  /// wanders through a cell with time and spot, the rule's error there averages out.
  private func excess(from center: Int, to reference: Int, free: LineExtent) -> Double {
    // Nothing is traded between.
    guard !free.contains(reference) else { return 0 }
    let step = reference > center ? 1 : -1
    let end = multiplier(reference)
    let endSlope = end == 0 ? 0 : end - multiplier(reference - step)
    return Double(step) * (trapezoid(center, reference, free: free) - endSlope / 12) * spacing
  }

  /// From where λ crosses zero, `crossing` in spacings from the first inventory, when the band is narrower than a spacing:
  /// λ has no jump, so the trapezoidal rule from the crossing is exact for its linear parts.
  private func excess(fromCrossing crossing: Double, to reference: Int) -> Double {
    let step = Double(reference) >= crossing ? 1 : -1
    let first = step > 0 ? Int(crossing.rounded(.up)) : Int(crossing.rounded(.down))
    let sum = 0.5 * multiplier(first) * abs(Double(first) - crossing) + trapezoid(first, reference, free: nil)
    return Double(step) * sum * spacing
  }

  /// The trapezoidal rule between two indices in either order, in spacings; λ vanishes on free lines.
  private func trapezoid(_ a: Int, _ b: Int, free: LineExtent?) -> Double {
    a == b ? 0 : sum(min(a, b)...max(a, b), free: free) - 0.5 * (multiplier(a) + multiplier(b))
  }

  private func multiplier(_ line: Int) -> Double {
    if strip.isActive(row: row, tile: line / LineSweep.tileLines) {
      return buffers.slice(buffers.multiplier)[node, line]
    }
    return rates.multiplier(node: node, isAbove: isAbove(line), inventory: holding(line))
  }

  private func isAbove(_ line: Int) -> Bool { line > strip.waiting[row].upperBound }

  /// The sum of λ over a range of lines: tile by tile within the row's span, and as many times the middle's on either side,
  /// where λ is linear in the inventory.
  private func sum(_ lines: LineExtent, free: LineExtent?) -> Double {
    let span = strip.span[row]
    let inner = (span.lowerBound * LineSweep.tileLines)...((span.upperBound + 1) * LineSweep.tileLines - 1)
    var total = 0.0
    if lines.lowerBound < inner.lowerBound {
      total += linear(lines.lowerBound...min(lines.upperBound, inner.lowerBound - 1))
    }
    if lines.upperBound > inner.upperBound {
      total += linear(max(lines.lowerBound, inner.upperBound + 1)...lines.upperBound)
    }
    let ends = lines.clamped(to: inner)
    guard ends.overlaps(lines) else { return total }
    // The tiles are added up lane by lane, and the lanes at the end.
    var lanes = LineGroup.zero
    for tile in (ends.lowerBound / LineSweep.tileLines)...(ends.upperBound / LineSweep.tileLines) {
      let own = (tile * LineSweep.tileLines)...((tile + 1) * LineSweep.tileLines - 1)
      if let free, free.lowerBound <= own.lowerBound, own.upperBound <= free.upperBound { continue }
      let part = own.clamped(to: ends)
      if !strip.isActive(row: row, tile: tile) {
        total += linear(part)
        continue
      }
      let groups = buffers.multiplier + (tile * buffers.nodes + node) * LineSweep.tile
      for group in 0..<LineSweep.tile {
        guard part.count < LineSweep.tileLines else {
          lanes += groups[group]
          continue
        }
        let first = own.lowerBound + group * LineGroup.scalarCount
        let (low, high) = (Double(part.lowerBound - first), Double(part.upperBound - first))
        let isOutside = (GameRow.laneNumbers .< low) .| (GameRow.laneNumbers .> high)
        lanes += groups[group].replacing(with: LineGroup.zero, where: isOutside)
      }
    }
    return total + lanes.sum()
  }

  private static let laneNumbers = LineGroup(0, 1, 2, 3, 4, 5, 6, 7)

  private func linear(_ lines: LineExtent) -> Double {
    let middle = 0.5 * (holding(lines.lowerBound) + holding(lines.upperBound))
    return Double(lines.count)
      * rates.multiplier(node: node, isAbove: isAbove(lines.lowerBound), inventory: middle)
  }
}

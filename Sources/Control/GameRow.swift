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

  /// What a row says.
  struct Outcome {
    /// In inventory.
    let lower: Double
    let upper: Double
    /// `∫ λ dy` [quote/year].
    let excess: Double
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
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: tiles.count * LineSweep.tile) { groups in
      // W grows with y (V is convex in y): the interior is one interval, and counting finds its ends.
      var (bought, sold) = (SIMD8<Int64>.zero, SIMD8<Int64>.zero)
      for tile in tiles {
        for group in 0..<LineSweep.tile {
          let values = buffers.recent[(tile * buffers.nodes + node) * LineSweep.tile + group]
          groups[(tile - tiles.lowerBound) * LineSweep.tile + group] = values
          bought.replace(with: bought &+ 1, where: values .<= floor)
          sold.replace(with: sold &+ 1, where: values .>= ceiling)
        }
      }
      let inside = Int(bought.wrappedSum())
      let above = count - Int(sold.wrappedSum())
      guard inside < above else { return crossed(first + inside, first + above, reference: reference) }
      let values = UnsafeRawPointer(groups.baseAddress!).assumingMemoryBound(to: Double.self)
      let reader = EdgeReader(origin: holding(first), spacing: spacing, count: count, isTangent: isTangent)
      let middle = (inside + above - 1) / 2
      var upper = reader.edge(from: middle, direction: 1) { ceiling - values[$0] }
      var lower = reader.edge(from: middle, direction: -1) { values[$0] - floor }
      // An edge that the row's tiles do not hold lies at their end, unless the grid itself ends there.
      if upper == .infinity, first + count < lines { upper = holding(first + count - 1) }
      if lower == -.infinity, first > 0 { lower = holding(first) }
      return Outcome(
        lower: lower, upper: upper, excess: excess(from: first + (inside + above) / 2, to: reference),
        waiting: (first + inside)...(first + above - 1))
    }
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
    let edge = holding(index - 1) + share * spacing
    return Outcome(
      lower: edge, upper: edge, excess: excess(fromCrossing: Double(index - 1) + share, to: reference),
      waiting: max(0, min(lines - 1, above - 1))...min(lines - 1, max(0, inside)))
  }

  // MARK: ∫ λ dy

  /// From an index inside the band.
  ///
  /// The multiplier of the discrete problem is integrated by the trapezoidal rule, which keeps the balance of the discrete
  /// equations, with the end correction of Euler and Maclaurin at the reference. At the edge itself λ jumps; as the edge
  /// wanders through a cell with time and spot, the rule's error there averages out.
  private func excess(from center: Int, to reference: Int) -> Double {
    guard reference != center else { return 0 }
    let step = reference > center ? 1 : -1
    let end = multiplier(reference)
    let endSlope = end == 0 ? 0 : end - multiplier(reference - step)
    return Double(step) * (trapezoid(center, reference) - endSlope / 12) * spacing
  }

  /// From where λ crosses zero, `crossing` in spacings from the first inventory, when the band is narrower than a spacing:
  /// λ has no jump, so the trapezoidal rule from the crossing is exact for its linear parts.
  private func excess(fromCrossing crossing: Double, to reference: Int) -> Double {
    let step = Double(reference) >= crossing ? 1 : -1
    let first = step > 0 ? Int(crossing.rounded(.up)) : Int(crossing.rounded(.down))
    let sum = 0.5 * multiplier(first) * abs(Double(first) - crossing) + trapezoid(first, reference)
    return Double(step) * sum * spacing
  }

  /// The trapezoidal rule between two indices in either order, in spacings.
  private func trapezoid(_ a: Int, _ b: Int) -> Double {
    a == b ? 0 : sum(min(a, b)...max(a, b)) - 0.5 * (multiplier(a) + multiplier(b))
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
  private func sum(_ lines: LineExtent) -> Double {
    let span = strip.span[row]
    let inner = (span.lowerBound * LineSweep.tileLines)...((span.upperBound + 1) * LineSweep.tileLines - 1)
    var total = 0.0
    if lines.lowerBound < inner.lowerBound {
      total += linear(lines.lowerBound...min(lines.upperBound, inner.lowerBound - 1))
    }
    if lines.upperBound > inner.upperBound {
      total += linear(max(lines.lowerBound, inner.upperBound + 1)...lines.upperBound)
    }
    for tile in span {
      let low = max(lines.lowerBound, tile * LineSweep.tileLines)
      let high = min(lines.upperBound, (tile + 1) * LineSweep.tileLines - 1)
      guard low <= high else { continue }
      if !strip.isActive(row: row, tile: tile) {
        total += linear(low...high)
      } else if high - low + 1 == LineSweep.tileLines {
        total += buffers.sum(buffers.multiplier, node: node, tile: tile)
      } else {
        for line in low...high { total += buffers.slice(buffers.multiplier)[node, line] }
      }
    }
    return total
  }

  private func linear(_ lines: LineExtent) -> Double {
    let middle = 0.5 * (holding(lines.lowerBound) + holding(lines.upperBound))
    return Double(lines.count)
      * rates.multiplier(node: node, isAbove: isAbove(lines.lowerBound), inventory: middle)
  }
}

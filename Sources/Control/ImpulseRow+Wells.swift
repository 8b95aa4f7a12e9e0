import Formulation
import VectorMath

/// Rows on which one waits on several stretches of inventory. Where a trade costs a ticket in one regime and a spread in another, V of
/// the one takes its shape from the other too: far from the hedge one may wait for the cheaper regime, nearer to it trade at once.
///
/// MV is then the Lipschitz envelope of all nodes (`Intervention`), and the band that is told is the stretch with the least value.
extension ImpulseRow {
  /// A slope beyond its bound by less than this share of the row's values is rounding.
  private static let rounding = 1e-12

  /// Whether `V(z) + k_buy S z` falls again above its minimiser, or `V(z) − k_sell S z` rises again below its own. The node of the
  /// kink, which has a line of its own, is looked over. Leaves the row in `scratch.values`.
  func hasSeveralWells(_ value: RowLines, _ trades: TradeLines, _ scratch: Scratch) -> Bool {
    for tile in 0..<(count / LineSweep.tileLines) {
      (scratch.values + tile * LineSweep.tile).update(from: value.groups(ofTile: tile), count: LineSweep.tile)
    }
    let row = UnsafeMutableRawPointer(scratch.values).assumingMemoryBound(to: Double.self)
    let isInside = kink > 0 && kink < count - 1
    let special = isInside ? row[kink] : 0
    if isInside { row[kink] = 0.5 * (row[kink - 1] + row[kink + 1]) }
    defer { if isInside { row[kink] = special } }
    flats.forEach(of: count) { line, _ in
      if line > 0, line < count - 1 { row[line] = 0.5 * (row[line - 1] + row[line + 1]) }
    }
    defer { flats.forEach(of: count) { line, _ in row[line] = value[line] } }
    let slack = ImpulseRow.rounding * abs(trades.purchase.value)
    let fall = LineGroup(repeating: -buy * spacing - slack)
    let rise = LineGroup(repeating: sell * spacing + slack)
    let bought = LineGroup(repeating: Double(line(nearest: trades.purchase.position)) + 1)
    let sold = LineGroup(repeating: Double(line(nearest: trades.sale.position)) - 1)
    var lines = LineGroup(0, 1, 2, 3, 4, 5, 6, 7)
    var first = 0
    while first + LineGroup.scalarCount < count {
      let change = load(row + first + 1) - load(row + first)
      let falls = (change .< fall) .& (lines .>= bought)
      let rises = (change .> rise) .& (lines .< sold)
      if anyLane(falls .| rises) { return true }
      first += LineGroup.scalarCount
      lines += LineGroup(repeating: Double(LineGroup.scalarCount))
    }
    return false
  }

  /// `project` with every node as a destination, of the row that `hasSeveralWells` left in `scratch.values`.
  func projectWells(
    _ value: RowLines, multiplier: RowLines, rate: Double, scratch: Scratch, trades: TradeLines
  ) -> Outcome {
    let values = UnsafeMutableRawPointer(scratch.values).assumingMemoryBound(to: Double.self)
    let gaps = UnsafeMutableRawPointer(scratch.distance).assumingMemoryBound(to: Double.self)
    Intervention(fixed: fixed, buyPerUnit: buy, sellPerUnit: sell, spacing: spacing)
      .apply(to: values, count: count, kink: kink, flats: flats, into: gaps)
    let speed = LineGroup(repeating: rate)
    let bound = LineGroup(repeating: lagBound)
    var (first, last) = (count - 1, 0)
    for group in 0..<(count / LineGroup.scalarCount) {
      let (here, best) = (scratch.values[group], scratch.distance[group])
      let slack = best - here
      let touches = slack .< LineGroup.zero
      scratch.distance[group] = laneMaximum(slack, .zero)
      scratch.values[group] = here.replacing(with: best, where: touches)
      value.group(group).pointee = scratch.values[group]
      multiplier.group(group).pointee = LineGroup.zero.replacing(
        with: laneMinimum(-slack, bound) * speed, where: touches)
      // Without a fixed cost a line that waits is its own destination.
      let waits = ~positiveBits(-slack)
      guard waits != 0 else { continue }
      let line = group * LineGroup.scalarCount
      first = min(first, line + waits.trailingZeroBitCount)
      last = max(last, line + LineGroup.scalarCount - 1 - waits.leadingZeroBitCount)
    }
    let well = (0..<count).reduce(0) { values[$1] < values[$0] ? $1 : $0 }
    let waiting = min(first, well)...max(last, well)
    let rows = RowLines(scratch.values)
    if fixed == 0 {
      let place = isFree ? target(rows, node: well, slope: 0).position : origin + Double(well) * spacing
      let edges = slopeEdges(scratch.values, lowest: place, highest: isFree ? place : place + spacing)
      return Outcome(
        lower: edges.lower, upper: edges.upper, targets: (place, place), trades: trades, waiting: waiting,
        heldFlats: restingFlats(multiplier))
    }
    let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
    var (low, high) = (well, well)
    while low > 0, gaps[low - 1] > 0 { low -= 1 }
    while high < count - 1, gaps[high + 1] > 0 { high += 1 }
    func destination(_ slope: Double) -> Double {
      func tilted(_ line: Int) -> Double { values[line] + Double(line) * slope * spacing }
      let best = (low...high).reduce(low) { tilted($1) < tilted($0) ? $1 : $0 }
      return target(rows, node: best, slope: slope).position
    }
    return Outcome(
      lower: reader.found(from: well, direction: -1) { gaps[$0] },
      upper: reader.found(from: well, direction: 1) { gaps[$0] }, targets: (destination(buy), destination(-sell)),
      trades: trades, waiting: waiting, heldFlats: heldFlats(gaps))
  }
}

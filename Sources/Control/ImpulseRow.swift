import Formulation
import VectorMath

/// One (spot, regime) of the impulse problem: projects the predictor onto `V ≤ MV` and reads the band.
///
/// The value has one well in inventory, possibly with a kink at zero inventory that settlement at cost puts there. The best
/// purchase then goes to the minimiser of `V(z) + k_buy S z`, the best sale to that of `V(z) − k_sell S z`, or either to
/// the kink, and MV is known everywhere from these points: O(n) without a recurrence, in vectors. `Intervention` is the
/// general operator; *verified by* `ImpulseRowTests`, which compares the two.
///
/// Without a fixed cost the targets are the edges, V joins the obstacle with two derivatives, and the edges are read off the
/// slope of V (`ImpulseRow+Slopes.swift`).
struct ImpulseRow {
  let fixed: Double
  let buy: Double
  let sell: Double
  var origin: Double
  let spacing: Double
  var count: Int
  /// Index of the zero inventory when settlement makes it special, else −1.
  var kink: Int
  /// How far the deviation moves until the horizon; see `EdgeReader`.
  let diffusion: Double
  /// The most that the lagged multiplier may move V in a step [quote]; see `EntropicMarch`.
  var lagBound = Double.infinity
  /// Whether V may have several wells: where regimes differ in what trades cost (`ImpulseRow+Wells.swift`).
  var mayHaveWells = false
  /// Lines that delivery may leave free, none of them the kink.
  var flats = FlatRow.none

  /// Lines at which V may have a kink: those of inventories that settlement leaves free.
  var settled: NodeArray<Int>?

  /// Whether anybody asks for the edges.
  var readsEdges = true

  /// Whether trades cost nothing at all.
  var isFree: Bool { fixed == 0 && buy == 0 && sell == 0 }

  // MARK: Targets

  /// A coarse search may step over this many nodes: bands span at least twice as many.
  private static let stride = 4

  /// The nodes of the least `V(z) + k_buy S z` and `V(z) − k_sell S z`: of every `stride`-th, then of those around.
  func wells(_ value: RowLines) -> (purchase: Int, sale: Int) {
    // Lane by lane, of which the coarse search takes those that lie on its stride.
    var (bought, sold) = (LineGroup(repeating: .infinity), LineGroup(repeating: .infinity))
    var (purchase, sale) = (LineGroup.zero, LineGroup.zero)
    var lines = LineGroup(0, 1, 2, 3, 4, 5, 6, 7)
    let (buying, selling) = (LineGroup(repeating: buy * spacing), LineGroup(repeating: -sell * spacing))
    for tile in 0..<(count / LineSweep.tileLines) {
      let groups = value.groups(ofTile: tile)
      for group in 0..<LineSweep.tile {
        let (up, down) = (groups[group] + lines * buying, groups[group] + lines * selling)
        let (isBetter, isBest) = (up .< bought, down .< sold)
        bought.replace(with: up, where: isBetter)
        purchase.replace(with: lines, where: isBetter)
        sold.replace(with: down, where: isBest)
        sale.replace(with: lines, where: isBest)
        lines += LineGroup(repeating: Double(LineGroup.scalarCount))
      }
    }
    return (
      well(value, around: ImpulseRow.coarse(bought, purchase), step: buy * spacing),
      well(value, around: ImpulseRow.coarse(sold, sale), step: -sell * spacing)
    )
  }

  /// The first line of the least value on the stride.
  private static func coarse(_ value: LineGroup, _ line: LineGroup) -> Int {
    var best = 0
    for lane in Swift.stride(from: stride, to: LineGroup.scalarCount, by: stride) {
      let isBetter = value[lane] == value[best] ? line[lane] < line[best] : value[lane] < value[best]
      if isBetter { best = lane }
    }
    return Int(line[best])
  }

  private func well(_ value: RowLines, around coarse: Int, step: Double) -> Int {
    var best = coarse
    var least = value[coarse] + Double(coarse) * step
    for index in max(0, coarse - ImpulseRow.stride)...min(count - 1, coarse + ImpulseRow.stride) {
      let candidate = value[index] + Double(index) * step
      if candidate < least { (least, best) = (candidate, index) }
    }
    return best
  }

  /// The minimiser of `V(z) + slope z` next to a node, refined by a parabola.
  func target(_ value: RowLines, node best: Int, slope: Double) -> TradeTarget {
    let step = slope * spacing
    var offset = 0.0
    var dip = 0.0
    if let own = flats.offset(at: best) {
      return TradeTarget(position: origin + Double(best) * spacing + own, value: value[best])
    }
    if best > 0, best < count - 1, best != kink, fixed > 0 || isFree {
      let above = value[best + 1] - value[best] + step
      let below = value[best] - value[best - 1] + step
      offset = Intervention.offset(above: above, below: below)
      dip = Intervention.refinement(above: above, below: below, fixed: fixed)
    }
    // `dip` lowers V(z) + slope z; V at the refined position follows.
    return TradeTarget(
      position: origin + (Double(best) + offset) * spacing, value: value[best] - dip - slope * offset * spacing)
  }

  /// The line next to an inventory, of this row's; the first where V has overflown and there is none, which the march's end refuses.
  func line(nearest inventory: Double) -> Int {
    let position = ((inventory - origin) / spacing).rounded()
    return position > 0 ? Int(min(position, Double(count - 1))) : 0
  }

  // MARK: Projection

  /// What a projection finds out.
  struct Outcome {
    /// In inventory.
    var lower: Edge
    var upper: Edge
    /// Where trades go; without a fixed cost they go to the edges instead.
    let targets: (lower: Double, upper: Double)
    /// What V is where one trades.
    let trades: TradeLines
    /// The lines that wait.
    var waiting: LineExtent
    /// Which flat inventories are among them, a node by itself or not.
    var heldFlats: UInt64 = 0
  }

  /// Memory that a projection needs for its lines.
  struct Scratch {
    /// `(MV − V)⁺`.
    let distance: UnsafeMutablePointer<LineGroup>
    /// V after the projection, and room to read beyond.
    let values: UnsafeMutablePointer<LineGroup>
    /// One per line, for `LineBits`.
    let bits: UnsafeMutablePointer<UInt64>

    init(lines: Int) {
      let groups = lines / LineGroup.scalarCount
      distance = .allocate(capacity: groups)
      distance.initialize(repeating: .zero, count: groups)
      values = .allocate(capacity: groups + 1)
      values.initialize(repeating: .zero, count: groups + 1)
      let words = LineBits.wordCount(lines: lines)
      bits = .allocate(capacity: words)
      bits.initialize(repeating: 0, count: words)
    }

    func deallocate() {
      distance.deallocate()
      values.deallocate()
      bits.deallocate()
    }
  }

  /// Replaces `value` by `min(value, MV)`, sets the multiplier to `rate (value − MV)⁺`, and reads the row.
  func project(
    _ value: RowLines, multiplier: RowLines, holdings: UnsafePointer<LineGroup>, rate: Double, scratch: Scratch
  ) -> Outcome {
    let wells = flats.start == nil || fixed == 0 ? wells(value) : wellsBesideFlats(value)
    var trades = TradeLines(
      fixed: fixed, buy: buy, sell: sell, purchase: target(value, node: wells.purchase, slope: buy),
      sale: target(value, node: wells.sale, slope: -sell),
      kink: kink >= 0
        ? TradeTarget(position: origin + Double(kink) * spacing, value: value[kink])
        : TradeTarget(position: 0, value: .infinity))
    addFlats(to: &trades, value)
    if mayHaveWells, hasSeveralWells(value, trades, scratch) {
      return projectWells(value, multiplier: multiplier, rate: rate, scratch: scratch, trades: trades)
    }
    let bits = LineBits(scratch.bits, count: count)
    let speed = LineGroup(repeating: rate)
    let bound = LineGroup(repeating: lagBound)
    let groupsPerWord = UInt64.bitWidth / LineGroup.scalarCount
    var word: UInt64 = 0
    for group in 0..<(count / LineGroup.scalarCount) {
      let (here, rates) = (value.group(group), multiplier.group(group))
      let best = trades.value(holdings[group])
      let slack = best - here.pointee
      let touches = slack .< LineGroup.zero
      scratch.distance[group] = laneMaximum(slack, .zero)
      rates.pointee = LineGroup.zero.replacing(with: laneMinimum(-slack, bound) * speed, where: touches)
      here.pointee = here.pointee.replacing(with: best, where: touches)
      scratch.values[group] = here.pointee
      let place = group % groupsPerWord
      word |= UInt64(positiveBits(slack)) << UInt64(place * LineGroup.scalarCount)
      if place == groupsPerWord - 1 {
        bits.setWord(group / groupsPerWord, word)
        word = 0
      }
    }
    if count % UInt64.bitWidth != 0 { bits.setWord(count / UInt64.bitWidth, word) }
    let (purchase, sale) = (trades.purchase.position, trades.sale.position)
    let gaps = UnsafeRawPointer(scratch.distance).assumingMemoryBound(to: Double.self)
    let held = heldFlats(gaps)
    var middle = line(nearest: 0.5 * (purchase + sale))
    // Where nothing but a flat inventory waits it is all of the band.
    if held != 0, gaps[middle] == 0 { middle = bestFlat(value, gaps) }
    let waiting = min(middle, bits.end(last: false) ?? middle)...max(middle, bits.end(last: true) ?? middle)
    guard readsEdges else {
      return Outcome(
        lower: Edge(direction: -1), upper: Edge(direction: 1), targets: (purchase, sale), trades: trades,
        waiting: waiting, heldFlats: held)
    }
    if fixed == 0 {
      let edges = slopeEdges(scratch.values, lowest: purchase, highest: sale)
      return Outcome(
        lower: edges.lower, upper: edges.upper, targets: (purchase, sale), trades: trades, waiting: waiting,
        heldFlats: restingFlats(multiplier))
    }
    let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
    let start = middle
    func edge(_ direction: Int) -> Edge {
      let touching = bits.clear(beyond: start, direction: direction)
      guard touching >= 0, touching < count else { return Edge(direction: direction) }
      return reader.found(at: touching - direction, direction: direction) { gaps[$0] }
    }
    let last = trades.other.value < .infinity ? trades.other : trades.kink
    let targets = (
      lower: trades.kink.isBetter(than: trades.purchase, slope: buy) ? trades.kink.position : purchase,
      upper: last.isBetter(than: trades.sale, slope: -sell) ? last.position : sale
    )
    return Outcome(
      lower: edge(-1), upper: edge(1), targets: targets, trades: trades, waiting: waiting, heldFlats: held)
  }
}

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

  /// Whether trades cost nothing at all.
  var isFree: Bool { fixed == 0 && buy == 0 && sell == 0 }

  /// A coarse search may step over this many nodes: bands span at least twice as many.
  private static let stride = 4

  /// The minimiser of `V(z) + slope z`, refined by a parabola.
  private func target(_ value: UnsafePointer<Double>, slope: Double) -> TradeTarget {
    let step = slope * spacing
    func tilted(_ index: Int) -> Double { value[index] + Double(index) * step }
    var best = 0
    var least = Double.infinity
    var index = 0
    while index < count {
      let candidate = tilted(index)
      if candidate < least { (least, best) = (candidate, index) }
      index += ImpulseRow.stride
    }
    for index in max(0, best - ImpulseRow.stride)...min(count - 1, best + ImpulseRow.stride) {
      let candidate = tilted(index)
      if candidate < least { (least, best) = (candidate, index) }
    }
    return refined(best, value, slope: slope)
  }

  /// The minimiser of `V(z) + slope z` next to the node that has the least.
  func refined(_ best: Int, _ value: UnsafePointer<Double>, slope: Double) -> TradeTarget {
    let step = slope * spacing
    var offset = 0.0
    var dip = 0.0
    if best > 0, best < count - 1, best != kink, fixed > 0 || isFree {
      let above = value[best + 1] - value[best] + step
      let below = value[best] - value[best - 1] + step
      offset = Intervention.offset(above: above, below: below)
      dip = Intervention.refinement(above: above, below: below)
    }
    // `dip` lowers V(z) + slope z; V at the refined position follows.
    return TradeTarget(
      position: origin + (Double(best) + offset) * spacing, value: value[best] - dip - slope * offset * spacing)
  }

  /// What a projection finds out.
  struct Outcome {
    /// In inventory.
    let band: Band
    /// What V is where one trades.
    let trades: TradeLines
    /// The lines that wait.
    let waiting: LineExtent
  }

  /// Replaces `value` by `min(value, MV)`, sets the multiplier to `rate (value − MV)⁺` and fills `distance` with
  /// `(MV − value)⁺`.
  func project(
    _ value: UnsafeMutablePointer<LineGroup>, multiplier: UnsafeMutablePointer<LineGroup>,
    distance: UnsafeMutablePointer<LineGroup>, holdings: UnsafePointer<LineGroup>, rate: Double
  ) -> Outcome {
    let plain = UnsafeMutableRawPointer(value).assumingMemoryBound(to: Double.self)
    let trades = TradeLines(
      fixed: fixed, buy: buy, sell: sell, purchase: target(plain, slope: buy), sale: target(plain, slope: -sell),
      kink: kink >= 0
        ? TradeTarget(position: origin + Double(kink) * spacing, value: plain[kink])
        : TradeTarget(position: 0, value: .infinity))
    if mayHaveWells, hasSeveralWells(plain, trades) {
      return projectWells(value, multiplier: multiplier, distance: distance, rate: rate, trades: trades)
    }
    let speed = LineGroup(repeating: rate)
    let bound = LineGroup(repeating: lagBound)
    var (first, last) = (count / LineGroup.scalarCount, -1)
    for group in 0..<(count / LineGroup.scalarCount) {
      let best = trades.value(holdings[group])
      let slack = best - value[group]
      let touches = slack .< LineGroup.zero
      if any(.!touches) { (first, last) = (min(first, group), group) }
      distance[group] = slack.replacing(with: LineGroup.zero, where: touches)
      multiplier[group] = LineGroup.zero.replacing(with: laneMinimum(-slack, bound) * speed, where: touches)
      value[group] = value[group].replacing(with: best, where: touches)
    }
    let gaps = UnsafeRawPointer(distance).assumingMemoryBound(to: Double.self)
    let (purchase, sale) = (trades.purchase.position, trades.sale.position)
    var middle = max(0, min(count - 1, Int(((0.5 * (purchase + sale) - origin) / spacing).rounded())))
    // Where nothing but the kink waits it is all of the band.
    if gaps[middle] == 0, kink >= 0, gaps[kink] > 0 { middle = kink }
    let waiting = last < 0 ? middle...middle : extent(gaps, groups: first...last, middle: middle)
    if fixed == 0 {
      return Outcome(
        band: slopeBand(plain, lowest: purchase, highest: sale), trades: trades, waiting: waiting)
    }
    let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
    var band = Band(
      lower: reader.edge(from: middle, direction: -1) { gaps[$0] },
      upper: reader.edge(from: middle, direction: 1) { gaps[$0] },
      targetLower: trades.isKinkBetter(than: trades.purchase, slope: buy) ? trades.kink.position : purchase,
      targetUpper: trades.isKinkBetter(than: trades.sale, slope: -sell) ? trades.kink.position : sale)
    band.holdsFlat = kink >= 0 && gaps[kink] > 0
    return Outcome(band: band, trades: trades, waiting: waiting)
  }

  /// The lines with a distance to the obstacle among some groups, and the middle.
  private func extent(_ gaps: UnsafePointer<Double>, groups: ClosedRange<Int>, middle: Int) -> LineExtent {
    var low = groups.lowerBound * LineGroup.scalarCount
    var high = min(count, (groups.upperBound + 1) * LineGroup.scalarCount) - 1
    while low < middle, gaps[low] == 0 { low += 1 }
    while high > middle, gaps[high] == 0 { high -= 1 }
    return min(low, middle)...max(high, middle)
  }
}

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
  /// kink, which has a line of its own, is looked over.
  func hasSeveralWells(_ value: UnsafeMutablePointer<Double>, _ trades: TradeLines) -> Bool {
    let special = kink > 0 && kink < count - 1 ? value[kink] : 0
    if kink > 0, kink < count - 1 { value[kink] = 0.5 * (value[kink - 1] + value[kink + 1]) }
    defer { if kink > 0, kink < count - 1 { value[kink] = special } }
    let slack = ImpulseRow.rounding * abs(trades.purchase.value)
    let fall = LineGroup(repeating: -buy * spacing - slack)
    let rise = LineGroup(repeating: sell * spacing + slack)
    let bought = Double(index(of: trades.purchase)) + 1
    let sold = Double(index(of: trades.sale)) - 1
    let lanes = LineGroup(0, 1, 2, 3, 4, 5, 6, 7)
    let raw = UnsafeRawPointer(value)
    var first = 0
    while first + LineGroup.scalarCount < count {
      let here = raw.loadUnaligned(fromByteOffset: first * MemoryLayout<Double>.stride, as: LineGroup.self)
      let next = raw.loadUnaligned(fromByteOffset: (first + 1) * MemoryLayout<Double>.stride, as: LineGroup.self)
      let (change, node) = (next - here, lanes + Double(first))
      let falls = (change .< fall) .& (node .>= bought)
      let rises = (change .> rise) .& (node .< sold)
      if any(falls .| rises) { return true }
      first += LineGroup.scalarCount
    }
    return false
  }

  private func index(of target: TradeTarget) -> Int {
    max(0, min(count - 1, Int(((target.position - origin) / spacing).rounded())))
  }

  /// `project` with every node as a destination.
  func projectWells(
    _ value: UnsafeMutablePointer<LineGroup>, multiplier: UnsafeMutablePointer<LineGroup>,
    distance: UnsafeMutablePointer<LineGroup>, rate: Double, trades: TradeLines
  ) -> Outcome {
    func plain(_ groups: UnsafeMutablePointer<LineGroup>) -> UnsafeMutablePointer<Double> {
      UnsafeMutableRawPointer(groups).assumingMemoryBound(to: Double.self)
    }
    let (values, rates, gaps) = (plain(value), plain(multiplier), plain(distance))
    Intervention(fixed: fixed, buyPerUnit: buy, sellPerUnit: sell, spacing: spacing)
      .apply(to: values, count: count, kink: kink, into: gaps)
    var (first, last, well) = (count - 1, 0, 0)
    for line in 0..<count {
      let slack = gaps[line] - values[line]
      rates[line] = slack < 0 ? rate * min(-slack, lagBound) : 0
      if slack < 0 { values[line] = gaps[line] } else { (first, last) = (min(first, line), max(last, line)) }
      gaps[line] = max(0, slack)
      if values[line] < values[well] { well = line }
    }
    let waiting = min(first, well)...max(last, well)
    if fixed == 0 {
      let place = isFree ? refined(well, values, slope: 0).position : origin + Double(well) * spacing
      let next = isFree ? place : place + spacing
      return Outcome(band: slopeBand(values, lowest: place, highest: next), trades: trades, waiting: waiting)
    }
    let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
    var (low, high) = (well, well)
    while low > 0, gaps[low - 1] > 0 { low -= 1 }
    while high < count - 1, gaps[high + 1] > 0 { high += 1 }
    func target(_ slope: Double) -> Double {
      func tilted(_ line: Int) -> Double { values[line] + Double(line) * slope * spacing }
      let best = (low...high).reduce(low) { tilted($1) < tilted($0) ? $1 : $0 }
      return refined(best, values, slope: slope).position
    }
    var band = Band(
      lower: reader.edge(from: well, direction: -1) { gaps[$0] },
      upper: reader.edge(from: well, direction: 1) { gaps[$0] }, targetLower: target(buy), targetUpper: target(-sell))
    band.holdsFlat = kink >= 0 && gaps[kink] > 0
    return Outcome(band: band, trades: trades, waiting: waiting)
  }
}

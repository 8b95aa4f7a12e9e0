import VectorMath

/// A ticket's route on rows as nearly all of them are: from where purchases lead on upwards `V_j + b j` never falls, and from where
/// sales lead on downwards `V_j − s j` never falls. Nobody trades between the two, and beyond them all go to the same place, so that
/// no line has to remember what came before it. Gains and landings are those of the pass, to the last bit. *Verified by*
/// `TradeRowTests.plainRoutesAreRoutes`, `TradeRowTests.decisionsNeedNoGains`.
extension TradeRow {
  /// Where one side's trades lead.
  struct Well {
    let side: PlainPass
    let line: Int
    let destination: Destination
  }

  /// Purchases' and sales'; nil for other rows.
  func wells(
    _ route: PlainRoute, price: Double, value: UnsafePointer<Double>
  ) -> (bought: Well, sold: Well)? {
    guard route.fixed > 0 else { return nil }
    let (purchase, sale) = sides(route, price: price, value: value)
    guard let bought = lowest(purchase), let sold = lowest(sale), bought <= sold,
      rises(from: bought, purchase), rises(from: sold, sale)
    else { return nil }
    return (
      Well(side: purchase, line: bought, destination: refined(route, bought, purchase.level(bought), purchase)),
      Well(side: sale, line: sold, destination: refined(route, sold, sale.level(sold), sale))
    )
  }

  /// Sets all gains and landings to the route's.
  func set(_ route: PlainRoute, bought: Well, sold: Well) {
    let nothing = LineGroup(repeating: route.attempt.net(0, paid: growth * route.fixed))
    for first in stride(from: 0, to: count, by: LineGroup.scalarCount) {
      store(nothing, gain + first)
      store(positions(first), landing + first)
    }
    for well in [bought, sold] {
      let target = LineGroup(repeating: well.destination.position)
      forEachTrade(of: route, to: well) { first, net in improve(first, to: net, landing: target) }
    }
  }

  /// Lowers values by what trades gain, and keeps no gains; returns the lines that wait, from the first to the last.
  func settle(
    _ route: PlainRoute, bought: Well, sold: Well, _ value: UnsafeMutablePointer<Double>
  ) -> LineExtent {
    var (low, high) = (-1, sold.line)
    forEachTrade(of: route, to: bought) { first, net in
      store(load(value + first) - laneMaximum(net, .zero), value + first)
      let trading = positiveBits(net)
      if low < 0, trading != .max { low = first + (~trading).trailingZeroBitCount }
    }
    forEachTrade(of: route, to: sold) { first, net in
      store(load(value + first) - laneMaximum(net, .zero), value + first)
      let trading = positiveBits(net)
      if trading != .max { high = first + LineGroup.scalarCount - 1 - (~trading).leadingZeroBitCount }
    }
    return low...high
  }

  /// Calls `body` with groups of lines from which the side may trade, and what that gains.
  @inline(__always)
  private func forEachTrade(of route: PlainRoute, to well: Well, _ body: (_ first: Int, _ net: LineGroup) -> Void) {
    let (width, paid, side) = (LineGroup.scalarCount, growth * route.fixed, well.side)
    let own = well.line / width
    for group in side.direction > 0 ? 0..<(own + 1) : own..<(count / width) {
      let first = group * width
      var net = route.attempt.net(side.levels(first) - well.destination.level, paid: paid)
      if group == own {
        let lines = TradeRow.steps + Double(first)
        let isBeyond = side.direction > 0 ? lines .< Double(well.line) : lines .> Double(well.line)
        net.replace(with: -.infinity, where: .!isBeyond)
      }
      body(first, net)
    }
  }

  /// The line of the side's least level, the outermost of several; nil where levels are no numbers.
  @inline(__always)
  private func lowest(_ side: PlainPass) -> Int? {
    let width = LineGroup.scalarCount
    var least = side.levels(0)
    for first in stride(from: width, to: count, by: width) { least = laneMinimum(side.levels(first), least) }
    let bottom = least.min()
    let groups = count / width
    for number in 0..<groups {
      let first = (side.direction > 0 ? number : groups - 1 - number) * width
      let lowest = maskBits(side.levels(first) .== bottom)
      guard lowest != 0 else { continue }
      return side.direction > 0
        ? first + lowest.trailingZeroBitCount : first + width - 1 - lowest.leadingZeroBitCount
    }
    return nil
  }

  /// Whether no line beyond a well is lower than its neighbour on the well's side.
  @inline(__always)
  private func rises(from well: Int, _ side: PlainPass) -> Bool {
    let (width, direction) = (LineGroup.scalarCount, side.direction)
    let group = well / width
    var line = well + direction
    while line >= 0, line < count, line / width == group {
      if !(side.level(line) >= side.level(line - direction)) { return false }
      line += direction
    }
    var falls = LaneMask(repeating: false)
    for group in direction > 0 ? (group + 1)..<(count / width) : 0..<group {
      let first = group * width
      falls .|= .!(side.levels(first) .>= side.levels(first - direction))
    }
    return !anyLane(falls)
  }
}

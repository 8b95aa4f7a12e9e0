import Formulation
import VectorMath

/// The trades from the lines of one node.
extension RuleTrades {
  /// Destinations are those of a single trade: what they are worth is told before any trade of the node is entered.
  func follow(_ band: Band, routes: UnsafeBufferPointer<some TradeRoute>, _ place: Place, _ memory: Memory) {
    let (row, regime, resting, inventories) = (place.row, place.regime, place.resting, place.inventories)
    func setWorths(_ end: Double, _ place: UnsafeMutablePointer<Double>) {
      for (index, source) in memory.sources.enumerated() {
        place[index] = value(row: row, among: resting, at: end) { source[$0] }
      }
    }
    let isDivided = lot > 0 || table.maximumTrade < .infinity || hasPools || band.hasSlopes
    let limits = hasPools ? costs[regime].limits(price: prices[row] / growth) : (buy: .infinity, sell: .infinity)
    let (low, high) = (
      end(band.targetLower, band.heldFlats), end(band.targetUpper, band.heldFlats)
    )
    if !isDivided {
      setWorths(low, memory.low)
      setWorths(high, memory.high)
    }
    let count = memory.sources.count
    var known = Double.nan
    for group in (place.tiles.lowerBound * LineSweep.tile)..<((place.tiles.upperBound + 1) * LineSweep.tile) {
      let y = inventories[group]
      let isBelow = y .< band.lower
      let isAbove = y .> band.upper
      guard anyLane(isBelow .| isAbove) else { continue }
      var trades = LineGroup.zero
      if isDivided {
        for lane in 0..<LineGroup.scalarCount where isBelow[lane] || isAbove[lane] {
          let wanted = flats.trade(band.trade(at: y[lane]), inventory: y[lane], held: band.heldFlats)
          let end = within(y[lane] + possible(wanted, limits))
          trades[lane] = end - y[lane]
          // Most trades of a side end at one target.
          if end != known { setWorths(end, memory.low) }
          known = end
          for index in 0..<count { memory.worths[index][lane] = memory.low[index] }
        }
      } else {
        trades.replace(with: low - y, where: isBelow)
        trades.replace(with: high - y, where: isAbove)
        for index in 0..<count {
          memory.worths[index] = LineGroup(repeating: memory.low[index])
            .replacing(with: LineGroup(repeating: memory.high[index]), where: isAbove)
        }
        if band.heldFlats != 0 {
          for lane in 0..<LineGroup.scalarCount where flats.holds(band.heldFlats, at: y[lane]) { trades[lane] = 0 }
        }
      }
      enter(trades, routes: routes, row: row, group: group, memory)
    }
  }

  /// The same where V after a trade is a line from where the trade leads (`RouteTable.leadsToLines`), written where it lies:
  ///
  ///     V(y) = V(z) + K + k_buy S (z − y) from below,   V(z) + K + k_sell S (y − z) from above.
  func draw(_ band: Band, _ place: Place, to buffers: [LineBuffers], node: Int) {
    let row = place.row
    let route = table.plain[place.regime][0]
    let price = prices[row] / growth
    let ends = (low: end(band.targetLower, band.heldFlats), high: end(band.targetUpper, band.heldFlats))
    for (k, buffer) in buffers.enumerated() {
      // J pays what the route charges, in the units of the lines; the other functionals what theirs are.
      let charge =
        k == 0 ? StraightCharge(growth * route.fixed, growth * route.buy, growth * route.sell) : charges[k]
      let (buy, sell) = (price * charge.buy, price * charge.sell)
      let slice = buffer.slice(buffer.recent)
      let low = value(row: row, among: place.resting, at: ends.low) { slice[node, $0] }
      let high = value(row: row, among: place.resting, at: ends.high) { slice[node, $0] }
      let (below, above) = (
        LineGroup(repeating: low + charge.fixed + buy * ends.low),
        LineGroup(repeating: high + charge.fixed - sell * ends.high)
      )
      keepingFlats(band.heldFlats, of: slice, node: node) {
        for tile in place.tiles {
          for local in 0..<LineSweep.tile {
            let y = place.inventories[tile * LineSweep.tile + local]
            let (isBelow, isAbove) = (
              (y .< band.lower) .& (y .!= ends.low), (y .> band.upper) .& (y .!= ends.high)
            )
            guard anyLane(isBelow .| isAbove) else { continue }
            let target = buffer.recent + ((tile * buffer.nodes + node) * LineSweep.tile + local)
            var after = target.pointee
            after.replace(with: fused(LineGroup(repeating: -buy), y, below), where: isBelow)
            after.replace(with: fused(LineGroup(repeating: sell), y, above), where: isAbove)
            target.pointee = after
          }
        }
      }
    }
  }

  /// Leaves V as it is on the lines of flat inventories at which one waits.
  @inline(__always)
  private func keepingFlats(_ held: UInt64, of slice: LineBuffers.Slice, node: Int, _ draw: () -> Void) {
    guard held != 0 else { return draw() }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: flatLines.count) { kept in
      for (index, line) in flatLines.enumerated() { kept[index] = slice[node, line] }
      draw()
      for (index, line) in flatLines.enumerated() where held & (1 << UInt64(index)) != 0 {
        slice[node, line] = kept[index]
      }
    }
  }

  private func within(_ end: Double) -> Double { end.isFinite ? min(last, max(origin, end)) : origin }

  /// Where a trade to a target ends, among the lines.
  private func end(_ target: Double, _ held: UInt64) -> Double { within(flat(target, held)) }

  /// Where a trade to a target ends: at a flat inventory at which one waits, if one is near.
  private func flat(_ target: Double, _ held: UInt64) -> Double {
    guard held != 0, target.isFinite else { return target }
    // The trade's own length does not matter.
    let from = target + 4 * flats.within
    return from + flats.trade(target - from, inventory: from, held: held)
  }

  /// Eight trades by the routes that net most.
  @inline(__always)
  private func enter(
    _ trades: LineGroup, routes: UnsafeBufferPointer<some TradeRoute>, row: Int, group: Int, _ memory: Memory
  ) {
    let isTrade = trades .!= 0
    guard anyLane(isTrade) else { return }
    let price = LineGroup(repeating: prices[row] / growth)
    let place = memory.values[0] + group * LineGroup.scalarCount
    let before = load(place)
    var best = LineGroup(repeating: -.infinity)
    for index in routes.indices {
      // Until a delayed fill the old inventory runs on, whatever is decided.
      let delay = routes[index].delay
      let untraded = load(memory.arrivals[delay] + group * LineGroup.scalarCount)
      let gain = untraded - memory.worths[delay] - growth * routes[index].charge(price: price, trade: trades)
      best = laneMaximum(best, routes[index].attempt.net(gain, paid: growth * routes[index].fixed))
    }
    let isMade = isTrade .& (best .> -.infinity)
    store(before.replacing(with: before - best, where: isMade), place)
    guard memory.values.count > 1 else { return }
    guard case .expected(let success) = routes[0].attempt else {
      preconditionFailure("parts of a utility do not add up")
    }
    for k in 1..<memory.values.count {
      let place = memory.values[k] + group * LineGroup.scalarCount
      let value = load(place)
      let added = functionals[k].costs[0].charge(price: price, trade: trades)
      let change = success * (memory.worths[memory.arrivals.count + k] + added - value)
      store(value.replacing(with: value + change, where: isMade), place)
    }
  }

  /// A wanted trade in lots and within what is possible.
  private func possible(_ wanted: Double, _ limits: (buy: Double, sell: Double)) -> Double {
    guard wanted != 0, wanted.isFinite else { return 0 }
    let most = min(table.maximumTrade, wanted > 0 ? limits.buy : limits.sell)
    guard lot > 0 else { return max(-most, min(most, wanted)) }
    let lots = (most / lot + RuleTrades.landing).rounded(.down)
    return max(-lots, min(lots, (wanted / lot).rounded())) * lot
  }
}

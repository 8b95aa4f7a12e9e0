import Formulation
import VectorMath

/// The trades from the lines of one node.
extension RuleTrades {
  /// Destinations are those of a single trade: what they are worth is told before any trade of the node is entered.
  ///
  /// - Parameter place: the node, the lines that wait, and the inventories of all, by groups.
  func follow(
    _ band: Band, routes: UnsafeBufferPointer<some TradeRoute>,
    _ place: (row: Int, regime: Int, resting: ClosedRange<Int>, inventories: UnsafeMutablePointer<LineGroup>),
    _ memory: Memory
  ) {
    let (row, regime, resting, inventories) = place
    func setWorths(_ end: Double, _ place: UnsafeMutablePointer<Double>) {
      for (index, source) in memory.sources.enumerated() {
        place[index] = value(source, row: row, among: resting, at: end)
      }
    }
    func within(_ end: Double) -> Double { end.isFinite ? min(last, max(origin, end)) : origin }
    let isDivided = lot > 0 || table.maximumTrade < .infinity || hasPools || band.hasSlopes
    let limits = hasPools ? costs[regime].limits(price: prices[row] / growth) : (buy: .infinity, sell: .infinity)
    let (low, high) = (
      within(flat(band.targetLower, band.heldFlats)), within(flat(band.targetUpper, band.heldFlats))
    )
    if !isDivided {
      setWorths(low, memory.low)
      setWorths(high, memory.high)
    }
    let count = memory.sources.count
    var known = Double.nan
    let groups = lines / LineGroup.scalarCount
    for group in 0..<groups {
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

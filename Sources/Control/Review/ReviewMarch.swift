import Formulation
import Glibc
import VectorMath

/// The backward march of a problem in which decisions are made at multiples of δ and at no other time (control.md §5):
/// between checks V solves a linear equation for every inventory by itself, at a check
///
///     V ← V − max(0, gain),     gain as in `TradeRow`,
///
/// where a fill that comes d after the decision finds `G(z)`, what an inventory z is worth from the fill on: the value at t + d
/// carried back to t without running cost. Exact: no continuous monitoring is approximated, one attempt is made per check.
///
/// Second order in the steps between checks (`TwoStageStep`) and in both spacings. *Verified by* `ReviewReferenceTests`,
/// `ReviewLawTests`.
struct ReviewMarch<Rest: RestingMarch> {
  private let start: Rest
  private let rows: TradeRows
  private let period: Double
  /// Whether all nodes are stepped, for comparison.
  private let everywhere: Bool
  /// Whether nobody asks for later bands than today's.
  private let isForToday: Bool

  /// The march's own, taken once.
  private let grid: FiniteHorizonGrid
  private var problem: OptionBookProblem { start.problem }
  private var table: RouteTable { rows.table }

  /// - Parameters:
  ///   - table: of a review.
  ///   - period: between checks [years].
  ///   - everywhere: whether to step all nodes, for comparison.
  ///   - isForToday: whether nobody asks for later bands than today's.
  init(
    _ rest: Rest, table: RouteTable, period: Double, everywhere: Bool = false, isForToday: Bool = false
  ) {
    (start, grid) = (rest, rest.grid)
    (self.everywhere, self.isForToday) = (everywhere, isForToday)
    rows = TradeRows(rest, table: table)
    self.period = period
  }

  /// Bands of at most this many checks are kept, evenly spread: they move by little from one to the next.
  private var mostKept: Int { 2000 }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var (rest, rows) = (start, rows)
    let (nodes, holdings, times) = (rows.nodes, grid.inventories, grid.times)
    var buffers = LineBuffers(nodes: nodes, holdings: holdings, jumping: rest.isJumping)
    var pending = table.delays.map {
      $0 > 0 ? LineBuffers(nodes: nodes, holdings: holdings, jumping: rest.isJumping) : nil
    }
    var strip = LookStrip(
      grid: grid, environment: problem.environment, tiles: buffers.tiles, findsBands: true)
    let outer = NodeArray(repeating: OuterLines.none, count: nodes)
    let diffusions = NodeArray(repeating: 0.0, count: nodes)
    defer {
      buffers.deallocate()
      for buffer in pending { buffer?.deallocate() }
      strip.deallocate()
      outer.deallocate()
      diffusions.deallocate()
    }
    let isNarrow = isNarrow(rest)
    let last = times.count - 1
    let fills = fillLevels()
    let kept = keptLevels()
    var bands = [Band](repeating: .unbounded, count: kept.count * nodes)
    var unread = kept.count

    rest.setTerminal(&buffers)
    rest.learn([], of: buffers, level: last)
    // A fill at the horizon finds the settlement still to come.
    for (index, level) in fills.enumerated() where level.contains(last) {
      if let waiting = pending[index] { copy(buffers, to: waiting) }
    }
    var factorised = -1.0
    for level in grid.levels {
      let step = TwoStageStep(length: times[level + 1] - times[level])
      let isNew = abs(step.length - factorised) > ReviewTimes.coincidence * factorised
      if isNew { factorised = step.length }
      let stages = [step.firstStage(from: times[level + 1]), times[level]]
      for (stage, scheme) in [step.first, step.second].enumerated() {
        rest.prepare(time: stages[stage], scheme: scheme, isNewMatrix: isNew && stage == 0)
        rest.step(&buffers, scheme: scheme, strip: strip.strip)
        for index in pending.indices where isWaiting(index, level: level) {
          guard var waiting = pending[index] else { continue }
          rest.carry(&waiting, scheme: scheme, strip: strip.strip)
          pending[index] = waiting
        }
      }
      if grid.isCheck[level] {
        grid.diffusions(of: rest.delta, in: problem.environment, remaining: period, into: diffusions)
        rows.growth = rest.growth(at: times[level])
        let isPossible = table.delays.map { fillLevel(of: level, delay: $0) != nil }
        let isKept = unread > 0 && kept[unread - 1] == level
        rest.wait(buffers, level: level)
        let found = rows.decide(
          buffers, pending: pending, isPossible: isPossible, delta: rest.delta, diffusions: diffusions,
          team: rest.team, strip: strip, outer: isNarrow ? outer : nil,
          reads: !isNarrow || isKept)
        if isNarrow {
          if rest.keeps(level) { strip.forEachBeside { draw(outer, on: buffers, row: $0, tile: $1) } }
          move(&strip, after: level, buffers, outer)
        }
        rest.learn(found[...], of: buffers, level: level)
        if isKept {
          unread -= 1
          let shift = start.logDrift * times[level]
          for node in 0..<nodes {
            let (e, row) = (node / rows.prices.count, node % rows.prices.count)
            bands[unread * nodes + node] = grid.band(found, row: row, regime: e, regimes: rows.regimes, shift: shift)
          }
        }
      } else {
        rest.learn([], of: buffers, level: level)
      }
      for index in pending.indices where fills[index].contains(level) {
        if let waiting = pending[index] { copy(buffers, to: waiting) }
      }
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }
    let policy = PolicyTable(
      times: kept.map { times[$0] }, logSpots: grid.logSpots, regimeCount: rows.regimes, bands: bands,
      flats: grid.flats)
    return try rest.solution(buffers, policy: policy, settings: settings)
  }

  // MARK: Strips

  /// Whether steps leave out what the next check does not need. Without a ticket one stops between lines, by a parabola through two
  /// more of them, which must then all be right.
  private func isNarrow(_ rest: Rest) -> Bool {
    !everywhere && rest.hasStrips && rest.flats.isEmpty && table.leadsToLines && grid.timing.lot == 0
      && problem.costs.allSatisfy { $0.leastFixed > 0 }
  }

  /// Moves on to the strip of the next check back in time, which needs what waited at this one and a margin; across an expiry, where
  /// bands jump, and at the end of the march, where all is asked for, everything.
  private func move(
    _ strip: inout LookStrip, after level: Int, _ buffers: LineBuffers, _ outer: NodeArray<OuterLines>
  ) {
    let next = (0..<level).last { grid.isCheck[$0] } ?? 0
    // What expires at a check has expired when it decides.
    if level == 0 || grid.isSegmentEnd[(next + 1)...level].contains(true) { strip.needAll() }
    strip.move(over: grid.times[level] - grid.times[next])
    strip.forEachEntering { draw(outer, on: buffers, row: $0, tile: $1) }
  }

  /// Sets a tile to what trades from there cost.
  @inline(__always)
  private func draw(_ outer: NodeArray<OuterLines>, on buffers: LineBuffers, row: Int, tile: Int) {
    buffers.forEachGroup(tile: tile, row: row, regimes: rows.regimes) { node, group, place in
      buffers.recent[place] = outer[node].value(buffers.holdings[group])
    }
  }

  // MARK: Levels

  private var checkLevels: [Int] { grid.isCheck.indices.filter { grid.isCheck[$0] && $0 < grid.times.count - 1 } }

  /// For every delay the levels at which a decision's fill arrives; none for immediate ones.
  private func fillLevels() -> [Set<Int>] {
    table.delays.map { delay in
      delay == 0 ? [] : Set(checkLevels.compactMap { fillLevel(of: $0, delay: delay) })
    }
  }

  /// The level of the fill of a decision; nil when the horizon comes first.
  private func fillLevel(of level: Int, delay: Double) -> Int? {
    let time = grid.times[level] + delay
    let tolerance = ReviewTimes.coincidence * period
    guard time <= problem.horizon + tolerance else { return nil }
    let (index, weight) = CubicInterpolation.locate(grid.times, time)
    return weight > 0.5 ? index + 1 : index
  }

  /// Whether a level lies between a decision and its fill.
  private func isWaiting(_ index: Int, level: Int) -> Bool {
    guard table.delays[index] > 0 else { return false }
    var check = level
    while !grid.isCheck[check] { check -= 1 }
    guard let fill = fillLevel(of: check, delay: table.delays[index]) else { return false }
    return level < fill
  }

  /// Ascending.
  private func keptLevels() -> [Int] {
    let checks = checkLevels
    if isForToday { return [checks[0]] }
    let every = (checks.count + mostKept - 1) / mostKept
    var kept = stride(from: 0, to: checks.count, by: max(1, every)).map { checks[$0] }
    if kept.last != checks.last { kept.append(checks[checks.count - 1]) }
    return kept
  }

  private func copy(_ buffers: LineBuffers, to other: LineBuffers) {
    other.recent.update(from: buffers.recent, count: buffers.nodes * buffers.tiles * LineSweep.tile)
  }
}

/// The decision of a check.
extension TradeRows {
  /// At every node; returns the bands in net delta, `[row × regime]`.
  ///
  /// - Parameters:
  ///   - pending: by delay, what an inventory is worth from the fill on; nil where the fill is immediate.
  ///   - isPossible: by delay, whether the fill comes before the horizon.
  ///   - strip: whose unknowns are decided about.
  ///   - reads: whether anybody asks for the bands.
  ///   - outer: takes note of V beyond them, by node, and the strip of the lines that wait; nil where there is nothing beyond.
  func decide(
    _ buffers: LineBuffers, pending: [LineBuffers?], isPossible: [Bool], delta: [Double],
    diffusions: NodeArray<Double>, team: WorkerTeam, strip: LookStrip, outer: NodeArray<OuterLines>?,
    reads: Bool
  ) -> [Band] {
    var bands = [Band](repeating: .unbounded, count: nodes)
    bands.withUnsafeMutableBufferPointer { all in
      let output = BandOutput(start: all.baseAddress!)
      team.run(rows: prices.count) { rows in
        let row = row()
        let scratch = NodeArray(repeating: LineGroup.zero, count: lines / LineGroup.scalarCount * (1 + pending.count))
        defer { scratch.deallocate() }
        let values = UnsafeMutableRawPointer(scratch.start).assumingMemoryBound(to: Double.self)
        // By delay, what an inventory is worth from the fill on; nil where the fill comes too late.
        let arrivals = pending.indices.map { position -> UnsafePointer<Double>? in
          guard isPossible[position] else { return nil }
          return UnsafePointer(pending[position] == nil ? values : values + lines * (1 + position))
        }
        for node in (rows.lowerBound * regimes)..<(rows.upperBound * regimes) {
          let (place, e) = (node / regimes, node % regimes)
          let tiles = strip.strip.span[place]
          let first = tiles.lowerBound * LineSweep.tileLines
          row.narrow(to: first, count: tiles.count * LineSweep.tileLines, kink: kinks[place])
          buffers.gather(buffers.recent, node: node, tiles: tiles, into: scratch.start)
          if let route = leading[e], tiles.contains(where: { !strip.isSound(row: place, tile: $0) }) {
            let closed = closing(tiles, of: scratch.start, price: prices[place], route: route)
            for tile in tiles where !strip.isSound(row: place, tile: tile) {
              (scratch.start + tile * LineSweep.tile).update(repeating: closed, count: LineSweep.tile)
            }
          }
          for (position, waiting) in pending.enumerated() where isPossible[position] {
            guard let waiting else { continue }
            let place = lines * (1 + position)
            waiting.gather(
              waiting.recent, node: node, tiles: tiles, into: scratch.start + place / LineGroup.scalarCount)
          }
          let settled = reads ? nil : settle(row, node: node, value: values + first)
          if settled == nil {
            output.start[node] = decide(
              row, node: node, value: values, arrivals: arrivals, from: first, delta: delta[node],
              overshoot: diffusions[node], reads: reads)
          }
          buffers.scatter(scratch.start, to: buffers.recent, node: node, tiles: tiles)
          guard let outer, let route = leading[e] else { continue }
          let waiting = settled ?? row.waiting
          strip.need((first + waiting.lowerBound)...(first + waiting.upperBound), row: place, isFirst: e == 0)
          outer[node] = row.outer(values + first, price: prices[place], (route.buy, route.sell))
        }
      }
    }
    return bands
  }

  /// Beside the tiles whose lines are right one trades: any value above MV says so.
  private func closing(
    _ tiles: ClosedRange<Int>, of row: UnsafeMutablePointer<LineGroup>, price: Double, route: PlainRoute
  ) -> LineGroup {
    var highest = LineGroup(repeating: -.infinity)
    for group in (tiles.lowerBound * LineSweep.tile)..<((tiles.upperBound + 1) * LineSweep.tile) {
      highest = laneMaximum(row[group], highest)
    }
    let across = (holdings[holdings.count - 1] - holdings[0]) * price * (route.buy + route.sell)
    return LineGroup(repeating: highest.max() + growth * route.fixed + across)
  }

  /// - Parameter first: the line at which the row begins.
  private func decide(
    _ row: TradeRow, node: Int, value values: UnsafeMutablePointer<Double>, arrivals: [UnsafePointer<Double>?],
    from first: Int, delta: Double, overshoot: Double, reads: Bool
  ) -> Band {
    let value = values + first
    let (price, e) = (prices[node / regimes], node % regimes)
    var reading = TradeRow.Reading()
    var well: Int?
    /// Takes note of a route; returns what an inventory is worth when its fill comes, nil when it comes too late.
    func arrival(_ delay: Int, isFree: Bool, _ marginal: (buy: Double, sell: Double)) -> UnsafePointer<Double>? {
      guard let arrival = arrivals[delay].map({ $0 + first }) else { return nil }
      if well == nil { well = lowest(arrival, count: row.count) }
      if isFree, row.lotNodes == 0 { reading.free.append((arrival, price * marginal.buy, price * marginal.sell)) }
      return arrival
    }
    if row.isUnlimited, !table.plain[e].isEmpty {
      reading.hasSlopes = table.plain[e].count > 1
      for route in table.plain[e] {
        let isFirst = well == nil
        guard let arrival = arrival(route.delay, isFree: route.fixed == 0, (route.buy, route.sell)) else { continue }
        row.add(route, price: price, value: arrival, isFirst: isFirst)
      }
    } else {
      row.clear()
      for route in table.routes[e] {
        guard let arrival = arrival(route.delay, isFree: route.fixed == 0, route.marginal) else { continue }
        row.add(route, price: price, value: arrival)
        reading.hasSlopes = reading.hasSlopes || route.hasImpact || table.routes[e].count > 1
      }
    }
    guard let well else { return .unbounded }
    reading.overshoot = overshoot
    let band = reads ? row.band(reading, well: well) : .unbounded
    for first in stride(from: 0, to: row.count, by: LineGroup.scalarCount) {
      store(load(value + first) - laneMaximum(load(row.gain + first), .zero), value + first)
    }
    return band.ordered.shifted(by: delta)
  }

  /// The decision where nobody asks for its band and a single fill follows at once, on a row that is as rows are (`TradeRow.wells`): the
  /// lines that wait, nil elsewhere.
  @inline(__always)
  private func settle(_ row: TradeRow, node: Int, value: UnsafeMutablePointer<Double>) -> LineExtent? {
    guard row.isUnlimited, let route = lone[node % regimes],
      let wells = row.wells(route, price: prices[node / regimes], value: value)
    else { return nil }
    return row.settle(route, bought: wells.bought, sold: wells.sold, value)
  }
}

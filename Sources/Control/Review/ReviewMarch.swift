import Formulation
import Glibc

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
struct ReviewMarch {
  let base: BackwardMarch
  let grid: FiniteHorizonGrid
  let table: RouteTable
  let period: Double

  var problem: OptionBookProblem { base.problem }

  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, period: Double, keepsValues: Bool = false
  ) throws(ControlError) {
    base = BackwardMarch(
      problem: problem, grid: grid, threads: threads, ofValues: true, everywhere: true, keepsValues: keepsValues)
    self.grid = grid
    self.period = period
    table = try RouteTable(problem: problem, isReview: true)
  }

  /// Bands of at most this many checks are kept, evenly spread: they move by little from one to the next.
  static let mostKept = 2000

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    let (nodes, holdings, times) = (base.nodes, grid.holdings, grid.times)
    let isJumping = base.jumps != nil
    var buffers = LineBuffers(nodes: nodes, holdings: holdings, jumping: isJumping)
    var pending = table.delays.map { $0 > 0 ? LineBuffers(nodes: nodes, holdings: holdings, jumping: isJumping) : nil }
    let strip = Strip(rows: base.rows, tiles: buffers.tiles)
    let diffusions = NodeArray(repeating: 0.0, count: nodes)
    defer {
      buffers.deallocate()
      for buffer in pending { buffer?.deallocate() }
      strip.deallocate()
      diffusions.deallocate()
    }
    let last = times.count - 1
    let fills = fillLevels()
    let kept = keptLevels()
    var bands: [Int: [Band]] = [:]

    let book = BookTable(book: problem.book, spots: base.spots, regimes: base.regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    var delta = [Double](repeating: 0, count: nodes)
    var markJumps = MarkJumpLine(problem: problem, book: book, jumps: base.valueJumps, count: nodes)
    var unused = SingleLine(count: nodes)
    base.setTerminal(&buffers, valueLine: &unused, reference: base.referenceHolding())
    var recorder = base.keepsValues ? ValueRecorder(grid: grid, regimes: base.regimes) : nil
    recorder?.keep(level: last) { base.presentValues(buffers, valueLine: unused, reference: 0) }
    // A fill at the horizon finds the settlement still to come.
    for (index, level) in fills.enumerated() where level.contains(last) {
      if let waiting = pending[index] { copy(buffers, to: waiting) }
    }
    let none = QuadraticSource(count: nodes)
    var factorised = -1.0
    for level in grid.levels {
      let step = TwoStageStep(length: times[level + 1] - times[level])
      if abs(step.length - factorised) > ReviewTimes.coincidence * factorised {
        system.factorise(step.first)
        factorised = step.length
      }
      let stages = [step.firstStage(from: times[level + 1]), times[level]]
      var sources: [QuadraticSource] = []
      for time in stages {
        book.deltas(at: time, into: &delta)
        variance.fill(at: time, delta: delta, threads: base.threads)
        sources.append(base.source(delta: delta, variance))
      }
      for (stage, scheme) in [step.first, step.second].enumerated() {
        base.stepAll(&buffers, system: system, source: sources[stage], scheme: scheme, strip: strip)
        for index in pending.indices where isWaiting(index, level: level) {
          guard var waiting = pending[index] else { continue }
          base.stepAll(&waiting, system: system, source: none, scheme: scheme, strip: strip)
          pending[index] = waiting
        }
      }
      for (stage, scheme) in [step.first, step.second].enumerated() {
        markJumps.advance(to: stages[stage], system, scheme)
      }
      if grid.isCheck[level] {
        grid.diffusions(of: delta, in: problem.environment, remaining: period, into: diffusions)
        recorder?.keep(level: level, isWaiting: true) { base.presentValues(buffers, valueLine: unused, reference: 0) }
        let found = decide(buffers, pending: pending, delta: delta, diffusions: diffusions, level: level)
        if kept.contains(level) { bands[level] = found }
      }
      recorder?.keep(level: level) { base.presentValues(buffers, valueLine: unused, reference: 0) }
      for index in pending.indices where fills[index].contains(level) {
        if let waiting = pending[index] { copy(buffers, to: waiting) }
      }
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }
    return try base.solution(
      buffers, policy: policy(bands), markJumps: markJumps, delta: delta, settings: settings, valueLine: unused,
      reference: 0, table: recorder?.table)
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

  private func keptLevels() -> Set<Int> {
    let checks = checkLevels
    let stride = (checks.count + ReviewMarch.mostKept - 1) / ReviewMarch.mostKept
    var kept = Set(Swift.stride(from: 0, to: checks.count, by: max(1, stride)).map { checks[$0] })
    kept.insert(checks[checks.count - 1])
    return kept
  }

  /// The table `[check × regime × spot]`.
  private func policy(_ bands: [Int: [Band]]) -> PolicyTable {
    let levels = bands.keys.sorted()
    var ordered: [Band] = []
    for level in levels {
      for e in 0..<base.regimes {
        for row in 0..<base.rows { ordered.append(bands[level]![row * base.regimes + e]) }
      }
    }
    return PolicyTable(
      times: levels.map { grid.times[$0] }, logSpots: grid.logSpots, regimeCount: base.regimes, bands: ordered,
      flatWithin: grid.flatWithin(problem))
  }

  // MARK: Steps

  private func copy(_ buffers: LineBuffers, to other: LineBuffers) {
    other.recent.update(from: buffers.recent, count: buffers.nodes * buffers.tiles * LineSweep.tile)
  }

  /// The decision of a check at every node; returns the bands in net delta, `[row × regime]`.
  private func decide(
    _ buffers: LineBuffers, pending: [LineBuffers?], delta: [Double], diffusions: NodeArray<Double>, level: Int
  ) -> [Band] {
    var bands = [Band](repeating: .unbounded, count: base.nodes)
    let isPossible = table.delays.map { fillLevel(of: level, delay: $0) != nil }
    let (regimes, lines) = (base.regimes, base.lines)
    bands.withUnsafeMutableBufferPointer { all in
      let output = BandOutput(start: all.baseAddress!)
      parallel(base.threads, rows: base.rows) { rows in
        let row = base.tradeRow(table)
        let scratch = NodeArray(repeating: LineGroup.zero, count: lines / LineGroup.scalarCount * (1 + pending.count))
        defer { scratch.deallocate() }
        let values = UnsafeMutableRawPointer(scratch.start).assumingMemoryBound(to: Double.self)
        for node in (rows.lowerBound * regimes)..<(rows.upperBound * regimes) {
          buffers.gather(buffers.recent, node: node, into: scratch.start)
          var arrivals = [UnsafePointer<Double>?](repeating: nil, count: pending.count)
          for (position, waiting) in pending.enumerated() where isPossible[position] {
            arrivals[position] = UnsafePointer(values)
            guard let waiting else { continue }
            let place = lines * (1 + position)
            waiting.gather(waiting.recent, node: node, into: scratch.start + place / LineGroup.scalarCount)
            arrivals[position] = UnsafePointer(values + place)
          }
          output.start[node] = decide(
            row, node: node, value: values, arrivals: arrivals, delta: delta[node], overshoot: diffusions[node])
          buffers.scatter(scratch.start, to: buffers.recent, node: node)
        }
      }
    }
    return bands
  }

  private func decide(
    _ row: TradeRow, node: Int, value: UnsafeMutablePointer<Double>, arrivals: [UnsafePointer<Double>?],
    delta: Double, overshoot: Double
  ) -> Band {
    let (index, e) = (node / base.regimes, node % base.regimes)
    row.clear()
    var reading = TradeRow.Reading()
    var well: Int?
    for route in table.routes[e] {
      guard let arrival = arrivals[route.delay] else { continue }
      row.add(route, price: base.spots[index], value: arrival)
      if well == nil { well = base.lowest(arrival) }
      reading.hasSlopes = reading.hasSlopes || route.hasImpact || table.routes[e].count > 1
      if route.fixed == 0, row.lotNodes == 0 {
        let price = base.spots[index]
        reading.free.append((arrival, price * route.marginal.buy, price * route.marginal.sell))
      }
    }
    guard let well else { return .unbounded }
    reading.overshoot = overshoot
    let band = row.band(reading, well: well)
    for line in 0..<base.lines where row.gain[line] > 0 { value[line] -= row.gain[line] }
    return band.ordered.shifted(by: delta)
  }
}

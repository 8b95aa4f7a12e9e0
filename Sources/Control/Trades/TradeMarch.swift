import Formulation

/// The march where monitoring is continuous and costs or execution are beyond `K + k|u|`: V ≤ MV with the general operator
/// (`TradeRow`), and lots, a largest trade or several trades at once. Steps are `BackwardMarch`'s, on all nodes.
struct TradeMarch {
  let base: BackwardMarch
  let grid: FiniteHorizonGrid
  let table: RouteTable

  private var problem: OptionBookProblem { base.problem }
  private var lines: Int { base.lines }

  init(problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int) throws(ControlError) {
    base = BackwardMarch(problem: problem, grid: grid, threads: threads, ofValues: true, everywhere: true)
    self.grid = grid
    table = try RouteTable(problem: problem, isReview: false)
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    let nodes = base.nodes
    var buffers = LineBuffers(nodes: nodes, holdings: grid.holdings, jumping: base.jumps != nil)
    let strip = Strip(rows: base.rows, tiles: buffers.tiles)
    let diffusions = NodeArray(repeating: 0.0, count: nodes)
    defer {
      buffers.deallocate()
      strip.deallocate()
      diffusions.deallocate()
    }
    let times = grid.times
    let last = times.count - 1
    let book = BookTable(book: problem.book, spots: base.spots, regimes: base.regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    var delta = [Double](repeating: 0, count: nodes)
    var bands = [Band](repeating: .unbounded, count: last * nodes)
    var unused = SingleLine(count: nodes)
    var markJumps = MarkJumpLine(problem: problem, book: book, jumps: base.valueJumps, count: nodes)
    base.setTerminal(&buffers, valueLine: &unused, reference: base.referenceHolding())
    tradeAtHorizon(buffers.slice(buffers.recent))
    var segmentEnd = problem.horizon
    for level in grid.levels {
      let scheme = grid.step(to: level)
      if grid.isSegmentEnd[level + 1] {
        segmentEnd = times[level + 1]
        buffers.clearMultiplier()
      }
      system.factorise(scheme)
      book.deltas(at: times[level], into: &delta)
      variance.fill(at: times[level], delta: delta, threads: base.threads)
      base.stepAll(
        &buffers, system: system, source: base.source(delta: delta, variance), scheme: scheme, strip: strip)
      grid.diffusions(of: delta, in: problem.environment, remaining: segmentEnd - times[level], into: diffusions)
      bands.withUnsafeMutableBufferPointer { all in
        intervene(
          buffers, delta: delta, diffusions: diffusions, rate: scheme.leading / scheme.step,
          bands: BandOutput(start: all.baseAddress! + level * nodes))
      }
      markJumps.advance(to: times[level], system, scheme)
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }
    return try base.solution(
      buffers, policy: grid.policy(bands, problem: problem, logDrift: 0), markJumps: markJumps, delta: delta,
      settings: settings, valueLine: unused, reference: 0)
  }

  private func intervene(
    _ buffers: LineBuffers, delta: [Double], diffusions: NodeArray<Double>, rate: Double, bands: BandOutput
  ) {
    parallel(base.threads, rows: base.rows) { rows in
      let trades = base.tradeRow(table, isLinear: true)
      for node in (rows.lowerBound * base.regimes)..<(rows.upperBound * base.regimes) {
        bands.start[node] = intervene(
          buffers, node: node, with: trades, diffusion: diffusions[node], rate: rate
        ).ordered.shifted(by: delta[node])
      }
    }
  }

  /// How far beyond an edge positions are found, as a share of the band's width: an inventory taken over, or a look missed.
  private static let overshootShare = 0.25

  /// Projects the predictor at a node with the lagged multiplier, as `ImpulseRow` does.
  private func intervene(
    _ buffers: LineBuffers, node: Int, with row: TradeRow, diffusion: Double, rate: Double
  ) -> Band {
    let groups = lines / LineGroup.scalarCount
    let routes = table.routes[node % base.regimes]
    let price = base.spots[node / base.regimes]
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * groups) { scratch in
      let (values, multipliers) = (scratch.baseAddress!, scratch.baseAddress! + groups)
      buffers.gather(buffers.recent, node: node, into: values)
      let value = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Double.self)
      let multiplier = UnsafeMutableRawPointer(multipliers).assumingMemoryBound(to: Double.self)
      row.clear()
      for route in routes { row.add(route, price: price, value: value) }
      var reading = TradeRow.Reading(
        diffusion: diffusion, hasSlopes: routes.count > 1 || routes.contains(where: \.hasImpact))
      // A regime of proportional costs beside others: one may always stop at the edge.
      for route in routes where route.fixed == 0 && row.lotNodes == 0 {
        reading.free.append((UnsafePointer(value), price * route.marginal.buy, price * route.marginal.sell))
      }
      let well = base.lowest(value)
      if reading.hasSlopes {
        let narrow = row.band(reading, well: well)
        if narrow.width.isFinite { reading.overshoot = TradeMarch.overshootShare * narrow.width }
      }
      let band = row.band(reading, well: well)
      if reading.hasSlopes || row.maximumTrade < .infinity { row.chain(from: well) }
      for line in 0..<lines { multiplier[line] = value[line] }
      take(row, value: value)
      for line in 0..<lines { multiplier[line] = rate * (multiplier[line] - value[line]) }
      buffers.scatter(values, to: buffers.recent, node: node)
      buffers.scatter(multipliers, to: buffers.multiplier, node: node)
      return band
    }
  }

  /// What an instant's trades gain, subtracted; returns whether any did.
  @discardableResult
  private func take(_ row: TradeRow, value: UnsafeMutablePointer<Double>) -> Bool {
    var most = 0.0
    for line in 0..<lines where row.gain[line] > 0 {
      value[line] -= row.gain[line]
      most = max(most, row.gain[line] / abs(value[line]))
    }
    return most > TradeMarch.negligibleGain
  }

  /// Trades of the same instant at most; far outside the band there may be as many as it takes to get there.
  private static let mostTradesAtOnce = 64
  /// A further trade that gains less than this share of the value is rounding.
  private static let negligibleGain = 1e-12

  /// min(V, MV, MMV, …): one may trade instead of being settled.
  private func tradeAtHorizon(_ slice: LineBuffers.Slice) {
    let row = base.tradeRow(table, isLinear: true)
    var values = [Double](repeating: 0, count: lines)
    for node in 0..<base.nodes {
      for line in 0..<lines { values[line] = slice[node, line] }
      values.withUnsafeMutableBufferPointer { memory in
        let value = memory.baseAddress!
        for _ in 0..<TradeMarch.mostTradesAtOnce {
          row.clear()
          for route in table.routes[node % base.regimes] {
            row.add(route, price: base.spots[node / base.regimes], value: value)
          }
          guard take(row, value: value) else { break }
        }
      }
      for line in 0..<lines { slice[node, line] = values[line] }
    }
  }
}

extension BackwardMarch {
  /// One step of all lines at all nodes; the predictor arrives in `recent`.
  func stepAll(
    _ buffers: inout LineBuffers, system: LineSystem, source: QuadraticSource, scheme: BackwardDifference, strip: Strip
  ) {
    sweep(
      buffers, system: system, source: source, scheme: scheme, projection: .deferred, strip: strip,
      surroundings: NoSurroundings())
    swap(&buffers.recent, &buffers.older)
  }

  /// The node of the least value.
  func lowest(_ value: UnsafePointer<Double>) -> Int {
    var best = 0
    for line in 1..<lines where value[line] < value[best] { best = line }
    return best
  }

  /// Scratch of the general operator for one thread.
  func tradeRow(_ table: RouteTable, isLinear: Bool = false) -> TradeRow {
    TradeRow(
      origin: holdings[0], spacing: spacing, count: lines, kink: kink, lot: grid.timing.lot,
      maximumTrade: table.maximumTrade, isLinear: isLinear)
  }
}

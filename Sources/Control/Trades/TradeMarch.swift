import Formulation

/// The march where monitoring is continuous and costs or execution are beyond `K + k|u|`: V ≤ MV with the general operator
/// (`TradeRow`), and lots, a largest trade or several trades at once. Between trades the lines rest (`RestingMarch`), on all
/// nodes.
struct TradeMarch<Rest: RestingMarch> {
  private let start: Rest
  private let rows: TradeRows

  private var grid: FiniteHorizonGrid { start.grid }
  private var problem: OptionBookProblem { start.problem }

  /// - Parameter table: of continuous monitoring.
  init(_ rest: Rest, table: RouteTable) {
    start = rest
    rows = TradeRows(rest, table: table)
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var (rest, rows) = (start, rows)
    let nodes = rows.nodes
    var buffers = LineBuffers(nodes: nodes, holdings: grid.inventories, jumping: rest.isJumping)
    let strip = Strip(rows: rows.prices.count, tiles: buffers.tiles)
    let diffusions = NodeArray(repeating: 0.0, count: nodes)
    defer {
      buffers.deallocate()
      strip.deallocate()
      diffusions.deallocate()
    }
    let times = grid.times
    let last = times.count - 1
    var bands = [Band](repeating: .unbounded, count: last * nodes)
    rest.setTerminal(&buffers)
    rows.tradeAtHorizon(buffers.slice(buffers.recent))
    var segmentEnd = problem.horizon
    for level in grid.levels {
      let scheme = grid.step(to: level)
      if grid.isSegmentEnd[level + 1] {
        segmentEnd = times[level + 1]
        buffers.clearMultiplier()
      }
      rest.prepare(time: times[level], scheme: scheme, isNewMatrix: true)
      rest.step(&buffers, scheme: scheme, strip: strip)
      grid.diffusions(of: rest.delta, in: problem.environment, remaining: segmentEnd - times[level], into: diffusions)
      rows.growth = rest.growth(at: times[level])
      let rate = scheme.leading / scheme.step
      let bounds = rest.lagBounds?.map { $0 * rate }
      bands.withUnsafeMutableBufferPointer { all in
        rows.intervene(
          buffers, delta: rest.delta, diffusions: diffusions, rate: rate, bounds: bounds, team: rest.team,
          bands: BandOutput(start: all.baseAddress! + level * nodes))
      }
      rest.learn(bands[(level * nodes)..<((level + 1) * nodes)], of: buffers, level: level)
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }
    return try rest.solution(
      buffers, policy: grid.policy(bands, problem: problem, logDrift: rest.logDrift), settings: settings)
  }
}

/// The operator on the nodes of a march.
extension TradeRows {
  /// Projects the predictors at all nodes and reads their bands, in net delta.
  ///
  /// - Parameters:
  ///   - rate: c₀/h.
  ///   - bounds: the most that a multiplier may be, by node; nil where nothing bounds it.
  func intervene(
    _ buffers: LineBuffers, delta: [Double], diffusions: NodeArray<Double>, rate: Double, bounds: [Double]?,
    team: WorkerTeam, bands: BandOutput
  ) {
    team.run(rows: prices.count) { part in
      let trades = row(isLinear: true)
      for node in (part.lowerBound * regimes)..<(part.upperBound * regimes) {
        bands.start[node] = intervene(
          buffers, node: node, with: trades, diffusion: diffusions[node], rate: rate, bound: bounds?[node] ?? .infinity
        ).ordered.shifted(by: delta[node])
      }
    }
  }

  /// How far beyond an edge positions are found, as a share of the band's width: an inventory taken over, or a look missed.
  private static let overshootShare = 0.25

  /// Projects the predictor at a node with the lagged multiplier, as `ImpulseRow` does.
  private func intervene(
    _ buffers: LineBuffers, node: Int, with row: TradeRow, diffusion: Double, rate: Double, bound: Double
  ) -> Band {
    let groups = lines / LineGroup.scalarCount
    let routes = table.routes[node % regimes]
    let price = prices[node / regimes]
    row.kink = kinks[node / regimes]
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
      let well = lowest(value, count: lines)
      if reading.hasSlopes {
        let narrow = row.band(reading, well: well)
        if narrow.width.isFinite { reading.overshoot = TradeRows.overshootShare * narrow.width }
      }
      let band = row.band(reading, well: well)
      if reading.hasSlopes || row.maximumTrade < .infinity { row.chain(from: well) }
      for line in 0..<lines { multiplier[line] = value[line] }
      take(row, value: value)
      for line in 0..<lines { multiplier[line] = min(bound, rate * (multiplier[line] - value[line])) }
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
    return most > TradeRows.negligibleGain
  }

  /// Trades of the same instant at most; far outside the band there may be as many as it takes to get there.
  private static let mostTradesAtOnce = 64
  /// A further trade that gains less than this share of the value is rounding.
  private static let negligibleGain = 1e-12

  /// min(V, MV, MMV, …): one may trade instead of being settled.
  func tradeAtHorizon(_ slice: LineBuffers.Slice) {
    let row = row(isLinear: true)
    var values = [Double](repeating: 0, count: lines)
    for node in 0..<nodes {
      row.kink = kinks[node / regimes]
      for line in 0..<lines { values[line] = slice[node, line] }
      values.withUnsafeMutableBufferPointer { memory in
        let value = memory.baseAddress!
        for _ in 0..<TradeRows.mostTradesAtOnce {
          row.clear()
          for route in table.routes[node % regimes] { row.add(route, price: prices[node / regimes], value: value) }
          guard take(row, value: value) else { break }
        }
      }
      for line in 0..<lines { slice[node, line] = values[line] }
    }
  }
}

import Formulation

/// The general operator where monitoring is continuous: `V ≤ MV` for every cost of the algebra.
extension BackwardMarch {
  /// How far beyond an edge positions are found, as a share of the band's width: an inventory taken over, or a look missed.
  private static let overshootShare = 0.25

  /// Projects and reads the rows of a problem with the general operator; regimes without a fixed cost or a lot trade to the edge.
  func readGeneral(
    rows: Range<Int>, buffers: LineBuffers, strip: Strip, rate: Double, general: RouteTable, reader: RowReader,
    bands: BandOutput
  ) {
    let trades = tradeRow(general)
    let scratch = NodeArray(repeating: LineGroup.zero, count: ImpulseRow.scratchCount(tiles: strip.tiles))
    defer { scratch.deallocate() }
    for row in rows {
      for e in 0..<regimes {
        let node = row * regimes + e
        let band =
          problem.costs[e].leastFixed > 0 || grid.timing.lot > 0
          ? intervene(
            buffers, node: node, with: trades, routes: general.routes[e], diffusion: reader.diffusion[node], rate: rate)
          : reader.project(node: node, row: row, buffers: buffers, strip: strip, rate: rate, scratch: scratch).band
        bands.start[node] = band.ordered.shifted(by: reader.delta[node])
      }
    }
  }

  /// Projects the predictor at a node with the lagged multiplier, as `ImpulseRow.intervene` does.
  private func intervene(
    _ buffers: LineBuffers, node: Int, with row: TradeRow, routes: [SolverRoute], diffusion: Double, rate: Double
  ) -> Band {
    let groups = lines / LineGroup.scalarCount
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * groups) { scratch in
      let (values, multipliers) = (scratch.baseAddress!, scratch.baseAddress! + groups)
      buffers.gather(buffers.recent, node: node, into: values)
      let value = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Double.self)
      let multiplier = UnsafeMutableRawPointer(multipliers).assumingMemoryBound(to: Double.self)
      row.clear()
      for route in routes { row.add(route, price: spots[node / regimes], value: value) }
      var reading = TradeRow.Reading(
        diffusion: diffusion, hasSlopes: routes.count > 1 || routes.contains(where: \.hasImpact))
      let well = lowest(value)
      if reading.hasSlopes {
        reading.overshoot = 0
        let narrow = row.band(reading, well: well)
        if narrow.width.isFinite { reading.overshoot = BackwardMarch.overshootShare * narrow.width }
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
    return most > BackwardMarch.negligibleGain
  }

  /// Trades of the same instant at most; far outside the band there may be as many as it takes to get there.
  private static let mostTradesAtOnce = 64
  /// A further trade that gains less than this share of the value is rounding.
  private static let negligibleGain = 1e-12

  /// V ← min(V, MV) until nothing gains any more.
  private func repeatedly(
    _ value: UnsafeMutablePointer<Double>, node: Int, with row: TradeRow, routes: [SolverRoute]
  ) {
    for _ in 0..<BackwardMarch.mostTradesAtOnce {
      row.clear()
      for route in routes { row.add(route, price: spots[node / regimes], value: value) }
      guard take(row, value: value) else { break }
    }
  }

  /// min(V, MV, MMV, …) at the horizon: one may trade instead of being settled.
  func intervenedRepeatedly(_ slice: LineBuffers.Slice, node: Int, with row: TradeRow, routes: [SolverRoute]) {
    var values = (0..<lines).map { slice[node, $0] }
    values.withUnsafeMutableBufferPointer { repeatedly($0.baseAddress!, node: node, with: row, routes: routes) }
    for line in 0..<lines { slice[node, line] = values[line] }
  }
}

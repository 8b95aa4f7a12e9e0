import Formulation
import VectorMath

/// Bands that rows write side by side.
struct BandOutput: @unchecked Sendable {
  let start: UnsafeMutablePointer<Band>
}

/// One step of a march: the sweep over the strip, the rows' readings, and the strip's move.
extension BackwardMarch {
  func stepGame(
    _ buffers: inout LineBuffers, terms: MarchTerms, memory: inout StripMemory, reader: RowReader, bands: BandOutput?,
    team: WorkerTeam, beside others: [@Sendable () -> Void]
  ) {
    let (strip, rates) = (memory.strip, terms.rates)
    sweep(
      buffers, terms: terms, projection: .clip(lower: rates.floor, upper: rates.ceiling), strip: strip,
      surroundings: PinnedSurroundings(rates: rates, waiting: strip.waiting, regimes: regimes), team: team,
      beside: others)
    swap(&buffers.recent, &buffers.older)
    if problem.costs.contains(where: \.isZero) { pinFreeNodes(buffers, source: terms.source) }
    reader.take(delta: terms.delta, diffusion: terms.diffusion)
    let (here, found) = (buffers, memory.found)
    team.run(rows: rows) {
      reader.readGame(rows: $0, buffers: here, strip: strip, rates: rates, bands: bands?.start, found: found)
    }
    move(&memory, buffers, rates: rates, scheme: terms.scheme)
  }

  func stepImpulse(
    _ buffers: inout LineBuffers, terms: MarchTerms, memory: inout StripMemory, trades: inout TradedLevels,
    reader: RowReader, bands: BandOutput?, team: WorkerTeam, beside others: [@Sendable () -> Void]
  ) {
    let (strip, scheme) = (memory.strip, terms.scheme)
    trades.advance(ratio: scheme.ratio)
    sweep(
      buffers, terms: terms, projection: .deferred, strip: strip,
      surroundings: TradedSurroundings(trades: trades.predicted), team: team, beside: others)
    swap(&buffers.recent, &buffers.older)
    reader.take(delta: terms.delta, diffusion: terms.diffusion)
    let (here, found, levels, rate) = (buffers, memory.found, trades.recent, scheme.leading / scheme.step)
    team.run(rows: rows) {
      reader.readImpulse(
        rows: $0, buffers: here, strip: strip, rate: rate, bands: bands?.start, trades: levels, found: found)
    }
    let after = trades
    after.move(&memory, buffers, scheme: scheme, regimes: regimes) { node, inventories, change in
      let bound = LineGroup(repeating: reader.lagBounds[node] * rate)
      return laneMinimum(
        bound,
        restingRate(
          node: node, inventories: inventories, change: change, trades: after, source: terms.source,
          system: terms.system))
    }
  }

  /// Sweeps tile by tile, and does other things in the same region.
  private func sweep<Surroundings: StripSurroundings>(
    _ buffers: LineBuffers, terms: MarchTerms, projection: LineSweep.Projection, strip: Strip,
    surroundings: Surroundings, team: WorkerTeam, beside others: [@Sendable () -> Void]
  ) {
    let (system, source, scheme) = (terms.system, terms.source, terms.scheme)
    let tiles = buffers.tiles
    // The others first: they are longer than a tile.
    team.run(tiles + others.count) { task in
      guard task < tiles else { return others[task - tiles]() }
      sweep(
        buffers, system: system, source: source, scheme: scheme, projection: projection, strip: strip,
        surroundings: surroundings, tiles: stride(from: task, to: task + 1, by: 1))
    }
  }

  /// All tiles.
  func sweep<Surroundings: StripSurroundings>(
    _ buffers: LineBuffers, system: LineSystem, source: QuadraticSource, scheme: BackwardDifference,
    projection: LineSweep.Projection, strip: Strip, surroundings: Surroundings, team: WorkerTeam
  ) {
    team.run(buffers.tiles) { tile in
      sweep(
        buffers, system: system, source: source, scheme: scheme, projection: projection, strip: strip,
        surroundings: surroundings, tiles: stride(from: tile, to: tile + 1, by: 1))
    }
  }

  private func sweep<Surroundings: StripSurroundings>(
    _ buffers: LineBuffers, system: LineSystem, source: QuadraticSource, scheme: BackwardDifference,
    projection: LineSweep.Projection, strip: Strip, surroundings: Surroundings, tiles: StrideTo<Int>
  ) {
    jumps?.apply(buffers, ratio: scheme.ratio, tiles: tiles)
    LineSweep(system: system).advance(
      recent: buffers.recent, older: buffers.older, multiplier: buffers.multiplier, holdings: buffers.holdings,
      source: source, explicit: buffers.explicit.map { UnsafePointer($0) }, scheme: scheme, projection: projection,
      strip: strip, surroundings: surroundings, tiles: tiles)
  }

  /// Where trading is free W vanishes, and the multiplier is known: the rate at which W would leave zero.
  private func pinFreeNodes(_ buffers: LineBuffers, source: QuadraticSource) {
    let value = buffers.slice(buffers.recent)
    let rate = buffers.slice(buffers.multiplier)
    let explicit = buffers.explicit.map { buffers.slice($0) }
    for node in 0..<nodes where ceiling[node] == 0 && floor[node] == 0 {
      let e = node % regimes
      let base = node - e
      // Switches that move the price are among the explicit terms.
      let rates = (0..<regimes).map {
        problem.environment.switchJump(from: e, to: $0) == 0 ? problem.environment.generator.rates[e][$0] : 0
      }
      for index in 0..<lines {
        var drift = source.constant[node] + source.linear[node] * holdings[index]
        for other in 0..<regimes where base + other != node { drift += rates[other] * value[base + other, index] }
        if let explicit { drift += explicit[node, index] }
        rate[node, index] = drift
      }
    }
  }

  // MARK: The strip's move

  /// What leaves the strip of the game lies on its obstacle at both levels, and what enters needs its multiplier.
  private func move(
    _ memory: inout StripMemory, _ buffers: LineBuffers, rates: PinnedRates, scheme: BackwardDifference
  ) {
    let found = memory.found
    func isAbove(_ row: Int, _ tile: Int) -> Bool { tile * LineSweep.tileLines > found[row].upperBound }
    memory.move(scheme) { row, tile in
      let isAbove = isAbove(row, tile)
      buffers.forEachGroup(tile: tile, row: row, regimes: regimes) { node, group, place in
        buffers.multiplier[place] = rates.multiplier(
          node: node, isAbove: isAbove, inventories: buffers.holdings[group])
      }
    } leave: { row, tile in
      let isAbove = isAbove(row, tile)
      buffers.forEachGroup(tile: tile, row: row, regimes: regimes) { node, _, place in
        let obstacle = LineGroup(repeating: rates.obstacle(node: node, isAbove: isAbove))
        buffers.recent[place] = obstacle
        buffers.older[place] = obstacle
      }
    }
  }

  /// `A V + r − V_τ` beside the strip of the impulse problem.
  private func restingRate(
    node: Int, inventories y: LineGroup, change: LineGroup, trades: TradedLevels, source: QuadraticSource,
    system: LineSystem
  ) -> LineGroup {
    let row = node / regimes
    var rate = fused(LineGroup(repeating: source.quadratic[node]), y, LineGroup(repeating: source.linear[node]))
    rate = fused(rate, y, LineGroup(repeating: source.constant[node]) - change)
    func add(_ coefficient: Double, _ other: Int) {
      rate = fused(LineGroup(repeating: coefficient), trades.recent[other].value(y), rate)
    }
    if row > 0 { add(system.lower[node], node - regimes) }
    if row < rows - 1 { add(system.upper[node], node + regimes) }
    for other in 0..<regimes { add(system.block[node * regimes + other], row * regimes + other) }
    return rate
  }
}

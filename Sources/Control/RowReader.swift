import Formulation

/// Projects (fixed cost), reads the bands and integrates the multipliers of a step, row by row and side by side.
///
/// Plain memory, which the owner deallocates: what is done per node counts no references.
struct RowReader: Sendable {
  let regimes: Int
  /// Rows.
  private let count: Int
  let lines: Int
  let origin: Double
  let spacing: Double
  /// Index of the inventory that settlement makes special, else −1, per row.
  private let kinks: NodeArray<Int>
  /// Lines that delivery may leave free; nil without.
  private let flats: NodeArray<FlatLine>?
  /// Lines of inventories that settlement leaves free at one price or another; nil without.
  private let settled: NodeArray<Int>?
  /// Those inventories [units].
  private let settledPlaces: NodeArray<Double>?
  /// Index of the reference inventory.
  let reference: Int
  /// K per regime.
  private let fixed: NodeArray<Double>
  private let buy: NodeArray<Double>
  private let sell: NodeArray<Double>
  private let costsDiffer: Bool
  private let hasTickets: Bool
  /// The book's delta, and how far it moves until the end of the segment, per node [units].
  private let delta: NodeArray<Double>
  private let diffusion: NodeArray<Double>
  /// The most that the lagged multiplier may move V in a step, per node [quote]; see `EntropicMarch`.
  let lagBounds: NodeArray<Double>
  /// Where the game's last step found the ends of the band, per node.
  private let ends: NodeArray<GameRow.Ends>
  /// `∫ λ dy` from the band to the reference, per node; of the game only.
  let excess: NodeArray<Double>

  /// - Parameters:
  ///   - prices: what costs are charged on, per row [quote/unit].
  ///   - kinks: per row.
  ///   - flats: flat lines that are not the kink.
  ///   - settled: lines at which V may have a kink.
  init(
    costs: [TradeCost], prices: [Double], holdings: [Double], kinks: [Int], flats: [FlatLine], settled: [Int],
    reference: Int
  ) {
    self.settled = settled.isEmpty ? nil : NodeArray(settled)
    settledPlaces = settled.isEmpty ? nil : NodeArray(settled.map { holdings[$0] })
    self.flats = flats.isEmpty ? nil : NodeArray(flats)
    regimes = costs.count
    count = prices.count
    lines = holdings.count
    (origin, spacing) = (holdings[0], holdings[1] - holdings[0])
    self.reference = reference
    let nodes = prices.count * regimes
    self.kinks = NodeArray(kinks)
    fixed = NodeArray(costs.map(\.fixed))
    hasTickets = costs.contains { $0.leastFixed > 0 }
    costsDiffer = costs.contains { $0 != costs[0] }
    buy = NodeArray(prices.flatMap { price in costs.map { $0.proportionalBuy * price } })
    sell = NodeArray(prices.flatMap { price in costs.map { $0.proportionalSell * price } })
    lagBounds = NodeArray(repeating: .infinity, count: nodes)
    delta = NodeArray(repeating: 0.0, count: nodes)
    diffusion = NodeArray(repeating: 0.0, count: nodes)
    excess = NodeArray(repeating: 0.0, count: nodes)
    ends = NodeArray(repeating: GameRow.Ends(inside: 0, above: 0), count: nodes)
  }

  func deallocate() {
    for array in [fixed, buy, sell, delta, diffusion, excess, lagBounds] { array.deallocate() }
    kinks.deallocate()
    flats?.deallocate()
    settled?.deallocate()
    settledPlaces?.deallocate()
    ends.deallocate()
  }

  /// Takes the deltas of a level.
  ///
  /// - Parameters:
  ///   - deltas: in which bands are told, per node.
  ///   - moving: those whose motion widens them; by default the same.
  func update(
    _ deltas: [Double], moving: [Double]? = nil, grid: FiniteHorizonGrid, environment: EnvironmentChain,
    remaining: Double
  ) {
    delta.copy(from: deltas)
    grid.diffusions(of: moving ?? deltas, in: environment, remaining: remaining, into: diffusion)
  }

  /// Takes the deltas of a level, and how far they move.
  func take(delta deltas: [Double], diffusion diffusions: NodeArray<Double>) {
    delta.copy(from: deltas)
    diffusion.start.update(from: diffusions.start, count: diffusions.count)
  }

  /// Rows whose edges are found before they are solved for, many at a time: few enough to stay in the first-level cache.
  private static let rowsAtOnce = 16

  /// Calls `read` for all nodes of some rows, solves for the edges that it found and tells them to `write`, both with the
  /// node's place in the policy `[regime × row]`.
  ///
  /// - Parameter solves: whether anybody asks for the edges; without, `write` is not called.
  @inline(__always)
  private func inBlocks(
    _ rows: Range<Int>, solves: Bool, read: (_ row: Int, _ regime: Int, _ place: Int) -> (lower: Edge, upper: Edge),
    write: (_ row: Int, _ regime: Int, _ place: Int, _ lower: Double, _ upper: Double) -> Void
  ) {
    guard solves else {
      for row in rows { for e in 0..<regimes { _ = read(row, e, e * count + row) } }
      return
    }
    let most = min(rows.count, RowReader.rowsAtOnce) * regimes
    withUnsafeTemporaryAllocation(of: Edge.self, capacity: 2 * most) { edges in
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: RowReader.rowsAtOnce) {
        let block = first..<min(rows.upperBound, first + RowReader.rowsAtOnce)
        var index = 0
        for row in block {
          for e in 0..<regimes {
            let found = read(row, e, e * count + row)
            edges.initializeElement(at: index, to: found.lower)
            edges.initializeElement(at: index + 1, to: found.upper)
            index += 2
          }
        }
        Edge.close(UnsafeMutableBufferPointer(rebasing: edges[..<index]))
        index = 0
        for row in block {
          for e in 0..<regimes {
            write(row, e, e * count + row, edges[index].position, edges[index + 1].position)
            index += 2
          }
        }
      }
    }
  }

  /// Reads the rows of the game.
  ///
  /// - Parameter bands: of a level, `[regime × row]`; nil where nobody asks for them.
  func readGame(
    rows: Range<Int>, buffers: LineBuffers, strip: Strip, rates: PinnedRates, bands: UnsafeMutablePointer<Band>?,
    found: NodeArray<LineExtent>
  ) {
    inBlocks(rows, solves: bands != nil) { row, e, _ in
      let node = row * regimes + e
      let read = GameRow(
        buffers: buffers, strip: strip, rates: rates, node: node, row: row, spacing: spacing,
        isTangent: EdgeReader.isTangent(diffusion: diffusion[node], spacing: spacing), settled: settled,
        before: ends[node]
      ).read(reference: reference)
      ends[node] = read.ends
      excess[node] = read.excess
      found[row] = joined(found[row], read.waiting, isFirst: e == 0)
      return (read.lower, read.upper)
    } write: { row, e, place, lower, upper in
      let delta = delta[row * regimes + e]
      var band = Band(lower: lower, upper: upper, targetLower: lower, targetUpper: upper)
      snap(&band)
      if let bands { (bands + place).initialize(to: band.shifted(by: delta)) }
    }
  }

  /// Puts edges of a band without a ticket that are an inventory which settlement leaves free there exactly, and holds those
  /// (`FiniteHorizonGrid.heldInventories`): between nodes of a policy edges are interpolated in net delta, and such an inventory would
  /// be left by a little with every move.
  @inline(__always)
  private func snap(_ band: inout Band) {
    guard let settledPlaces else { return }
    let rounding = FiniteHorizonGrid.onLine * spacing
    for index in settledPlaces.indices {
      let place = settledPlaces[index]
      let (isLower, isUpper) = (abs(band.lower - place) <= rounding, abs(band.upper - place) <= rounding)
      if isLower { (band.lower, band.targetLower) = (place, place) }
      if isUpper { (band.upper, band.targetUpper) = (place, place) }
      if isLower || isUpper { band.heldFlats |= 1 << UInt64(index) }
    }
  }

  /// The lines that wait in a row, of the regimes up to one.
  @inline(__always)
  private func joined(_ before: LineExtent, _ here: LineExtent, isFirst: Bool) -> LineExtent {
    if isFirst { return here }
    return min(before.lowerBound, here.lowerBound)...max(before.upperBound, here.upperBound)
  }

  /// Projects and reads the rows of the impulse problem.
  ///
  /// - Parameters:
  ///   - rate: `c₀/h` of the step [1/year].
  ///   - growth: of fixed costs, in the march's money.
  ///   - bands: of a level, `[regime × row]`; nil where nobody asks for them.
  func readImpulse(
    rows: Range<Int>, buffers: LineBuffers, strip: Strip, rate: Double, growth: Double = 1,
    bands: UnsafeMutablePointer<Band>?,
    trades: NodeArray<TradeLines>, found: NodeArray<LineExtent>
  ) {
    let scratch = ImpulseRow.Scratch(lines: strip.tiles * LineSweep.tileLines)
    defer { scratch.deallocate() }
    inBlocks(rows, solves: bands != nil) { row, e, place in
      let node = row * regimes + e
      var impulse = ImpulseRow(
        fixed: fixed[e] * growth, buy: buy[node], sell: sell[node], origin: origin, spacing: spacing, count: lines,
        kink: kinks[row], diffusion: diffusion[node])
      impulse.lagBound = lagBounds[node]
      impulse.mayHaveWells = costsDiffer
      impulse.readsEdges = bands != nil
      impulse.flats = FlatRow(flats)
      impulse.settled = settled
      let read = impulse.intervene(in: buffers, node: node, row: row, strip: strip, rate: rate, scratch: scratch)
      trades[node] = read.trades
      found[row] = joined(found[row], read.waiting, isFirst: e == 0)
      // With its targets; the edges are still to come.
      var band = Band(lower: 0, upper: 0, targetLower: read.targets.lower, targetUpper: read.targets.upper)
      band.heldFlats = read.heldFlats
      if let bands { (bands + place).initialize(to: band) }
      return (read.lower, read.upper)
    } write: { row, e, place, lower, upper in
      guard let bands else { return }
      var band = bands[place]
      (band.lower, band.upper) = (lower, upper)
      if fixed[e] == 0 { (band.targetLower, band.targetUpper) = (lower, upper) }
      if !hasTickets { snap(&band) }
      bands[place] = band.ordered.shifted(by: delta[row * regimes + e])
    }
  }
}

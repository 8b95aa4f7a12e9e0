import Formulation

/// Projects (fixed cost), reads the bands and integrates the multipliers of a step, row by row and side by side.
///
/// Plain memory, which the owner deallocates: what is done per node counts no references.
struct RowReader: Sendable {
  let regimes: Int
  let lines: Int
  let origin: Double
  let spacing: Double
  /// Index of the inventory that settlement makes special, else −1, per row.
  private let kinks: NodeArray<Int>
  /// Index of the reference inventory.
  let reference: Int
  /// K per regime.
  private let fixed: NodeArray<Double>
  private let buy: NodeArray<Double>
  private let sell: NodeArray<Double>
  private let costsDiffer: Bool
  /// The book's delta, and how far it moves until the end of the segment, per node [units].
  private let delta: NodeArray<Double>
  private let diffusion: NodeArray<Double>
  /// The most that the lagged multiplier may move V in a step, per node [quote]; see `EntropicMarch`.
  let lagBounds: NodeArray<Double>
  /// `∫ λ dy` from the band to the reference, per node; of the game only.
  let excess: NodeArray<Double>

  /// - Parameters:
  ///   - prices: what costs are charged on, per row [quote/unit].
  ///   - kinks: per row.
  init(costs: [TradeCost], prices: [Double], holdings: [Double], kinks: [Int], reference: Int) {
    regimes = costs.count
    lines = holdings.count
    (origin, spacing) = (holdings[0], holdings[1] - holdings[0])
    self.reference = reference
    let nodes = prices.count * regimes
    self.kinks = NodeArray(kinks)
    fixed = NodeArray(costs.map(\.fixed))
    costsDiffer = costs.contains { $0 != costs[0] }
    buy = NodeArray(prices.flatMap { price in costs.map { $0.proportionalBuy * price } })
    sell = NodeArray(prices.flatMap { price in costs.map { $0.proportionalSell * price } })
    lagBounds = NodeArray(repeating: .infinity, count: nodes)
    delta = NodeArray(repeating: 0.0, count: nodes)
    diffusion = NodeArray(repeating: 0.0, count: nodes)
    excess = NodeArray(repeating: 0.0, count: nodes)
  }

  func deallocate() {
    for array in [fixed, buy, sell, delta, diffusion, excess, lagBounds] { array.deallocate() }
    kinks.deallocate()
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

  /// Reads the rows of the game.
  func readGame(
    rows: Range<Int>, buffers: LineBuffers, strip: Strip, rates: PinnedRates, bands: UnsafeMutablePointer<Band>,
    found: NodeArray<LineExtent>
  ) {
    for row in rows {
      var (low, high) = (lines - 1, 0)
      for e in 0..<regimes {
        let node = row * regimes + e
        let read = GameRow(
          buffers: buffers, strip: strip, rates: rates, node: node, row: row, spacing: spacing,
          isTangent: EdgeReader.isTangent(diffusion: diffusion[node], spacing: spacing)
        ).read(reference: reference)
        let (lower, upper) = (read.lower + delta[node], read.upper + delta[node])
        bands[node] = Band(lower: lower, upper: upper, targetLower: lower, targetUpper: upper)
        excess[node] = read.excess
        (low, high) = (min(low, read.waiting.lowerBound), max(high, read.waiting.upperBound))
      }
      found[row] = low...max(low, high)
    }
  }

  /// Projects and reads the rows of the impulse problem.
  ///
  /// - Parameters:
  ///   - rate: `c₀/h` of the step [1/year].
  ///   - growth: of fixed costs, in the march's money.
  func readImpulse(
    rows: Range<Int>, buffers: LineBuffers, strip: Strip, rate: Double, growth: Double = 1,
    bands: UnsafeMutablePointer<Band>,
    trades: NodeArray<TradeLines>, found: NodeArray<LineExtent>
  ) {
    let scratch = NodeArray(repeating: LineGroup.zero, count: ImpulseRow.scratchCount(tiles: strip.tiles))
    defer { scratch.deallocate() }
    for row in rows {
      var (low, high) = (lines - 1, 0)
      for e in 0..<regimes {
        let node = row * regimes + e
        var impulse = ImpulseRow(
          fixed: fixed[e] * growth, buy: buy[node], sell: sell[node], origin: origin, spacing: spacing, count: lines,
          kink: kinks[row], diffusion: diffusion[node])
        impulse.lagBound = lagBounds[node]
        impulse.mayHaveWells = costsDiffer
        let read = impulse.intervene(
          in: buffers, node: node, row: row, strip: strip, rate: rate, scratch: scratch.start)
        bands[node] = read.band.ordered.shifted(by: delta[node])
        trades[node] = read.trades
        (low, high) = (min(low, read.waiting.lowerBound), max(high, read.waiting.upperBound))
      }
      found[row] = low...max(low, high)
    }
  }
}

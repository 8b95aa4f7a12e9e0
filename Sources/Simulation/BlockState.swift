import Formulation
import VectorMath

/// What a roll-out measures on each path. Money in quote currency.
public enum RollOutColumn: Int, Sendable, CaseIterable {
  /// `∫ ½ a v dt`, v the variance rate of the hedged book: `σ² S² D²` and what jumps of the price add; see `JumpRisk`.
  case gammaRisk
  /// `∫ (−(μ − r) S D + f S y) dt`.
  case carry
  /// Σ K.
  case fixedCosts
  /// Σ of the rest of the charges: proportional and impact.
  case variableCosts
  /// What the settlement charges.
  case settlementCost
  case tradeCount
  /// Σ|u| [units].
  case turnoverUnits
  /// Σ S|u|.
  case turnoverNotional
  /// `½ a Σ (V_{e'} − V_e)²` over the switches of the regime, as seen at the sampled instants: first order in the step. No
  /// policy changes it, and it is not part of the criterion's column.
  case markJumpRisk
  /// `Σ [V' − V e^{rδ} − Δ (S' − S e^{rδ})]`: what the book earns beyond its delta, marked at implied volatility.
  case gammaThetaProfit
  /// `Σ D (S' − S e^{rδ})`: what the net delta earns beyond its financing.
  case hedgingProfit
  /// `∫ f S y dt`.
  case fundingPaid
  /// gammaRisk + carry + costs + settlement; with exponential utility each path's disutility and gains of mean zero, see `CriterionScale`, which
  /// makes J of its mean.
  case criterion
  /// gammaThetaProfit + hedgingProfit − fundingPaid − costs − settlement.
  case profit
  /// W − W* [quote at the horizon], see `TerminalWealth`; with exponential utility only.
  case excessWealth
  /// Σ K of attempts that failed; part of the fixed costs.
  case failureCosts
  /// What the size of trades did to their own price, part of the variable costs; see `TradeCost.impact`.
  case impactCosts
  /// fixedCosts − failureCosts: gas and tickets of trades that were made.
  case gasCosts
  /// variableCosts − impactCosts: fees and spreads.
  case fees
  /// The furthest that the profit up to an instant has been below an earlier one, or below 0, as seen at the path's instants before
  /// and after the trades there, and after the settlement: what the hedged book lost from its best moment on.
  case worstDrawdown
  /// Years with net delta outside the policy's own band, by the trapezoidal rule between instants: before their trades and after them.
  case timeOutside

  /// The columns that only a detailed roll-out fills.
  public var isDetail: Bool {
    switch self {
    case .markJumpRisk, .gammaThetaProfit, .hedgingProfit, .fundingPaid, .profit, .worstDrawdown, .timeOutside:
      return true
    default: return false
    }
  }
}

/// The buffers of one block of paths: state, results and times between trades. One per worker, reused.
struct BlockState {
  /// Paths in a block: chosen by experiment; what a step touches stays in the caches, and the constants of a step, worked out
  /// once per block, cost about a hundredth of it.
  static let pathCount = 256
  static let vectorCount = pathCount / Lanes.scalarCount
  static let stateFields = 33
  /// From one field to the next: a cache line more than a field has, since fields that lie whole pages apart would share the same
  /// few places of a cache.
  static let fieldLength = vectorCount + 1

  private let storage: UnsafeMutablePointer<Lanes>
  // Fields at fixed distances, so that the kernel needs one pointer for all.
  var logSpot: UnsafeMutablePointer<Lanes> { storage }
  var spot: UnsafeMutablePointer<Lanes> { storage + BlockState.fieldLength }
  var inventory: UnsafeMutablePointer<Lanes> { storage + 2 * BlockState.fieldLength }
  var bookDelta: UnsafeMutablePointer<Lanes> { storage + 3 * BlockState.fieldLength }
  var bookValue: UnsafeMutablePointer<Lanes> { storage + 4 * BlockState.fieldLength }
  var regime: UnsafeMutablePointer<Lanes> { storage + 7 * BlockState.fieldLength }
  var volatility: UnsafeMutablePointer<Lanes> { storage + 8 * BlockState.fieldLength }
  var drift: UnsafeMutablePointer<Lanes> { storage + 9 * BlockState.fieldLength }
  var funding: UnsafeMutablePointer<Lanes> { storage + 10 * BlockState.fieldLength }
  /// Years at which the regime changes next.
  var nextSwitch: UnsafeMutablePointer<Lanes> { storage + 11 * BlockState.fieldLength }
  var lastTrade: UnsafeMutablePointer<Lanes> { storage + 12 * BlockState.fieldLength }
  var lastTradeRegime: UnsafeMutablePointer<Lanes> { storage + 13 * BlockState.fieldLength }
  // Where the paths stand in a table: log-spot held inside it, then the part of the cell that lies behind.
  var place: UnsafeMutablePointer<Lanes> { storage + 14 * BlockState.fieldLength }
  var bucket: UnsafeMutablePointer<Lanes> { storage + 15 * BlockState.fieldLength }
  // What held at the start of the step, kept for the details.
  var spotBefore: UnsafeMutablePointer<Lanes> { storage + 16 * BlockState.fieldLength }
  var deltaBefore: UnsafeMutablePointer<Lanes> { storage + 17 * BlockState.fieldLength }
  var regimeBefore: UnsafeMutablePointer<Lanes> { storage + 5 * BlockState.fieldLength }
  var valueBefore: UnsafeMutablePointer<Lanes> { storage + 18 * BlockState.fieldLength }
  /// The normals of one of four steps.
  func normals(_ step: Int) -> UnsafeMutablePointer<Lanes> { storage + (19 + step) * BlockState.fieldLength }
  // With exponential utility: gains whose mean is zero (see `TerminalWealth`), and ∫σ² dt.
  var gains: UnsafeMutablePointer<Lanes> { storage + 23 * BlockState.fieldLength }
  var integratedVariance: UnsafeMutablePointer<Lanes> { storage + 6 * BlockState.fieldLength }
  /// The price's own drift, between jumps; `drift` is the expected growth.
  var priceDrift: UnsafeMutablePointer<Lanes> { storage + 24 * BlockState.fieldLength }
  // Of a price that jumps: ν, and what is left of the clock of the next jump, in units of 1/ν.
  var intensity: UnsafeMutablePointer<Lanes> { storage + 25 * BlockState.fieldLength }
  var wait: UnsafeMutablePointer<Lanes> { storage + 26 * BlockState.fieldLength }
  // The risk of jumps as a quadratic in the inventory, `a₂y² + 2a₁y + a₀`; see `JumpRisk`.
  var jumpQuadratic: UnsafeMutablePointer<Lanes> { storage + 27 * BlockState.fieldLength }
  var jumpLinear: UnsafeMutablePointer<Lanes> { storage + 28 * BlockState.fieldLength }
  var jumpConstant: UnsafeMutablePointer<Lanes> { storage + 29 * BlockState.fieldLength }
  // Of a roll-out that draws where it matters, see `ImportanceTilt`: A/s, B/s², and the logarithm of the likelihood ratio.
  var tiltSlope: UnsafeMutablePointer<Lanes> { storage + 30 * BlockState.fieldLength }
  var tiltBend: UnsafeMutablePointer<Lanes> { storage + 31 * BlockState.fieldLength }
  var logWeight: UnsafeMutablePointer<Lanes> { storage + 32 * BlockState.fieldLength }
  private var columns: UnsafeMutablePointer<Lanes> { storage + BlockState.stateFields * BlockState.fieldLength }
  /// Switches so far, which number the draws.
  let switchCount: UnsafeMutablePointer<UInt32>
  /// Jumps so far.
  let jumpCount: UnsafeMutablePointer<UInt32>
  /// The table's cell of each path.
  let cells: UnsafeMutablePointer<Int32>
  /// Each path's (lower, upper) from a table, and eight paths' targets.
  let edges: UnsafeMutablePointer<SIMD2<Double>>
  let targets: UnsafeMutablePointer<SIMD2<Double>>
  /// Years since the last trade made in a regime, `[regime × path]`, and the trades that ended them.
  let exposure: UnsafeMutablePointer<Double>
  let events: UnsafeMutablePointer<Double>
  /// Trades that are on their way, and the routes they take; 0 where none is.
  let pendingTrade: UnsafeMutablePointer<Lanes>
  let pendingRoute: UnsafeMutablePointer<Lanes>
  let regimeCount: Int
  /// Room for a check.
  let outside = OutsidePaths()
  /// Of a detailed roll-out.
  let account = PathAccount()

  init(regimeCount: Int) {
    self.regimeCount = regimeCount
    let size = BlockState.vectorCount
    let fields = BlockState.stateFields + RollOutColumn.allCases.count
    storage = .allocate(capacity: fields * BlockState.fieldLength)
    storage.initialize(repeating: Lanes(), count: fields * BlockState.fieldLength)
    switchCount = .allocate(capacity: BlockState.pathCount)
    switchCount.initialize(repeating: 0, count: BlockState.pathCount)
    pendingTrade = .allocate(capacity: size)
    pendingRoute = .allocate(capacity: size)
    pendingTrade.initialize(repeating: Lanes(), count: size)
    pendingRoute.initialize(repeating: Lanes(), count: size)
    jumpCount = .allocate(capacity: BlockState.pathCount)
    jumpCount.initialize(repeating: 0, count: BlockState.pathCount)
    cells = .allocate(capacity: BlockState.pathCount)
    cells.initialize(repeating: 0, count: BlockState.pathCount)
    edges = .allocate(capacity: BlockState.pathCount)
    edges.initialize(repeating: SIMD2(), count: BlockState.pathCount)
    targets = .allocate(capacity: Lanes.scalarCount)
    targets.initialize(repeating: SIMD2(), count: Lanes.scalarCount)
    exposure = .allocate(capacity: regimeCount * BlockState.pathCount)
    events = .allocate(capacity: regimeCount * BlockState.pathCount)
    exposure.initialize(repeating: 0, count: regimeCount * BlockState.pathCount)
    events.initialize(repeating: 0, count: regimeCount * BlockState.pathCount)
  }

  func deallocate() {
    storage.deallocate()
    switchCount.deallocate()
    pendingTrade.deallocate()
    pendingRoute.deallocate()
    jumpCount.deallocate()
    cells.deallocate()
    edges.deallocate()
    targets.deallocate()
    exposure.deallocate()
    events.deallocate()
    outside.deallocate()
    account.deallocate()
  }

  /// Forgets the last block.
  func clear() {
    let fields = BlockState.stateFields + RollOutColumn.allCases.count
    storage.update(repeating: Lanes(), count: fields * BlockState.fieldLength)
    nextSwitch.update(repeating: Lanes(repeating: .infinity), count: BlockState.vectorCount)
    switchCount.update(repeating: 0, count: BlockState.pathCount)
    pendingTrade.update(repeating: Lanes(), count: BlockState.vectorCount)
    jumpCount.update(repeating: 0, count: BlockState.pathCount)
    exposure.update(repeating: 0, count: regimeCount * BlockState.pathCount)
    events.update(repeating: 0, count: regimeCount * BlockState.pathCount)
    account.clear()
  }

  @inline(__always)
  func add(_ column: RollOutColumn, _ amount: Lanes, _ vector: Int) {
    columns[column.rawValue * BlockState.fieldLength + vector] += amount
  }

  /// Adds a product, with one rounding.
  @inline(__always)
  func add(_ column: RollOutColumn, product left: Lanes, _ right: Lanes, _ vector: Int) {
    let cell = columns + (column.rawValue * BlockState.fieldLength + vector)
    cell.pointee = fusedMultiplyAdd(left, right, cell.pointee)
  }

  /// A column's sum on eight paths.
  @inline(__always)
  func sum(_ column: RollOutColumn, _ vector: Int) -> Lanes {
    columns[column.rawValue * BlockState.fieldLength + vector]
  }

  /// Raises a column that holds a maximum.
  @inline(__always)
  func raise(_ column: RollOutColumn, to amount: Lanes, _ vector: Int) {
    let cell = columns + (column.rawValue * BlockState.fieldLength + vector)
    cell.pointee = laneMaximum(cell.pointee, amount)
  }

  /// One column.
  @inline(__always)
  func column(_ column: RollOutColumn) -> UnsafeMutablePointer<Lanes> {
    columns + column.rawValue * BlockState.fieldLength
  }

  /// One column, a number per path.
  func values(_ column: RollOutColumn) -> UnsafeMutablePointer<Double> {
    scalars(columns + column.rawValue * BlockState.fieldLength)
  }

  /// A field, a number per path: eight lanes are eight numbers in a row.
  func scalars(_ field: UnsafeMutablePointer<Lanes>) -> UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(field).assumingMemoryBound(to: Double.self)
  }

  /// Closes the time since the last trade on every path that trades now.
  func recordTrades(at time: Double, trade: Lanes, regime: Lanes, _ paths: some EightPaths) {
    let (lastTrades, lastRegimes) = (scalars(lastTrade), scalars(lastTradeRegime))
    for lane in 0..<paths.count where trade[lane] != 0 {
      let path = paths.path(lane)
      let cell = Int(lastRegimes[path]) * BlockState.pathCount + path
      exposure[cell] += time - lastTrades[path]
      // The trade at the valuation starts the clock.
      if time > 0 { events[cell] += 1 }
      lastTrades[path] = time
      lastRegimes[path] = regime[lane]
    }
  }

  /// The settlement, and the columns that are sums of others.
  func settle(problem: OptionBookProblem, wealth: TerminalWealth?, isTilted: Bool) {
    let spots = scalars(spot)
    let regimes = scalars(regime)
    let inventories = scalars(inventory)
    let settlement = values(.settlementCost)
    for path in 0..<BlockState.pathCount {
      let regime = Int(regimes[path])
      settlement[path] = problem.settlementCharge(spot: spots[path], regime: regime, inventory: inventories[path])
      let spent = values(.fixedCosts)[path] + values(.variableCosts)[path] + settlement[path]
      values(.criterion)[path] = values(.gammaRisk)[path] + values(.carry)[path] + spent
      values(.profit)[path] =
        values(.gammaThetaProfit)[path] + values(.hedgingProfit)[path] - values(.fundingPaid)[path] - spent
      values(.gasCosts)[path] = values(.fixedCosts)[path] - values(.failureCosts)[path]
      values(.fees)[path] = values(.variableCosts)[path] - values(.impactCosts)[path]
      let cell = Int(scalars(lastTradeRegime)[path]) * BlockState.pathCount + path
      exposure[cell] += problem.horizon - scalars(lastTrade)[path]
    }
    account.close(at: problem.horizon, profits: values(.profit), state: self)
    wealth?.close(state: self, isTilted: isTilted)
  }
}

import Formulation
import Glibc
import VectorMath

// Bands for lanes, and the trades that they ask for. One file, so that a build without whole-module optimisation specialises
// the pass for each kind of policy too.

/// The two ends of a band, or its two targets, for eight paths.
typealias LanePair = (lower: Lanes, upper: Lanes)

/// Bands for the paths of a block: the edges at every check, the targets only where an edge is passed.
protocol LanePolicy {
  func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair
  func targets(vector: Int, regime: Lanes, state: BlockState) -> LanePair
  /// How the targets move with the position beyond the edges; nil where they do not.
  func slopes(vector: Int, regime: Lanes, state: BlockState) -> LanePair?
  /// The edges of the policy's own band, whether or not it may trade now.
  func ownEdges(vector: Int, regime: Lanes, state: BlockState) -> LanePair
  /// The trades that bands ask for where some inventories are special; see `FlatInventories`.
  func flattened(_ trade: Lanes, vector: Int, state: BlockState) -> Lanes
}

extension LanePolicy {
  @inline(__always)
  func flattened(_ trade: Lanes, vector: Int, state: BlockState) -> Lanes { trade }

  func slopes(vector: Int, regime: Lanes, state: BlockState) -> LanePair? { nil }

  @inline(__always)
  func ownEdges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    edges(vector: vector, regime: regime, state: state)
  }
}

/// A switch that is settled when the kernel is compiled.
protocol CompileTimeFlag { static var isOn: Bool { get } }
enum On: CompileTimeFlag { static var isOn: Bool { true } }
enum Off: CompileTimeFlag { static var isOn: Bool { false } }

/// One band per regime.
struct ConstantLanePolicy: LanePolicy {
  let bands: UnsafeBufferPointer<Band>

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair { edges(regime: regime) }

  @inline(__always) func targets(vector: Int, regime: Lanes, state: BlockState) -> LanePair { targets(regime: regime) }

  func slopes(vector: Int, regime: Lanes, state: BlockState) -> LanePair? {
    guard bands.contains(where: \.hasSlopes) else { return nil }
    return (choose(\.slopeLower, regime), choose(\.slopeUpper, regime))
  }

  @inline(__always) func edges(regime: Lanes) -> LanePair {
    (choose(\.lower, regime), choose(\.upper, regime))
  }

  @inline(__always) func targets(regime: Lanes) -> LanePair {
    (choose(\.targetLower, regime), choose(\.targetUpper, regime))
  }

  @inline(__always)
  private func choose(_ part: (Band) -> Double, _ regime: Lanes) -> Lanes {
    var value = Lanes(repeating: part(bands[0]))
    for index in 1..<max(1, bands.count) {
      value.replace(with: part(bands[index]), where: regime .== Double(index))
    }
    return value
  }
}

/// A table between two of its times.
struct TableLanePolicy: LanePolicy {
  private let nodes: PolicyNodes
  private let edgeRows: UnsafePointer<SIMD2<Double>>
  private let targetRows: UnsafePointer<SIMD2<Double>>
  private let slopeRows: UnsafePointer<SIMD2<Double>>?
  private let stretches: UnsafePointer<SIMD2<Double>>
  private let firstCells: UnsafePointer<Int32>
  private let origin: Double
  private let end: Double
  private let density: Double
  private let bucketCount: Double
  private let corrections: Int
  private let hasFlats: Bool
  /// The last time of the table at or before the check, and where the two rows begin.
  private var time = 0
  private var before = 0
  private var after = 0
  /// How far the check lies towards the later row.
  private var weight = 0.0

  /// 2⁵²: adding it to a number in [0, 2⁵¹) leaves the integer part in the low bits of the mantissa.
  static let integerShift = 0x1p52

  /// Calls `body` with the policy; it must not leave the call.
  static func with<Result>(_ nodes: PolicyNodes, _ body: (TableLanePolicy) -> Result) -> Result {
    nodes.edges.withUnsafeBufferPointer { edges in
      nodes.targets.withUnsafeBufferPointer { targets in
        nodes.slopes.withUnsafeBufferPointer { slopes in
          nodes.stretches.withUnsafeBufferPointer { stretches in
            nodes.firstCells.withUnsafeBufferPointer { cells in
              body(
                TableLanePolicy(
                  nodes, edges.baseAddress!, targets.baseAddress!, slopes.isEmpty ? nil : slopes.baseAddress,
                  stretches.baseAddress!, cells.baseAddress!))
            }
          }
        }
      }
    }
  }

  private init(
    _ nodes: PolicyNodes, _ edges: UnsafePointer<SIMD2<Double>>, _ targets: UnsafePointer<SIMD2<Double>>,
    _ slopes: UnsafePointer<SIMD2<Double>>?, _ stretches: UnsafePointer<SIMD2<Double>>, _ cells: UnsafePointer<Int32>
  ) {
    self.nodes = nodes
    edgeRows = edges
    targetRows = targets
    slopeRows = slopes
    self.stretches = stretches
    firstCells = cells
    (origin, end, density) = (nodes.origin, nodes.end, nodes.density)
    bucketCount = Double(nodes.bucketCount)
    corrections = nodes.corrections
    hasFlats = !nodes.flats.isEmpty
  }

  /// Called once per check and block, with the paths where they stand.
  ///
  /// Times ascend within a block: the search goes on where it ended, and starts anew when they do not.
  mutating func prepare(time now: Double, state: BlockState) {
    let times = nodes.times
    if now < times[time] { time = 0 }
    while time + 1 < times.count, times[time + 1] <= now { time += 1 }
    let next = min(time + 1, times.count - 1)
    weight = next == time ? 0 : max(0, (now - times[time]) / (times[next] - times[time]))
    before = time * nodes.rowLength
    after = next * nodes.rowLength
    findBuckets(state)
    findEdges(state)
  }

  /// The bucket of every path.
  private func findBuckets(_ state: BlockState) {
    for vector in 0..<BlockState.vectorCount {
      let place = clamped(state.logSpot[vector], from: Lanes(repeating: origin), to: Lanes(repeating: end))
      let bucket = ((place - origin) * density).rounded(.down)
      state.place[vector] = place
      // The shift makes the number's low bits the integer.
      state.bucket[vector] = bucket + state.regime[vector] * bucketCount + TableLanePolicy.integerShift
    }
  }

  /// The cell of every path, how far the path lies in it, and the band's edges there.
  private func findEdges(_ state: BlockState) {
    let places = state.scalars(state.place)
    let buckets = UnsafeRawPointer(state.bucket).assumingMemoryBound(to: UInt64.self)
    let cells = state.cells
    let pairs = state.edges
    let (early, late, weight) = (edgeRows + before, edgeRows + after, weight)
    let (firstCells, stretches, corrections) = (firstCells, stretches, corrections)
    for path in 0..<BlockState.pathCount {
      let place = places[path]
      var cell = firstCells[Int(UInt32(truncatingIfNeeded: buckets[path]))]
      // One step to the right unless the next node lies beyond: the sign of the difference, since no guess would be good.
      @inline(__always) func correct() {
        cell &+= 1 &- Int32(truncatingIfNeeded: (place - stretches[Int(cell) &+ 1][0]).bitPattern &>> 63)
      }
      correct()
      // More than one node in a bucket: only where the spacing is very uneven.
      for _ in 1..<corrections { correct() }
      let stretch = stretches[Int(cell)]
      let part = (place - stretch[0]) * stretch[1]
      cells[path] = cell
      places[path] = part
      pairs[path] = interpolated(early + Int(cell), late + Int(cell), time: weight, place: part)
    }
  }

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    let (lower, upper) = separated(state.edges + vector &* Lanes.scalarCount)
    return (lower, upper)
  }

  @inline(__always) func targets(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    between(targetRows, vector: vector, state: state)
  }

  func slopes(vector: Int, regime: Lanes, state: BlockState) -> LanePair? {
    slopeRows.map { between($0, vector: vector, state: state) }
  }

  @inline(__always)
  func flattened(_ trade: Lanes, vector: Int, state: BlockState) -> Lanes {
    guard hasFlats else { return trade }
    let inventory = state.inventory[vector]
    var flat = trade
    for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
      let path = vector &* Lanes.scalarCount &+ lane
      let cell = Int(state.cells[path]) + (state.scalars(state.place)[path] < 0.5 ? 0 : 1)
      flat[lane] = nodes.flats.trade(
        trade[lane], inventory: inventory[lane], held: nodes.heldFlats[(weight < 0.5 ? before : after) + cell])
    }
    return flat
  }

  @inline(__always)
  private func between(_ rows: UnsafePointer<SIMD2<Double>>, vector: Int, state: BlockState) -> LanePair {
    let (early, late) = (rows + before, rows + after)
    let (parts, pairs) = (state.scalars(state.place), state.targets)
    for lane in 0..<Lanes.scalarCount {
      let path = vector &* Lanes.scalarCount &+ lane
      let cell = Int(state.cells[path])
      pairs[lane] = interpolated(early + cell, late + cell, time: weight, place: parts[path])
    }
    let (lower, upper) = separated(pairs)
    return (lower, upper)
  }
}

/// Bands around zero net delta whose half-width follows the book's gamma, worked out on every path; see `gammaScaled`.
struct GammaLanePolicy: LanePolicy {
  /// c of `c (k S Γ²/a)^{1/3}`.
  let multiple: Double

  /// The half-width of every path, into `place`.
  func prepare(
    plan: RollOutPlan, costs: UnsafeBufferPointer<TradeCost>, time: Double, book: BookTerms, state: BlockState
  ) {
    // Money of now is worth more at the horizon, where γ counts it.
    let aversion = plan.problem.preference.riskAversion * (plan.wealth?.growth(at: time) ?? 1)
    let halves = state.scalars(state.place)
    let regimes = state.scalars(state.regime)
    book.gammaExposures(state, into: state.place)
    let spots = state.scalars(state.spot)
    for path in 0..<BlockState.pathCount {
      let cost = costs[Int(regimes[path])]
      // Only a round trip counts, whichever side charges for it.
      let proportional = 0.5 * (cost.proportionalBuy + cost.proportionalSell)
      // S Γ² = (S Γ)²/S.
      halves[path] = multiple * cbrt(proportional * halves[path] * halves[path] / (spots[path] * aversion))
    }
  }

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    (-state.place[vector], state.place[vector])
  }

  @inline(__always) func targets(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    edges(vector: vector, regime: regime, state: state)
  }
}

/// One check of a block: finds the vectors of paths outside their bands, then trades on those.
///
/// The first loop has no branch and the second visits only vectors that trade, so neither waits for a wrong guess.
@inline(__always)
private func trade<Policy: LanePolicy, Switching: CompileTimeFlag>(
  policy: Policy, plan: RollOutPlan, costs: UnsafeBufferPointer<TradeCost>, time: Double, state: BlockState,
  switching: Switching.Type
) {
  let growth = plan.wealth?.growth(at: time) ?? 0
  let current = plan.problem.market.currentRegime
  let still = Lanes(repeating: Double(current))
  let lot = plan.problem.execution.lot
  var trading: UInt64 = 0
  for vector in 0..<BlockState.vectorCount {
    let net = state.bookDelta[vector] + state.inventory[vector]
    let regime = Switching.isOn ? state.regime[vector] : still
    let edges = policy.edges(vector: vector, regime: regime, state: state)
    let isOutside = anyLane((net .> edges.upper) .| (net .< edges.lower))
    trading |= (isOutside ? 1 : 0) &<< UInt64(truncatingIfNeeded: vector)
  }
  while trading != 0 {
    let vector = trading.trailingZeroBitCount
    trading &= trading &- 1
    let spot = state.spot[vector]
    let regime = Switching.isOn ? state.regime[vector] : still
    let net = state.bookDelta[vector] + state.inventory[vector]
    let edges = policy.edges(vector: vector, regime: regime, state: state)
    let targets = policy.targets(vector: vector, regime: regime, state: state)
    var trade = Lanes()
    trade.replace(with: targets.upper - net, where: net .> edges.upper)
    trade.replace(with: targets.lower - net, where: net .< edges.lower)
    trade = policy.flattened(trade, vector: vector, state: state)
    if lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
    var charge = costs[current].variableCharge(price: spot, trade: trade)
    var fixed = Lanes(repeating: costs[current].fixed)
    if Switching.isOn {
      for index in 0..<costs.count where index != current {
        let mask = regime .== Double(index)
        charge.replace(with: costs[index].variableCharge(price: spot, trade: trade), where: mask)
        fixed.replace(with: costs[index].fixed, where: mask)
      }
    }
    let idle = trade .== 0
    fixed.replace(with: 0, where: idle)
    let units = absolute(trade)
    state.inventory[vector] += trade
    state.add(.fixedCosts, fixed, vector)
    state.add(.variableCosts, charge, vector)
    state.add(.tradeCount, Lanes(repeating: 1).replacing(with: 0, where: idle), vector)
    state.add(.turnoverUnits, units, vector)
    state.add(.turnoverNotional, units * spot, vector)
    if growth != 0 {
      state.add(.excessWealth, product: Lanes(repeating: -growth), trade * spot + charge + fixed, vector)
      state.gains[vector] -= growth * (trade * spot)
    }
    if plan.settings.detailed { state.recordTrades(at: time, trade: trade, regime: regime, vector: vector) }
  }
}

/// A policy as the kernel holds it: decided once per check, not once per path.
enum BlockPolicy {
  case constant(ConstantLanePolicy)
  case table(TableLanePolicy)
  case gammaScaled(GammaLanePolicy)
  case holding(HoldingLanePolicy)
  case clocked(ClockedLanePolicy)

  /// One check of a block.
  mutating func check(
    plan: RollOutPlan, costs: UnsafeBufferPointer<TradeCost>, time: Double, check: Check, book: BookTerms,
    state: BlockState
  ) {
    // Specialised for each kind of policy, with and without regimes to choose from.
    @inline(__always) func follow<Policy: LanePolicy>(_ policy: Policy) {
      let isDetailed = plan.settings.detailed
      if isDetailed { state.account.look(policy, at: time, state: state) }
      defer { if isDetailed { state.account.leave(policy, state: state) } }
      if let general = plan.general {
        general.decide(policy, plan: plan, time: time, check: check, state: state)
      } else if plan.switches {
        trade(policy: policy, plan: plan, costs: costs, time: time, state: state, switching: On.self)
      } else {
        trade(policy: policy, plan: plan, costs: costs, time: time, state: state, switching: Off.self)
      }
    }
    switch self {
    case .constant(let policy): follow(policy)
    case .table(var policy):
      policy.prepare(time: time, state: state)
      self = .table(policy)
      follow(policy)
    case .holding(var policy):
      policy.prepare(time: time, state: state)
      self = .holding(policy)
      follow(policy)
    case .clocked(var policy):
      policy.prepare(time: time, state: state)
      self = .clocked(policy)
      follow(policy)
    case .gammaScaled(let policy):
      policy.prepare(plan: plan, costs: costs, time: time, book: book, state: state)
      follow(policy)
    }
  }
}

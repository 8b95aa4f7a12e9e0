import Formulation
import VectorMath

// Bands for lanes, and the trades they ask for. One file, for builds without whole-module optimisation to specialise it too.

/// The two ends of a band, or its two targets, for eight paths.
typealias LanePair = (lower: Lanes, upper: Lanes)

/// Bands for the paths of a block: the edges at every check, the targets only where an edge is passed.
protocol LanePolicy {
  /// Whether targets cost so much that they are worked out on paths that trade only, gathered from the block, rather than on
  /// every vector.
  var gathersTrades: Bool { get }
  func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair
  func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair
  /// How the targets move with the position beyond the edges; nil where they do not.
  func slopes(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair?
  /// The edges of the policy's own band, whether or not it may trade now.
  func ownEdges(vector: Int, regime: Lanes, state: BlockState) -> LanePair
  /// The trades that bands ask for where some inventories are special; see `FlatInventories`.
  func flattened(_ trade: Lanes, _ paths: some EightPaths, state: BlockState) -> Lanes
}

extension LanePolicy {
  @inline(__always)
  func flattened(_ trade: Lanes, _ paths: some EightPaths, state: BlockState) -> Lanes { trade }

  func slopes(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair? { nil }

  @inline(__always)
  func ownEdges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    edges(vector: vector, regime: regime, state: state)
  }

  /// The targets of the eight paths of a vector.
  @inline(__always)
  func targets(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    targets(NeighbouringPaths(vector: vector), regime: regime, state: state)
  }
}

/// One band per regime.
struct ConstantLanePolicy: LanePolicy {
  var gathersTrades: Bool { false }
  private let bands: UnsafeBufferPointer<Band>
  /// The first, at hand: what is behind the pointer would be read anew after every store.
  private let first: Band

  init(bands: UnsafeBufferPointer<Band>) {
    self.bands = bands
    first = bands[0]
  }

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair { edges(regime: regime) }

  @inline(__always) func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair {
    targets(regime: regime)
  }

  func slopes(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair? {
    guard bands.contains(where: \.hasSlopes) else { return nil }
    return (choose(\.slopeLower, regime), choose(\.slopeUpper, regime))
  }

  @inline(__always) func edges(regime: Lanes) -> LanePair { (choose(\.lower, regime), choose(\.upper, regime)) }

  @inline(__always)
  func targets(regime: Lanes) -> LanePair { (choose(\.targetLower, regime), choose(\.targetUpper, regime)) }

  @inline(__always)
  private func choose(_ part: (Band) -> Double, _ regime: Lanes) -> Lanes {
    var value = Lanes(repeating: part(first))
    for index in 1..<max(1, bands.count) {
      value.replace(with: part(bands[index]), where: regime .== Double(index))
    }
    return value
  }
}

/// A table between two of its times.
struct TableLanePolicy: LanePolicy {
  var gathersTrades: Bool { !targetsAreEdges || hasFlats }
  // Copied at every check: counting references to what all threads share would make them wait for each other. `with` holds it.
  private unowned(unsafe) let nodes: PolicyNodes
  private let times: UnsafePointer<Double>
  private let timeCount: Int
  private let rowLength: Int
  private let edgeRows: UnsafePointer<SIMD2<Double>>
  private let targetRows: UnsafePointer<SIMD2<Double>>
  private let slopeRows: UnsafePointer<SIMD2<Double>>?
  private let stretches: UnsafePointer<SIMD2<Double>>
  private let firstCells: UnsafePointer<Int32>
  private let heldFlats: UnsafePointer<UInt64>?
  private let origin: Double
  private let end: Double
  private let density: Double
  private let bucketCount: Double
  private let corrections: Int
  private var hasFlats: Bool { heldFlats != nil }
  private let targetsAreEdges: Bool
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
              nodes.times.withUnsafeBufferPointer { times in
                nodes.heldFlats.withUnsafeBufferPointer { held in
                  withExtendedLifetime(nodes) {
                    body(
                      TableLanePolicy(
                        nodes, times, edges.baseAddress!, targets.baseAddress!,
                        slopes.isEmpty ? nil : slopes.baseAddress, stretches.baseAddress!, cells.baseAddress!,
                        nodes.flats.isEmpty ? nil : held.baseAddress))
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private init(
    _ nodes: PolicyNodes, _ times: UnsafeBufferPointer<Double>, _ edges: UnsafePointer<SIMD2<Double>>,
    _ targets: UnsafePointer<SIMD2<Double>>, _ slopes: UnsafePointer<SIMD2<Double>>?,
    _ stretches: UnsafePointer<SIMD2<Double>>, _ cells: UnsafePointer<Int32>, _ held: UnsafePointer<UInt64>?
  ) {
    self.nodes = nodes
    self.times = times.baseAddress!
    timeCount = times.count
    rowLength = nodes.rowLength
    edgeRows = edges
    targetRows = targets
    slopeRows = slopes
    self.stretches = stretches
    firstCells = cells
    heldFlats = held
    (origin, end, density) = (nodes.origin, nodes.end, nodes.density)
    bucketCount = Double(nodes.bucketCount)
    corrections = nodes.corrections
    targetsAreEdges = nodes.targetsAreEdges
  }

  /// Called once per check and block, with the paths where they stand.
  ///
  /// Times ascend within a block: the search goes on where it ended, and starts anew when they do not.
  mutating func prepare(time now: Double, state: BlockState) {
    if now < times[time] { time = 0 }
    while time + 1 < timeCount, times[time + 1] <= now { time += 1 }
    let next = min(time + 1, timeCount - 1)
    weight = next == time ? 0 : max(0, (now - times[time]) / (times[next] - times[time]))
    before = time * rowLength
    after = next * rowLength
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
    return separated(state.edges + vector &* Lanes.scalarCount)
  }

  @inline(__always) func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair {
    guard targetsAreEdges else { return between(targetRows, paths, state: state) }
    return separated(paths.pairs(state.edges, room: state.targets))
  }

  func slopes(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair? {
    slopeRows.map { between($0, paths, state: state) }
  }

  @inline(__always)
  func flattened(_ trade: Lanes, _ paths: some EightPaths, state: BlockState) -> Lanes {
    guard let heldFlats else { return trade }
    let inventory = paths.load(state.inventory)
    var flat = trade
    for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
      let path = paths.path(lane)
      let cell = Int(state.cells[path]) + (state.scalars(state.place)[path] < 0.5 ? 0 : 1)
      let held = heldFlats[(weight < 0.5 ? before : after) + cell]
      // Hardly any band waits at such an inventory, and whoever asks the nodes for them counts a reference.
      if held == 0 { continue }
      flat[lane] = nodes.flats.trade(trade[lane], inventory: inventory[lane], held: held)
    }
    return flat
  }

  @inline(__always)
  private func between(_ rows: UnsafePointer<SIMD2<Double>>, _ paths: some EightPaths, state: BlockState) -> LanePair {
    let (early, late) = (rows + before, rows + after)
    let (parts, pairs) = (state.scalars(state.place), state.targets)
    for lane in 0..<Lanes.scalarCount {
      let path = paths.path(lane)
      let cell = Int(state.cells[path])
      pairs[lane] = interpolated(early + cell, late + cell, time: weight, place: parts[path])
    }
    return separated(pairs)
  }
}

/// One check of a block: finds the paths outside their bands, then trades on those.
///
/// Nothing waits for a wrong guess: where targets are at hand every vector trades, by nothing on most lanes, and where they
/// are looked up the loop that finds the paths has no branch and the other visits only those that trade.
/// `Plain`: see `RollOutPlan.isPlain`.
private struct TradePass<Policy: LanePolicy, Switching: CompileTimeFlag, Plain: CompileTimeFlag> {
  let policy: Policy
  let costs: UnsafeBufferPointer<FormulaCost>
  /// The current regime's.
  let cost: FormulaCost
  let time: Double
  let state: BlockState
  /// e^{r(T−t)} where terminal wealth is asked for, else 0.
  let growth: Double
  let lot: Double
  let isDetailed: Bool
  /// The regime where none switches.
  let current: Int
  /// Whether trades cost the same in every regime.
  let costsAlike: Bool
  /// Whether a trade costs something whatever its size, in any regime.
  let hasFixed: Bool

  /// Where eight neighbours stand outside.
  @inline(always)
  func outside(_ vector: Int) -> (above: LaneMask, below: LaneMask) {
    let net = state.bookDelta[vector] + state.inventory[vector]
    let regime = Switching.isOn ? state.regime[vector] : Lanes(repeating: Double(current))
    let edges = policy.edges(vector: vector, regime: regime, state: state)
    return (net .> edges.upper, net .< edges.lower)
  }

  /// Trades on eight paths, above their bands or below.
  @inline(always)
  func trade<Paths: EightPaths>(_ paths: Paths, _ isAbove: LaneMask, _ isBelow: LaneMask) {
    let spot = paths.load(state.spot)
    let regime = Switching.isOn ? paths.load(state.regime) : Lanes(repeating: Double(current))
    let (delta, inventory) = (paths.load(state.bookDelta), paths.load(state.inventory))
    let net = delta + inventory
    let targets = policy.targets(paths, regime: regime, state: state)
    var trade = Lanes()
    trade.replace(with: targets.upper - net, where: isAbove)
    trade.replace(with: targets.lower - net, where: isBelow)
    trade = policy.flattened(trade, paths, state: state)
    trade = TradeRounding.removed(from: trade, delta: delta, inventory: inventory)
    if !Plain.isOn, lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
    let idle = trade .== 0
    // Added to a sum, a negative zero is nothing too.
    var charge = cost.proportionalCharge(price: spot, trade: trade)
    if !Plain.isOn {
      charge = cost.variableCharge(price: spot, trade: trade)
      var fixed = Lanes(repeating: cost.fixed)
      if Switching.isOn, !costsAlike {
        for index in 0..<costs.count where index != current {
          let mask = regime .== Double(index)
          charge.replace(with: costs[index].variableCharge(price: spot, trade: trade), where: mask)
          fixed.replace(with: Lanes(repeating: costs[index].fixed), where: mask)
        }
      }
      fixed.replace(with: 0, where: idle)
      if hasFixed { paths.add(fixed, to: state.column(.fixedCosts)) }
      if growth != 0 {
        paths.add(product: Lanes(repeating: -growth), trade * spot + charge + fixed, to: state.column(.excessWealth))
        paths.add(-(growth * (trade * spot)), to: state.gains)
      }
      if isDetailed { state.recordTrades(at: time, trade: trade, regime: regime, paths) }
    }
    let units = absolute(trade)
    paths.add(trade, to: state.inventory)
    paths.add(charge, to: state.column(.variableCosts))
    paths.add(Lanes(repeating: 1).replacing(with: 0, where: idle), to: state.column(.tradeCount))
    paths.add(units, to: state.column(.turnoverUnits))
    paths.add(units * spot, to: state.column(.turnoverNotional))
  }

  func run() {
    if policy.gathersTrades {
      let count = state.outside.collect { outside($0) }
      for first in stride(from: 0, to: count, by: Lanes.scalarCount) {
        let (paths, isAbove) = state.outside.eight(from: first, of: count)
        trade(paths, isAbove, .!isAbove)
      }
      return
    }
    for vector in 0..<BlockState.vectorCount {
      let (isAbove, isBelow) = outside(vector)
      trade(NeighbouringPaths(vector: vector), isAbove, isBelow)
    }
  }
}

/// A policy as the kernel holds it: decided once per check, not once per path.
enum BlockPolicy {
  case constant(ConstantLanePolicy)
  case table(TableLanePolicy)
  case gammaScaled(GammaLanePolicy)
  case holding(HoldingLanePolicy)
  case clocked(ClockedLanePolicy)

  /// One instant of a block: a check, or a mere look of a detailed roll-out.
  mutating func visit(
    plan: RollOutPlan, costs: UnsafeBufferPointer<FormulaCost>, time: Double, check: Check?, book: BookTerms,
    state: BlockState
  ) {
    // Specialised for each kind of policy, with and without regimes to choose from, for plain trades and for others.
    @inline(__always)
    func pass<Policy: LanePolicy, Switching: CompileTimeFlag, Plain: CompileTimeFlag>(
      _ policy: Policy, _: Switching.Type, _: Plain.Type
    ) {
      let current = plan.problem.market.currentRegime
      TradePass<Policy, Switching, Plain>(
        policy: policy, costs: costs, cost: costs[current], time: time, state: state,
        growth: plan.wealth?.growth(at: time) ?? 0, lot: plan.problem.execution.lot,
        isDetailed: plan.settings.detailed, current: current, costsAlike: plan.costsAlike, hasFixed: plan.hasFixed
      ).run()
    }
    @inline(__always) func follow<Policy: LanePolicy>(_ policy: Policy) {
      let isDetailed = plan.settings.detailed
      if isDetailed { state.account.look(policy, at: time, state: state) }
      guard let check else { return }
      defer { if isDetailed { state.account.leave(policy, state: state) } }
      if let general = plan.general {
        general.decide(policy, plan: plan, time: time, check: check, state: state)
      } else {
        @inline(__always) func trade<Switching: CompileTimeFlag>(_ switching: Switching.Type) {
          if plan.isPlain { pass(policy, switching, On.self) } else { pass(policy, switching, Off.self) }
        }
        if plan.switches { trade(On.self) } else { trade(Off.self) }
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
      policy.prepare(time: time, isCheck: check != nil, state: state)
      self = .clocked(policy)
      follow(policy)
    case .gammaScaled(let policy):
      policy.prepare(plan: plan, costs: costs, time: time, book: book, state: state)
      follow(policy)
    }
  }
}

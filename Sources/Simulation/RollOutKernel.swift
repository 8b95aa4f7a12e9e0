import Formulation
import Glibc
import VectorMath

// The hot loop. Everything it specialises lies in this file, so that a build without whole-module optimisation
// specialises it too. Goals, in this order: the criterion's definition to the letter, the same bytes for any division of
// the work, speed.

/// A switch that is settled when the kernel is compiled.
protocol CompileTimeFlag { static var isOn: Bool { get } }
enum On: CompileTimeFlag { static var isOn: Bool { true } }
enum Off: CompileTimeFlag { static var isOn: Bool { false } }

/// The four numbers of a band for eight paths.
struct LaneBand {
  var lower: Lanes
  var upper: Lanes
  var targetLower: Lanes
  var targetUpper: Lanes
}

/// Bands for eight paths at once: the edges at every check, the targets only where an edge is passed.
protocol LanePolicy {
  /// Where eight paths stand among the policy's bands.
  associatedtype Place
  /// Called once per check and block, with the log-spots of the block.
  func prepare(time: Double, logSpots: UnsafePointer<Lanes>)
  func place(logSpot: Lanes, regime: Lanes) -> Place
  func edges(_ place: Place) -> (lower: Lanes, upper: Lanes)
  func targets(_ place: Place) -> (lower: Lanes, upper: Lanes)
}

extension LanePolicy {
  @inline(__always)
  func band(logSpot: Lanes, regime: Lanes) -> LaneBand {
    let place = place(logSpot: logSpot, regime: regime)
    let (edges, targets) = (edges(place), targets(place))
    return LaneBand(
      lower: edges.lower, upper: edges.upper, targetLower: targets.lower, targetUpper: targets.upper)
  }
}

/// One band per regime.
struct ConstantLanePolicy: LanePolicy {
  let bands: UnsafeBufferPointer<Band>

  @inline(__always) func prepare(time: Double, logSpots: UnsafePointer<Lanes>) {}

  @inline(__always) func place(logSpot: Lanes, regime: Lanes) -> Lanes { regime }

  @inline(__always) func edges(_ regime: Lanes) -> (lower: Lanes, upper: Lanes) {
    (choose(\.lower, regime), choose(\.upper, regime))
  }

  @inline(__always) func targets(_ regime: Lanes) -> (lower: Lanes, upper: Lanes) {
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

/// A table, one row of which lies ready for the current check.
struct TableLanePolicy: LanePolicy {
  /// The nodes to the left of eight paths, and how far each path stands towards the next.
  struct Place {
    var node: SIMD8<Int64>
    var weight: Lanes
  }

  let table: UniformPolicyTable
  let row: UnsafeMutablePointer<SIMD4<Double>>
  private let origin: Double
  private let density: Double
  private let nodeCount: Double

  /// 2⁵²: adding it to a number in [0, 2⁵¹) leaves the integer part in the low bits of the mantissa.
  static let integerShift = 0x1p52

  init(table: UniformPolicyTable, row: UnsafeMutablePointer<SIMD4<Double>>) {
    self.table = table
    self.row = row
    origin = table.origin
    density = 1 / table.spacing
    nodeCount = Double(table.nodeCount)
  }

  /// Only the nodes around the block's own log-spots are interpolated in time.
  func prepare(time: Double, logSpots: UnsafePointer<Lanes>) {
    var (lowest, highest) = (logSpots[0], logSpots[0])
    for vector in 1..<BlockState.vectorCount {
      lowest = laneMinimum(lowest, logSpots[vector])
      highest = laneMaximum(highest, logSpots[vector])
    }
    var (first, last) = (Double.infinity, -Double.infinity)
    for lane in 0..<Lanes.scalarCount {
      first = min(first, lowest[lane])
      last = max(last, highest[lane])
    }
    let ends = node(position(Lanes(lowHalf: SIMD4(repeating: first), highHalf: SIMD4(repeating: last))))
    table.interpolate(time: time, nodes: Int(ends[0])...(Int(ends[7]) + 1), into: row)
  }

  /// In nodes from the first, held inside the table.
  @inline(__always)
  private func position(_ logSpot: Lanes) -> Lanes {
    clamped((logSpot - origin) * density, from: Lanes(), to: Lanes(repeating: nodeCount - 1))
  }

  @inline(__always)
  private func node(_ position: Lanes) -> Lanes {
    laneMinimum(position.rounded(.down), Lanes(repeating: nodeCount - 2))
  }

  @inline(__always) func place(logSpot: Lanes, regime: Lanes) -> Place {
    let position = position(logSpot)
    let node = node(position)
    let shifted = unsafeBitCast(node + regime * nodeCount + TableLanePolicy.integerShift, to: SIMD8<Int64>.self)
    return Place(node: shifted & SIMD8(repeating: 0xFFFF_FFFF), weight: position - node)
  }

  @inline(__always) func edges(_ place: Place) -> (lower: Lanes, upper: Lanes) {
    pair(place) { $0.lowHalf }
  }

  @inline(__always) func targets(_ place: Place) -> (lower: Lanes, upper: Lanes) {
    pair(place) { $0.highHalf }
  }

  @inline(__always)
  private func pair(_ place: Place, _ half: (SIMD4<Double>) -> SIMD2<Double>) -> (lower: Lanes, upper: Lanes) {
    @inline(__always) func value(_ lane: Int) -> SIMD2<Double> {
      let entry = row + Int(place.node[lane])
      let left = half(entry[0])
      return left + place.weight[lane] * (half(entry[1]) - left)
    }
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (e, f, g, h) = (value(4), value(5), value(6), value(7))
    return (
      Lanes(a[0], b[0], c[0], d[0], e[0], f[0], g[0], h[0]), Lanes(a[1], b[1], c[1], d[1], e[1], f[1], g[1], h[1])
    )
  }
}

extension TradeCost {
  /// `charge` without the fixed part for eight trades at once: the same operations in the same order as the scalar
  /// function, so the same bits. *Verified by* `CostTests.lanesChargeTheSame`.
  @inline(__always)
  func variableCharge(price: Lanes, trade: Lanes) -> Lanes {
    var proportional = trade * -proportionalSell
    proportional.replace(with: trade * proportionalBuy, where: trade .> 0)
    var cost = price * (proportional + (0.5 * quadraticImpact) * trade * trade)
    cost.replace(with: 0, where: trade .== 0)
    return cost
  }
}

extension BookTerms {
  /// One number of one option, chosen by regime.
  @inline(__always)
  private func term(_ option: Int, _ part: OptionTerm, _ regime: Lanes) -> Lanes {
    let offset = option * OptionTerm.count + part.rawValue
    var value = Lanes(repeating: terms[offset])
    for mark in 1..<max(1, markCount) {
      value.replace(with: terms[mark * stride + offset], where: regime .== Double(mark))
    }
    return value
  }

  /// Δ_book for eight paths.
  @inline(__always)
  func delta(logSpot: Lanes, regime: Lanes) -> Lanes {
    var total = Lanes(repeating: forwardUnits)
    for option in 0..<active {
      let distance = fusedMultiplyAdd(term(option, .slope, regime), logSpot, term(option, .offset, regime))
      total = fusedMultiplyAdd(term(option, .weight, regime), fastNormalCumulative(distance), total)
    }
    return total
  }

  /// V and Δ_book for eight paths.
  @inline(__always)
  func mark(logSpot: Lanes, spot: Lanes, regime: Lanes) -> (value: Lanes, delta: Lanes) {
    var strikes = Lanes()
    for option in 0..<active {
      let distance = fusedMultiplyAdd(term(option, .slope, regime), logSpot, term(option, .strikeOffset, regime))
      strikes = fusedMultiplyAdd(term(option, .strikeWeight, regime), fastNormalCumulative(distance), strikes)
    }
    let delta = delta(logSpot: logSpot, regime: regime)
    return (spot * delta - strikes, delta)
  }
}

/// Rolls one block of paths out under one policy and leaves the columns in `state`.
///
/// The order of events is control.md §0: observe at `t_n`, trade, pay, hold until `t_{n+1}`; at the horizon settle. Running
/// terms are integrated by the trapezoidal rule with the inventory held and the book's delta taken at both ends.
func rollOutBlock<Policy: LanePolicy, Switching: CompileTimeFlag, Detailed: CompileTimeFlag>(
  plan: RollOutPlan, policy: Policy, every: Int, firstPath: Int, state: BlockState, slice: inout BookSlice,
  switching: Switching.Type, detailed: Detailed.Type
) {
  let zero = Lanes()
  let times = plan.sample
  let riskAversion = plan.problem.preference.riskAversion
  let lot = plan.problem.execution.lot
  let rate = plan.problem.market.rate
  let carries = plan.carries
  let current = plan.problem.market.currentRegime
  let first = plan.regimes[current]
  let firstCost = plan.problem.costs[current]
  /// The regime where none switches.
  let still = Lanes(repeating: Double(current))
  state.clear()
  slice.prepare(time: 0, settled: true)
  for vector in 0..<BlockState.vectorCount {
    state.logSpot[vector] = Lanes(repeating: plan.startLogSpot)
    state.spot[vector] = Lanes(repeating: plan.problem.market.spot)
    state.inventory[vector] = Lanes(repeating: plan.problem.inventory)
    state.regime[vector] = still
    state.lastTradeRegime[vector] = still
    state.volatility[vector] = Lanes(repeating: first.volatility)
    state.drift[vector] = Lanes(repeating: first.drift)
    state.funding[vector] = Lanes(repeating: first.funding)
  }
  markBlock(slice.book, state)
  if Switching.isOn { plan.startClocks(firstPath: firstPath, state: state) }

  for step in 0..<times.stepCount {
    let (start, end) = (times.times[step], times.times[step + 1])
    let length = end - start
    let decides = times.checks[step] >= 0 && times.checks[step] % every == 0
    let growth = Detailed.isOn ? exp(rate * length) : 1
    let rootLength = length.squareRoot()
    let riskWeight = 0.25 * riskAversion * length
    let halfLength = 0.5 * length
    if decides { policy.prepare(time: start, logSpots: UnsafePointer(state.logSpot)) }
    slice.prepare(time: end, settled: false)
    let book = slice.book
    if step & 1 == 0 { plan.drawNormals(firstPath: firstPath, step: step, state: state) }
    let normals = step & 1 == 0 ? state.evenNormal : state.oddNormal
    for vector in 0..<BlockState.vectorCount {
      var logSpot = state.logSpot[vector]
      let spot = state.spot[vector]
      let regime = Switching.isOn ? state.regime[vector] : still
      var inventory = state.inventory[vector]
      let bookDelta = state.bookDelta[vector]

      if decides {
        let net = bookDelta + inventory
        let place = policy.place(logSpot: logSpot, regime: regime)
        let edges = policy.edges(place)
        let above = net .> edges.upper
        let below = net .< edges.lower
        if anyLane(above .| below) {
          let targets = policy.targets(place)
          var trade = zero
          trade.replace(with: targets.upper - net, where: above)
          trade.replace(with: targets.lower - net, where: below)
          if lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
          var charge = firstCost.variableCharge(price: spot, trade: trade)
          var fixed = Lanes(repeating: firstCost.fixed)
          if Switching.isOn {
            for index in plan.problem.costs.indices where index != current {
              let (mask, cost) = (regime .== Double(index), plan.problem.costs[index])
              charge.replace(with: cost.variableCharge(price: spot, trade: trade), where: mask)
              fixed.replace(with: cost.fixed, where: mask)
            }
          }
          let idle = trade .== 0
          fixed.replace(with: 0, where: idle)
          let units = absolute(trade)
          inventory += trade
          state.inventory[vector] = inventory
          state.add(.fixedCosts, fixed, vector)
          state.add(.variableCosts, charge, vector)
          state.add(.tradeCount, Lanes(repeating: 1).replacing(with: 0, where: idle), vector)
          state.add(.turnoverUnits, units, vector)
          state.add(.turnoverNotional, units * spot, vector)
          if Detailed.isOn { state.recordTrades(at: start, trade: trade, regime: regime, vector: vector) }
        }
      }

      let volatility = Switching.isOn ? state.volatility[vector] : Lanes(repeating: first.volatility)
      let drift = Switching.isOn ? state.drift[vector] : Lanes(repeating: first.drift)
      let funding = Switching.isOn ? state.funding[vector] : Lanes(repeating: first.funding)
      var shift = (drift - 0.5 * volatility * volatility) * length
      var scale = volatility * rootLength
      if Switching.isOn, anyLane(state.nextSwitch[vector] .<= end) {
        plan.switchRegimes(
          from: start, to: end, firstPath: firstPath, vector: vector, state: state, shift: &shift, scale: &scale)
      }
      logSpot += shift + scale * normals[vector]
      let moved = fastExponential(logSpot)
      let regimeAfter = Switching.isOn ? state.regime[vector] : still

      let net = bookDelta + inventory
      let deltaAfter: Lanes
      if Detailed.isOn {
        let before = state.bookValue[vector]
        let mark = book.mark(logSpot: logSpot, spot: moved, regime: regimeAfter)
        deltaAfter = mark.delta
        state.bookValue[vector] = mark.value
        let gain = moved - spot * growth
        state.add(.gammaThetaProfit, mark.value - before * growth - bookDelta * gain, vector)
        state.add(.hedgingProfit, net * gain, vector)
        if Switching.isOn, book.markCount > 1, anyLane(regimeAfter .!= regime) {
          let jump = mark.value - book.mark(logSpot: logSpot, spot: moved, regime: regime).value
          state.add(.markJumpRisk, 0.5 * riskAversion * jump * jump, vector)
        }
      } else {
        deltaAfter = book.delta(logSpot: logSpot, regime: regimeAfter)
      }
      let volatilityAfter = Switching.isOn ? state.volatility[vector] : volatility
      let (held, heldAfter) = (spot * net, moved * (deltaAfter + inventory))
      let (exposure, exposureAfter) = (volatility * held, volatilityAfter * heldAfter)
      state.add(
        .gammaRisk, riskWeight * fusedMultiplyAdd(exposure, exposure, exposureAfter * exposureAfter), vector)
      if carries {
        let driftAfter = Switching.isOn ? state.drift[vector] : drift
        let fundingAfter = Switching.isOn ? state.funding[vector] : funding
        let paid = inventory * (funding * spot + fundingAfter * moved)
        let earned = (drift - rate) * held + (driftAfter - rate) * heldAfter
        state.add(.carry, halfLength * (paid - earned), vector)
        if Detailed.isOn { state.add(.fundingPaid, halfLength * paid, vector) }
      }
      state.logSpot[vector] = logSpot
      state.spot[vector] = moved
      state.bookDelta[vector] = deltaAfter
    }
    if times.expires[step + 1], step + 1 < times.stepCount {
      // The legs that expire here have been paid out; what is left is hedged from now on.
      slice.prepare(time: end, settled: true)
      markBlock(slice.book, state)
    }
  }
  state.settle(problem: plan.problem)
}

/// The book's value and delta on every path of a block as they stand.
private func markBlock(_ book: BookTerms, _ state: BlockState) {
  for vector in 0..<BlockState.vectorCount {
    let mark = book.mark(
      logSpot: state.logSpot[vector], spot: state.spot[vector], regime: state.regime[vector])
    state.bookDelta[vector] = mark.delta
    state.bookValue[vector] = mark.value
  }
}

/// The kernel for what this problem needs. Here, beside the kernel, so that its specialisations are made here.
@inline(__always)
private func dispatch<Policy: LanePolicy>(
  plan: RollOutPlan, policy: Policy, every: Int, firstPath: Int, state: BlockState, slice: inout BookSlice
) {
  switch (plan.switches, plan.settings.detailed) {
  case (false, false):
    rollOutBlock(
      plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice,
      switching: Off.self, detailed: Off.self)
  case (false, true):
    rollOutBlock(
      plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice,
      switching: Off.self, detailed: On.self)
  case (true, false):
    rollOutBlock(
      plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice,
      switching: On.self, detailed: Off.self)
  case (true, true):
    rollOutBlock(
      plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice,
      switching: On.self, detailed: On.self)
  }
}

/// Constant bands.
func rollOut(
  plan: RollOutPlan, policy: ConstantLanePolicy, every: Int, firstPath: Int, state: BlockState, slice: inout BookSlice
) {
  dispatch(plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice)
}

/// A table.
func rollOut(
  plan: RollOutPlan, policy: TableLanePolicy, every: Int, firstPath: Int, state: BlockState, slice: inout BookSlice
) {
  dispatch(plan: plan, policy: policy, every: every, firstPath: firstPath, state: state, slice: &slice)
}

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

/// Bands for eight paths at once.
protocol LanePolicy {
  /// Called once per check and block.
  func prepare(time: Double)
  func band(logSpot: Lanes, regime: Lanes) -> LaneBand
}

/// One band per regime.
struct ConstantLanePolicy: LanePolicy {
  let bands: UnsafeBufferPointer<Band>

  @inline(__always) func prepare(time: Double) {}

  @inline(__always) func band(logSpot: Lanes, regime: Lanes) -> LaneBand {
    var lanes = LaneBand(
      lower: Lanes(repeating: bands[0].lower), upper: Lanes(repeating: bands[0].upper),
      targetLower: Lanes(repeating: bands[0].targetLower), targetUpper: Lanes(repeating: bands[0].targetUpper))
    for index in 1..<max(1, bands.count) {
      let mask = regime .== Double(index)
      lanes.lower.replace(with: bands[index].lower, where: mask)
      lanes.upper.replace(with: bands[index].upper, where: mask)
      lanes.targetLower.replace(with: bands[index].targetLower, where: mask)
      lanes.targetUpper.replace(with: bands[index].targetUpper, where: mask)
    }
    return lanes
  }
}

/// A table, one row of which lies ready for the current check.
struct TableLanePolicy: LanePolicy {
  let table: UniformPolicyTable
  let row: UnsafeMutablePointer<SIMD4<Double>>

  /// 2⁵²: adding it to a number in [0, 2⁵¹) leaves the integer part in the low bits of the mantissa.
  static let integerShift = 0x1p52

  @inline(__always) func prepare(time: Double) { table.interpolate(time: time, into: row) }

  @inline(__always) func band(logSpot: Lanes, regime: Lanes) -> LaneBand {
    var position = (logSpot - table.origin) * (1 / table.spacing)
    let last = Double(table.nodeCount - 1)
    position.replace(with: 0, where: position .< 0)
    position.replace(with: last, where: position .> last)
    var node = position.rounded(.down)
    node.replace(with: last - 1, where: node .> last - 1)
    let weight = position - node
    let index = unsafeBitCast(
      node + regime * Double(table.nodeCount) + TableLanePolicy.integerShift, to: SIMD8<UInt64>.self)
    var lanes = LaneBand(lower: Lanes(), upper: Lanes(), targetLower: Lanes(), targetUpper: Lanes())
    for lane in 0..<Lanes.scalarCount {
      let entry = row + Int(truncatingIfNeeded: index[lane] & 0xFFFF_FFFF)
      let band = entry[0] + weight[lane] * (entry[1] - entry[0])
      lanes.lower[lane] = band[0]
      lanes.upper[lane] = band[1]
      lanes.targetLower[lane] = band[2]
      lanes.targetUpper[lane] = band[3]
    }
    return lanes
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

extension BookSlice {
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
      total +=
        term(option, .weight, regime)
        * fastNormalCumulative(term(option, .slope, regime) * logSpot + term(option, .offset, regime))
    }
    return total
  }

  /// V and Δ_book for eight paths.
  @inline(__always)
  func mark(logSpot: Lanes, spot: Lanes, regime: Lanes) -> (value: Lanes, delta: Lanes) {
    var delta = Lanes(repeating: forwardUnits)
    var strikes = Lanes()
    for option in 0..<active {
      let slope = term(option, .slope, regime)
      delta += term(option, .weight, regime) * fastNormalCumulative(slope * logSpot + term(option, .offset, regime))
      strikes +=
        term(option, .strikeWeight, regime)
        * fastNormalCumulative(slope * logSpot + term(option, .strikeOffset, regime))
    }
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
  let isAntithetic = plan.settings.antithetic
  let first = plan.regimes[plan.problem.market.currentRegime]
  let costs = plan.problem.costs
  state.clear()
  slice.prepare(time: 0, settled: true)
  for vector in 0..<BlockState.vectorCount {
    let logSpot = Lanes(repeating: plan.startLogSpot)
    let regime = Lanes(repeating: Double(plan.problem.market.currentRegime))
    state.logSpot[vector] = logSpot
    state.spot[vector] = Lanes(repeating: plan.problem.market.spot)
    state.inventory[vector] = Lanes(repeating: plan.problem.inventory)
    state.regime[vector] = regime
    state.lastTradeRegime[vector] = regime
    state.volatility[vector] = Lanes(repeating: first.volatility)
    state.drift[vector] = Lanes(repeating: first.drift)
    state.funding[vector] = Lanes(repeating: first.funding)
    let mark = slice.mark(logSpot: logSpot, spot: state.spot[vector], regime: regime)
    state.bookDelta[vector] = mark.delta
    state.bookValue[vector] = mark.value
  }
  if Switching.isOn { plan.startClocks(firstPath: firstPath, state: state) }

  for step in 0..<times.stepCount {
    let (start, end) = (times.times[step], times.times[step + 1])
    let length = end - start
    let decides = times.checks[step] >= 0 && times.checks[step] % every == 0
    let growth = exp(rate * length)
    let rootLength = length.squareRoot()
    let riskWeight = 0.25 * riskAversion * length
    let halfLength = 0.5 * length
    let needsNormals = step & 1 == 0
    if decides { policy.prepare(time: start) }
    slice.prepare(time: end, settled: false)
    for vector in 0..<BlockState.vectorCount {
      var logSpot = state.logSpot[vector]
      let spot = state.spot[vector]
      let regime = Switching.isOn ? state.regime[vector] : zero
      var inventory = state.inventory[vector]
      let bookDelta = state.bookDelta[vector]

      if decides {
        let net = bookDelta + inventory
        let band = policy.band(logSpot: logSpot, regime: regime)
        let above = net .> band.upper
        let below = net .< band.lower
        if anyLane(above .| below) {
          var trade = zero
          trade.replace(with: band.targetUpper - net, where: above)
          trade.replace(with: band.targetLower - net, where: below)
          if lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
          var charge = costs[0].variableCharge(price: spot, trade: trade)
          var fixed = Lanes(repeating: costs[0].fixed)
          if Switching.isOn {
            for index in 1..<costs.count {
              let mask = regime .== Double(index)
              charge.replace(with: costs[index].variableCharge(price: spot, trade: trade), where: mask)
              fixed.replace(with: costs[index].fixed, where: mask)
            }
          }
          let idle = trade .== 0
          fixed.replace(with: 0, where: idle)
          let units = trade.replacing(with: -trade, where: trade .< 0)
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

      let net = bookDelta + inventory
      let volatility = Switching.isOn ? state.volatility[vector] : Lanes(repeating: first.volatility)
      let drift = Switching.isOn ? state.drift[vector] : Lanes(repeating: first.drift)
      let funding = Switching.isOn ? state.funding[vector] : Lanes(repeating: first.funding)
      let exposure = volatility * spot * net
      let fundingRate = funding * spot * inventory
      let carryRate = fundingRate - (drift - rate) * spot * net

      let source = isAntithetic ? vector & ~1 : vector
      if needsNormals, source == vector {
        let stream = plan.firstStream(firstPath: firstPath, vector: vector)
        let pair = plan.stream.normalPair(firstStream: stream, step: UInt32(truncatingIfNeeded: step >> 1))
        state.evenNormal[vector] = pair.0
        state.oddNormal[vector] = pair.1
      }
      var normal = needsNormals ? state.evenNormal[source] : state.oddNormal[source]
      if source != vector { normal = -normal }

      var shift = (drift - 0.5 * volatility * volatility) * length
      var scale = volatility * rootLength
      if Switching.isOn, anyLane(state.nextSwitch[vector] .<= end) {
        plan.switchRegimes(
          from: start, to: end, firstPath: firstPath, vector: vector, state: state, shift: &shift, scale: &scale)
      }
      logSpot += shift + scale * normal
      let moved = fastExponential(logSpot)
      let regimeAfter = Switching.isOn ? state.regime[vector] : zero
      let volatilityAfter = Switching.isOn ? state.volatility[vector] : volatility
      let driftAfter = Switching.isOn ? state.drift[vector] : drift
      let fundingAfter = Switching.isOn ? state.funding[vector] : funding

      var deltaAfter: Lanes
      if Detailed.isOn {
        let before = state.bookValue[vector]
        let mark = slice.mark(logSpot: logSpot, spot: moved, regime: regimeAfter)
        deltaAfter = mark.delta
        state.bookValue[vector] = mark.value
        let gain = moved - spot * growth
        state.add(.gammaThetaProfit, mark.value - before * growth - bookDelta * gain, vector)
        state.add(.hedgingProfit, net * gain, vector)
        if Switching.isOn, slice.markCount > 1, anyLane(regimeAfter .!= regime) {
          let jump = mark.value - slice.mark(logSpot: logSpot, spot: moved, regime: regime).value
          state.add(.markJumpRisk, 0.5 * riskAversion * jump * jump, vector)
        }
      } else {
        deltaAfter = slice.delta(logSpot: logSpot, regime: regimeAfter)
      }
      let netAfter = deltaAfter + inventory
      let exposureAfter = volatilityAfter * moved * netAfter
      let fundingRateAfter = fundingAfter * moved * inventory
      let carryRateAfter = fundingRateAfter - (driftAfter - rate) * moved * netAfter
      state.add(.gammaRisk, riskWeight * (exposure * exposure + exposureAfter * exposureAfter), vector)
      state.add(.carry, halfLength * (carryRate + carryRateAfter), vector)
      if Detailed.isOn { state.add(.fundingPaid, halfLength * (fundingRate + fundingRateAfter), vector) }
      state.logSpot[vector] = logSpot
      state.spot[vector] = moved
      state.bookDelta[vector] = deltaAfter
    }
    if times.expires[step + 1], step + 1 < times.stepCount {
      // The legs that expire here have been paid out; what is left is hedged from now on.
      slice.prepare(time: end, settled: true)
      for vector in 0..<BlockState.vectorCount {
        let regime = Switching.isOn ? state.regime[vector] : zero
        let mark = slice.mark(logSpot: state.logSpot[vector], spot: state.spot[vector], regime: regime)
        state.bookDelta[vector] = mark.delta
        state.bookValue[vector] = mark.value
      }
    }
  }
  state.settle(problem: plan.problem)
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

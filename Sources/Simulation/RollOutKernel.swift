import Formulation
import Glibc
import VectorMath

// The hot loop, as passes over a block of paths: a pass does one thing to all paths, so that the long chains of operations
// of neighbouring paths overlap and the constants of the pass stay in registers. Goals, in this order: the criterion's
// definition to the letter, the same bytes for any division of the work, speed.

/// What the passes over one block share. A class, so that no pass copies the plan.
final class BlockPass {
  let plan: RollOutPlan
  let firstPath: Int
  let state: BlockState
  let first: Regime
  /// The price's drift between jumps in the first regime.
  let firstDrift: Double
  let rate: Double
  let riskAversion: Double
  /// Of a roll-out that draws where it matters.
  let tilt: TiltPass?
  /// Of prices that are not the model's.
  let world: WorldPass?
  /// Of normals whose coarse course is from Sobol's points.
  let sobol: SobolPass?
  /// Who looks at the paths on their way.
  let watch: PathWatch?
  /// Whether the book's value is needed at every instant.
  private let isValued: Bool
  /// Whether the price moves by normals.
  private let drawsNormals: Bool

  init(
    plan: RollOutPlan, firstPath: Int, state: BlockState, tilt: TiltPass?, world: WorldPass?, sobol: SobolPass? = nil,
    watch: PathWatch? = nil
  ) {
    self.watch = watch
    self.tilt = tilt
    self.sobol = sobol
    self.world = world
    isValued = plan.settings.detailed || plan.jumpRisk != nil || world?.motion.measuresProfits == true
    drawsNormals = world?.motion.measuresProfits != true
    self.plan = plan
    self.firstPath = firstPath
    self.state = state
    first = plan.regimes[plan.problem.market.currentRegime]
    firstDrift = plan.motion.drift[plan.problem.market.currentRegime]
    rate = plan.problem.market.rate
    riskAversion = plan.problem.preference.riskAversion
  }

  /// Every path at the valuation.
  func start() {
    let current = Lanes(repeating: Double(plan.problem.market.currentRegime))
    state.clear()
    for vector in 0..<BlockState.vectorCount {
      state.logSpot[vector] = Lanes(repeating: plan.startLogSpot)
      state.spot[vector] = Lanes(repeating: plan.problem.market.spot)
      state.inventory[vector] = Lanes(repeating: plan.problem.inventory)
      state.regime[vector] = current
      state.lastTradeRegime[vector] = current
      state.volatility[vector] = Lanes(repeating: first.volatility)
      state.drift[vector] = Lanes(repeating: first.drift)
      state.priceDrift[vector] = Lanes(repeating: firstDrift)
      state.intensity[vector] = Lanes(repeating: plan.motion.intensity[plan.problem.market.currentRegime])
      state.funding[vector] = Lanes(repeating: first.funding)
      if let wealth = plan.wealth {
        state.add(.excessWealth, Lanes(repeating: wealth.start), vector)
        state.gains[vector] = Lanes(repeating: wealth.startOfGains)
      }
    }
    if let world {
      world.start(plan: plan, state: state)
    } else if moves {
      plan.startClocks(firstPath: firstPath, state: state)
    }
  }

  /// Half a step's running terms, at one of its ends: the trapezoidal rule adds the two halves.
  ///
  /// - Parameter growth: what money of that end is worth at the horizon; 0 where nobody asks for terminal wealth.
  @inline(__always)
  func accrue<Switching: CompileTimeFlag, Carrying: CompileTimeFlag>(
    _ vector: Int, length: Double, riskWeight: Double, growth: Double, _: Switching.Type, _: Carrying.Type
  ) {
    let spot = state.spot[vector]
    let inventory = state.inventory[vector]
    let held = spot * (state.bookDelta[vector] + inventory)
    if Switching.isOn {
      let exposure = state.volatility[vector] * held
      state.add(.gammaRisk, product: riskWeight * exposure, exposure, vector)
    } else {
      state.add(.gammaRisk, product: (riskWeight * first.volatility * first.volatility) * held, held, vector)
    }
    if Carrying.isOn {
      let half = 0.5 * length
      let drift = Switching.isOn ? state.drift[vector] : Lanes(repeating: first.drift)
      let funding = Switching.isOn ? state.funding[vector] : Lanes(repeating: first.funding)
      let paid = inventory * (funding * spot)
      state.add(.carry, half * (paid - (drift - rate) * held), vector)
      if plan.settings.detailed { state.add(.fundingPaid, half * paid, vector) }
      if growth != 0 { state.add(.excessWealth, product: Lanes(repeating: -half * growth), paid, vector) }
    }
  }

  /// The first half of a step's running terms, then the step of the log-price.
  @inline(__always)
  private func move<Switching: CompileTimeFlag, Carrying: CompileTimeFlag>(
    step: Int, from start: Double, to end: Double, _: Switching.Type, _: Carrying.Type
  ) {
    let length = end - start
    let rootLength = length.squareRoot()
    let riskWeight = 0.25 * riskAversion * length
    let isDetailed = plan.settings.detailed
    let growth = plan.wealth?.growth(at: start) ?? 0
    let normals = state.normals(step & 3)
    let jumping = plan.motion.hasLaws
    let grows = plan.grows(length)
    tilt?.measure(time: start, still: still, state: state)
    for vector in 0..<BlockState.vectorCount {
      accrue(vector, length: length, riskWeight: riskWeight, growth: growth, Switching.self, Carrying.self)
      if isDetailed {
        state.spotBefore[vector] = state.spot[vector]
        state.deltaBefore[vector] = state.bookDelta[vector]
        state.valueBefore[vector] = state.bookValue[vector]
        state.regimeBefore[vector] = state.regime[vector]
      }
      let volatility = Switching.isOn ? state.volatility[vector] : Lanes(repeating: first.volatility)
      let drift = Switching.isOn ? state.priceDrift[vector] : Lanes(repeating: firstDrift)
      var shift = (drift - 0.5 * volatility * volatility) * length
      var scale = volatility * rootLength
      if Switching.isOn {
        let switching = state.nextSwitch[vector] .<= end
        let left = jumping ? state.wait[vector] - state.intensity[vector] * length : Lanes()
        let busy = switching .| (left .< 0)
        if jumping { state.wait[vector].replace(with: left, where: .!busy) }
        if anyLane(busy) {
          plan.switchRegimes(
            from: start, to: end, firstPath: firstPath, vector: vector, where: busy, state: state, shift: &shift,
            scale: &scale)
        }
      }
      if growth != 0 { state.integratedVariance[vector] += scale * scale }
      let normal = tilt?.tilted(normals[vector], scale: scale, vector: vector, state: state) ?? normals[vector]
      let move = shift + scale * normal
      let logSpot = state.logSpot[vector] + move
      state.logSpot[vector] = logSpot
      state.spot[vector] = grows ? grown(state.spot[vector], by: move) : fastExponential(logSpot)
    }
  }

  /// The second half of a step's running terms.
  @inline(__always)
  private func close<Switching: CompileTimeFlag, Carrying: CompileTimeFlag>(
    length: Double, at end: Double, _: Switching.Type, _: Carrying.Type
  ) {
    let riskWeight = 0.25 * riskAversion * length
    let growth = plan.wealth?.growth(at: end) ?? 0
    for vector in 0..<BlockState.vectorCount {
      accrue(vector, length: length, riskWeight: riskWeight, growth: growth, Switching.self, Carrying.self)
    }
  }

  /// Profit and loss of a step, and what the switches of the regime did to the marks.
  private func measure(_ book: BookTerms, length: Double) {
    let growth = exp(rate * length)
    for vector in 0..<BlockState.vectorCount {
      let (spot, delta, value) = (state.spot[vector], state.deltaBefore[vector], state.bookValue[vector])
      let gain = spot - state.spotBefore[vector] * growth
      state.add(.gammaThetaProfit, value - state.valueBefore[vector] * growth - delta * gain, vector)
      state.add(.hedgingProfit, (delta + state.inventory[vector]) * gain, vector)
      state.followProfit(vector)
      let regime = state.regimeBefore[vector]
      if book.markCount > 1, anyLane(state.regime[vector] .!= regime) {
        var jump = value - book.mark(logSpot: state.logSpot[vector], spot: spot, regime: regime).value
        if !plan.motion.switchJumps.isEmpty, world == nil {
          plan.forgetPriceJumps(&jump, from: regime, to: state.regime[vector])
        }
        state.add(.markJumpRisk, 0.5 * riskAversion * jump * jump, vector)
      }
    }
  }

  /// From one instant to the next.
  @inline(__always)
  private func advance<Switching: CompileTimeFlag, Carrying: CompileTimeFlag>(
    step: Int, slice: inout BookSlice, switching: Switching.Type, carrying: Carrying.Type
  ) {
    let (start, end) = (plan.sample.times[step], plan.sample.times[step + 1])
    slice.prepare(time: end, settled: false)
    if step & 3 == 0, drawsNormals { plan.drawNormals(firstPath: firstPath, step: step, state: state, from: sobol) }
    if let world {
      moveInWorld(world, step: step, carrying)
    } else {
      move(step: step, from: start, to: end, switching, carrying)
    }
    slice.book.mark(state, still: still, valued: isValued)
    close(length: end - start, at: end, switching, carrying)
    measureJumps(instant: step + 1, book: slice.book)
    plan.jumpRisk?.accrue(length: end - start, state: state)
    if plan.settings.detailed { measure(slice.book, length: end - start) }
    if let world, world.motion.measuresProfits {
      measureProfits(slice.book, growth: exp(rate * (end - start)))
    }
  }

  /// The risk of jumps at an instant, for a price that has some.
  private func measureJumps(instant: Int, book: BookTerms) {
    plan.jumpRisk?.measure(instant: instant, plan: plan, firstPath: firstPath, book: book, state: state)
  }

  /// Whether anything happens at times of its own.
  private var moves: Bool { plan.switches || plan.motion.hasLaws || world != nil }

  /// The regime where none switches.
  private var still: Int? { plan.switches ? nil : plan.problem.market.currentRegime }

  /// Rolls the block out under one policy and leaves the columns in `state`.
  ///
  /// The order of events is control.md §0: observe at `t_n`, trade, pay, hold until `t_{n+1}`; at the horizon settle.
  /// Running terms are integrated by the trapezoidal rule with the inventory held and the book's delta taken at both ends.
  func run(policy: BlockPolicy, every: Int, atExpiries: Bool, slice: inout BookSlice) {
    var policy = policy
    let times = plan.sample
    let isDetailed = plan.settings.detailed
    start()
    slice.prepare(time: 0, settled: true)
    slice.book.mark(state, still: still, valued: true)
    measureJumps(instant: 0, book: slice.book)
    plan.costs.withUnsafeBufferPointer { costs in
      var check = Check(number: 0, firstPath: firstPath)
      for step in 0..<times.stepCount {
        if times.fills[step] != 0 {
          plan.general?.fill(times.fills[step], plan: plan, time: times.times[step], check: check, state: state)
        }
        let isCheck = times.isCheck(step, every: every, atExpiries: atExpiries)
        if isCheck { check.number = times.checks[step] }
        if isCheck || isDetailed {
          policy.visit(
            plan: plan, costs: costs, time: times.times[step], check: isCheck ? check : nil, book: slice.book,
            state: state)
        }
        if isDetailed, isCheck || times.fills[step] != 0 { state.followProfits() }
        watch?.look(step: step, state: state)
        plan.jumpRisk?.accrue(length: times.times[step + 1] - times.times[step], state: state)
        switch (moves, plan.carries) {
        case (false, false): advance(step: step, slice: &slice, switching: Off.self, carrying: Off.self)
        case (false, true): advance(step: step, slice: &slice, switching: Off.self, carrying: On.self)
        case (true, false): advance(step: step, slice: &slice, switching: On.self, carrying: Off.self)
        case (true, true): advance(step: step, slice: &slice, switching: On.self, carrying: On.self)
        }
        if times.expires[step + 1], step + 1 < times.stepCount {
          // The legs that expire here are paid out; what is left is hedged from now on.
          plan.wealth?.settle(expiringAt: times.times[step + 1], state: state)
          slice.prepare(time: times.times[step + 1], settled: true)
          slice.book.mark(state, still: still, valued: true)
          measureJumps(instant: step + 1, book: slice.book)
        }
      }
      let last = times.stepCount
      if times.fills[last] != 0 {
        plan.general?.fill(times.fills[last], plan: plan, time: times.times[last], check: check, state: state)
      }
    }
    watch?.look(step: times.stepCount, state: state)
    state.settle(problem: plan.problem, wealth: plan.wealth, isTilted: tilt != nil)
    watch?.close(state: state)
  }
}

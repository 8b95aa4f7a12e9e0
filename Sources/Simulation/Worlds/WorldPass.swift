import Formulation
import VectorMath

/// One worker's paths of another world: what its motion remembers beside the state of the block.
final class WorldPass {
  let motion: WorldMotion
  /// v of a Heston world, the trailing variance of a bootstrapped one [1/year].
  let variance: UnsafeMutablePointer<Lanes>
  /// The place of the variance among the regimes'.
  private let places: UnsafeMutablePointer<Lanes>
  /// Normals of the variance, `[step of four][vector]`.
  private let normals: UnsafeMutablePointer<Lanes>
  /// Where in the history each path stands.
  private let rows: UnsafeMutablePointer<Int32>

  private static let stepsPerDraw = 4

  init(_ motion: WorldMotion) {
    self.motion = motion
    let size = BlockState.vectorCount
    variance = .allocate(capacity: size)
    places = .allocate(capacity: size)
    normals = .allocate(capacity: Self.stepsPerDraw * size)
    rows = .allocate(capacity: BlockState.pathCount)
    variance.initialize(repeating: Lanes(), count: size)
    places.initialize(repeating: Lanes(), count: size)
    normals.initialize(repeating: Lanes(), count: Self.stepsPerDraw * size)
    rows.initialize(repeating: 0, count: BlockState.pathCount)
  }

  deinit {
    variance.deallocate()
    places.deallocate()
    normals.deallocate()
    rows.deallocate()
  }

  /// Every path at the valuation, in the regime that is seen there.
  func start(plan: RollOutPlan, state: BlockState) {
    let first = plan.problem.market.currentRegime
    let place = Lanes(repeating: Double(motion.seen.group[first]))
    for vector in 0..<BlockState.vectorCount {
      variance[vector] = Lanes(repeating: motion.initialVariance)
      places[vector] = place
      state.drift[vector] = Lanes(repeating: motion.drift)
      switch motion.kind {
      case .heston: state.volatility[vector] = squareRoot(variance[vector])
      // Its risk is measured by the profits.
      case .bootstrap: state.volatility[vector] = Lanes()
      }
      motion.seen.follow(variance[vector], places: places, vector: vector, state: state)
      state.lastTradeRegime[vector] = state.regime[vector]
    }
  }

  /// Moves every path over a step.
  func advance(step: Int, plan: RollOutPlan, firstPath: Int, state: BlockState) {
    let (start, end) = (plan.sample.times[step], plan.sample.times[step + 1])
    switch motion.kind {
    case .heston(let world, let stream):
      if step % Self.stepsPerDraw == 0 { drawNormals(stream, step: step, plan: plan, firstPath: firstPath) }
      let scheme = HestonStep(world, drift: motion.drift, length: end - start)
      let (own, price) = (
        normals + step % Self.stepsPerDraw * BlockState.vectorCount, state.normals(step % Self.stepsPerDraw)
      )
      for vector in 0..<BlockState.vectorCount {
        let moved = scheme.advance(&variance[vector], varianceNormal: own[vector], priceNormal: price[vector])
        state.volatility[vector] = squareRoot(variance[vector])
        move(by: moved, vector, state)
      }
    case .bootstrap(let history):
      let numbers = history.count(upTo: start)..<max(history.count(upTo: start), history.count(upTo: end))
      let fresh = (1 - history.decay) / history.interval
      for vector in 0..<BlockState.vectorCount where !numbers.isEmpty {
        let stream = UInt64(firstPath + vector * Lanes.scalarCount)
        var moved = Lanes()
        for number in numbers {
          let drawn = history.advance(rows + vector * Lanes.scalarCount, firstPath: stream, number: number)
          moved += drawn
          variance[vector] = fusedMultiplyAdd(
            Lanes(repeating: history.decay), variance[vector], fresh * drawn * drawn)
        }
        move(by: moved, vector, state)
      }
    }
  }

  @inline(__always)
  private func move(by moved: Lanes, _ vector: Int, _ state: BlockState) {
    let logSpot = state.logSpot[vector] + moved
    state.logSpot[vector] = logSpot
    state.spot[vector] = fastExponential(logSpot)
    motion.seen.follow(variance[vector], places: places, vector: vector, state: state)
  }

  /// The variance's normals of four steps; antithetic paths have opposite ones, as the price's are.
  private func drawNormals(_ stream: PhiloxStream, step: Int, plan: RollOutPlan, firstPath: Int) {
    let size = BlockState.vectorCount
    let group = UInt32(truncatingIfNeeded: step / Self.stepsPerDraw)
    let distance = plan.settings.antithetic ? 2 : 1
    for vector in stride(from: 0, to: size, by: distance) {
      let four = stream.fourNormals(firstPath: plan.firstStream(firstPath: firstPath, vector: vector), step: group)
      for (place, drawn) in [four.0, four.1, four.2, four.3].enumerated() {
        normals[place * size + vector] = drawn
        if distance == 2 { normals[place * size + vector + 1] = -drawn }
      }
    }
  }
}

extension BlockPass {
  /// The first half of a step's running terms, then the step of another world; apart, so that the model's own loop stays as short as
  /// it was.
  @inline(never)
  func moveInWorld<Carrying: CompileTimeFlag>(_ world: WorldPass, step: Int, _: Carrying.Type) {
    let (start, end) = (plan.sample.times[step], plan.sample.times[step + 1])
    let length = end - start
    let growth = plan.wealth?.growth(at: start) ?? 0
    for vector in 0..<BlockState.vectorCount {
      accrue(
        vector, length: length, riskWeight: 0.25 * riskAversion * length, growth: growth, On.self, Carrying.self)
      state.spotBefore[vector] = state.spot[vector]
      state.deltaBefore[vector] = state.bookDelta[vector]
      state.valueBefore[vector] = state.bookValue[vector]
      state.regimeBefore[vector] = state.regime[vector]
    }
    world.advance(step: step, plan: plan, firstPath: firstPath, state: state)
  }

  /// `½ a ΔΠ²` of a step whose variance rate nobody knows: the change of the book's value, marked as before the step, and of the
  /// inventory's, both financed at r.
  @inline(never)
  func measureProfits(_ book: BookTerms, growth: Double) {
    for vector in 0..<BlockState.vectorCount {
      let (spot, regime) = (state.spot[vector], state.regimeBefore[vector])
      var value = state.bookValue[vector]
      if book.markCount > 1, anyLane(state.regime[vector] .!= regime) {
        value = book.mark(logSpot: state.logSpot[vector], spot: spot, regime: regime).value
      }
      let gain = spot - state.spotBefore[vector] * growth
      let profit = value - state.valueBefore[vector] * growth + state.inventory[vector] * gain
      state.add(.gammaRisk, product: 0.5 * riskAversion * profit, profit, vector)
    }
  }
}

import Formulation
import Glibc
import VectorMath

/// The inner problems of a block of paths: on each, the cheapest inventories for one who knows the whole path and pays the
/// penalty for it, by dynamic programming over the lines,
///
///     D_n(y) = min over y' of  c(S_n, y' − y) + R_n(y') − M_{n+1}(y') + D_{n+1}(y'),   D_N = what settlement charges,
///
/// with R_n the step's running cost by the trapezoidal rule, as the roll-out takes it, and M the martingale of
/// `V(t_{n+1}) + half the step's running cost at its end`.
struct InnerProblem {
  let plan: LowerBoundPlan
  private let lines: [Double]
  private let vectors: Int
  /// V at the end of the step at hand.
  private let slice: UnsafeMutablePointer<Lanes>
  /// The summands of M.
  private let terms: UnsafeMutablePointer<Term>
  private var weights = MartingaleWeights()
  /// D per schedule and path, whole vectors.
  private let values: UnsafeMutablePointer<Lanes>
  private let penalty: UnsafeMutablePointer<Lanes>
  /// `R − M` of the step at hand, and room for what trades come to.
  private let cost: UnsafeMutablePointer<Lanes>
  private let traded: UnsafeMutablePointer<Lanes>
  private let coarse: UnsafeMutablePointer<Double>
  private let inventories: UnsafeMutablePointer<Lanes>
  /// Infinite where the last vector goes on beyond the last line: there is nothing to hold.
  private let beyond: Lanes
  /// Weights of four neighbouring lines of the table at the places between the middle two, one per lane; a vector's last lanes
  /// are places of the line after.
  private let between: (Lanes, Lanes, Lanes, Lanes)

  private struct Term {
    var weight: Double
    var values: UnsafeMutablePointer<Lanes>
  }

  init(_ plan: LowerBoundPlan) {
    self.plan = plan
    let width = Lanes.scalarCount
    vectors = (plan.lineCount + width - 1) / width
    let origin = plan.table.inventories[0]
    var beyond = Lanes()
    for lane in 0..<width where (vectors - 1) * width + lane >= plan.lineCount { beyond[lane] = .infinity }
    self.beyond = beyond
    // The line of no inventory is exactly that: a settlement then costs nothing.
    lines = (0..<plan.lineCount).map { line in
      let y = origin + Double(line) * plan.spacing
      return abs(y) < SampleTimes.coincidence * plan.spacing ? 0 : y
    }
    slice = .allocate(capacity: plan.table.sliceCount / width)
    slice.initialize(repeating: Lanes(), count: plan.table.sliceCount / width)
    let mostTerms = MartingaleWeights.mostTerms(regimes: plan.table.regimeCount)
    terms = .allocate(capacity: mostTerms)
    terms.initialize(repeating: Term(weight: 0, values: slice), count: mostTerms)
    let count = vectors * LowerBoundPaths.pathCount * plan.schedules.count
    values = .allocate(capacity: count)
    // Interpolation writes whole vectors, the last of which begins at the last line.
    penalty = .allocate(capacity: vectors + 1)
    cost = .allocate(capacity: vectors)
    traded = .allocate(capacity: vectors)
    // One line more than the table's on either side, and one that is read with no weight.
    coarse = .allocate(capacity: plan.table.inventories.count + 3)
    inventories = .allocate(capacity: vectors)
    values.initialize(repeating: Lanes(), count: count)
    penalty.initialize(repeating: Lanes(), count: vectors + 1)
    for scratch in [cost, traded] { scratch.initialize(repeating: Lanes(), count: vectors) }
    coarse.initialize(repeating: 0, count: plan.table.inventories.count + 3)
    inventories.initialize(repeating: Lanes(), count: vectors)
    for line in 0..<(vectors * width) {
      inventories[line / width][line % width] = lines[min(line, lines.count - 1)]
    }
    // The cubic through values at −1, 0, 1, 2.
    let t = Lanes(0, 1, 2, 3, 4, 5, 6, 7) / Double(plan.density)
    between = (
      -t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2,
      (t + 1) * t * (t - 1) / 6
    )
  }

  func deallocate() {
    slice.deallocate()
    terms.deallocate()
    values.deallocate()
    for scratch in [penalty, cost, traded] { scratch.deallocate() }
    coarse.deallocate()
    inventories.deallocate()
  }

  /// What the paths of a block come to, per schedule and path.
  struct Outcome {
    var lower: [[Double]]
    var upper: [[Double]]
    /// What inventories between lines may gain, per path.
    var rounding: [Double]
  }

  mutating func solve(_ paths: LowerBoundPaths) -> Outcome {
    let count = LowerBoundPaths.pathCount
    let none = [Double](repeating: 0, count: count)
    let all = plan.schedules.map { _ in none }
    var outcome = Outcome(lower: all, upper: all, rounding: none)
    for schedule in plan.schedules.indices { settle(paths, schedule, &outcome) }
    for step in (0..<plan.sample.stepCount).reversed() {
      setSlice(step)
      for path in 0..<count { advance(path, step, paths, &outcome) }
    }
    for schedule in plan.schedules.indices {
      for path in 0..<count {
        outcome.lower[schedule][path] =
          value(plan.problem.inventory, of: values(schedule, path)) - outcome.rounding[path]
      }
    }
    return outcome
  }

  private func values(_ schedule: Int, _ path: Int) -> UnsafeMutablePointer<Lanes> {
    values + (schedule * LowerBoundPaths.pathCount + path) * vectors
  }

  // MARK: Steps

  private func setSlice(_ step: Int) {
    let (index, weight) = plan.places[step]
    let size = plan.table.sliceCount
    plan.table.values.withUnsafeBufferPointer { all in
      let here = all.baseAddress! + index * size
      let into = UnsafeMutableRawPointer(slice).assumingMemoryBound(to: Double.self)
      let later = weight == 0 ? here : here + size
      for place in 0..<size {
        let first = Double(here[place])
        into[place] = first + weight * (Double(later[place]) - first)
      }
    }
  }

  private mutating func advance(_ path: Int, _ step: Int, _ paths: LowerBoundPaths, _ outcome: inout Outcome) {
    let count = LowerBoundPaths.pathCount
    let (start, end) = (step * count + path, (step + 1) * count + path)
    let half = 0.5 * (plan.sample.times[step + 1] - plan.sample.times[step])
    let (e, next) = (paths.regimes[start], paths.regimes[end])
    var running = RunningCost(plan.rates[e], spot: paths.spots[start], delta: paths.starting[start])
    running.add(RunningCost(plan.rates[next], spot: paths.spots[end], delta: paths.ending[end]), times: 1)
    running.scale(by: half)
    outcome.rounding[path] += 0.25 * running.quadratic * plan.spacing * plan.spacing

    weights.set(
      nodes: plan.table.logSpots,
      nearest: AscendingNodes.nearest(to: paths.logSpots[start], among: plan.table.logSpots),
      move: MartingaleWeights.Move(
        from: paths.logSpots[start], to: paths.logSpots[end], regime: e, next: next, isQuiet: paths.isQuiet[end]),
      law: plan.laws[step][e])
    setPenalty(step: step, half: half)
    let quadratic = Lanes(repeating: running.quadratic)
    let (linear, constant) = (Lanes(repeating: running.linear), Lanes(repeating: running.constant))
    for vector in 0..<vectors {
      let y = inventories[vector]
      cost[vector] = fusedMultiplyAdd(fusedMultiplyAdd(quadratic, y, linear), y, constant) - penalty[vector]
    }
    cost[vectors - 1] += beyond
    for schedule in plan.schedules.indices {
      let held = paths.inventories[schedule][start]
      outcome.upper[schedule][path] += running.value(held) - value(held, of: penalty) + paths.charges[schedule][start]
      let own = values(schedule, path)
      for vector in 0..<vectors { own[vector] += cost[vector] }
      if plan.decides(at: step, schedule) { trade(own, spot: paths.spots[start], cost: plan.problem.costs[e]) }
    }
  }

  /// Lets every line be left for another at the price of the trade.
  private func trade(_ own: UnsafeMutablePointer<Lanes>, spot: Double, cost: TradeCost) {
    let (buy, sell) = (cost.proportionalBuy * spot * plan.spacing, cost.proportionalSell * spot * plan.spacing)
    if cost.fixed == 0 {
      TradeEnvelope.sweep(own, count: vectors, buy: buy, sell: sell)
      return
    }
    traded.update(from: own, count: vectors)
    TradeEnvelope.sweep(traded, count: vectors, buy: buy, sell: sell)
    let fixed = Lanes(repeating: cost.fixed)
    for vector in 0..<vectors { own[vector] = laneMinimum(own[vector], traded[vector] + fixed) }
  }

  /// M on the lines.
  private func setPenalty(step: Int, half: Double) {
    let (regimes, lineCount, width) = (plan.table.regimeCount, plan.table.inventories.count, Lanes.scalarCount)
    var running = RunningCost()
    for (place, term) in weights.terms.enumerated() {
      let node = term.row * regimes + term.regime
      running.add(
        RunningCost(
          plan.rates[term.regime], spot: plan.spots[term.row],
          delta: plan.nodeDeltas[step * plan.spots.count * regimes + node]), times: term.weight * half)
      terms[place] = Term(weight: term.weight, values: slice + node * (lineCount / width))
    }
    let sums = coarse + 1
    for vector in 0..<(lineCount / width) {
      var sum = Lanes()
      for term in 0..<weights.terms.count {
        sum = fusedMultiplyAdd(Lanes(repeating: terms[term].weight), terms[term].values[vector], sum)
      }
      for lane in 0..<width { sums[vector * width + lane] = sum[lane] }
    }
    // Beyond its ends the cubic goes on as a parabola.
    coarse[0] = 3 * (sums[0] - sums[1]) + sums[2]
    coarse[lineCount + 1] = 3 * (sums[lineCount - 1] - sums[lineCount - 2]) + sums[lineCount - 3]
    let fine = UnsafeMutableRawPointer(penalty).assumingMemoryBound(to: Double.self)
    // Lines in ascending order, each written over what the one before had for its place.
    for line in 0..<lineCount {
      let interpolated =
        (between.0 * coarse[line] + between.1 * coarse[line + 1])
        + (between.2 * coarse[line + 2] + between.3 * coarse[line + 3])
      store(interpolated, fine + line * plan.density)
    }
    for place in plan.lineCount..<(vectors * Lanes.scalarCount) { fine[place] = 0 }
    let (quadratic, linear) = (Lanes(repeating: running.quadratic), Lanes(repeating: running.linear))
    let constant = Lanes(repeating: running.constant)
    for vector in 0..<vectors {
      let y = inventories[vector]
      penalty[vector] += fusedMultiplyAdd(fusedMultiplyAdd(quadratic, y, linear), y, constant)
    }
  }

  // MARK: Ends

  private func settle(_ paths: LowerBoundPaths, _ schedule: Int, _ outcome: inout Outcome) {
    let (count, last) = (LowerBoundPaths.pathCount, plan.sample.stepCount)
    for path in 0..<count {
      let place = last * count + path
      let (spot, e) = (paths.spots[place], paths.regimes[place])
      let own = UnsafeMutableRawPointer(values(schedule, path)).assumingMemoryBound(to: Double.self)
      // What costs nothing to deliver may lie between lines, which are then not charged either: a bound must not be above
      // what such an inventory pays.
      let free = plan.problem.settlement == .physical ? -plan.problem.assigned(spot: spot) : .infinity
      let nearby = plan.spacing * (1 - SampleTimes.coincidence)
      for line in 0..<plan.lineCount {
        let y = lines[line]
        own[line] =
          abs(y - free) < nearby ? 0 : plan.problem.settlementCharge(spot: spot, regime: e, inventory: y)
      }
      outcome.upper[schedule][path] = plan.problem.settlementCharge(
        spot: spot, regime: e, inventory: paths.inventories[schedule][place - count])
    }
  }

  /// A function on the lines at any inventory: linear between lines, constant beyond them.
  private func value(_ y: Double, of function: UnsafeMutablePointer<Lanes>) -> Double {
    let all = UnsafeMutableRawPointer(function).assumingMemoryBound(to: Double.self)
    let position = min(Double(lines.count - 1), max(0, (y - lines[0]) / plan.spacing))
    let index = min(lines.count - 2, Int(position))
    let weight = position - Double(index)
    return weight == 0 ? all[index] : all[index] + weight * (all[index + 1] - all[index])
  }
}

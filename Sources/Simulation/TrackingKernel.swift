import Formulation
import Glibc
import VectorMath

/// The loop of a tracking roll-out over one group of eight replicas.
struct TrackingPlan: Sendable {
  static let running = 0
  static let trading = 1
  static let trades = 2
  static let fixedColumns = 3

  let problem: TrackingProblem
  let clocks: RegimeClocks
  let stream: RandomStream
  let motion: TrackingMotion
  /// Where coefficients vary; nil: nowhere.
  private let varying: VaryingMotion?
  let step: Double
  let burnInSteps: Int
  let batchSteps: Int
  let batchCount: Int
  /// ρ [1/time], by which costs are discounted to the start; zero for averages.
  let discount: Double
  private let startRegime: Int

  /// What sums are divided by: the time that a batch covers, or nothing where they are discounted.
  var divisor: Double { discount == 0 ? measuredBatch : 1 }

  /// The time that one batch really covers.
  var measuredBatch: Double { Double(batchSteps) * step }

  init(problem: TrackingProblem, settings: TrackingSettings) {
    self.problem = problem
    stream = RandomStream(seed: settings.seed)
    clocks = RegimeClocks(generator: problem.generator, stream: stream)
    step = settings.step
    motion = TrackingMotion(problem, step: settings.step, seed: settings.seed)
    varying =
      problem.regimes.allSatisfy(\.isPlain)
      ? nil : VaryingMotion(problem, step: settings.step, seed: settings.seed)
    // Even numbers, so that batches and burn-in are whole at 2δ too.
    burnInSteps = 2 * Int((settings.burnIn / (2 * step)).rounded(.up))
    batchSteps = 2 * max(1, Int((settings.batchLength / (2 * step)).rounded(.up)))
    batchCount = settings.batchCount
    startRegime = settings.startRegime
    if case .discounted(let rate) = problem.criterion { discount = rate } else { discount = 0 }
  }

  /// A clock that is a rounding short of a check has run out at it.
  private static let coincidence = 1e-6

  /// ℓ of eight deviations.
  @inline(__always)
  private func rate(_ x: Lanes, _ regime: Lanes, _ weight: LaneCosts.Chosen) -> Lanes {
    let usual = weight.rate(at: x)
    guard let varying else { return usual }
    return usual + varying.runningCost(x, regime: regime)
  }

  /// Adds to `[batch × column]`, starting at deviation 0 as if there had just been a trade.
  ///
  /// - Parameter clock: the gaps, and whether they force; nil without.
  func run(
    policy: ConstantLanePolicy, clock: (gaps: [Double], forces: Bool)?, group: Int, every: Int,
    into sums: UnsafeMutablePointer<Lanes>
  ) {
    let firstStream = UInt64(group * Lanes.scalarCount)
    let regimeCount = problem.regimes.count
    let columns = TrackingPlan.fixedColumns + regimeCount
    let running = clocks.isRunning
    let jumping = motion.hasJumps
    let costs = problem.costs
    let zero = Lanes()
    var deviation = zero
    var regime = Lanes(repeating: Double(startRegime))
    let decay = exp(-discount * step)
    // e^{−ρt} now.
    var worth = 1.0
    var nextSwitch = Lanes(repeating: .infinity)
    var switches = SIMD8<UInt32>()
    for lane in 0..<Lanes.scalarCount where running {
      nextSwitch[lane] = clocks.sojourn(stream: firstStream + UInt64(lane), switches: 0, regime: startRegime)
    }
    var wait = Lanes(repeating: .infinity)
    var jumps = SIMD8<UInt32>()
    var pieces = SIMD8<UInt32>()
    for lane in 0..<Lanes.scalarCount where jumping {
      wait[lane] = motion.wait(path: firstStream + UInt64(lane), number: 0)
    }
    func choose(_ values: [Double], _ regime: Lanes) -> Lanes {
      var lanes = Lanes(repeating: values[0])
      for index in 1..<max(1, regimeCount) { lanes.replace(with: values[index], where: regime .== Double(index)) }
      return lanes
    }
    var factor = choose(motion.factor, regime)
    var shift = choose(motion.shift, regime)
    var scale = choose(motion.scale, regime)
    var hazard = choose(motion.intensity, regime) * step
    let weights = LaneCosts(problem.regimes.map(\.runningCost))
    var weight = weights.at(regime)
    // When the clocks run out; where there are none they have.
    var due = Lanes(repeating: clock.map { $0.gaps[startRegime] - Self.coincidence * step } ?? 0)
    var normals = (zero, zero)
    var number = 0
    for batch in -1..<batchCount {
      let target = sums + max(0, batch) * columns
      var (runningSum, tradingSum, tradeSum) = (zero, zero, zero)
      for _ in 0..<(batch < 0 ? burnInSteps : batchSteps) {
        if number % every == 0 {
          let edges = policy.edges(regime: regime)
          var above = deviation .> edges.upper
          var below = deviation .< edges.lower
          if let clock {
            let isDue = due .<= Double(number) * step
            if clock.forces {
              // To the one target, from whichever side.
              below .|= isDue .& .!above
            } else {
              above .&= isDue
              below .&= isDue
            }
          }
          if anyLane(above .| below) {
            let targets = policy.targets(regime: regime)
            var trade = zero
            trade.replace(with: targets.upper - deviation, where: above)
            trade.replace(with: targets.lower - deviation, where: below)
            for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
              tradingSum[lane] += worth * costs[Int(regime[lane])].charge(price: 1, trade: trade[lane])
              tradeSum[lane] += 1
              if let clock {
                due[lane] = (Double(number) - Self.coincidence) * step + clock.gaps[Int(regime[lane])]
              }
            }
            deviation += trade
          }
        }
        if running, batch >= 0 {
          for index in 0..<regimeCount {
            target[TrackingPlan.fixedColumns + index] += Lanes(repeating: step).replacing(
              with: 0, where: regime .!= Double(index))
          }
        }
        let before = rate(deviation, regime, weight)
        if number & 1 == 0 {
          normals = stream.normalPair(firstStream: firstStream, step: UInt32(truncatingIfNeeded: number >> 1))
        }
        let normal = number & 1 == 0 ? normals.0 : normals.1
        let end = Double(number + 1) * step
        let quiet =
          varying.map { $0.moved(deviation, regime: regime, normal: normal) } ?? factor * deviation + shift + scale
          * normal
        let switching = nextSwitch .<= end
        let jump = jumping ? wait .< hazard : SIMDMask(repeating: false)
        if jumping { wait.replace(with: wait - hazard, where: .!jump .& .!switching) }
        if anyLane(switching .| jump) {
          let start = deviation
          deviation = quiet
          for lane in 0..<Lanes.scalarCount where switching[lane] || jump[lane] {
            let path = firstStream + UInt64(lane)
            var state = Int(regime[lane])
            func advance<Place: TrackingPlace>(_ place: inout Place) {
              clocks.advance(
                stream: path, from: Double(number) * step, to: end, regime: &state, nextSwitch: &nextSwitch[lane],
                switches: &switches[lane]
              ) { state, spell in
                motion.advance(
                  &place, regime: state, time: spell, path: path, wait: &wait[lane], number: &jumps[lane])
              }
            }
            if let varying {
              var place = varying.place(start[lane], path: path, piece: pieces[lane])
              advance(&place)
              (deviation[lane], pieces[lane]) = (place.x, place.piece)
            } else {
              var stretch = TrackingMotion.Stretch.identity
              advance(&stretch)
              deviation[lane] =
                stretch.factor * start[lane] + stretch.shift + stretch.variance.squareRoot() * normal[lane]
            }
            regime[lane] = Double(state)
          }
          factor = choose(motion.factor, regime)
          shift = choose(motion.shift, regime)
          scale = choose(motion.scale, regime)
          hazard = choose(motion.intensity, regime) * step
          weight = weights.at(regime)
        } else {
          deviation = quiet
        }
        let next = worth * decay
        runningSum += (0.5 * step) * (worth * before + next * rate(deviation, regime, weight))
        worth = next
        number += 1
      }
      guard batch >= 0 else { continue }
      target[TrackingPlan.running] += runningSum
      target[TrackingPlan.trading] += tradingSum
      target[TrackingPlan.trades] += tradeSum
      if !running { target[TrackingPlan.fixedColumns] += Lanes(repeating: measuredBatch) }
    }
  }
}

/// The running costs of all regimes, looked up by lane.
struct LaneCosts: Sendable {
  let costs: [DeviationCost]

  init(_ costs: [DeviationCost]) { self.costs = costs }

  /// ℓ of one regime per lane.
  struct Chosen {
    var below: Lanes
    var above: Lanes
    var linear: Lanes
    var center: Lanes

    @inline(__always)
    func rate(at x: Lanes) -> Lanes {
      let distance = x - center
      return (above.replacing(with: below, where: distance .< 0) * distance + linear) * distance
    }
  }

  func at(_ regime: Lanes) -> Chosen {
    func choose(_ value: (DeviationCost) -> Double) -> Lanes {
      var lanes = Lanes(repeating: value(costs[0]))
      for index in 1..<max(1, costs.count) {
        lanes.replace(with: value(costs[index]), where: regime .== Double(index))
      }
      return lanes
    }
    return Chosen(
      below: choose(\.below), above: choose(\.above), linear: choose(\.linear), center: choose(\.center))
  }
}

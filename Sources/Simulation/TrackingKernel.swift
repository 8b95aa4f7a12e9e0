import Formulation
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
  let step: Double
  let burnInSteps: Int
  let batchSteps: Int
  let batchCount: Int

  /// The time that one batch really covers.
  var measuredBatch: Double { Double(batchSteps) * step }

  init(problem: TrackingProblem, settings: TrackingSettings) {
    self.problem = problem
    stream = RandomStream(seed: settings.seed)
    clocks = RegimeClocks(generator: problem.generator, stream: stream)
    step = settings.step
    // Even numbers, so that batches and burn-in are whole at 2δ too.
    burnInSteps = 2 * Int((settings.burnIn / (2 * step)).rounded(.up))
    batchSteps = 2 * max(1, Int((settings.batchLength / (2 * step)).rounded(.up)))
    batchCount = settings.batchCount
  }

  /// Adds to `[batch × column]`, starting at deviation 0 in regime 0.
  func run(policy: ConstantLanePolicy, group: Int, every: Int, into sums: UnsafeMutablePointer<Lanes>) {
    let firstStream = UInt64(group * Lanes.scalarCount)
    let regimeCount = problem.regimes.count
    let columns = TrackingPlan.fixedColumns + regimeCount
    let rootStep = step.squareRoot()
    let running = clocks.isRunning
    let costs = problem.costs
    let zero = Lanes()
    var deviation = zero
    var regime = zero
    var nextSwitch = Lanes(repeating: .infinity)
    var switches = SIMD8<UInt32>()
    for lane in 0..<Lanes.scalarCount where running {
      nextSwitch[lane] = clocks.sojourn(stream: firstStream + UInt64(lane), switches: 0, regime: 0)
    }
    func choose(_ value: (TrackingRegime) -> Double, _ regime: Lanes) -> Lanes {
      var lanes = Lanes(repeating: value(problem.regimes[0]))
      for index in 1..<max(1, regimeCount) {
        lanes.replace(with: value(problem.regimes[index]), where: regime .== Double(index))
      }
      return lanes
    }
    var drift = choose(\.drift, regime)
    var volatility = choose(\.volatility, regime)
    var weight = choose(\.runningCost, regime)
    var normals = (zero, zero)
    var number = 0
    for batch in -1..<batchCount {
      let target = sums + max(0, batch) * columns
      var (runningSum, tradingSum, tradeSum) = (zero, zero, zero)
      for _ in 0..<(batch < 0 ? burnInSteps : batchSteps) {
        if number % every == 0 {
          let edges = policy.edges(regime: regime)
          let above = deviation .> edges.upper
          let below = deviation .< edges.lower
          if anyLane(above .| below) {
            let targets = policy.targets(regime: regime)
            var trade = zero
            trade.replace(with: targets.upper - deviation, where: above)
            trade.replace(with: targets.lower - deviation, where: below)
            for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
              tradingSum[lane] += costs[Int(regime[lane])].charge(price: 1, trade: trade[lane])
              tradeSum[lane] += 1
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
        let before = weight * deviation * deviation
        if number & 1 == 0 {
          normals = stream.normalPair(firstStream: firstStream, step: UInt32(truncatingIfNeeded: number >> 1))
        }
        let normal = number & 1 == 0 ? normals.0 : normals.1
        var shift = drift * step
        var scale = volatility * rootStep
        let end = Double(number + 1) * step
        if running, anyLane(nextSwitch .<= end) {
          for lane in 0..<Lanes.scalarCount where nextSwitch[lane] <= end {
            var state = Int(regime[lane])
            var (mean, variance) = (0.0, 0.0)
            clocks.advance(
              stream: firstStream + UInt64(lane), from: Double(number) * step, to: end, regime: &state,
              nextSwitch: &nextSwitch[lane], switches: &switches[lane]
            ) { state, spell in
              mean += problem.regimes[state].drift * spell
              variance += problem.regimes[state].volatility * problem.regimes[state].volatility * spell
            }
            shift[lane] = mean
            scale[lane] = variance.squareRoot()
            regime[lane] = Double(state)
          }
          drift = choose(\.drift, regime)
          volatility = choose(\.volatility, regime)
          weight = choose(\.runningCost, regime)
        }
        deviation += shift + scale * normal
        runningSum += (0.5 * step) * (before + weight * deviation * deviation)
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

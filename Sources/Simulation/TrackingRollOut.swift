import Dispatch
import Formulation
import VectorMath

/// How a tracking problem is rolled out. Times are in the problem's own unit.
public struct TrackingSettings: Sendable, Equatable {
  /// δ, the time between checks.
  public var step: Double
  /// Time left out before measuring begins.
  public var burnIn: Double
  /// Length of one batch: long against the time between trades and the regimes' sojourns, so that batches are nearly
  /// independent.
  public var batchLength: Double
  /// Batches per replica.
  public var batchCount: Int
  /// Independent replicas, a multiple of 8.
  public var replicaCount: Int
  public var seed: UInt64
  /// Threads; nil: one per processor. The results do not depend on it.
  public var threads: Int?
  /// The regime in which replicas start, at deviation 0: what a discounted sum depends on.
  public var startRegime = 0

  public init(
    step: Double, burnIn: Double, batchLength: Double, batchCount: Int, replicaCount: Int, seed: UInt64,
    threads: Int? = nil
  ) {
    self.step = step
    self.burnIn = burnIn
    self.batchLength = batchLength
    self.batchCount = batchCount
    self.replicaCount = replicaCount
    self.seed = seed
    self.threads = threads
  }
}

/// Long-run means of a tracking problem under bands, or discounted sums from deviation 0.
public struct TrackingResult: Sendable, Equatable {
  /// Cost per unit time, or the discounted cost: running and trades.
  public let averageCost: Estimate
  public let runningCost: Estimate
  public let tradingCost: Estimate
  /// Trades per unit time.
  public let tradeRate: Estimate
  /// 1/tradeRate, with the delta method's standard error; nil when nothing was traded.
  public let meanTimeBetweenTrades: Estimate?
  /// Share of checks spent in each regime.
  public let occupancy: [Estimate]
  /// J(2δ) − J(δ) of the average cost, on the same paths with every second check.
  public let discretisationError: Estimate
  /// Average cost without the first-order effect of checking every δ.
  public let extrapolatedCost: Estimate
}

/// Rolls a policy of bands and clocks out on a deviation `dx = m_e(x) dt + η_e(x) dW + jumps` for long, and measures the cost per unit time by batch
/// means over independent replicas (control.md §10). Discounted costs are summed from deviation 0 over one batch per replica, which has
/// to be so long that what comes after it is worth nothing.
///
/// Regimes switch and jumps happen at exact times; given them the transition over a step is exactly Gaussian, or, where coefficients vary in other ways than a
/// reverting drift, of weak order two (`VaryingMotion`). Trades happen at multiples of δ. The
/// running cost is integrated by the trapezoidal rule: exact in expectation within a regime without drift
/// (`E∫x² = ½δ(x₀² + E x₁²)` since `E x²` is linear in time), second order in δ otherwise.
/// *Verified by* `TrackingRollOutTests` against the closed forms of control.md §7.
public struct TrackingRollOut: Sendable {
  public let problem: TrackingProblem
  public let settings: TrackingSettings

  /// Steps beyond this would reuse draws: a stream numbers its pairs of normals by 32 bits.
  static let maximumSteps = 8e9

  /// - Throws: `outOfRange`.
  public init(problem: TrackingProblem, settings: TrackingSettings) throws(SimulationError) {
    try require(settings.step, settings.step > 0 && settings.step.isFinite, "step", "> 0")
    try require(settings.burnIn, settings.burnIn >= 0, "burnIn", "≥ 0")
    try require(settings.batchLength, settings.batchLength >= settings.step, "batchLength", "≥ step")
    try require(Double(settings.batchCount), settings.batchCount >= 1, "batchCount", "≥ 1")
    try require(
      Double(settings.replicaCount), settings.replicaCount >= 8 && settings.replicaCount % 8 == 0, "replicaCount",
      "a positive multiple of 8")
    try require(
      Double(settings.startRegime), problem.regimes.indices.contains(settings.startRegime), "startRegime", "a regime")
    if problem.criterion != .longRunAverage {
      try require(settings.burnIn, settings.burnIn == 0, "burnIn", "0 for a discounted sum")
      try require(Double(settings.batchCount), settings.batchCount == 1, "batchCount", "1 for a discounted sum")
    }
    if let threads = settings.threads { try require(Double(threads), threads >= 1, "threads", "≥ 1") }
    let steps = (settings.burnIn + settings.batchLength * Double(settings.batchCount)) / settings.step
    try require(steps, steps < TrackingRollOut.maximumSteps, "steps", "< 8·10⁹")
    self.problem = problem
    self.settings = settings
  }

  /// Bands in the deviation, one per regime or one for all.
  ///
  /// - Throws: `regimeCount`, `band`; `tooFewSamples` for a single batch.
  public func run(bands: [Band]) throws(SimulationError) -> TrackingResult {
    try run(TrackingPolicy(bands: bands)).result
  }

  /// - Throws: `regimeCount`, `band`; `tooFewSamples` for a single batch.
  public func run(_ policy: TrackingPolicy) throws(SimulationError) -> TrackingRun {
    let regimes = problem.regimes.count
    let given = policy.bands
    guard given.count == 1 || given.count == regimes else {
      throw .regimeCount(found: given.count, expected: regimes)
    }
    guard policy.gaps.isEmpty || policy.gaps.count == regimes else {
      throw .regimeCount(found: policy.gaps.count, expected: regimes)
    }
    for gap in policy.gaps { try require(gap, gap > 0, "gaps", "> 0") }
    for (regime, band) in given.enumerated() where !band.isOrdered { throw .band(regime: regime, time: 0, spot: 0) }
    let groups = settings.replicaCount / Lanes.scalarCount
    let batches = settings.batchCount
    let plan = TrackingPlan(problem: problem, settings: settings)
    let columns = TrackingPlan.fixedColumns + regimes
    let size = groups * batches * columns
    // `[check 1δ or 2δ][group × batch × column]`, each entry eight replicas.
    let sums = UnsafeMutablePointer<Lanes>.allocate(capacity: 2 * size)
    sums.initialize(repeating: Lanes(), count: 2 * size)
    let bands = UnsafeMutableBufferPointer<Band>.allocate(capacity: given.count)
    _ = bands.initialize(from: given)
    defer {
      sums.deallocate()
      bands.deallocate()
    }
    nonisolated(unsafe) let shared = sums
    nonisolated(unsafe) let lanes = ConstantLanePolicy(bands: UnsafeBufferPointer(bands))
    let clock = policy.gaps.isEmpty ? nil : (gaps: policy.gaps, forces: policy.effect == .forces)
    let workers = min(groups, settings.threads ?? ProcessorCount.online)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for group in stride(from: worker, to: groups, by: workers) {
        for every in 1...2 {
          plan.run(
            policy: lanes, clock: clock, group: group, every: every,
            into: shared + ((every - 1) * size + group * batches * columns))
        }
      }
    }
    func values(_ column: Int, coarse: Bool = false, over divisor: Double) -> [Double] {
      var found: [Double] = []
      found.reserveCapacity(groups * batches * Lanes.scalarCount)
      for batch in 0..<(groups * batches) {
        let lanes = sums[(coarse ? size : 0) + batch * columns + column]
        for lane in 0..<Lanes.scalarCount { found.append(lanes[lane] / divisor) }
      }
      return found
    }
    func estimate(_ values: [Double]) -> Estimate { Moments(values).estimate }
    func costs(coarse: Bool) -> (running: [Double], trading: [Double], total: [Double]) {
      let running = values(TrackingPlan.running, coarse: coarse, over: plan.divisor)
      let trading = values(TrackingPlan.trading, coarse: coarse, over: plan.divisor)
      return (running, trading, zip(running, trading).map { $0 + $1 })
    }
    let (running, trading, fine) = costs(coarse: false)
    let coarse = costs(coarse: true).total
    let paired = fine.withUnsafeBufferPointer { first in
      coarse.withUnsafeBufferPointer { PairedMoments(first, $0) }
    }
    guard fine.count > 1 else { throw .tooFewSamples(found: fine.count, needed: 2) }
    let rate = estimate(values(TrackingPlan.trades, over: plan.measuredBatch))
    let result = TrackingResult(
      averageCost: paired.first.estimate, runningCost: estimate(running), tradingCost: estimate(trading),
      tradeRate: rate,
      meanTimeBetweenTrades: rate.mean > 0
        ? Estimate(mean: 1 / rate.mean, standardError: rate.standardError / (rate.mean * rate.mean)) : nil,
      occupancy: problem.regimes.indices.map {
        estimate(values(TrackingPlan.fixedColumns + $0, over: plan.measuredBatch))
      },
      discretisationError: paired.combination(-1, 1), extrapolatedCost: paired.combination(2, -1))
    return TrackingRun(result: result, extrapolated: zip(fine, coarse).map { 2 * $0 - $1 })
  }
}

/// A policy's roll-out with the costs of its batches, so that policies on the same paths can be compared.
public struct TrackingRun: Sendable {
  public let result: TrackingResult
  /// `extrapolatedCost` by batch.
  let extrapolated: [Double]

  /// By how much this policy costs more than another one on the same paths, without the first-order effect of checking every δ.
  public func excess(over other: TrackingRun) -> Estimate {
    extrapolated.withUnsafeBufferPointer { own in
      other.extrapolated.withUnsafeBufferPointer { PairedMoments(own, $0).difference }
    }
  }
}

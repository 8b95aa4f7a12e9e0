import Dispatch
import Formulation
import VectorMath

/// Rolls policies out on exact paths of an option-book problem: the judge that shares nothing with the solver.
///
///     d ln S = (m_e − ½σ_e²) dt + σ_e dW + Z dN_e + ln J_ee' at a switch,   e a Markov chain with generator Q
///
/// with m_e the drift between jumps. The chain switches, and the price jumps, at exact exponential times, so that given them
/// the log-price increment over a step is exactly
/// Gaussian with mean `∫(μ − ½σ²)dt` and variance `∫σ²dt`. Decisions follow control.md §0. Path p is a function of (seed, p)
/// alone; sums are formed per block of `blockSize` paths and merged in the blocks' order, so that threads and shards change
/// no byte.
///
/// Error order: paths, costs and trades are exact for the policy checked every δ. Running terms are integrated by the
/// trapezoidal rule with the inventory held and the book's delta at both ends: second order in the sub-step where delta is
/// smooth, order 1½ at an expiry reached near the strike, `O(δ^{3/2})` in all. Monitoring every δ instead of continuously is
/// a first-order change of J for a near-optimal policy, reported by `estimate`.
///
/// With exponential utility the criterion is the certainty equivalent of the loss: `TerminalWealth`, `CriterionScale`.
/// With a `World` the prices come from there instead, and everything else stays.
///
/// *Verified by* `RollOutAgreementTests`, `ScalarReferenceTests`, `ReproducibilityTests`, `CertaintyEquivalentTests`.
public struct RollOut: Sendable {
  /// Paths per block, and the alignment of shards.
  public static let blockSize = BlockState.pathCount
  /// Paths and their antitheses that are drawn together: a number of antithetic paths is a multiple of it.
  public static let antitheticGroup = 2 * Lanes.scalarCount

  let plan: RollOutPlan

  public var problem: OptionBookProblem { plan.problem }
  public var settings: RollOutSettings { plan.settings }

  /// - Parameter world: where prices come from; nil: from the model.
  /// - Throws: `outOfRange` for a setting that cannot be used, `checkOffHistory`.
  public init(
    problem: OptionBookProblem, settings: RollOutSettings, world: World? = nil
  ) throws(SimulationError) {
    plan = try RollOutPlan(problem: problem, settings: settings, world: world)
  }

  private init(plan: RollOutPlan) { self.plan = plan }

  /// The same with paths drawn where the mean of the exponential is made (`ImportanceTilt`): of its columns only the criterion
  /// means anything. Without exponential utility the same.
  func tilted(by guide: LossGuide) -> RollOut { RollOut(plan: plan.tilted(by: guide)) }

  /// Mean growth of the price in another world [1/year]; nil in the model's.
  public var worldDrift: Double? { plan.world?.drift }

  /// Path-steps of one run: what throughput is counted in.
  public var pathStepCount: Int { plan.sample.stepCount * plan.settings.pathCount }

  /// All paths under one policy.
  ///
  /// - Parameter keeping: columns whose path-by-path values are kept, for quantiles and tail means.
  public func run(
    _ policy: HedgingPolicy, keeping: [RollOutColumn] = []
  ) throws(SimulationError) -> RollOutResult {
    try RollOutResult(merging: [run(policy, paths: 0..<plan.settings.pathCount, keeping: keeping)])
  }

  /// A shard: the paths of one range, whose lower end is a multiple of `blockSize`, as is its upper end unless it is the
  /// last.
  public func run(
    _ policy: HedgingPolicy, paths: Range<Int>, keeping: [RollOutColumn] = []
  ) throws(SimulationError) -> RollOutShard {
    let variant = try Variant(policy, plan: plan)
    let blocks = try blocks(of: [variant], paths: paths, keeping: keeping)
    return shard(paths, blocks: blocks.map { $0.summaries[0] })
  }

  /// The sums of a range of paths with what merging them asks for.
  func shard(_ paths: Range<Int>, blocks: [BlockSummary]) -> RollOutShard {
    RollOutShard(
      paths: paths, blocks: blocks, secondsPerYear: secondsPerYear, scale: scale, blocksPerSample: blocksPerSample)
  }

  /// Blocks of one scrambling of Sobol's points; nil where paths are independent.
  private var blocksPerSample: Int? {
    plan.settings.sequence == .pseudorandom ? nil : plan.pathsPerScrambling / RollOut.blockSize
  }

  /// A column under both of two variants, over independent samples.
  private func paired(_ blocks: [BlockResult], _ column: RollOutColumn) -> PairedMoments {
    guard let count = blocksPerSample else {
      return blocks.reduce(PairedMoments()) { $0.merged(with: $1.pairs[column.rawValue]) }
    }
    let groups = stride(from: 0, to: blocks.count, by: count).map { first in
      blocks[first..<first + count].reduce(PairedMoments()) { $0.merged(with: $1.pairs[column.rawValue]) }
    }
    return groups.map(\.first.mean).withUnsafeBufferPointer { first in
      groups.map(\.second.mean).withUnsafeBufferPointer { PairedMoments(first, $0) }
    }
  }

  /// The criterion at checks every δ and, on the same paths, every 2δ: their difference estimates what a check every δ
  /// changes against continuous monitoring.
  public func estimate(_ policy: HedgingPolicy) throws(SimulationError) -> RollOutEstimate {
    let variant = try Variant(policy, plan: plan)
    let variants = [variant, variant.monitoredHalfAsOften]
    let blocks = try blocks(of: variants, paths: 0..<plan.settings.pathCount, keeping: [])
    let paired = paired(blocks, .criterion)
    let fine = try RollOutResult(
      merging: [shard(0..<plan.settings.pathCount, blocks: blocks.map { $0.summaries[0] })])
    return RollOutEstimate(
      result: fine, paired: paired, scale: scale, trades: self.paired(blocks, .tradeCount),
      turnover: self.paired(blocks, .turnoverNotional))
  }

  /// The same under exponential utility, with the criterion from paths drawn where its mean is made, and the rest from paths of
  /// the law itself. What guides the draws decides their error only.
  public func estimate(_ policy: HedgingPolicy, guide: LossGuide) throws(SimulationError) -> RollOutEstimate {
    try tilted(by: guide).estimate(policy).replacing(estimate(policy))
  }

  /// The same for a policy whose own checks are those of the settings.
  public func estimateAsChecked(_ policy: HedgingPolicy, guide: LossGuide) throws(SimulationError) -> RollOutEstimate {
    try tilted(by: guide).estimateAsChecked(policy).replacing(estimateAsChecked(policy))
  }

  /// The criterion of a policy whose own checks are those of the settings: not monitoring in between is part of the problem,
  /// and nothing is extrapolated.
  public func estimateAsChecked(_ policy: HedgingPolicy) throws(SimulationError) -> RollOutEstimate {
    RollOutEstimate(asChecked: try run(policy))
  }

  /// Two policies on the same paths.
  public func compare(
    _ first: HedgingPolicy, _ second: HedgingPolicy
  ) throws(SimulationError) -> Comparison {
    let variants = [try Variant(first, plan: plan), try Variant(second, plan: plan)]
    let blocks = try blocks(of: variants, paths: 0..<plan.settings.pathCount, keeping: [])
    return Comparison(pairs: RollOutColumn.allCases.map { paired(blocks, $0) }, scale: scale)
  }

  private var scale: CriterionScale { CriterionScale(plan.problem, reference: plan.wealth?.reference ?? 0) }

  private var secondsPerYear: Double { plan.problem.dayCount.secondsPerYear }

  /// The blocks of a range, computed by as many threads as there are and returned in order.
  func blocks(
    of variants: [Variant], paths: Range<Int>, keeping: [RollOutColumn], watching: [Int]? = nil
  ) throws(SimulationError) -> [BlockResult] {
    let size = RollOut.blockSize
    guard paths.lowerBound % size == 0 else {
      throw .misalignedShard(first: paths.lowerBound, block: size)
    }
    let last = plan.settings.pathCount
    guard paths.upperBound % size == 0 || paths.upperBound == last, paths.upperBound <= last else {
      throw .misalignedShard(first: paths.upperBound, block: size)
    }
    let count = (paths.count + size - 1) / size
    let workers = min(max(1, count), plan.settings.threads ?? DispatchQueue.availableThreads)
    let results = UnsafeMutablePointer<BlockResult>.allocate(capacity: count)
    results.initialize(repeating: BlockResult(), count: count)
    defer {
      results.deinitialize(count: count)
      results.deallocate()
    }
    nonisolated(unsafe) let shared = results
    let queue = BlockQueue(count: count)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      var runner = BlockRunner(plan: plan, variants: variants)
      while let block = queue.next() {
        let first = paths.lowerBound + block * size
        shared[block] = runner.run(
          firstPath: first, count: min(size, paths.upperBound - first), keeping: keeping, watching: watching)
      }
      runner.deallocate()
    }
    return Array(UnsafeBufferPointer(start: results, count: count))
  }
}

/// Hands out blocks in order to whoever is free: a core that has other work too takes fewer, and which worker computes a block
/// changes no byte of it.
private final class BlockQueue: Sendable {
  private let count: Int
  private let lock = DispatchSemaphore(value: 1)
  // Read and written between `wait` and `signal` only.
  nonisolated(unsafe) private var taken = 0

  init(count: Int) { self.count = count }

  func next() -> Int? {
    lock.wait()
    defer { lock.signal() }
    guard taken < count else { return nil }
    taken += 1
    return taken - 1
  }
}

extension DispatchQueue {
  /// What `concurrentPerform` spreads over.
  static var availableThreads: Int { max(1, Int(ProcessorCount.online)) }
}

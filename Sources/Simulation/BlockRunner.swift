import Formulation
import VectorMath

/// A policy lowered for the kernel, and at which checks it decides.
struct Variant: Sendable {
  let schedule: BandSchedule?
  let table: PolicyNodes?
  let gammaScaled: GammaLanePolicy?
  /// Decide at checks whose number is a multiple of this.
  private(set) var every: Int
  private let isInterval: Bool
  /// Whether the policy decides when something expires: not where it goes by a clock of its own.
  var decidesAtExpiries: Bool { !isInterval }
  /// What the table's bands are in, and when they hold.
  private let reading: TableReading

  private enum TableReading {
    case netDelta, holding
    case clocked(PolicyClock)
  }

  init(_ policy: HedgingPolicy, plan: RollOutPlan) throws(SimulationError) {
    let regimeCount = plan.regimes.count
    schedule = try policy.schedule(regimeCount: regimeCount, checkSeconds: plan.settings.checkEvery)
    var reviewEvery: Int?
    var reading = TableReading.netDelta
    switch policy {
    case .holding(let given):
      table = try PolicyNodes(given, regimeCount: regimeCount)
      reading = .holding
    case .clocked(let given, let clock):
      guard clock.gaps.count == regimeCount else {
        throw .regimeCount(found: clock.gaps.count, expected: regimeCount)
      }
      for gap in clock.gaps { try require(gap, gap > 0, "clock.gap", "> 0 s") }
      table = try PolicyNodes(given, regimeCount: regimeCount)
      reading = .clocked(clock)
    case .table(let given): table = try PolicyNodes(given, regimeCount: regimeCount)
    case .reviewed(let given, let seconds):
      table = try PolicyNodes(given, regimeCount: regimeCount)
      reviewEvery = try HedgingPolicy.looks(in: seconds, checkSeconds: plan.settings.checkEvery)
    default: table = nil
    }
    self.reading = reading
    if case .gammaScaled(let multiple) = policy {
      gammaScaled = GammaLanePolicy(multiple: multiple)
    } else {
      gammaScaled = nil
    }
    if case .interval = policy { isInterval = true } else { isInterval = reviewEvery != nil }
    every = schedule?.every ?? reviewEvery ?? 1
  }

  /// A table as the kernel follows it.
  func following(_ table: TableLanePolicy, plan: RollOutPlan) -> BlockPolicy {
    switch reading {
    case .netDelta: return .table(table)
    case .holding: return .holding(HoldingLanePolicy(table))
    case .clocked(let clock): return .clocked(ClockedLanePolicy(table, clock: clock, plan: plan))
    }
  }

  /// The same policy monitored at every second check, on the same table. An interval is the policy's own; monitoring it less
  /// often would be another policy.
  var monitoredHalfAsOften: Variant {
    var variant = self
    if !isInterval { variant.every *= 2 }
    return variant
  }
}

/// The sums of one block under one policy.
struct BlockSummary: Sendable, Equatable {
  /// Per column, over paths.
  var paths: [Moments] = []
  /// Per column, over independent samples: paths, or means of antithetic pairs.
  var samples: [Moments] = []
  /// Per regime: years since the last trade made in it, and trades that ended them.
  var renewals: [PairedMoments] = []
  var kept: [[Double]] = []
  /// What a watch saw, `[quantity × instant][path]`; empty without one.
  var watched: [[Double]] = []
}

struct BlockResult: Sendable {
  /// One per variant.
  var summaries: [BlockSummary] = []
  /// Per column, first variant against second, over independent samples.
  var pairs: [PairedMoments] = []
}

/// One worker's buffers.
struct BlockRunner {
  private let plan: RollOutPlan
  private let variants: [Variant]
  private let states: [BlockState]
  private var slice: BookSlice
  private let bands: [UnsafeMutableBufferPointer<Band>]
  private let samples: UnsafeMutablePointer<Double>
  private let tilt: TiltPass?
  private let world: WorldPass?
  private let sobol: SobolPass?

  init(plan: RollOutPlan, variants: [Variant]) {
    self.plan = plan
    self.variants = variants
    states = variants.map { _ in BlockState(regimeCount: plan.regimes.count) }
    slice = BookSlice(book: plan.problem.book, regimeCount: plan.regimes.count, coincidence: plan.coincidence)
    world = plan.world.map { WorldPass($0) }
    sobol = plan.sobolPass
    tilt = plan.tilt.map { TiltPass($0, regimeCount: plan.regimes.count, coincidence: plan.coincidence) }
    bands = variants.map { variant in
      // Equal bands need no choice by regime.
      var given = variant.schedule?.bands ?? [.unbounded]
      if given.allSatisfy({ $0 == given[0] }) { given = [given[0]] }
      let buffer = UnsafeMutableBufferPointer<Band>.allocate(capacity: given.count)
      _ = buffer.initialize(from: given)
      return buffer
    }
    samples = .allocate(capacity: 2 * BlockState.pathCount)
    samples.initialize(repeating: 0, count: 2 * BlockState.pathCount)
  }

  func deallocate() {
    for state in states { state.deallocate() }
    for buffer in bands { buffer.deallocate() }
    slice.deallocate()
    samples.deallocate()
  }

  /// - Parameter watching: steps at which paths are looked at on their way.
  mutating func run(
    firstPath: Int, count: Int, keeping: [RollOutColumn], watching: [Int]? = nil
  ) -> BlockResult {
    var result = BlockResult()
    for (index, variant) in variants.enumerated() {
      let watch = watching.map { PathWatch(steps: $0, count: count) }
      let pass = BlockPass(
        plan: plan, firstPath: firstPath, state: states[index], tilt: tilt, world: world, sobol: sobol, watch: watch)
      if let table = variant.table {
        TableLanePolicy.with(table) {
          pass.run(
            policy: variant.following($0, plan: plan), every: variant.every, atExpiries: variant.decidesAtExpiries,
            slice: &slice)
        }
      } else if let policy = variant.gammaScaled {
        pass.run(
          policy: .gammaScaled(policy), every: variant.every, atExpiries: variant.decidesAtExpiries, slice: &slice)
      } else {
        let policy = ConstantLanePolicy(bands: UnsafeBufferPointer(bands[index]))
        pass.run(policy: .constant(policy), every: variant.every, atExpiries: variant.decidesAtExpiries, slice: &slice)
      }
      result.summaries.append(summary(states[index], count: count, keeping: keeping))
      result.summaries[index].watched = watch?.seen ?? []
    }
    if variants.count == 2 {
      for column in RollOutColumn.allCases {
        let size = independent(states[0].values(column), count, into: samples)
        _ = independent(states[1].values(column), count, into: samples + BlockState.pathCount)
        result.pairs.append(
          PairedMoments(
            UnsafeBufferPointer(start: samples, count: size),
            UnsafeBufferPointer(start: samples + BlockState.pathCount, count: size)))
      }
    }
    return result
  }

  private func summary(_ state: BlockState, count: Int, keeping: [RollOutColumn]) -> BlockSummary {
    var summary = BlockSummary()
    for column in RollOutColumn.allCases {
      let values = state.values(column)
      let paths = Moments(UnsafeBufferPointer(start: values, count: count))
      summary.paths.append(paths)
      if plan.settings.antithetic {
        let size = independent(values, count, into: samples)
        summary.samples.append(Moments(UnsafeBufferPointer(start: samples, count: size)))
      } else {
        summary.samples.append(paths)
      }
    }
    for regime in 0..<plan.regimes.count {
      let offset = regime * BlockState.pathCount
      summary.renewals.append(
        PairedMoments(
          UnsafeBufferPointer(start: state.exposure + offset, count: count),
          UnsafeBufferPointer(start: state.events + offset, count: count)))
    }
    summary.kept = keeping.map { Array(UnsafeBufferPointer(start: state.values($0), count: count)) }
    return summary
  }

  /// Independent samples: the paths, or the means of antithetic pairs.
  private func independent(
    _ values: UnsafeMutablePointer<Double>, _ count: Int, into target: UnsafeMutablePointer<Double>
  ) -> Int {
    guard plan.settings.antithetic else {
      for path in 0..<count { target[path] = values[path] }
      return count
    }
    let lanes = Lanes.scalarCount
    for pair in 0..<(count / 2) {
      let path = pair / lanes * 2 * lanes + pair % lanes
      target[pair] = 0.5 * (values[path] + values[path + lanes])
    }
    return count / 2
  }
}

import VectorMath

/// A table of bands in inventory: the book's delta is added where a path stands, so that between nodes the inventory is what is
/// linear.
struct HoldingLanePolicy: LanePolicy {
  var gathersTrades: Bool { true }
  private(set) var table: TableLanePolicy

  init(_ table: TableLanePolicy) { self.table = table }

  mutating func prepare(time: Double, state: BlockState) { table.prepare(time: time, state: state) }

  @inline(__always) func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    shifted(table.edges(vector: vector, regime: regime, state: state), by: state.bookDelta[vector])
  }

  @inline(__always) func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair {
    shifted(table.targets(paths, regime: regime, state: state), by: paths.load(state.bookDelta))
  }

  @inline(__always)
  private func shifted(_ pair: LanePair, by delta: Lanes) -> LanePair { (pair.lower + delta, pair.upper + delta) }
}

/// A table of bands with clocks; see `PolicyClock`.
struct ClockedLanePolicy: LanePolicy {
  var gathersTrades: Bool { true }
  private var table: TableLanePolicy
  private let clock: PolicyClock
  /// Gaps [years].
  private let gaps: [Double]
  private let tolerance: Double
  private var last: Double?
  /// The regimes whose clocks ring at this look, and those whose bands hold as they are.
  private var ringing: [Double] = []
  private var silent: [Double] = []

  init(_ table: TableLanePolicy, clock: PolicyClock, plan: RollOutPlan) {
    self.table = table
    self.clock = clock
    gaps = clock.gaps.map { $0 / plan.problem.dayCount.secondsPerYear }
    tolerance = plan.coincidence
  }

  /// Times ascend within a block, and every block begins with a policy of its own.
  ///
  /// - Parameter isCheck: whether the policy may decide; clocks ring at checks alone.
  mutating func prepare(time: Double, isCheck: Bool, state: BlockState) {
    table.prepare(time: time, state: state)
    guard isCheck else { return }
    ringing.removeAll(keepingCapacity: true)
    silent.removeAll(keepingCapacity: true)
    for (regime, gap) in gaps.enumerated() {
      if clock.rings(regime: regime, last: last, now: time, gap: gap, tolerance: tolerance) {
        ringing.append(Double(regime))
      } else {
        silent.append(Double(regime))
      }
    }
    last = time
  }

  func ownEdges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    table.edges(vector: vector, regime: regime, state: state)
  }

  func edges(vector: Int, regime: Lanes, state: BlockState) -> LanePair {
    var edges = table.edges(vector: vector, regime: regime, state: state)
    switch clock.effect {
    case .permits:
      for index in silent {
        edges.lower.replace(with: -PolicyNodes.beyond, where: regime .== index)
        edges.upper.replace(with: PolicyNodes.beyond, where: regime .== index)
      }
    case .forcesToTargets, .forcesToMiddle:
      if ringing.isEmpty { return edges }
      let targets = targets(vector: vector, regime: regime, state: state)
      for index in ringing {
        let isForced = (regime .== index) .& isBounded(targets)
        edges.lower.replace(with: targets.lower, where: isForced)
        edges.upper.replace(with: targets.upper, where: isForced)
      }
    }
    return edges
  }

  func targets(_ paths: some EightPaths, regime: Lanes, state: BlockState) -> LanePair {
    var targets = table.targets(paths, regime: regime, state: state)
    guard clock.effect == .forcesToMiddle, !ringing.isEmpty else { return targets }
    let middle = 0.5 * (targets.lower + targets.upper)
    let bounded = isBounded(targets)
    for index in ringing {
      let isForced = (regime .== index) .& bounded
      targets.lower.replace(with: middle, where: isForced)
      targets.upper.replace(with: middle, where: isForced)
    }
    return targets
  }

  /// Where both targets exist.
  private func isBounded(_ targets: LanePair) -> SIMDMask<SIMD8<Int64>> {
    // Next to an edge that does not exist a target is between a number and what stands for infinity.
    let far = Lanes(repeating: PolicyNodes.beyond.squareRoot())
    return (absolute(targets.lower) .< far) .& (absolute(targets.upper) .< far)
  }

  func flattened(_ trade: Lanes, _ paths: some EightPaths, state: BlockState) -> Lanes {
    table.flattened(trade, paths, state: state)
  }
}

import Formulation
import Glibc

/// The value of a given policy by linear equations (control.md §7).
///
/// For every inventory y the value solves a linear problem of its own inside the band,
///
///     V_t + LV + QV + r = 0  where low < y < high,   V(y) = V(target) + c(target − y)  beyond,
///
/// and lines are coupled by the values at the targets alone. A step predicts those from the two levels before, solves every
/// line (`MaskedSweep`), reads them again by interpolation in y, and repeats until they stand still: a contraction, because
/// not every path trades within a step. Second order in time, spot and inventory; the observed order is in
/// `PolicyEvaluationTests`. Policies that reflect are evaluated by `ReflectingEvaluation`.
struct PolicyEvaluation {
  let nodes: EvaluationNodes
  let rule: BandRule
  let functional: PolicyFunctional
  var threads = 1

  /// What a policy costs from today.
  struct Outcome: Sendable {
    /// Per regime, from the problem's inventory.
    var values: [Double]
    /// Per regime, from the targets: the mean over both.
    var atTargets: [Double]
  }

  /// A band is held at least so many spacings from its targets, so that lines run through it.
  private static let leastHalfWidth = 1.25
  /// Passes end when no value at a target moves by more than this share of the largest …
  private static let settled = 1e-6
  /// … or of what the first pass changed: that is of the order of the step's own error.
  private static let settledShare = 0.05
  private static let mostPasses = 40
  /// Inventories nearer to none than so many spacings are none: the optimum goes flat where the settlement then costs nothing.
  private static let exactly = 1e-6
  /// Stands for an infinite edge, in ranges of the grid's inventories.
  private static let beyond = 1e3

  func run() -> Outcome {
    if rule.isReflecting(nodes.problem), !functional.isFirstPassage {
      return ReflectingEvaluation(nodes: nodes, rule: rule, functional: functional, threads: threads).run()
    }
    let buffers = EvaluationBuffers(nodes)
    var bands = BandRule.bands(count: nodes.nodes)
    setTerminal(buffers)
    let march = GroupMarch(nodes: nodes, threads: threads)
    defer { march.deallocate() }
    for level in nodes.levels {
      let scheme = nodes.step(to: level)
      rule.fill(&bands, level: level, on: nodes)
      PolicyEvaluation.place(bands, level: level, on: nodes, into: buffers.now, floor: PolicyEvaluation.leastHalfWidth)
      let source = functional.source(level: level, on: nodes)
      if functional.isFirstPassage {
        march.advance(buffers, source: source, scheme: scheme)
      } else {
        solve(buffers, march, source: source, scheme: scheme)
      }
      force(buffers, level: level)
      buffers.rotate()
    }
    return outcome(buffers)
  }

  /// Edges in inventory of one level; infinite ones are put far away.
  ///
  /// - Parameter floor: least distance between a target and its edge [spacings].
  static func place(
    _ bands: [Band], level: Int, on nodes: EvaluationNodes, into store: LevelStore, floor: Double
  ) {
    let least = floor * nodes.spacing
    let reach = beyond * (nodes.lines[nodes.lines.count - 1] - nodes.lines[0])
    func within(_ y: Double) -> Double { min(reach, max(-reach, y)) }
    let (first, last) = (nodes.lines[0], nodes.lines[nodes.lines.count - 1])
    /// What no edge leads to is not a target: any line will do.
    func target(_ y: Double) -> Double {
      if y.isNaN { return 0.5 * (first + last) }
      return abs(y) < exactly * nodes.spacing ? 0 : min(last, max(first, y))
    }
    for node in 0..<nodes.nodes {
      let delta = nodes.deltas[level * nodes.nodes + node]
      store.targetLow[node] = target(bands[node].targetLower - delta)
      store.targetHigh[node] = target(bands[node].targetUpper - delta)
      store.low[node] = min(within(bands[node].lower - delta), store.targetLow[node] - least)
      store.high[node] = max(within(bands[node].upper - delta), store.targetHigh[node] + least)
    }
  }

  /// The straight lines beyond the edges, from the values at the targets.
  private func setOutside(_ store: LevelStore, low: [Double], high: [Double]) {
    for node in 0..<nodes.nodes {
      let cost = functional.costs[node % nodes.regimes]
      let spot = nodes.spots[node / nodes.regimes]
      let (buy, sell) = (cost.proportionalBuy * spot, cost.proportionalSell * spot)
      store.highConstant[node] = high[node] + cost.fixed - sell * store.targetHigh[node]
      store.highSlope[node] = sell
      store.lowConstant[node] = low[node] + cost.fixed + buy * store.targetLow[node]
      store.lowSlope[node] = -buy
    }
  }

  private func solve(
    _ buffers: EvaluationBuffers, _ march: GroupMarch, source: QuadraticSource, scheme: BackwardDifference
  ) {
    let store = buffers.now
    let ratio = scheme.ratio
    /// Straight on from the two levels before, at the new target.
    func predicted(_ node: Int, _ y: Double) -> Double {
      let recent = buffers.value(buffers.recent, buffers.before, node, y)
      return ratio == 0
        ? recent : (1 + ratio) * recent - ratio * buffers.value(buffers.older, buffers.earlier, node, y)
    }
    var low = (0..<nodes.nodes).map { predicted($0, store.targetLow[$0]) }
    var high = (0..<nodes.nodes).map {
      store.targetHigh[$0] == store.targetLow[$0] ? low[$0] : predicted($0, store.targetHigh[$0])
    }
    var first = 0.0
    for pass in 0..<PolicyEvaluation.mostPasses {
      setOutside(store, low: low, high: high)
      march.advance(buffers, source: source, scheme: scheme)
      var change = 0.0
      var size = 0.0
      for node in 0..<nodes.nodes {
        let newLow = buffers.value(buffers.next, store, node, store.targetLow[node])
        let newHigh =
          store.targetHigh[node] == store.targetLow[node]
          ? newLow : buffers.value(buffers.next, store, node, store.targetHigh[node])
        change = max(change, abs(newLow - low[node]), abs(newHigh - high[node]))
        size = max(size, abs(newLow), abs(newHigh))
        (low[node], high[node]) = (newLow, newHigh)
      }
      if pass == 0 { first = change }
      if change <= max(PolicyEvaluation.settled * size, PolicyEvaluation.settledShare * first) { break }
    }
    setOutside(store, low: low, high: high)
  }

  /// Where clocks ring every inventory is traded to its target.
  private func force(_ buffers: EvaluationBuffers, level: Int) {
    let ringing = nodes.ringing[level]
    guard ringing != 0 else { return }
    for node in 0..<nodes.nodes where ringing & (1 << UInt8(node % nodes.regimes)) != 0 {
      buffers.now.shut(node)
    }
  }

  private func setTerminal(_ buffers: EvaluationBuffers) {
    let reach = PolicyEvaluation.beyond * (nodes.lines[nodes.lines.count - 1] - nodes.lines[0])
    for node in 0..<nodes.nodes { buffers.before.open(node, beyond: reach) }
    functional.settle(on: nodes) { node, line, charge in buffers.set(buffers.recent, node, line, charge) }
  }

  private func outcome(_ buffers: EvaluationBuffers) -> Outcome {
    let y = nodes.problem.inventory
    var outcome = Outcome(values: [], atTargets: [])
    let store = buffers.before
    for e in 0..<nodes.regimes {
      let node = nodes.grid.reference * nodes.regimes + e
      outcome.values.append(buffers.value(buffers.recent, store, node, y))
      let targets = [store.targetLow[node], store.targetHigh[node]]
      outcome.atTargets.append(
        0.5 * targets.reduce(0) { $0 + buffers.value(buffers.recent, store, node, $1) })
    }
    return outcome
  }
}

/// Sweeps all groups of lines, each thread with scratch of its own.
struct GroupMarch {
  private let sweep: MaskedSweep
  private let holdings: [LineGroup]
  private let parts: Int
  private let scratch: [Scratch]

  private struct Scratch: @unchecked Sendable { let memory: UnsafeMutablePointer<LineGroup> }

  init(nodes: EvaluationNodes, threads: Int) {
    sweep = MaskedSweep(
      system: nodes.system, logSpots: nodes.grid.logSpots, environment: nodes.problem.environment)
    let width = LineGroup.scalarCount
    holdings = (0..<(nodes.lines.count / width)).map { group in
      var lanes = LineGroup.zero
      for lane in 0..<width { lanes[lane] = nodes.lines[group * width + lane] }
      return lanes
    }
    parts = max(1, min(threads, holdings.count))
    let size = MaskedSweep.scratchCount(rows: nodes.rows, regimes: nodes.regimes)
    scratch = (0..<parts).map { _ in
      let memory = UnsafeMutablePointer<LineGroup>.allocate(capacity: size)
      memory.initialize(repeating: .zero, count: size)
      return Scratch(memory: memory)
    }
  }

  func deallocate() { for piece in scratch { piece.memory.deallocate() } }

  func advance(_ buffers: EvaluationBuffers, source: QuadraticSource, scheme: BackwardDifference) {
    let (sweep, holdings, parts, scratch) = (self.sweep, self.holdings, self.parts, self.scratch)
    parallel(parts) { part in
      // Groups are dealt out in turn: the busy ones lie side by side.
      for group in stride(from: part, to: holdings.count, by: parts) {
        let start = group * buffers.nodes
        sweep.advance(
          MaskedSweep.Lines(
            holdings: holdings[group], next: buffers.next + start, recent: UnsafePointer(buffers.recent + start),
            older: UnsafePointer(buffers.older + start)),
          MaskedSweep.Levels(now: buffers.now, recent: buffers.before, older: buffers.earlier), source: source,
          scheme: scheme, scratch: scratch[part].memory)
      }
    }
  }
}

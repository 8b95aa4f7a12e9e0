import Formulation
import Glibc

/// What a given policy costs, and the parts of it, by linear equations (control.md §7).
///
/// For every inventory y each functional solves a linear problem of its own inside the band,
///
///     V_t + LV + QV + r = 0  where low < y < high,   V(y) = V(target) + c(target − y)  beyond,
///
/// and lines are coupled by the values at the targets alone. A step predicts those from the two levels before, straight on in time, solves every
/// line (`MaskedSweep`), reads them again by interpolation in y, and repeats where the prediction was poor: a contraction, because
/// not every path trades within a step. Second order in time, spot and inventory; the observed order is in
/// `PolicyEvaluationTests`. Policies that reflect are evaluated by `ReflectingEvaluation`.
struct PolicyEvaluation {
  let nodes: EvaluationNodes
  let rule: BandRule
  /// All of them right-hand sides of the same equations; first passages only beside a rule that does not reflect.
  let functionals: [PolicyFunctional]
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
  private static let mostPasses = 40
  /// Inventories nearer to none than so many spacings are none: the optimum goes flat where the settlement then costs nothing.
  private static let exactly = 1e-6
  /// Stands for an infinite edge, in ranges of the grid's inventories.
  private static let beyond = 1e9

  /// Inventories beyond this are none of a band's edges.
  static func farthest(_ buffers: EvaluationBuffers) -> Double {
    0.5 * beyond * Double(buffers.count - 1) * buffers.spacing
  }

  /// One outcome per functional.
  func run() -> [Outcome] {
    if rule.isReflecting(nodes.problem), !functionals.allSatisfy(\.isFirstPassage) {
      return ReflectingEvaluation(nodes: nodes, rule: rule, functionals: functionals, threads: threads).run()
    }
    let buffers = EvaluationBuffers(nodes, functionals: functionals.count)
    var bands = BandRule.bands(count: nodes.nodes)
    setSlopes(buffers)
    setTerminal(buffers)
    let march = GroupMarch(nodes: nodes, sources: functionals.map(\.source), threads: threads)
    let targets = TargetValues(buffers, functionals: functionals)
    defer {
      march.deallocate()
      targets.deallocate()
    }
    var level = LevelTerms(nodes)
    var source = QuadraticSource(count: nodes.nodes)
    for index in nodes.levels {
      let scheme = nodes.step(to: index)
      nodes.fill(&level, index, for: rule)
      rule.fill(&bands, level, on: nodes)
      PolicyEvaluation.place(bands, level, on: nodes, into: buffers.now, floor: PolicyEvaluation.leastHalfWidth)
      buffers.seal(buffers.now)
      nodes.fillRunning(&source, deltas: level.deltas)
      solve(buffers, march, targets, source: source, scheme: scheme)
      force(buffers, march, level: index)
      buffers.rotate()
    }
    return outcomes(buffers)
  }

  /// Edges in inventory of one level; infinite ones are put far away.
  ///
  /// - Parameter floor: least distance between a target and its edge [spacings].
  static func place(
    _ bands: [Band], _ level: LevelTerms, on nodes: EvaluationNodes, into store: LevelStore, floor: Double
  ) {
    let least = floor * nodes.spacing
    let (first, last) = (nodes.lines[0], nodes.lines[nodes.lines.count - 1])
    let reach = beyond * (last - first)
    func within(_ y: Double) -> Double { min(reach, max(-reach, y)) }
    /// What no edge leads to is not a target: any line will do.
    func target(_ y: Double) -> Double {
      if y.isNaN { return 0.5 * (first + last) }
      return abs(y) < exactly * nodes.spacing ? 0 : min(last, max(first, y))
    }
    for node in 0..<nodes.nodes {
      let delta = level.deltas[node]
      let (low, high) = (target(bands[node].targetLower - delta), target(bands[node].targetUpper - delta))
      store.targetLow[node] = low
      store.targetHigh[node] = high
      store.low[node] = min(within(bands[node].lower - delta), low - least)
      store.high[node] = max(within(bands[node].upper - delta), high + least)
    }
  }

  private func setSlopes(_ buffers: EvaluationBuffers) {
    for node in 0..<nodes.nodes {
      let spot = nodes.spots[node / nodes.regimes]
      for (k, functional) in functionals.enumerated() {
        let cost = functional.costs[node % nodes.regimes]
        buffers.highSlope[node * functionals.count + k] = cost.proportionalSell * spot
        buffers.lowSlope[node * functionals.count + k] = -cost.proportionalBuy * spot
      }
    }
  }

  private func solve(
    _ buffers: EvaluationBuffers, _ march: GroupMarch, _ targets: TargetValues, source: QuadraticSource,
    scheme: BackwardDifference
  ) {
    targets.predict(buffers, ratio: scheme.ratio)
    for _ in 0..<PolicyEvaluation.mostPasses {
      targets.setOutside(buffers)
      march.advance(buffers, source: source, scheme: scheme)
      guard !functionals.allSatisfy(\.isFirstPassage) else { return }
      let change = targets.read(buffers)
      if change <= nodes.settled { break }
    }
    targets.setOutside(buffers)
  }

  /// Where clocks ring every inventory beyond the targets is traded to them. Between them nothing is forced: a trade outwards, or to
  /// the middle from wherever one is, would pay its fixed cost for little.
  private func force(_ buffers: EvaluationBuffers, _ march: GroupMarch, level: Int) {
    let ringing = nodes.ringing[level]
    guard ringing != 0 else { return }
    let store = buffers.now
    march.shut(buffers) { node in
      EvaluationSchedule.rings(ringing, node % nodes.regimes)
        ? (store.targetLow[node], store.targetHigh[node]) : nil
    }
  }

  private func setTerminal(_ buffers: EvaluationBuffers) {
    buffers.openHorizon(beyond: PolicyEvaluation.beyond * (nodes.lines[nodes.lines.count - 1] - nodes.lines[0]))
    for (k, functional) in functionals.enumerated() {
      functional.settle(on: nodes) { node, line, charge in buffers.set(buffers.recent, node, line, k, charge) }
    }
  }

  private func outcomes(_ buffers: EvaluationBuffers) -> [Outcome] {
    let store = buffers.before
    var outcomes = functionals.map { _ in Outcome(values: [], atTargets: []) }
    let values = NodeArray(repeating: 0.0, count: functionals.count)
    defer { values.deallocate() }
    for e in 0..<nodes.regimes {
      let node = nodes.grid.reference * nodes.regimes + e
      buffers.read(buffers.recent, store, node, nodes.problem.inventory, into: values.start)
      for k in functionals.indices { outcomes[k].values.append(values[k]) }
      buffers.read(buffers.recent, store, node, store.targetLow[node], into: values.start)
      for k in functionals.indices { outcomes[k].atTargets.append(0.5 * values[k]) }
      buffers.read(buffers.recent, store, node, store.targetHigh[node], into: values.start)
      for k in functionals.indices { outcomes[k].atTargets[e] += 0.5 * values[k] }
    }
    return outcomes
  }
}

import Formulation
import Glibc

/// The value of a policy that trades at its looks and at no other time, for whatever the marches with the general operator solve:
/// a price that jumps, exponential utility, impact, pools, venues, lots, failures, delays, periodic reviews.
///
/// Between looks every inventory rests (`RestingMarch`); at a look
///
///     V(y) ← V(y) − net(G(y) − G(y + u) − c(u)),     u the rule's trade at y,
///
/// by the route that nets most, whether that is a gain or a loss, with G what an inventory is worth when the fill arrives
/// (`ReviewMarch`). For a market that is reviewed this is the problem itself. One
/// that is watched is looked at at every time of the grid, with edges moved inwards by `0.5826 |Γ|Sσ√δ` (`DiscreteLooks`), which
/// leaves an error of the order of a look's distance δ; with utility the equation between looks is that of the certainty
/// equivalent, not a linear one.
///
/// Second order in the steps between looks (`TwoStageStep`) and in both spacings. *Verified by* `LookedEvaluationTests`:
/// against `PolicyEvaluation` and `ClockedEvaluation`, and against the solvers' own values.
struct LookedEvaluation<Rest: RestingMarch> {
  /// On the schedule's instants, with the grid's own lines.
  let nodes: EvaluationNodes
  let rest: Rest
  let table: RouteTable
  let schedule: LookSchedule
  let rule: BandRule
  /// The first is J; with others nothing is delayed and nothing multiplies.
  let functionals: [PolicyFunctional]

  private var grid: FiniteHorizonGrid { nodes.grid }
  private var isReflecting: Bool { rule.isReflecting(nodes.problem) }

  func run() -> [PolicyEvaluation.Outcome] {
    var rest = rest
    let inventories = grid.inventories
    func buffers() -> LineBuffers {
      LineBuffers(nodes: nodes.nodes, holdings: inventories, jumping: rest.isJumping)
    }
    var all = functionals.map { _ in buffers() }
    var waiting = table.delays.map { $0 > 0 ? buffers() : nil }
    let strip = Strip(rows: nodes.rows, tiles: all[0].tiles)
    defer {
      for buffers in all { buffers.deallocate() }
      for buffers in waiting { buffers?.deallocate() }
      strip.deallocate()
    }
    for (k, functional) in functionals.enumerated() where functional.settles { rest.setTerminal(&all[k]) }
    let fills = FillLevels(nodes.times, ringing: nodes.ringing, delays: table.delays)
    fills.store(nodes.times.count - 1, from: all[0], in: waiting)
    var trades = RuleTrades(nodes: nodes, rest: rest, table: table, rule: rule, functionals: functionals)
    var level = LevelTerms(nodes)
    var bands = BandRule.bands(count: nodes.nodes)
    var factorised = -1.0
    for index in nodes.levels {
      let (start, end) = (nodes.times[index], nodes.times[index + 1])
      let step = TwoStageStep(length: end - start)
      let isNew = abs(step.length - factorised) > ReviewTimes.coincidence * factorised
      factorised = step.length
      for (stage, scheme) in [step.first, step.second].enumerated() {
        rest.prepare(
          time: stage == 0 ? step.firstStage(from: end) : start, scheme: scheme, isNewMatrix: isNew && stage == 0)
        for (k, functional) in functionals.enumerated() {
          if functional.source == .running {
            rest.step(&all[k], scheme: scheme, strip: strip)
          } else {
            rest.carry(&all[k], scheme: scheme, strip: strip)
          }
        }
        for delay in waiting.indices where fills.isWaiting(delay, level: index) {
          if var buffers = waiting[delay] {
            rest.carry(&buffers, scheme: scheme, strip: strip)
            waiting[delay] = buffers
          }
        }
      }
      if nodes.ringing[index] != 0 {
        nodes.fill(&level, index, for: rule, narrows: true)
        rule.fill(&bands, level, on: nodes)
        narrow(&bands, level, unseen: schedule.unseen[index])
        trades.growth = rest.growth(at: start)
        trades.apply(
          inventoryBands(bands, rest: rest, at: start), to: all, waiting: waiting,
          isPossible: table.delays.indices.map { fills.level(of: index, delay: $0) != nil },
          looks: nodes.ringing[index], forces: schedule.forces[index])
      }
      fills.store(index, from: all[0], in: waiting)
    }
    return all.map { buffers in
      let values = (0..<nodes.regimes).map { e in
        trades.value(buffers, node: grid.reference * nodes.regimes + e, at: nodes.problem.inventory)
          / rest.growth(at: 0)
      }
      return PolicyEvaluation.Outcome(values: values, atTargets: values)
    }
  }

  /// What a band has to be where it is looked at more rarely than it should be, and at nodes.
  ///
  /// A position that leaves a band is found beyond its edge by `a = 0.5826 |Γ|Sσ√δ` on average after a time δ of not looking, and
  /// by half of what net delta changes by from one node to the next, b, where the price goes from node to node. Of both together the
  /// root of the sum of squares is right where either is small.
  private func narrow(_ bands: inout [Band], _ level: LevelTerms, unseen: Double) {
    let volatilities = nodes.problem.environment.regimes.map(\.volatility)
    let logSpots = grid.logSpots
    let (here, model) = ((unseen + schedule.unseenByModel).squareRoot(), schedule.unseenByModel.squareRoot())
    for node in bands.indices {
      let (row, e) = (node / nodes.regimes, node % nodes.regimes)
      let exposure = abs(level.exposures[node])
      let spacing =
        0.5 * (logSpots[min(nodes.rows - 1, row + 1)] - logSpots[max(0, row - 1)])
      let diffused = DiscreteLooks.shift * exposure * volatilities[e]
      let (a, b) = (diffused * here, 0.5 * exposure * spacing)
      let shift = (a * a + b * b).squareRoot() - diffused * model
      bands[node] = isReflecting ? BandRule.narrowed(bands[node], by: shift) : kept(bands[node], narrowedBy: shift)
    }
  }

  /// An edge comes no nearer to its target than half-way: a trade must end inside.
  private func kept(_ band: Band, narrowedBy shift: Double) -> Band {
    func moved(_ edge: Double, _ target: Double) -> Double {
      guard edge.isFinite, target.isFinite else { return edge }
      let distance = target - edge
      return edge + (distance < 0 ? -1 : 1) * min(shift, 0.5 * abs(distance))
    }
    var band = band
    band.lower = moved(band.lower, band.targetLower)
    band.upper = moved(band.upper, band.targetUpper)
    return band
  }

  /// Bands in inventory on the march's own nodes, whose price may run ahead of the spot's.
  private func inventoryBands(_ bands: [Band], rest: Rest, at time: Double) -> [Band] {
    let shift = -rest.logDrift * time
    return bands.indices.map { node in
      let band =
        shift == 0
        ? bands[node]
        : grid.band(
          bands, row: node / nodes.regimes, regime: node % nodes.regimes, regimes: nodes.regimes, shift: shift)
      return band.shifted(by: -rest.delta[node])
    }
  }
}

/// The levels at which delayed fills arrive.
struct FillLevels: Sendable {
  /// `[delay][level]`, the level of the fill of a decision; −1 where there is none.
  private let arrivals: [[Int]]
  /// `[delay]`, the levels at which fills arrive.
  private let stored: [Set<Int>]
  /// `[delay][level]`, whether a level lies between a decision and its fill.
  private let waits: [[Bool]]

  init(_ times: [Double], ringing: [UInt8], delays: [Double]) {
    let horizon = times[times.count - 1]
    var arrivals: [[Int]] = []
    var waits: [[Bool]] = []
    for delay in delays {
      var levels = [Int](repeating: -1, count: times.count)
      var between = [Bool](repeating: false, count: times.count)
      for level in times.indices where ringing[level] != 0 {
        guard delay > 0 else {
          levels[level] = level
          continue
        }
        let tolerance = ReviewTimes.coincidence * delay
        guard times[level] + delay <= horizon + tolerance else { continue }
        let fill = AscendingNodes.nearest(to: times[level] + delay, among: times)
        levels[level] = fill
        for other in level..<fill { between[other] = true }
      }
      arrivals.append(levels)
      waits.append(between)
    }
    self.arrivals = arrivals
    self.waits = waits
    stored = zip(arrivals, delays).map { $1 > 0 ? Set($0.filter { $0 >= 0 }) : [] }
  }

  /// nil when the horizon comes first.
  func level(of decision: Int, delay: Int) -> Int? { arrivals[delay][decision] < 0 ? nil : arrivals[delay][decision] }

  func isWaiting(_ delay: Int, level: Int) -> Bool { waits[delay][level] }

  /// What a fill at a level finds is what is there.
  func store(_ level: Int, from buffers: LineBuffers, in waiting: [LineBuffers?]) {
    for (delay, levels) in stored.enumerated() where levels.contains(level) {
      guard let other = waiting[delay] else { continue }
      other.recent.update(from: buffers.recent, count: buffers.nodes * buffers.tiles * LineSweep.tile)
    }
  }
}

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
  /// Whether all nodes are stepped, for comparison.
  var everywhere = false

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
    var strip = LookStrip(
      grid: grid, environment: nodes.problem.environment, tiles: all[0].tiles, findsBands: false)
    defer {
      for buffers in all { buffers.deallocate() }
      for buffers in waiting { buffers?.deallocate() }
      strip.deallocate()
    }
    for (k, functional) in functionals.enumerated() where functional.settles { rest.setTerminal(&all[k]) }
    let fills = FillLevels(nodes.times, ringing: nodes.ringing, delays: table.delays)
    fills.store(nodes.times.count - 1, from: all[0], in: waiting)
    var trades = RuleTrades(nodes: nodes, rest: rest, table: table, rule: rule, functionals: functionals)
    var looked = LookBands(rule: rule, nodes: nodes, schedule: schedule)
    let isNarrow = isNarrow(rest)
    var ahead = isNarrow ? surround(&strip, after: nodes.times.count - 1, &looked) : nil
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
            rest.step(&all[k], scheme: scheme, strip: strip.strip)
          } else {
            rest.carry(&all[k], scheme: scheme, strip: strip.strip)
          }
        }
        for delay in waiting.indices where fills.isWaiting(delay, level: index) {
          if var buffers = waiting[delay] {
            rest.carry(&buffers, scheme: scheme, strip: strip.strip)
            waiting[delay] = buffers
          }
        }
      }
      if nodes.ringing[index] != 0 {
        let bands = ahead ?? looked.inInventory(index, logDrift: rest.logDrift, deltas: rest.delta)
        if isNarrow { ahead = surround(&strip, after: index, &looked) }
        trades.growth = rest.growth(at: start)
        trades.apply(
          bands, to: all, waiting: waiting,
          isPossible: table.delays.indices.map { fills.level(of: index, delay: $0) != nil },
          looks: nodes.ringing[index], forces: schedule.forces[index], touched: isNarrow ? strip.touched : nil)
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

  // MARK: Strips

  /// Whether steps leave out what no look needs: where all regimes look at once, and V beside the bands is a trade's line after
  /// each look.
  private func isNarrow(_ rest: Rest) -> Bool {
    let all = UInt8(truncatingIfNeeded: (1 << nodes.regimes) - 1)
    return !everywhere && rest.hasStrips && table.leadsToLines && grid.timing.lot == 0
      && nodes.ringing.allSatisfy { $0 == 0 || $0 == all }
  }

  /// Moves on to the strip that the next look back in time needs, or today's inventory after the last.
  ///
  /// - Returns: that look's bands in inventory; nil after the last.
  private func surround(_ strip: inout LookStrip, after index: Int, _ looked: inout LookBands) -> [Band]? {
    let next = (0..<index).last { nodes.ringing[$0] != 0 }
    let bands = next.map { looked.inInventory($0, logDrift: 0, deltas: nil) }
    let grid = grid
    for row in 0..<nodes.rows {
      for e in 0..<nodes.regimes {
        let lines = bands.map { grid.lines(of: $0[row * nodes.regimes + e]) } ?? grid.lines(at: nodes.problem.inventory)
        strip.need(lines, row: row, isFirst: e == 0)
      }
    }
    strip.move(over: nodes.times[index] - nodes.times[next ?? 0])
    return bands
  }
}

extension FiniteHorizonGrid {
  /// The line below an inventory, and the one above.
  fileprivate func lines(at inventory: Double) -> LineExtent { lines(from: inventory, to: inventory) }

  private func lines(from low: Double, to high: Double) -> LineExtent {
    let (origin, spacing, last) = (holdings[0], holdings[1] - holdings[0], Double(holdings.count - 1))
    func line(_ y: Double, _ rounding: FloatingPointRoundingRule) -> Int {
      Int(max(0, min(last, ((y - origin) / spacing).rounded(rounding))))
    }
    return line(low, .down)...line(high, .up)
  }

  /// The lines that wait in a band, those of its targets, and flat ones at which one waits beside it.
  fileprivate func lines(of band: Band) -> LineExtent {
    let low = band.targetLower.isFinite ? min(band.lower, band.targetLower) : band.lower
    let high = band.targetUpper.isFinite ? max(band.upper, band.targetUpper) : band.upper
    let waiting = lines(from: low, to: max(low, high))
    guard band.heldFlats != 0 else { return waiting }
    return flatLines.filter { band.heldFlats & $0.bit != 0 }.reduce(waiting) {
      min($0.lowerBound, $1.line)...max($0.upperBound, $1.line)
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

import Formulation
import Glibc

/// The value of a policy that looks only when a clock rings: in between every line of inventory is a plain linear problem,
/// at a tick `V(y) = V(target) + c(target − y)` wherever the rule trades.
///
/// One factorisation serves all lines (`LineSweep`) and all functionals. Steps are `TwoStageStep`s, which start afresh at every
/// tick and damp what the tick broke. Second order in the steps and in the spacings; the kinks that trading costs leave in V are
/// spread over the lines and average out. *Verified by* `PolicyEvaluationTests`.
struct ClockedEvaluation {
  /// On a schedule with clocks.
  let nodes: EvaluationNodes
  let rule: BandRule
  /// No first passages.
  let functionals: [PolicyFunctional]
  var threads = 1

  func run() -> [PolicyEvaluation.Outcome] {
    var all = functionals.map { _ in LineBuffers(nodes: nodes.nodes, holdings: nodes.lines) }
    let strip = Strip(rows: nodes.rows, tiles: all[0].tiles)
    defer {
      for buffers in all { buffers.deallocate() }
      strip.deallocate()
    }
    for (functional, buffers) in zip(functionals, all) {
      let start = buffers.slice(buffers.recent)
      functional.settle(on: nodes) { node, line, charge in start[node, line] = charge }
    }
    var system = nodes.system
    var factorised = -1.0
    var bands = BandRule.bands(count: nodes.nodes)
    var level = LevelTerms(nodes)
    var between = [Double](repeating: 0, count: nodes.nodes)
    var sources = [QuadraticSource(count: nodes.nodes), QuadraticSource(count: nodes.nodes)]
    let none = QuadraticSource(count: nodes.nodes)
    let store = LevelStore(count: nodes.nodes, regimes: nodes.regimes, functionals: 0, groups: 1)
    for index in nodes.levels {
      let end = nodes.times[index + 1]
      let step = TwoStageStep(length: end - nodes.times[index])
      if abs(step.length - factorised) > ReviewTimes.coincidence * factorised {
        system.factorise(step.first)
        factorised = step.length
      }
      nodes.fill(&level, index, for: nodes.ringing[index] == 0 ? nil : rule)
      nodes.book.deltas(at: step.firstStage(from: end), into: &between)
      nodes.fillRunning(&sources[0], deltas: between)
      nodes.fillRunning(&sources[1], deltas: level.deltas)
      for (source, scheme) in zip(sources, [step.first, step.second]) {
        for k in functionals.indices {
          sweep(all[k], strip, system, functionals[k].source == .running ? source : none, scheme)
          (all[k].recent, all[k].older) = (all[k].older, all[k].recent)
        }
      }
      if nodes.ringing[index] != 0 {
        rule.fill(&bands, level, on: nodes)
        PolicyEvaluation.place(bands, level, on: nodes, into: store, floor: 0)
        for (functional, buffers) in zip(functionals, all) {
          trade(buffers, store, costs: functional.costs, ringing: nodes.ringing[index])
        }
      }
    }
    return all.map { buffers in
      let slice = buffers.slice(buffers.recent)
      let values = (0..<nodes.regimes).map { e in
        value(slice, nodes.grid.reference * nodes.regimes + e, nodes.problem.inventory)
      }
      return PolicyEvaluation.Outcome(values: values, atTargets: values)
    }
  }

  private func sweep(
    _ buffers: LineBuffers, _ strip: Strip, _ system: LineSystem, _ source: QuadraticSource,
    _ scheme: BackwardDifference
  ) {
    let sweep = LineSweep(system: system)
    let parts = min(threads, buffers.tiles)
    parallel(parts) { part in
      sweep.advance(
        recent: buffers.recent, older: buffers.older, multiplier: buffers.multiplier, holdings: buffers.holdings,
        source: source, scheme: scheme, projection: .deferred, strip: strip, surroundings: NoSurroundings(),
        tiles: stride(from: part, to: buffers.tiles, by: parts))
    }
  }

  private func trade(_ buffers: LineBuffers, _ store: LevelStore, costs: [TradeCost], ringing: UInt8) {
    let slice = buffers.slice(buffers.recent)
    let groups = buffers.tiles * LineSweep.tile
    for node in 0..<nodes.nodes where EvaluationSchedule.rings(ringing, node % nodes.regimes) {
      let cost = costs[node % nodes.regimes]
      let spot = nodes.spots[node / nodes.regimes]
      let (targetLow, targetHigh) = (store.targetLow[node], store.targetHigh[node])
      let low = value(slice, node, targetLow)
      let high = targetHigh == targetLow ? low : value(slice, node, targetHigh)
      let (buy, sell) = (
        LineGroup(repeating: cost.proportionalBuy * spot), LineGroup(repeating: cost.proportionalSell * spot)
      )
      let (fromLow, fromHigh) = (LineGroup(repeating: low + cost.fixed), LineGroup(repeating: high + cost.fixed))
      let (toLow, toHigh) = (LineGroup(repeating: targetLow), LineGroup(repeating: targetHigh))
      let (lowEdge, highEdge) = (LineGroup(repeating: store.low[node]), LineGroup(repeating: store.high[node]))
      for group in 0..<groups {
        let y = buffers.holdings[group]
        let (tile, local) = (group / LineSweep.tile, group % LineSweep.tile)
        let place = buffers.recent + ((tile * buffers.nodes + node) * LineSweep.tile + local)
        let isHigh = y .>= highEdge
        var value = place.pointee
        value.replace(with: fused(buy, toLow - y, fromLow), where: (y .<= lowEdge) .& .!isHigh)
        value.replace(with: fused(sell, y - toHigh, fromHigh), where: isHigh)
        place.pointee = value
      }
    }
  }

  /// Cubic in inventory; the line of no inventory is left out where the settlement makes it special.
  private func value(_ slice: LineBuffers.Slice, _ node: Int, _ y: Double) -> Double {
    let lines = nodes.lines
    let place = (y - lines[0]) / nodes.spacing
    if place == Double(nodes.kink) { return slice[node, nodes.kink] }
    let most = 4
    let first = max(0, min(lines.count - most - 1, Int(place.rounded(.down)) - 1))
    let hasKink = nodes.kink >= first && nodes.kink < first + most
    func line(_ index: Int) -> Int { hasKink && first + index >= nodes.kink ? first + index + 1 : first + index }
    var sum = 0.0
    for i in 0..<most {
      var factor = slice[node, line(i)]
      for j in 0..<most where j != i { factor *= (place - Double(line(j))) / Double(line(i) - line(j)) }
      sum += factor
    }
    return sum
  }
}

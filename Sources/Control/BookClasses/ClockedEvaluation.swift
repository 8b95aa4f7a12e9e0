import Formulation
import Glibc

/// The value of a policy that looks only when a clock rings: in between every line of inventory is a plain linear problem,
/// at a tick `V(y) = V(target) + c(target − y)` wherever the rule trades.
///
/// One factorisation serves all lines (`LineSweep`). Time stepping starts afresh at every tick, with two half steps of implicit
/// Euler extrapolated by a whole one, `2 U_½ − U_1`, which is second order and damps what the tick broke. Second order in the
/// spacings too; the kinks that trading costs leave in V are spread over the lines and average out.
/// *Verified by* `PolicyEvaluationTests`.
struct ClockedEvaluation {
  /// On a schedule with clocks.
  let nodes: EvaluationNodes
  let rule: BandRule
  let functional: PolicyFunctional
  var threads = 1

  func run() -> PolicyEvaluation.Outcome {
    var buffers = LineBuffers(nodes: nodes.nodes, holdings: nodes.lines)
    var spare = LineBuffers(nodes: nodes.nodes, holdings: nodes.lines)
    defer {
      buffers.deallocate()
      spare.deallocate()
    }
    let start = buffers.slice(buffers.recent)
    functional.settle(on: nodes) { node, line, charge in start[node, line] = charge }
    let strip = Strip(rows: nodes.rows, tiles: buffers.tiles)
    defer { strip.deallocate() }
    var system = nodes.system
    var bands = BandRule.bands(count: nodes.nodes)
    var between = [Double](repeating: 0, count: nodes.nodes)
    let store = LevelStore(count: nodes.nodes)
    for level in nodes.levels {
      let scheme = nodes.step(to: level)
      let source = functional.source(level: level, on: nodes)
      if scheme.ratio == 0 {
        nodes.book.deltas(at: nodes.times[level] + 0.5 * scheme.step, into: &between)
        restart(
          &buffers, &spare, strip, &system, scheme: scheme, source: source,
          halfway: functional.source(deltas: between[...], on: nodes))
      } else {
        system.factorise(scheme)
        sweep(buffers, strip, system, recent: buffers.recent, into: buffers.older, source, scheme)
        swap(&buffers.recent, &buffers.older)
      }
      if nodes.ringing[level] != 0 {
        rule.fill(&bands, level: level, on: nodes)
        PolicyEvaluation.place(bands, level: level, on: nodes, into: store, floor: 0)
        trade(buffers, store, ringing: nodes.ringing[level])
      }
    }
    let slice = buffers.slice(buffers.recent)
    let values = (0..<nodes.regimes).map { e in
      value(slice, nodes.grid.reference * nodes.regimes + e, nodes.problem.inventory)
    }
    return PolicyEvaluation.Outcome(values: values, atTargets: values)
  }

  private func sweep(
    _ buffers: LineBuffers, _ strip: Strip, _ system: LineSystem, recent: UnsafeMutablePointer<LineGroup>,
    into older: UnsafeMutablePointer<LineGroup>, _ source: QuadraticSource, _ scheme: BackwardDifference
  ) {
    let sweep = LineSweep(system: system)
    let parts = min(threads, buffers.tiles)
    nonisolated(unsafe) let (from, to) = (recent, older)
    parallel(parts) { part in
      sweep.advance(
        recent: from, older: to, multiplier: buffers.multiplier, holdings: buffers.holdings, source: source,
        scheme: scheme, projection: .deferred, strip: strip, surroundings: NoSurroundings(),
        tiles: stride(from: part, to: buffers.tiles, by: parts))
    }
  }

  /// `2 U_½ − U_1` into `recent`; the level it started from into `older`.
  private func restart(
    _ buffers: inout LineBuffers, _ spare: inout LineBuffers, _ strip: Strip, _ system: inout LineSystem,
    scheme: BackwardDifference,
    source: QuadraticSource, halfway: QuadraticSource
  ) {
    let half = BackwardDifference(step: 0.5 * scheme.step, ratio: 0)
    system.factorise(scheme)
    sweep(buffers, strip, system, recent: buffers.recent, into: buffers.older, source, scheme)
    system.factorise(half)
    sweep(buffers, strip, system, recent: buffers.recent, into: spare.recent, halfway, half)
    sweep(buffers, strip, system, recent: spare.recent, into: spare.older, source, half)
    let count = buffers.nodes * buffers.tiles * LineSweep.tile
    for index in 0..<count { spare.older[index] = 2 * spare.older[index] - buffers.older[index] }
    // Recent level: the extrapolation; older level: where the step began.
    swap(&buffers.older, &buffers.recent)
    swap(&buffers.recent, &spare.older)
  }

  private func trade(_ buffers: LineBuffers, _ store: LevelStore, ringing: UInt8) {
    let slice = buffers.slice(buffers.recent)
    for node in 0..<nodes.nodes where ringing & (1 << UInt8(node % nodes.regimes)) != 0 {
      let cost = functional.costs[node % nodes.regimes]
      let spot = nodes.spots[node / nodes.regimes]
      let low = value(slice, node, store.targetLow[node])
      let high =
        store.targetHigh[node] == store.targetLow[node] ? low : value(slice, node, store.targetHigh[node])
      for (line, y) in nodes.lines.enumerated() {
        if y >= store.high[node] {
          slice[node, line] = high + cost.fixed + spot * cost.variable(trade: store.targetHigh[node] - y)
        } else if y <= store.low[node] {
          slice[node, line] = low + cost.fixed + spot * cost.variable(trade: store.targetLow[node] - y)
        }
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

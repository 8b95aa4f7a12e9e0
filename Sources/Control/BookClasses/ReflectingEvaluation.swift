import Formulation
import Glibc

/// The value of a policy that trades to the edge of its band and no further, costs being proportional.
///
/// The slope `W = ∂V/∂y` of each functional solves, for each inventory by itself,
///
///     W_t + LW + QW + ∂_y r = 0  where low < y < high,   W = −k_buy S below,   W = k_sell S above,
///
/// the game's linear counterpart with its boundary given. V follows from its value G at the centre of every band, which moves:
/// with `V(y) = G + ∫ W dy`, the equation of V at the centre's own inventory is one tridiagonal system per step whose right
/// side holds integrals of W at the neighbouring nodes, exact for W cubic between lines and linear next to edges. V has a continuous slope
/// in S across an edge, so that nothing is smeared there. Second order. *Verified by* `PolicyEvaluationTests`.
struct ReflectingEvaluation {
  let nodes: EvaluationNodes
  let rule: BandRule
  /// No first passages.
  let functionals: [PolicyFunctional]
  let threads: Int

  private var count: Int { functionals.count }

  /// V at the centres of a level: `[node × functional]`, and where the centres are, `[node]`.
  private struct Centres {
    var value: [Double]
    var place: [Double]
    /// The horizon's own values: the settlement's charge jumps in slope where nothing is left to unwind, which lines in
    /// between would round off.
    var settlement: SettlementCells?
  }

  /// A level of slopes with its edges.
  private struct Slopes {
    let lines: SlopeIntegral
    let slice: UnsafeMutablePointer<LineGroup>
    let store: LevelStore

    /// Adds a multiple of `∫ W dy` at a node.
    func add(
      _ node: Int, from start: Double, to end: Double, times factor: Double, to sums: UnsafeMutablePointer<Double>
    ) {
      lines.add(slice, store, node, from: start, to: end, times: factor, to: sums)
    }
  }

  func run() -> [PolicyEvaluation.Outcome] {
    let buffers = EvaluationBuffers(nodes, functionals: count)
    let lines = SlopeIntegral(buffers)
    defer { lines.deallocate() }
    var bands = BandRule.bands(count: nodes.nodes)
    var recent = terminal(buffers)
    var older = recent
    var centres = recent
    centres.settlement = nil
    setConstants(buffers)
    let march = GroupMarch(nodes: nodes, sources: functionals.map(\.source), threads: threads)
    defer { march.deallocate() }
    var system = nodes.system
    var level = LevelTerms(nodes)
    var source = QuadraticSource(count: nodes.nodes)
    for index in nodes.levels {
      let scheme = nodes.step(to: index)
      nodes.fill(&level, index, for: rule)
      rule.fill(&bands, level, on: nodes)
      PolicyEvaluation.place(bands, level, on: nodes, into: buffers.now, floor: 0)
      buffers.seal(buffers.now)
      for node in 0..<nodes.nodes { centres.place[node] = centre(buffers.now, node) }
      nodes.fillRunning(&source, deltas: level.deltas)
      march.advance(buffers, source: source.slope, scheme: scheme)
      system.factorise(scheme)
      let slopes = (
        now: Slopes(lines: lines, slice: buffers.next, store: buffers.now),
        recent: Slopes(lines: lines, slice: buffers.recent, store: buffers.before),
        older: Slopes(lines: lines, slice: buffers.older, store: buffers.earlier)
      )
      advance(&centres, slopes.now, (recent, slopes.recent), (older, slopes.older), source, scheme, system)
      if nodes.ringing[index] != 0 {
        march.shut(buffers) { node in
          EvaluationSchedule.rings(nodes.ringing[index], node % nodes.regimes)
            ? (centres.place[node], centres.place[node]) : nil
        }
      }
      swap(&older, &recent)
      swap(&recent, &centres)
      centres.settlement = nil
      buffers.rotate()
    }
    var outcomes = functionals.map { _ in PolicyEvaluation.Outcome(values: [], atTargets: []) }
    let rest = NodeArray(repeating: 0.0, count: count)
    defer { rest.deallocate() }
    for e in 0..<nodes.regimes {
      let node = nodes.grid.reference * nodes.regimes + e
      for k in 0..<count { rest[k] = recent.value[node * count + k] }
      for k in 0..<count { outcomes[k].atTargets.append(rest[k]) }
      lines.add(
        buffers.recent, buffers.before, node, from: recent.place[node], to: nodes.problem.inventory, times: 1,
        to: rest.start)
      for k in 0..<count { outcomes[k].values.append(rest[k]) }
    }
    return outcomes
  }

  /// The middle of the band, within the grid's inventories.
  private func centre(_ store: LevelStore, _ node: Int) -> Double {
    min(nodes.lines[nodes.lines.count - 1], max(nodes.lines[0], 0.5 * (store.low[node] + store.high[node])))
  }

  /// Beyond the edges W is what a unit costs to trade, at all levels.
  private func setConstants(_ buffers: EvaluationBuffers) {
    for node in 0..<nodes.nodes {
      let spot = nodes.spots[node / nodes.regimes]
      for (k, functional) in functionals.enumerated() {
        let cost = functional.costs[node % nodes.regimes]
        for store in [buffers.now, buffers.before, buffers.earlier] {
          store.highConstant[node * count + k] = cost.proportionalSell * spot
          store.lowConstant[node * count + k] = -cost.proportionalBuy * spot
        }
      }
    }
  }

  private func terminal(_ buffers: EvaluationBuffers) -> Centres {
    let cells = SettlementCells(problem: nodes.problem, logSpots: nodes.grid.logSpots)
    buffers.openHorizon(beyond: 2 * (nodes.lines[nodes.lines.count - 1] - nodes.lines[0]))
    for node in 0..<nodes.nodes {
      let (row, e) = (node / nodes.regimes, node % nodes.regimes)
      for (k, functional) in functionals.enumerated() where functional.settles {
        let cost = functional.costs[e]
        for (line, y) in nodes.lines.enumerated() {
          let sides = cells.sides(row: row, inventory: y, tolerance: 1e-9 * nodes.spacing)
          buffers.set(
            buffers.recent, node, line, k,
            nodes.spots[row] * (sides.positive * cost.proportionalSell - sides.negative * cost.proportionalBuy))
        }
      }
    }
    return Centres(
      value: Array(repeating: 0, count: nodes.nodes * count), place: Array(repeating: 0, count: nodes.nodes),
      settlement: cells)
  }

  /// Adds a multiple of V at any inventory of one of the two levels before.
  private func addValue(
    _ level: (centres: Centres, slopes: Slopes), _ node: Int, _ y: Double, times factor: Double,
    to sums: UnsafeMutablePointer<Double>
  ) {
    if let cells = level.centres.settlement {
      let row = node / nodes.regimes
      for (k, functional) in functionals.enumerated() where functional.settles {
        let cost = functional.costs[node % nodes.regimes]
        sums[k] += factor * cells.charge(row: row, spot: nodes.spots[row], cost: cost, inventory: y)
      }
      return
    }
    for k in 0..<count { sums[k] += factor * level.centres.value[node * count + k] }
    level.slopes.add(node, from: level.centres.place[node], to: y, times: factor, to: sums)
  }

  /// One step of G: the equation of V at each centre's inventory.
  private func advance(
    _ centres: inout Centres, _ now: Slopes, _ recent: (Centres, Slopes), _ older: (Centres, Slopes),
    _ source: QuadraticSource, _ scheme: BackwardDifference, _ system: LineSystem
  ) {
    let m = nodes.regimes
    let sums = NodeArray(repeating: 0.0, count: count)
    let right = NodeArray(repeating: 0.0, count: nodes.nodes * count)
    let line = NodeArray(repeating: 0.0, count: nodes.nodes)
    defer { for array in [sums, right, line] { array.deallocate() } }
    for node in 0..<nodes.nodes {
      let (row, y) = (node / m, centres.place[node])
      let running = source.constant[node] + (source.linear[node] + source.quadratic[node] * y) * y
      for k in 0..<count { sums[k] = functionals[k].source == .running ? scheme.step * running : 0 }
      /// V at this inventory beyond G, at another node of the new level.
      func addBeyond(_ other: Int, _ coefficient: Double) {
        now.add(other, from: centres.place[other], to: y, times: scheme.step * coefficient, to: sums.start)
      }
      if row > 0 { addBeyond(node - m, system.lower[node]) }
      if row < nodes.rows - 1 { addBeyond(node + m, system.upper[node]) }
      for f in 0..<m where f != node % m { addBeyond(row * m + f, system.block[node * m + f]) }
      addValue(recent, node, y, times: scheme.recent, to: sums.start)
      if scheme.older != 0 { addValue(older, node, y, times: -scheme.older, to: sums.start) }
      for k in 0..<count { right[k * nodes.nodes + node] = sums[k] }
    }
    for k in 0..<count {
      for node in 0..<nodes.nodes { line[node] = right[k * nodes.nodes + node] }
      system.solve(line)
      for node in 0..<nodes.nodes { centres.value[node * count + k] = line[node] }
    }
  }
}

import Formulation
import Glibc

/// The value of a policy that trades to the edge of its band and no further, costs being proportional.
///
/// The slope `W = ∂V/∂y` solves, for each inventory by itself,
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
  let functional: PolicyFunctional
  let threads: Int

  /// V at the centres of a level: `[node]`.
  private struct Centres {
    var value: [Double]
    var place: [Double]
    /// The horizon's own values: the settlement's charge jumps in slope where nothing is left to unwind, which lines in
    /// between would round off.
    var settlement: SettlementCells?
  }

  /// V at any inventory of one of the two levels before.
  private func value(
    _ centres: Centres, _ buffers: EvaluationBuffers, _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore,
    _ node: Int, _ y: Double
  ) -> Double {
    if let cells = centres.settlement {
      guard functional.settles else { return 0 }
      let row = node / nodes.regimes
      return cells.charge(
        row: row, spot: nodes.spots[row], cost: functional.costs[node % nodes.regimes], inventory: y)
    }
    return centres.value[node] + integral(buffers, slice, store, node, from: centres.place[node], to: y)
  }

  func run() -> PolicyEvaluation.Outcome {
    let buffers = EvaluationBuffers(nodes)
    var bands = BandRule.bands(count: nodes.nodes)
    var recent = terminal(buffers)
    var older = recent
    let march = GroupMarch(nodes: nodes, threads: threads)
    defer { march.deallocate() }
    var system = nodes.system
    for level in nodes.levels {
      let scheme = nodes.step(to: level)
      rule.fill(&bands, level: level, on: nodes)
      let store = buffers.now
      PolicyEvaluation.place(bands, level: level, on: nodes, into: store, floor: 0)
      var centres = Centres(value: recent.value, place: recent.place)
      for node in 0..<nodes.nodes {
        let cost = functional.costs[node % nodes.regimes]
        let spot = nodes.spots[node / nodes.regimes]
        store.highConstant[node] = cost.proportionalSell * spot
        store.lowConstant[node] = -cost.proportionalBuy * spot
        centres.place[node] = centre(store, node)
      }
      let source = functional.source(level: level, on: nodes)
      march.advance(buffers, source: source.slope, scheme: scheme)
      advance(&centres, buffers, recent, older, source: source, scheme: scheme, system: &system)
      if nodes.ringing[level] != 0 {
        for node in 0..<nodes.nodes where nodes.ringing[level] & (1 << UInt8(node % nodes.regimes)) != 0 {
          store.low[node] = centres.place[node]
          store.high[node] = centres.place[node]
        }
      }
      older = recent
      recent = centres
      buffers.rotate()
    }
    var outcome = PolicyEvaluation.Outcome(values: [], atTargets: [])
    for e in 0..<nodes.regimes {
      let node = nodes.grid.reference * nodes.regimes + e
      let rest = integral(
        buffers, buffers.recent, buffers.before, node, from: recent.place[node], to: nodes.problem.inventory)
      outcome.values.append(recent.value[node] + rest)
      outcome.atTargets.append(recent.value[node])
    }
    return outcome
  }

  /// The middle of the band, within the grid's inventories.
  private func centre(_ store: LevelStore, _ node: Int) -> Double {
    min(nodes.lines[nodes.lines.count - 1], max(nodes.lines[0], 0.5 * (store.low[node] + store.high[node])))
  }

  private func terminal(_ buffers: EvaluationBuffers) -> Centres {
    let cells = SettlementCells(problem: nodes.problem, logSpots: nodes.grid.logSpots)
    let reach = 2 * (nodes.lines[nodes.lines.count - 1] - nodes.lines[0])
    let centres = Centres(
      value: Array(repeating: 0, count: nodes.nodes), place: Array(repeating: 0, count: nodes.nodes),
      settlement: cells)
    for node in 0..<nodes.nodes {
      buffers.before.open(node, beyond: reach)
      let (row, e) = (node / nodes.regimes, node % nodes.regimes)
      let cost = functional.costs[e]
      guard functional.settles else { continue }
      for (line, y) in nodes.lines.enumerated() {
        let sides = cells.sides(row: row, inventory: y, tolerance: 1e-9 * nodes.spacing)
        buffers.set(
          buffers.recent, node, line,
          nodes.spots[row] * (sides.positive * cost.proportionalSell - sides.negative * cost.proportionalBuy))
      }
    }
    return centres
  }

  /// One step of G: the equation of V at each centre's inventory.
  private func advance(
    _ centres: inout Centres, _ buffers: EvaluationBuffers, _ recent: Centres, _ older: Centres,
    source: QuadraticSource, scheme: BackwardDifference, system: inout LineSystem
  ) {
    let m = nodes.regimes
    system.factorise(scheme)
    var right = [Double](repeating: 0, count: nodes.nodes)
    for node in 0..<nodes.nodes {
      let y = centres.place[node]
      let row = node / m
      /// V at this inventory beyond G, at another node of the new level.
      func beyond(_ other: Int) -> Double {
        integral(buffers, buffers.next, buffers.now, other, from: centres.place[other], to: y)
      }
      var sum = source.constant[node] + (source.linear[node] + source.quadratic[node] * y) * y
      if row > 0 { sum += system.lower[node] * beyond(node - m) }
      if row < nodes.rows - 1 { sum += system.upper[node] * beyond(node + m) }
      for f in 0..<m where f != node % m { sum += system.block[node * m + f] * beyond(row * m + f) }
      var value = scheme.step * sum
      value += scheme.recent * self.value(recent, buffers, buffers.recent, buffers.before, node, y)
      if scheme.older != 0 {
        value -= scheme.older * self.value(older, buffers, buffers.older, buffers.earlier, node, y)
      }
      right[node] = value
    }
    system.solve(&right)
    centres.value = right
  }

  /// ∫ W dy at a node, W linear between the edges and the lines inside, constant beyond.
  private func integral(
    _ buffers: EvaluationBuffers, _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ node: Int,
    from start: Double, to end: Double
  ) -> Double {
    if start == end { return 0 }
    if start > end { return -integral(buffers, slice, store, node, from: end, to: start) }
    let (low, high) = (store.low[node], store.high[node])
    let plain = EvaluationBuffers.plain(slice)
    let lines = buffers.inside(store, node)
    func knot(_ line: Int) -> (y: Double, w: Double) {
      if line < lines.lowerBound { return (low, store.lowConstant[node]) }
      if line >= lines.upperBound { return (high, store.highConstant[node]) }
      return (buffers.origin + Double(line) * buffers.spacing, plain[buffers.position(node, line)])
    }
    var sum = 0.0
    if start < low { sum += store.lowConstant[node] * (min(end, low) - start) }
    if end > high { sum += store.highConstant[node] * (end - max(start, high)) }
    let (a, b) = (max(start, low), min(end, high))
    guard a < b else { return sum }
    // Pieces between knots, from the one that holds a.
    var line = max(
      lines.lowerBound - 1,
      min(lines.upperBound - 1, Int(((a - buffers.origin) / buffers.spacing).rounded(.down))))
    while line < lines.upperBound {
      let (left, next) = (knot(line), knot(line + 1))
      let (p, q) = (max(a, left.y), min(b, next.y))
      if q > p, next.y > left.y {
        if line > lines.lowerBound, line + 2 < lines.upperBound {
          // The cubic through four lines, exactly by Gauss's two points.
          let (middle, reach) = (0.5 * (p + q), 0.5 * (q - p) * ReflectingEvaluation.gaussPoint)
          for y in [middle - reach, middle + reach] {
            sum += 0.5 * (q - p) * buffers.cubic(plain, node, line - 1, at: (y - buffers.origin) / buffers.spacing)
          }
        } else {
          let slope = (next.w - left.w) / (next.y - left.y)
          sum += (q - p) * (left.w + slope * (0.5 * (p + q) - left.y))
        }
      }
      if next.y >= b { break }
      line += 1
    }
    return sum
  }

  /// 1/√3.
  private static let gaussPoint = 0.577_350_269_189_625_8
}

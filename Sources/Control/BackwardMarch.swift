import Dispatch
import Formulation
import Glibc

/// Memory of the lines, `[row × regime × holding]`: three slices and a multiplier, whatever the number of steps.
///
/// `@unchecked Sendable`: threads write disjoint line groups in a sweep and disjoint rows in a reading.
private struct LineBuffers: @unchecked Sendable {
  var recent: UnsafeMutablePointer<LineGroup>
  var older: UnsafeMutablePointer<LineGroup>
  let multiplier: UnsafeMutablePointer<LineGroup>
  let holdings: UnsafeMutablePointer<LineGroup>
  let count: Int
  let groups: Int

  init(nodes: Int, groups: Int) {
    count = nodes * groups
    self.groups = groups
    recent = .allocate(capacity: count)
    older = .allocate(capacity: count)
    multiplier = .allocate(capacity: count)
    holdings = .allocate(capacity: groups)
    recent.initialize(repeating: .zero, count: count)
    older.initialize(repeating: .zero, count: count)
    multiplier.initialize(repeating: .zero, count: count)
    holdings.initialize(repeating: .zero, count: groups)
  }

  func deallocate() {
    recent.deallocate()
    older.deallocate()
    multiplier.deallocate()
    holdings.deallocate()
  }

  /// The lines of a node as plain numbers.
  @inline(__always)
  func line(_ base: UnsafeMutablePointer<LineGroup>, node: Int) -> UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(base + node * groups).assumingMemoryBound(to: Double.self)
  }
}

/// Results that rows write side by side.
private struct RowOutputs: @unchecked Sendable {
  let bands: UnsafeMutablePointer<Band>
  let excess: UnsafeMutablePointer<Double>
}

/// One backward march through time on a given grid.
struct BackwardMarch {
  let problem: OptionBookProblem
  let grid: FiniteHorizonGrid
  let threads: Int
  private let spots: [Double]
  private let rows: Int
  private let regimes: Int
  private let nodes: Int
  private let groups: Int
  private let lines: Int
  private let holdings: [Double]
  private let spacing: Double
  private let isGame: Bool
  /// Index of the zero inventory, where settlement at cost makes V special.
  private let zeroIndex: Int
  /// Upper and lower obstacle of W per node: k_sell S and k_buy S.
  private let ceiling: [Double]
  private let floor: [Double]

  init(problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int) {
    self.problem = problem
    self.grid = grid
    self.threads = threads
    spots = grid.spots
    rows = spots.count
    regimes = problem.environment.count
    nodes = rows * regimes
    holdings = grid.holdings
    lines = holdings.count
    groups = lines / LineGroup.scalarCount
    spacing = holdings[1] - holdings[0]
    isGame = problem.costs.allSatisfy { $0.fixed == 0 }
    zeroIndex = Int((-holdings[0] / spacing).rounded())
    var ceiling = [Double](repeating: 0, count: nodes)
    var floor = ceiling
    for row in 0..<rows {
      for e in 0..<regimes {
        ceiling[row * regimes + e] = problem.costs[e].proportionalSell * spots[row]
        floor[row * regimes + e] = problem.costs[e].proportionalBuy * spots[row]
      }
    }
    self.ceiling = ceiling
    self.floor = floor
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var buffers = LineBuffers(nodes: nodes, groups: groups)
    defer { buffers.deallocate() }
    for line in 0..<lines { buffers.line(buffers.holdings, node: 0)[line] = holdings[line] }

    let times = grid.times
    let last = times.count - 1
    let table = BookTable(book: problem.book, spots: spots, regimes: regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var delta = [Double](repeating: 0, count: nodes)
    var bands = [Band](
      repeating: Band(lower: 0, upper: 0, targetLower: 0, targetUpper: 0), count: last * nodes)
    var excess = [Double](repeating: 0, count: nodes)

    // The single lines that ride along: the value at the reference inventory (game) and the jump-of-mark risk.
    let referenceLine = referenceHolding()
    var valueLine = SingleLine(count: nodes)
    var jumpLine = SingleLine(count: nodes)
    var marks = [Double](repeating: 0, count: nodes)
    let tracksJumps = table.jumpsOnSwitching && regimes > 1

    setTerminal(&buffers, valueLine: &valueLine, reference: referenceLine)
    var ratio = 0.0
    for level in stride(from: last - 1, through: 0, by: -1) {
      let step = times[level + 1] - times[level]
      if level == last - 1 || grid.isSegmentEnd[level + 1] {
        ratio = 0
        table.deltas(at: times[level + 1].nextDown, into: &delta)
        initialiseMultiplier(buffers, source: source(delta: delta), system: system)
      } else {
        ratio = step / (times[level + 2] - times[level + 1])
      }
      let scheme = BackwardDifference(step: step, ratio: ratio)
      system.factorise(leading: scheme.leading, step: step)
      table.deltas(at: times[level], into: &delta)
      let source = source(delta: delta)
      sweep(buffers, system: system, source: source, scheme: scheme)
      swap(&buffers.recent, &buffers.older)
      bands.withUnsafeMutableBufferPointer { bandBuffer in
        excess.withUnsafeMutableBufferPointer { excessBuffer in
          let outputs = RowOutputs(
            bands: bandBuffer.baseAddress! + level * nodes, excess: excessBuffer.baseAddress!)
          read(buffers, delta: delta, scheme: scheme, reference: referenceLine, outputs: outputs)
        }
      }
      if isGame {
        let y = holdings[referenceLine]
        valueLine.advance(system, scheme) { node in
          source.constant[node] * y + 0.5 * source.linear[node] * y * y + gammaAtZero(node: node, delta: delta[node])
            - excess[node]
        }
      }
      if tracksJumps {
        table.values(at: times[level], into: &marks)
        jumpLine.advance(system, scheme) { node in markJumpRate(node: node, marks: marks) }
      }
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }

    let values = presentValues(buffers, valueLine: valueLine, reference: referenceLine)
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(method: FiniteHorizon.name, where: "the value at the valuation")
    }
    // The march runs from the horizon; within a level, nodes are [row × regime], the table's are [regime × row].
    var ordered = bands
    for level in 0..<last {
      for row in 0..<rows {
        for e in 0..<regimes {
          ordered[(level * regimes + e) * rows + row] = bands[level * nodes + row * regimes + e]
        }
      }
    }
    return FiniteHorizonSolution(
      problem: problem, settingsGiven: settings, grid: grid,
      policy: PolicyTable(
        times: Array(times.dropLast()), logSpots: grid.logSpots, regimeCount: regimes, bands: ordered),
      values: values, markJumpRisk: jumpLine.recent, bookDeltas: delta)
  }

  // MARK: Source terms

  /// The running cost as a polynomial in y: of r itself with a fixed cost, of ∂r/∂y in the game.
  private func source(delta: [Double]) -> QuadraticSource {
    var source = QuadraticSource(count: nodes)
    let aversion = problem.preference.riskAversion
    for row in 0..<rows {
      let spot = spots[row]
      for (e, state) in problem.environment.regimes.enumerated() {
        let node = row * regimes + e
        let weight = aversion * state.volatility * state.volatility * spot * spot
        let excessDrift = (state.drift - problem.market.rate) * spot
        let slope = weight * delta[node] - excessDrift + state.funding * spot
        if isGame {
          source.constant[node] = slope
          source.linear[node] = weight
        } else {
          source.constant[node] = 0.5 * weight * delta[node] * delta[node] - excessDrift * delta[node]
          source.linear[node] = slope
          source.quadratic[node] = 0.5 * weight
        }
      }
    }
    return source
  }

  /// r at zero inventory: `½ a σ² S² Δ² − (μ − r) S Δ`.
  private func gammaAtZero(node: Int, delta: Double) -> Double {
    problem.runningCost(spot: spots[node / regimes], regime: node % regimes, bookDelta: delta, inventory: 0)
  }

  private func markJumpRate(node: Int, marks: [Double]) -> Double {
    let from = node % regimes
    let base = node - from
    var rate = 0.0
    for to in 0..<regimes where to != from {
      let jump = marks[base + to] - marks[node]
      rate += problem.environment.generator.rates[from][to] * jump * jump
    }
    return 0.5 * problem.preference.riskAversion * rate
  }

  // MARK: Start

  private func referenceHolding() -> Int {
    let here = problem.book.greeks(time: 0, spot: problem.market.spot, regime: problem.market.currentRegime)
    let position = ((-here.delta - holdings[0]) / spacing).rounded()
    return max(0, min(lines - 1, Int(position)))
  }

  private func setTerminal(_ buffers: inout LineBuffers, valueLine: inout SingleLine, reference: Int) {
    for row in 0..<rows {
      let assigned = problem.settlement == .physical ? problem.assigned(spot: spots[row]) : 0
      for e in 0..<regimes {
        let node = row * regimes + e
        let line = buffers.line(buffers.recent, node: node)
        for index in 0..<lines {
          if isGame {
            let rest = holdings[index] + assigned
            let isFlat = abs(rest) < 1e-9 * spacing || problem.settlement == .none
            line[index] = isFlat ? 0 : rest > 0 ? ceiling[node] : -floor[node]
          } else {
            let inventory = index == zeroIndex ? 0 : holdings[index]
            line[index] = problem.settlementCharge(spot: spots[row], regime: e, inventory: inventory)
          }
        }
        valueLine.recent[node] = problem.settlementCharge(
          spot: spots[row], regime: e, inventory: reference == zeroIndex ? 0 : holdings[reference])
      }
    }
    if !isGame {
      // One may trade at the horizon instead of being settled.
      for node in 0..<nodes {
        intervene(node: node, line: buffers.line(buffers.recent, node: node)) { index, best, value in
          if best < value[index] { value[index] = best }
        }
      }
    }
  }

  /// λ at the start of a segment: where the solution touches its obstacle, the rate at which it would leave it.
  private func initialiseMultiplier(_ buffers: LineBuffers, source: QuadraticSource, system: LineSystem) {
    for node in 0..<nodes {
      let row = node / regimes
      let base = row * regimes
      let line = buffers.line(buffers.recent, node: node)
      let multiplier = buffers.line(buffers.multiplier, node: node)
      let below = row > 0 ? buffers.line(buffers.recent, node: node - regimes) : line
      let above = row < rows - 1 ? buffers.line(buffers.recent, node: node + regimes) : line
      func rate(_ index: Int) -> Double {
        let y = holdings[index]
        var value = source.constant[node] + (source.linear[node] + source.quadratic[node] * y) * y
        value += system.lower[node] * below[index] + system.upper[node] * above[index]
        for other in 0..<regimes {
          value +=
            system.block[node * regimes + other] * buffers.line(buffers.recent, node: base + other)[index]
        }
        return value
      }
      if isGame {
        for index in 0..<lines {
          multiplier[index] =
            line[index] >= ceiling[node]
            ? max(0, rate(index)) : line[index] <= -floor[node] ? min(0, rate(index)) : 0
        }
      } else {
        intervene(node: node, line: line) { index, best, value in
          multiplier[index] = value[index] >= best ? max(0, rate(index)) : 0
        }
      }
    }
  }

  // MARK: Step

  private func sweep(
    _ buffers: LineBuffers, system: LineSystem, source: QuadraticSource, scheme: BackwardDifference
  ) {
    let sweep = LineSweep(system: system, groups: groups)
    let parts = min(threads, groups)
    let groupCount = groups
    let (ceiling, floor, isGame) = (self.ceiling, self.floor, self.isGame)
    parallel(parts) { part in
      let range = (part * groupCount / parts)..<((part + 1) * groupCount / parts)
      ceiling.withUnsafeBufferPointer { upper in
        floor.withUnsafeBufferPointer { lower in
          sweep.advance(
            recent: buffers.recent, older: buffers.older, multiplier: buffers.multiplier,
            holdings: buffers.holdings, source: source, scheme: scheme,
            projection: isGame ? .clip(lower: lower.baseAddress!, upper: upper.baseAddress!) : .deferred,
            range: range)
        }
      }
    }
  }

  private func parallel(_ parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
    if parts == 1 { body(0) } else { DispatchQueue.concurrentPerform(iterations: parts, execute: body) }
  }

  /// Calls `body(index, MV(index), values)` for every inventory of a node.
  @inline(__always)
  private func intervene(
    node: Int, line: UnsafeMutablePointer<Double>,
    _ body: (Int, Double, UnsafeMutablePointer<Double>) -> Void
  ) {
    let intervention = Intervention(
      fixed: problem.costs[node % regimes].fixed, buyPerUnit: floor[node], sellPerUnit: ceiling[node],
      spacing: spacing)
    let kink = problem.settlement == .none ? -1 : zeroIndex
    withUnsafeTemporaryAllocation(of: Double.self, capacity: lines) { scratch in
      let best = scratch.baseAddress!
      intervention.apply(line, count: lines, kink: kink, best: best)
      for index in 0..<lines { body(index, best[index], line) }
    }
  }

  /// Projects (fixed cost), reads the bands and integrates the multiplier, row by row.
  private func read(
    _ buffers: LineBuffers, delta: [Double], scheme: BackwardDifference, reference: Int, outputs: RowOutputs
  ) {
    let parts = min(threads, rows)
    let (regimes, rows) = (self.regimes, self.rows)
    parallel(parts) { part in
      for row in (part * rows / parts)..<((part + 1) * rows / parts) {
        for e in 0..<regimes {
          let node = row * regimes + e
          if isGame {
            readGame(buffers, node: node, delta: delta[node], reference: reference, outputs: outputs)
          } else {
            readImpulse(buffers, node: node, delta: delta[node], scheme: scheme, outputs: outputs)
          }
        }
      }
    }
  }

  private func readGame(
    _ buffers: LineBuffers, node: Int, delta: Double, reference: Int, outputs: RowOutputs
  ) {
    let value = buffers.line(buffers.recent, node: node)
    let rate = buffers.line(buffers.multiplier, node: node)
    let (upper, lower) = (ceiling[node], floor[node])
    // W grows with y (V is convex in y): the interior is one interval.
    let firstInside = GameReader.firstIndex(lines) { value[$0] > -lower }
    let firstAbove = GameReader.firstIndex(lines) { value[$0] >= upper }
    let reader = EdgeReader(origin: holdings[0], spacing: spacing, count: lines)
    let low: Double
    let high: Double
    if firstInside < firstAbove {
      let middle = (firstInside + firstAbove - 1) / 2
      high = reader.edge(from: middle, direction: 1) { upper - value[$0] }
      low = reader.edge(from: middle, direction: -1) { value[$0] + lower }
    } else {
      // Nothing is inside: the band is narrower than the spacing, and lies where the multiplier changes sign.
      let index = max(1, min(lines - 1, firstAbove))
      let (before, after) = (rate[index - 1], rate[index])
      let share = after > before ? min(1, max(0, -before / (after - before))) : 0.5
      low = holdings[index - 1] + share * spacing
      high = low
    }
    outputs.bands[node] = Band(
      lower: low + delta, upper: high + delta, targetLower: low + delta, targetUpper: high + delta)
    outputs.excess[node] = GameReader.excess(
      rate: rate, spacing: spacing, center: max(0, min(lines - 1, (firstInside + firstAbove) / 2)), reference: reference)
  }

  private func readImpulse(
    _ buffers: LineBuffers, node: Int, delta: Double, scheme: BackwardDifference, outputs: RowOutputs
  ) {
    let row = ImpulseRow(
      fixed: problem.costs[node % regimes].fixed, buy: floor[node], sell: ceiling[node], origin: holdings[0],
      spacing: spacing, count: lines, kink: problem.settlement == .none ? -1 : zeroIndex)
    outputs.bands[node] = withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: groups) { distance in
      row.project(
        buffers.recent + node * groups, multiplier: buffers.multiplier + node * groups,
        distance: distance.baseAddress!, holdings: buffers.holdings, rate: scheme.leading / scheme.step
      ).shifted(by: delta)
    }
  }

  // MARK: Present value

  private func presentValues(_ buffers: LineBuffers, valueLine: SingleLine, reference: Int) -> [Double] {
    var values = [Double](repeating: 0, count: nodes * lines)
    for node in 0..<nodes {
      let line = buffers.line(buffers.recent, node: node)
      let base = node * lines
      if !isGame {
        for index in 0..<lines { values[base + index] = line[index] }
        continue
      }
      // V = V_ref + ∫ W dy by the trapezoidal rule.
      values[base + reference] = valueLine.recent[node]
      for index in (reference + 1)..<max(lines, reference + 1) where index < lines {
        values[base + index] = values[base + index - 1] + 0.5 * spacing * (line[index] + line[index - 1])
      }
      for index in stride(from: reference - 1, through: 0, by: -1) {
        values[base + index] = values[base + index + 1] - 0.5 * spacing * (line[index] + line[index + 1])
      }
    }
    return values
  }
}

/// One line of numbers on the nodes that is stepped without an obstacle.
struct SingleLine {
  var recent: [Double]
  private var older: [Double]

  init(count: Int) {
    recent = Array(repeating: 0, count: count)
    older = recent
  }

  /// One backward-difference step with the source evaluated at the new time.
  mutating func advance(_ system: LineSystem, _ scheme: BackwardDifference, source: (Int) -> Double) {
    for node in recent.indices {
      older[node] = scheme.recent * recent[node] - scheme.older * older[node] + scheme.step * source(node)
    }
    system.solve(&older)
    swap(&recent, &older)
  }
}

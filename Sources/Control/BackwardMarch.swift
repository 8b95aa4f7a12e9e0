import Formulation
import Glibc

/// One backward march through time on a given grid.
struct BackwardMarch {
  let problem: OptionBookProblem
  let grid: FiniteHorizonGrid
  let threads: Int
  let spots: [Double]
  let rows: Int
  let regimes: Int
  let nodes: Int
  let lines: Int
  let holdings: [Double]
  let spacing: Double
  let isGame: Bool
  /// Whether steps leave out what lies beside the strip.
  let isNarrow: Bool
  /// Index of the zero inventory, where settlement at cost makes V special.
  let zeroIndex: Int
  /// `zeroIndex` when settlement costs something, else −1.
  let kink: Int
  /// Upper and lower obstacle of W per node: k_sell S and k_buy S.
  let ceiling: [Double]
  let floor: [Double]
  /// What trades cost when failures pay as well: K/(1 − p) for every trade that happens.
  let costs: [TradeCost]
  /// For a price that jumps: on what the lines hold, and on values.
  let jumps: JumpOperator?
  let valueJumps: JumpOperator?
  /// Whether V is kept along the way; see `ValueRecorder`.
  let keepsValues: Bool

  /// - Parameters:
  ///   - ofValues: whether to march V even where the game would do, for comparison.
  ///   - everywhere: whether to step all nodes, for comparison.
  ///   - keepsValues: whether the solution is to hold V at earlier times too.
  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, ofValues: Bool = false, everywhere: Bool = false,
    keepsValues: Bool = false
  ) {
    self.problem = problem
    self.grid = grid
    self.threads = threads
    self.keepsValues = keepsValues
    spots = grid.spots
    rows = spots.count
    regimes = problem.environment.count
    nodes = rows * regimes
    holdings = grid.holdings
    lines = holdings.count
    spacing = holdings[1] - holdings[0]
    isGame = !ofValues && problem.costs.allSatisfy { $0.fixed == 0 }
    // Where trading is free W has no side to be on, and where the price jumps what lies beside the strip follows from far away.
    isNarrow =
      !everywhere && !problem.environment.hasPriceJumps && (!isGame || !problem.costs.contains(where: \.isZero))
    zeroIndex = Int((-holdings[0] / spacing).rounded())
    kink = problem.settlement == .none ? -1 : zeroIndex
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
    costs = problem.costs.map { $0.multiplied(fixed: 1 / (1 - problem.execution.failure), variable: 1) }
    let environment = problem.environment
    jumps = JumpOperator(logSpots: grid.logSpots, environment: environment, ends: isGame ? .slope : .value)
    valueJumps = isGame ? JumpOperator(logSpots: grid.logSpots, environment: environment, ends: .value) : jumps
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var buffers = LineBuffers(nodes: nodes, holdings: holdings, jumping: jumps != nil)
    defer { buffers.deallocate() }

    let times = grid.times
    let last = times.count - 1
    let table = BookTable(book: problem.book, spots: spots, regimes: regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    var delta = [Double](repeating: 0, count: nodes)
    var bands = [Band](
      repeating: Band(lower: 0, upper: 0, targetLower: 0, targetUpper: 0), count: last * nodes)

    // The single lines that ride along: the value at the reference inventory (game) and the risk of the marks' jumps.
    let referenceLine = referenceHolding()
    var valueLine = SingleLine(count: nodes)
    var markJumps = MarkJumpLine(problem: problem, book: table, jumps: valueJumps, count: nodes)
    let reader = RowReader(
      costs: costs, prices: spots, holdings: holdings, kinks: Array(repeating: kink, count: rows),
      reference: referenceLine)
    let rates = PinnedRates(ceiling: ceiling, floor: floor)
    var trades = TradedLevels(count: nodes)
    var memory = StripMemory(
      grid: grid, environment: problem.environment, tiles: buffers.tiles, isNarrow: isNarrow)
    defer {
      reader.deallocate()
      rates.deallocate()
      trades.deallocate()
      memory.deallocate()
    }

    setTerminal(&buffers, valueLine: &valueLine, reference: referenceLine)
    var recorder = keepsValues ? ValueRecorder(grid: grid, regimes: regimes) : nil
    recorder?.keep(level: last) { presentValues(buffers, valueLine: valueLine, reference: referenceLine) }
    var segmentEnd = problem.horizon
    for level in grid.levels {
      let scheme = grid.step(to: level)
      if grid.isSegmentEnd[level + 1] {
        segmentEnd = times[level + 1]
        table.deltas(at: times[level + 1].nextDown, into: &delta)
        if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
        memory.restart()
        variance.fill(at: times[level + 1].nextDown, delta: delta, threads: threads)
        let source = source(delta: delta, variance)
        rates.restart(source, system: system)
        initialiseMultiplier(buffers, source: source, system: system)
      }
      system.factorise(scheme)
      table.deltas(at: times[level], into: &delta)
      variance.fill(at: times[level], delta: delta, threads: threads)
      let source = source(delta: delta, variance)
      reader.update(delta, grid: grid, environment: problem.environment, remaining: segmentEnd - times[level])
      bands.withUnsafeMutableBufferPointer { all in
        let here = BandOutput(start: all.baseAddress! + level * nodes)
        if isGame {
          rates.advance(to: source, system: system, scheme: scheme)
          stepGame(
            &buffers, system: system, source: source, scheme: scheme, memory: &memory, rates: rates, reader: reader,
            bands: here)
        } else {
          stepImpulse(
            &buffers, system: system, source: source, scheme: scheme, memory: &memory, trades: &trades,
            reader: reader, bands: here)
        }
      }
      if isGame {
        let y = holdings[referenceLine]
        valueLine.advance(system, scheme, jumps: valueJumps) { node in
          let atZero = 0.5 * problem.preference.riskAversion * variance.constant[node]
          return (source.constant[node] + 0.5 * source.linear[node] * y) * y + atZero
            - excessDrift(node) * delta[node] - reader.excess[node]
        }
      }
      markJumps.advance(to: times[level], system, scheme)
      recorder?.keep(level: level) {
        if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
        return presentValues(buffers, valueLine: valueLine, reference: referenceLine)
      }
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }

    if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
    return try solution(
      buffers, policy: grid.policy(bands, regimes: regimes, logDrift: 0), markJumps: markJumps, delta: delta,
      settings: settings, valueLine: valueLine, reference: referenceLine, table: recorder?.table)
  }

  // MARK: Source terms

  /// The running cost as a polynomial in y: of r itself with a fixed cost, of ∂r/∂y in the game.
  func source(delta: [Double], _ variance: VarianceTable) -> QuadraticSource {
    var source = QuadraticSource(count: nodes)
    for node in 0..<nodes {
      source.setRunning(
        node: node, aversion: problem.preference.riskAversion,
        variance: (variance.quadratic[node], variance.linear[node], variance.constant[node]),
        earned: excessDrift(node), funding: problem.environment.regimes[node % regimes].funding * spots[node / regimes],
        delta: delta[node])
    }
    return isGame ? source.slope : source
  }

  /// `(μ − r) S`: what a unit of net delta earns [quote/unit/year].
  private func excessDrift(_ node: Int) -> Double {
    (problem.environment.regimes[node % regimes].drift - problem.market.rate) * spots[node / regimes]
  }

  // MARK: Present value

  /// What a march has arrived at.
  ///
  /// - Parameters:
  ///   - delta: of the book today, per node.
  ///   - valueLine: V at the reference inventory; of the game only.
  ///   - table: V along the way, where it was kept.
  func solution(
    _ buffers: LineBuffers, policy: PolicyTable, markJumps: MarkJumpLine, delta: [Double], settings: GridSettings,
    valueLine: SingleLine, reference: Int, table: ValueTable? = nil
  ) throws(ControlError) -> FiniteHorizonSolution {
    let values = presentValues(buffers, valueLine: valueLine, reference: reference)
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(method: FiniteHorizon.name, where: "the value at the valuation")
    }
    return FiniteHorizonSolution(
      problem: problem, settingsGiven: settings, grid: grid, policy: policy, values: values,
      markJumpRisk: markJumps.risk, bookDeltas: delta, table: table)
  }

  func presentValues(_ buffers: LineBuffers, valueLine: SingleLine, reference: Int) -> [Double] {
    var values = [Double](repeating: 0, count: nodes * lines)
    for node in 0..<nodes {
      let slice = buffers.slice(buffers.recent)
      let line = (0..<lines).map { slice[node, $0] }
      let base = node * lines
      if !isGame {
        for index in 0..<lines { values[base + index] = line[index] }
        continue
      }
      // V = V_ref + ∫ W dy by the trapezoidal rule.
      values[base + reference] = valueLine.recent[node]
      for index in stride(from: reference + 1, to: lines, by: 1) {
        values[base + index] = values[base + index - 1] + 0.5 * spacing * (line[index] + line[index - 1])
      }
      for index in stride(from: reference - 1, through: 0, by: -1) {
        values[base + index] = values[base + index + 1] - 0.5 * spacing * (line[index] + line[index + 1])
      }
    }
    return values
  }
}

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
  /// `zeroIndex` when settlement costs something, else −1; with a fixed cost and delivery the flat lines are in its place.
  let kink: Int
  /// Lines that delivery may leave free of a ticket.
  let flats: [FlatLine]
  /// Upper and lower obstacle of W per node: k_sell S and k_buy S.
  let ceiling: [Double]
  let floor: [Double]
  /// What trades cost when failures pay as well: K/(1 − p) for every trade that happens.
  let costs: [TradeCost]
  /// For a price that jumps: on what the lines hold, and on values.
  let jumps: JumpOperator?
  let valueJumps: JumpOperator?
  /// Per node: `(μ − r) S`, what a unit of net delta earns, and `f S` [quote/unit/year].
  let earned: [Double]
  let funded: [Double]
  /// Whether V is kept along the way; see `ValueRecorder`.
  let keepsValues: Bool
  /// Whether bands are told at all levels, not today's alone.
  let tellsPolicy: Bool
  /// Whether the jumps of marks are followed.
  let followsMarks: Bool

  /// - Parameters:
  ///   - ofValues: whether to march V even where the game would do, for comparison.
  ///   - everywhere: whether to step all nodes, for comparison.
  ///   - keepsValues: whether the solution is to hold V at earlier times too.
  ///   - isForToday: whether nobody asks for later bands than today's.
  ///   - followsMarks: whether anybody asks what the jumps of marks bring.
  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, ofValues: Bool = false, everywhere: Bool = false,
    keepsValues: Bool = false, isForToday: Bool = false, followsMarks: Bool = true
  ) {
    self.problem = problem
    self.grid = grid
    self.threads = threads
    self.keepsValues = keepsValues
    self.followsMarks = followsMarks
    spots = grid.spots
    rows = spots.count
    regimes = problem.environment.count
    nodes = rows * regimes
    holdings = grid.inventories
    lines = holdings.count
    spacing = holdings[1] - holdings[0]
    isGame = !ofValues && problem.costs.allSatisfy { $0.fixed == 0 }
    // Where trading is free W has no side to be on, and where the price jumps what lies beside the strip follows from far away.
    isNarrow =
      !everywhere && !problem.environment.hasPriceJumps && (!isGame || !problem.costs.contains(where: \.isZero))
    zeroIndex = Int((-holdings[0] / spacing).rounded())
    flats = problem.settlement == .physical ? grid.flatLines : []
    // With several flat inventories a step asks for the bands of the one before (`boundLags`).
    tellsPolicy = !isForToday || !flats.isEmpty
    kink = problem.settlement == .none || !flats.isEmpty ? -1 : zeroIndex
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
    earned = spots.flatMap { spot in environment.regimes.map { ($0.drift - problem.market.rate) * spot } }
    funded = spots.flatMap { spot in environment.regimes.map { $0.funding * spot } }
    jumps = JumpOperator(logSpots: grid.logSpots, environment: environment, ends: isGame ? .slope : .value)
    valueJumps = isGame ? JumpOperator(logSpots: grid.logSpots, environment: environment, ends: .value) : jumps
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var buffers = LineBuffers(nodes: nodes, holdings: holdings, jumping: jumps != nil)
    defer { buffers.deallocate() }

    let table = BookTable(book: problem.book, spots: spots, regimes: regimes)
    let system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    let variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    // Of the step at hand, the one before and the next.
    let terms = (0..<3).map { _ in MarchTerms(self, book: table, system: system, variance: variance) }
    let referenceLine = referenceHolding()
    let reader = RowReader(
      costs: costs, prices: spots, holdings: holdings, kinks: Array(repeating: kink, count: rows), flats: flats,
      settled: grid.settledLines, reference: referenceLine)
    let riding = RidingLines(self, book: table, reference: referenceLine, excess: reader.excess)
    var trades = TradedLevels(count: nodes)
    var memory = StripMemory(
      grid: grid, environment: problem.environment, tiles: buffers.tiles, isNarrow: isNarrow)
    defer {
      reader.deallocate()
      for each in terms { each.deallocate() }
      trades.deallocate()
      memory.deallocate()
    }

    setTerminal(&buffers, valueLine: &riding.value, reference: referenceLine)
    var recorder = keepsValues ? ValueRecorder(grid: grid, regimes: regimes) : nil
    let team = WorkerTeam(threads: threads)
    let last = grid.times.count - 1
    recorder?.keep(level: last) { presentValues(buffers, valueLine: riding.value, reference: referenceLine) }
    terms[(last - 1) % 3].prepare(level: last - 1, after: nil)
    let told = tellsPolicy ? last : 1
    let bands = [Band](unsafeUninitializedCapacity: told * nodes) { bands, count in
      for level in grid.levels {
        let now = terms[level % 3]
        if let opening = now.opening {
          if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
          memory.restart()
          // With several flat inventories two trades meet at every strike, and each side's multiplier, the risk of the whole
          // position just after the expiry, would reach the other's rows: such marches begin without.
          if flats.isEmpty {
            initialiseMultiplier(buffers, source: opening, system: now.system)
          } else {
            buffers.clearMultiplier()
          }
        }
        // What is known beforehand of the next step, and what nobody waits for of the last, beside the sweep.
        let (next, before) = (level > 0 ? terms[(level - 1) % 3] : nil, level + 1 < last ? terms[(level + 1) % 3] : nil)
        let others: [@Sendable () -> Void] = [
          { if let before { riding.advance(before) } }, { next?.prepare(level: level - 1, after: now) },
        ]
        boundLags(reader, later: level + 1 < told ? UnsafePointer(bands.baseAddress! + (level + 1) * nodes) : nil)
        let here = level < told ? BandOutput(start: bands.baseAddress! + level * nodes) : nil
        if isGame {
          stepGame(&buffers, terms: now, memory: &memory, reader: reader, bands: here, team: team, beside: others)
        } else {
          stepImpulse(
            &buffers, terms: now, memory: &memory, trades: &trades, reader: reader, bands: here, team: team,
            beside: others)
        }
        recorder?.keep(level: level) {
          riding.advance(now)
          if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
          return presentValues(buffers, valueLine: riding.value, reference: referenceLine)
        }
        if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
      }
      count = told * nodes
    }
    riding.advance(terms[0])

    if !isGame { trades.fill(buffers, beside: memory.strip, regimes: regimes) }
    return try solution(
      buffers, policy: grid.policy(ordered: bands, levels: told, problem: problem, logDrift: 0),
      markJumps: riding.markJumps,
      delta: terms[0].delta, settings: settings, valueLine: riding.value, reference: referenceLine,
      table: recorder?.table)
  }

  // MARK: Source terms

  /// The running cost as a polynomial in y: of r itself with a fixed cost, of ∂r/∂y in the game.
  func source(delta: [Double], _ variance: VarianceTable) -> QuadraticSource {
    var source = QuadraticSource(count: nodes)
    fill(&source, delta: delta, variance)
    return source
  }

  /// The same in memory that is there.
  func fill(_ source: inout QuadraticSource, delta: [Double], _ variance: VarianceTable) {
    let aversion = problem.preference.riskAversion
    for node in 0..<nodes {
      source.setRunning(
        node: node, aversion: aversion,
        variance: (variance.quadratic[node], variance.linear[node], variance.constant[node]), earned: earned[node],
        funding: funded[node], delta: delta[node])
    }
    if isGame { source.differentiate() }
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
    let slice = buffers.slice(buffers.recent)
    let jumps = isGame ? grid.settledLines : []
    return [Double](unsafeUninitializedCapacity: nodes * lines) { values, count in
      count = nodes * lines
      var line = [Double](repeating: 0, count: lines)
      for node in 0..<nodes {
        for index in 0..<lines { line[index] = slice[node, index] }
        if isGame {
          let value = valueLine.recent[node]
          line = integrated(line, jumps: jumps, from: reference).map { value + $0 }
        }
        for index in 0..<lines { values[node * lines + index] = line[index] }
      }
    }
  }

  /// `∫ W dy` from a line to each by the trapezoidal rule.
  ///
  /// - Parameter jumps: lines at which W may jump, and hold the mean of its sides: the rule takes each side from the two lines
  ///   beyond, or it would be of first order there.
  private func integrated(_ slope: [Double], jumps: [Int], from reference: Int) -> [Double] {
    var (before, after) = (slope, slope)
    for line in jumps {
      // W grows with y: a side lies between the mean and the next line.
      before[line] = min(slope[line], max(slope[line - 1], 2 * slope[line - 1] - slope[line - 2]))
      after[line] = max(slope[line], min(slope[line + 1], 2 * slope[line + 1] - slope[line + 2]))
    }
    var integral = [Double](repeating: 0, count: slope.count)
    for index in stride(from: reference + 1, to: slope.count, by: 1) {
      integral[index] = integral[index - 1] + 0.5 * spacing * (after[index - 1] + before[index])
    }
    for index in stride(from: reference - 1, through: 0, by: -1) {
      integral[index] = integral[index + 1] - 0.5 * spacing * (after[index] + before[index + 1])
    }
    return integral
  }
}

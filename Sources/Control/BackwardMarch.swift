import Formulation
import Glibc

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
  let spots: [Double]
  let rows: Int
  let regimes: Int
  let nodes: Int
  let lines: Int
  let holdings: [Double]
  let spacing: Double
  let isGame: Bool
  /// Index of the zero inventory, where settlement at cost makes V special.
  let zeroIndex: Int
  /// `zeroIndex` when settlement costs something, else −1.
  let kink: Int
  /// Upper and lower obstacle of W per node: k_sell S and k_buy S.
  let ceiling: [Double]
  let floor: [Double]
  /// K per trade that happens, per regime: failures pay it too.
  let fixed: [Double]
  /// Whether the general operator is used, for whatever is not K + k|u|.
  let isGeneral: Bool

  /// - Parameter ofValues: whether to march V even where the game would do, for comparison.
  init(problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, ofValues: Bool = false) {
    self.problem = problem
    self.grid = grid
    self.threads = threads
    spots = grid.spots
    rows = spots.count
    regimes = problem.environment.count
    nodes = rows * regimes
    holdings = grid.holdings
    lines = holdings.count
    spacing = holdings[1] - holdings[0]
    isGeneral = grid.timing.needsGeneralOperator(problem)
    isGame = !ofValues && !isGeneral && problem.costs.allSatisfy { $0.fixed == 0 }
    fixed = problem.costs.map { $0.fixed / (1 - problem.execution.failure) }
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
  }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var buffers = LineBuffers(nodes: nodes, holdings: holdings)
    defer { buffers.deallocate() }

    let times = grid.times
    let last = times.count - 1
    let table = BookTable(book: problem.book, spots: spots, regimes: regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    let general = isGeneral ? try RouteTable(problem: problem, isReview: false) : nil
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
    var segmentEnd = problem.horizon
    for level in grid.levels {
      let scheme = grid.step(to: level)
      if grid.isSegmentEnd[level + 1] {
        segmentEnd = times[level + 1]
        table.deltas(at: times[level + 1].nextDown, into: &delta)
        initialiseMultiplier(buffers, source: source(delta: delta), system: system)
      }
      system.factorise(scheme)
      table.deltas(at: times[level], into: &delta)
      let source = source(delta: delta)
      sweep(buffers, system: system, source: source, scheme: scheme)
      swap(&buffers.recent, &buffers.older)
      bands.withUnsafeMutableBufferPointer { bandBuffer in
        excess.withUnsafeMutableBufferPointer { excessBuffer in
          let outputs = RowOutputs(
            bands: bandBuffer.baseAddress! + level * nodes, excess: excessBuffer.baseAddress!)
          read(
            buffers, delta: delta, source: source, scheme: scheme, remaining: segmentEnd - times[level],
            reference: referenceLine, general: general, outputs: outputs)
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
        jumpLine.advance(system, scheme) { node in
          0.5 * problem.preference.riskAversion * problem.environment.jumpVariance(of: marks, node: node)
        }
      }
      if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
    }

    let values = presentValues(buffers, valueLine: valueLine, reference: referenceLine)
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(method: FiniteHorizon.name, where: "the value at the valuation")
    }
    return FiniteHorizonSolution(
      problem: problem, settingsGiven: settings, grid: grid,
      policy: grid.policy(bands, regimes: regimes, logDrift: 0), values: values, markJumpRisk: jumpLine.recent,
      bookDeltas: delta)
  }

  // MARK: Source terms

  /// The running cost as a polynomial in y: of r itself with a fixed cost, of ∂r/∂y in the game.
  func source(delta: [Double]) -> QuadraticSource {
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

  // MARK: Step

  private func sweep(
    _ buffers: LineBuffers, system: LineSystem, source: QuadraticSource, scheme: BackwardDifference
  ) {
    let sweep = LineSweep(system: system)
    let tiles = buffers.tiles
    let parts = min(threads, tiles)
    let (ceiling, floor, isGame) = (self.ceiling, self.floor, self.isGame)
    parallel(parts) { part in
      ceiling.withUnsafeBufferPointer { upper in
        floor.withUnsafeBufferPointer { lower in
          sweep.advance(
            recent: buffers.recent, older: buffers.older, multiplier: buffers.multiplier,
            holdings: buffers.holdings, source: source, scheme: scheme,
            projection: isGame ? .clip(lower: lower.baseAddress!, upper: upper.baseAddress!) : .deferred,
            tiles: (part * tiles / parts)..<((part + 1) * tiles / parts))
        }
      }
    }
  }

  /// Projects (fixed cost), reads the bands and integrates the multiplier, row by row.
  private func read(
    _ buffers: LineBuffers, delta: [Double], source: QuadraticSource, scheme: BackwardDifference,
    remaining: Double, reference: Int, general: RouteTable?, outputs: RowOutputs
  ) {
    let parts = min(threads, rows)
    let (regimes, rows) = (self.regimes, self.rows)
    parallel(parts) { part in
      let trades = general.map { tradeRow($0) }
      for row in (part * rows / parts)..<((part + 1) * rows / parts) {
        for e in 0..<regimes {
          let node = row * regimes + e
          let diffusion = grid.diffusion(
            of: delta, row: row, regime: e, in: problem.environment, remaining: remaining)
          if isGame {
            if ceiling[node] == 0, floor[node] == 0 { pin(buffers, node: node, source: source) }
            readGame(
              buffers, node: node, delta: delta[node], diffusion: diffusion, reference: reference, outputs: outputs)
          } else if let trades, let general, problem.costs[e].leastFixed > 0 || grid.timing.lot > 0 {
            outputs.bands[node] = intervene(
              buffers, node: node, with: trades, routes: general.routes[e], diffusion: diffusion,
              rate: scheme.leading / scheme.step
            ).ordered.shifted(by: delta[node])
          } else {
            readImpulse(
              buffers, node: node, delta: delta[node], diffusion: diffusion, scheme: scheme, outputs: outputs)
          }
        }
      }
    }
  }

  private func readGame(
    _ buffers: LineBuffers, node: Int, delta: Double, diffusion: Double, reference: Int, outputs: RowOutputs
  ) {
    let value = buffers.slice(buffers.recent)
    let rate = buffers.slice(buffers.multiplier)
    let (upper, lower) = (ceiling[node], floor[node])
    // W grows with y (V is convex in y): the interior is one interval.
    let firstInside = GameReader.firstIndex(lines) { value[node, $0] > -lower }
    let firstAbove = GameReader.firstIndex(lines) { value[node, $0] >= upper }
    let reader = EdgeReader(origin: holdings[0], spacing: spacing, count: lines, diffusion: diffusion)
    let low: Double
    let high: Double
    if firstInside < firstAbove {
      let middle = (firstInside + firstAbove - 1) / 2
      high = reader.edge(from: middle, direction: 1) { upper - value[node, $0] }
      low = reader.edge(from: middle, direction: -1) { value[node, $0] + lower }
    } else {
      // Nothing is inside: the band is narrower than the spacing, and lies where the multiplier changes sign.
      let index = max(1, min(lines - 1, GameReader.firstIndex(lines) { rate[node, $0] > 0 }))
      let (before, after) = (rate[node, index - 1], rate[node, index])
      let share = after > before ? min(1, max(0, -before / (after - before))) : 0.5
      low = holdings[index - 1] + share * spacing
      high = low
    }
    outputs.bands[node] = Band(
      lower: low + delta, upper: high + delta, targetLower: low + delta, targetUpper: high + delta)
    let balance = GameReader(
      rate: { rate[node, $0] }, total: { buffers.sum(buffers.multiplier, node: node, lines: $0) }, spacing: spacing)
    outputs.excess[node] =
      firstInside < firstAbove
      ? balance.excess(from: (firstInside + firstAbove) / 2, to: reference)
      : balance.excess(fromCrossing: (low - holdings[0]) / spacing, to: reference)
  }

  /// Where trading is free W vanishes, and the multiplier is known: the rate at which W would leave zero.
  private func pin(_ buffers: LineBuffers, node: Int, source: QuadraticSource) {
    let rates = problem.environment.generator.rates[node % regimes]
    let base = node - node % regimes
    let value = buffers.slice(buffers.recent)
    let rate = buffers.slice(buffers.multiplier)
    for index in 0..<lines {
      var drift = source.constant[node] + source.linear[node] * holdings[index]
      for other in 0..<regimes where base + other != node { drift += rates[other] * value[base + other, index] }
      rate[node, index] = drift
    }
  }

  private func readImpulse(
    _ buffers: LineBuffers, node: Int, delta: Double, diffusion: Double, scheme: BackwardDifference,
    outputs: RowOutputs
  ) {
    let row = ImpulseRow(
      fixed: fixed[node % regimes], buy: floor[node], sell: ceiling[node], origin: holdings[0],
      spacing: spacing, count: lines, kink: kink, diffusion: diffusion)
    outputs.bands[node] = row.intervene(in: buffers, node: node, rate: scheme.leading / scheme.step)
      .ordered.shifted(by: delta)
  }

  // MARK: Present value

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

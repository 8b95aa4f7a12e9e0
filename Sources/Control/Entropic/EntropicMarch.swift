import Formulation
import Glibc
import VectorMath

/// The backward march of the loss Λ that an exponential-utility hedger suffers from costs (control.md §5, preference B).
///
/// In forward units `X = S e^{r(T−t)}` wealth's certainty equivalent is `x + y X + B − Λ`, with B the book's frictionless
/// value at each regime's own volatility. Where nobody trades
///
///     Λ_τ = ½σ²X² Λ_XX + ½γσ²X² (D − Λ_X)² − b X (D − Λ_X) + f X y + Σ(c − r)XΔ_leg
///           + (1/γ) Σ q_{ee'} (e^{γ(B_e − B_{e'}) + γ(Λ_{e'} − Λ_e)} − 1) + J,       D = Δ + y,  b = μ − r,
///
/// and everywhere `Λ ≤ MΛ` with the costs `K e^{r(T−t)} + k X |u|`. The square of control.md is the same, completed; its
/// constant b²/(2γσ²) cancels in prices. Terminal loss: the settlement charge. Davis, Panas and Zariphopoulou (1993), eq.
/// 4.17, in these coordinates, where only differences enter exponentials.
///
/// J are jumps of the price (`EntropicJumps`), μ then the drift between them.
///
/// Second order in time and space away from the obstacle (`EntropicSweep`, `LineSweep`'s lagged multiplier).
/// *Verified by* `EntropicReferenceTests`, `EntropicLawTests`, `EntropicOrderTests`.
struct EntropicMarch {
  let problem: OptionBookProblem
  let grid: FiniteHorizonGrid
  let threads: Int
  /// The problem whose spot is today's forward: its grid is one of ln X.
  let forwards: [Double]
  private let rows: Int
  let regimes: Int
  private let holdings: [Double]
  let spacing: Double
  /// Lines that delivery may leave free of a ticket.
  let flats: [FlatLine]
  /// Whether steps leave out what lies beside the strip.
  private let isNarrow: Bool
  /// Whether a guide for simulations is taken down.
  private let isGuiding: Bool
  /// Of a price that jumps.
  let jumps: EntropicJumps?

  /// - Parameters:
  ///   - grid: nodes of ln S at the valuation; the same nodes, shifted by r T, are ln X at all times.
  ///   - everywhere: whether to step all nodes, for comparison.
  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, everywhere: Bool = false, isGuiding: Bool = false
  ) {
    self.isGuiding = isGuiding
    // Where the price jumps what lies beside the strip follows from far away.
    jumps = EntropicJumps(logSpots: grid.logSpots, environment: problem.environment)
    isNarrow = !everywhere && jumps == nil
    self.problem = problem
    self.grid = grid
    self.threads = threads
    let growth = problem.market.rate * problem.horizon
    forwards = grid.logSpots.map { exp($0 + growth) }
    rows = forwards.count
    regimes = problem.environment.count
    holdings = grid.inventories
    flats = problem.settlement == .physical ? grid.flatLines : []
    spacing = holdings[1] - holdings[0]
  }

  var nodes: Int { rows * regimes }
  private var lines: Int { holdings.count }

  func run(
    settings: GridSettings, progress: (@Sendable (Double) -> Void)?
  ) throws(ControlError) -> FiniteHorizonSolution {
    var buffers = LineBuffers(nodes: nodes, holdings: holdings, jumping: jumps != nil)
    defer { buffers.deallocate() }
    let last = grid.times.count - 1
    let rate = problem.market.rate
    let sweep = EntropicSweep(logSpots: grid.logSpots, environment: problem.environment)
    let frictionless = problem.book.marked(at: problem.environment.regimes.map(\.volatility))
    let marks = BookTable(book: problem.book, spots: forwards, regimes: regimes)
    let initial = EntropicTerms(problem: problem, book: frictionless, forwards: forwards)
    // Of the step at hand and the next.
    let prepared = (0..<2).map { _ in EntropicLevel(problem: problem, grid: grid, marks: marks, terms: initial) }

    // Per regime: K, and what a unit costs in proportion to its price; other costs are the general operator's.
    let (fixed, perUnit) = (problem.costs.map(\.fixed), problem.costs.map { $0.variable(trade: 1) })
    let charges = problem.costs.map { cost in
      (isFree: cost.isZero, fixed: cost.fixed, fraction: max(cost.proportionalBuy, cost.proportionalSell))
    }

    // The last bands, in inventory and in the frictionless net delta; none yet.
    var inventories = [Band](repeating: .unbounded, count: nodes)
    var nets = inventories

    let reader = RowReader(
      costs: problem.costs, prices: forwards, holdings: holdings, kinks: (0..<rows).map { kink(row: $0) },
      flats: flats, settled: grid.settledLines, reference: 0)
    var trades = TradedLevels(count: nodes)
    var memory = StripMemory(
      grid: grid, environment: problem.environment, tiles: buffers.tiles, isNarrow: isNarrow)
    defer {
      reader.deallocate()
      for each in prepared { each.deallocate() }
      trades.deallocate()
      memory.deallocate()
    }

    var recorder = LossGuideRecorder(grid: grid, regimes: regimes, levels: isGuiding ? Array(grid.levels) : [])
    setTerminal(buffers)
    let team = WorkerTeam(threads: threads)
    prepared[(last - 1) % 2].prepare(level: last - 1, after: nil)
    let bands = [Band](unsafeUninitializedCapacity: last * nodes) { bands, count in
      for level in grid.levels {
        let (now, next) = (prepared[level % 2], prepared[(level + 1) % 2])
        let (scheme, delta) = (now.scheme, now.delta)
        if now.isOpening {
          trades.fill(buffers, beside: memory.strip, regimes: regimes)
          memory.restart()
          buffers.clearMultiplier()
        }
        if holdsExposures {
          now.terms.hold(inventories, nets: nets, spacing: spacing, step: scheme.step) { node, trade in
            fixed[node % regimes] * now.growth + forwards[node / regimes] * perUnit[node % regimes] * trade
          }
        }
        let terms = now.terms
        trades.advance(ratio: scheme.ratio)
        let (strip, surroundings) = (memory.strip, TradedSurroundings(trades: trades.predicted))
        let (here, tiles, jumps) = (buffers, buffers.tiles, jumps)
        let jumpBounds = jumps?.bounds(terms, step: scheme.step) ?? []
        // What is known beforehand of the next step first: it takes longer than a tile.
        team.run(tiles + 1) { task in
          guard task < tiles else {
            if level > 0 { next.prepare(level: level - 1, after: now) }
            return
          }
          let own = stride(from: task, to: task + 1, by: 1)
          jumps?.apply(here, terms: terms, bounds: jumpBounds, ratio: scheme.ratio, tiles: own)
          sweep.advance(
            buffers: here, terms: terms, scheme: scheme, strip: strip, surroundings: surroundings, tiles: own)
        }
        swap(&buffers.recent, &buffers.older)
        reader.take(delta: delta, diffusion: now.diffusion)
        for row in 0..<rows {
          for e in 0..<regimes {
            let node = row * regimes + e
            reader.lagBounds[node] = lagBound(
              charges[e], price: forwards[row], growth: now.growth, width: inventories[node].width)
          }
        }
        let multiplierRate = scheme.leading / scheme.step
        let output = BandOutput(start: bands.baseAddress! + level * nodes)
        let (swept, levels, found) = (buffers, trades.recent, memory.found)
        team.run(rows: rows) { part in
          reader.readImpulse(
            rows: part, buffers: swept, strip: strip, rate: multiplierRate, growth: now.growth, bands: output.start,
            trades: levels, found: found)
        }
        let after = trades
        after.move(&memory, buffers, scheme: scheme, regimes: regimes) { node, inventories, change in
          let rate = sweep.rate(node: node, holding: inventories, terms: terms) { after.recent[$0].value(inventories) }
          return laneMinimum(rate - change, LineGroup(repeating: reader.lagBounds[node] * multiplierRate))
        }
        for row in 0..<rows {
          for e in 0..<regimes {
            let node = row * regimes + e
            inventories[node] = bands[(level * regimes + e) * rows + row].shifted(by: -delta[node])
            nets[node] = inventories[node].shifted(by: terms.bookDelta[node])
          }
        }
        recorder.record(level, time: grid.times[level], buffers, inventories: inventories, nets: nets)
        if let progress, level % 16 == 0 { progress(1 - Double(level) / Double(last)) }
      }
      count = last * nodes
    }
    let delta = prepared[0].delta

    trades.fill(buffers, beside: memory.strip, regimes: regimes)
    // At a later time the same X is a dearer S.
    return try solution(
      buffers, policy: grid.policy(ordered: bands, problem: problem, logDrift: -rate), delta: delta, settings: settings,
      recorder: recorder)
  }

  /// What a march has arrived at.
  ///
  /// - Parameter delta: of the book today, per node.
  func solution(
    _ buffers: LineBuffers, policy: PolicyTable, delta: [Double], settings: GridSettings, recorder: LossGuideRecorder
  ) throws(ControlError) -> FiniteHorizonSolution {
    let discount = exp(-problem.market.rate * problem.horizon)
    var values = [Double](repeating: 0, count: nodes * lines)
    let slice = buffers.slice(buffers.recent)
    for node in 0..<nodes {
      for index in 0..<lines { values[node * lines + index] = discount * slice[node, index] }
    }
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(method: FiniteHorizon.name, where: "the certainty equivalent at the valuation")
    }
    var solution = FiniteHorizonSolution(
      problem: problem, settingsGiven: settings, grid: grid, policy: policy, values: values,
      markJumpRisk: Array(repeating: 0, count: nodes), bookDeltas: delta, table: nil)
    solution.guide = recorder.guide(
      losses: (0..<regimes).map { solution.value(regime: $0, inventory: problem.inventory) / discount })
    return solution
  }

  /// Whether one trades wherever the net delta is far from the band: not so with a fixed cost and a settlement at cost, where
  /// holding what the settlement leaves free may be best.
  var holdsExposures: Bool { problem.settlement == .none || problem.costs.allSatisfy { $0.leastFixed == 0 } }

  // MARK: Step

  private func setTerminal(_ buffers: LineBuffers) {
    setSettlement(buffers)
    let recent = buffers.slice(buffers.recent)
    for node in 0..<nodes {
      let (row, cost) = (node / regimes, problem.costs[node % regimes])
      let charge = (0..<lines).map { recent[node, $0] }
      let intervention = Intervention(
        fixed: cost.fixed, buyPerUnit: cost.proportionalBuy * forwards[row],
        sellPerUnit: cost.proportionalSell * forwards[row], spacing: spacing)
      let best = FlatRow.with(flats) { intervention.applied(to: charge, kink: kink(row: row), flats: $0) }
      for index in 0..<lines { recent[node, index] = min(charge[index], best[index]) }
    }
  }

  /// What the settlement charges, without a trade before it.
  func setSettlement(_ buffers: LineBuffers) {
    let recent = buffers.slice(buffers.recent)
    let cells = SettlementCells(problem: problem, logSpots: forwards.map { log($0) })
    for node in 0..<nodes {
      let row = node / regimes
      for (index, y) in holdings.enumerated() {
        // The node next to zero is zero: grids contain it up to rounding.
        recent[node, index] = cells.charge(
          row: row, spot: forwards[row], cost: problem.costs[node % regimes],
          inventory: abs(y) < 1e-9 * spacing ? 0 : y)
      }
    }
  }

  /// The node where settlement is free, −1 when there is none or where flat lines are in its place.
  func kink(row: Int) -> Int {
    guard problem.settlement != .none, flats.isEmpty else { return -1 }
    let assigned = problem.settlement == .physical ? problem.assigned(spot: forwards[row]) : 0
    let position = (-assigned - holdings[0]) / spacing
    let index = Int(position.rounded())
    return abs(position - position.rounded()) < 1e-6 && holdings.indices.contains(index) ? index : -1
  }

  /// One step of all nodes, for the marches with the general operator.
  func advance(
    _ buffers: LineBuffers, sweep: EntropicSweep, terms: EntropicTerms, scheme: BackwardDifference, strip: Strip,
    team: WorkerTeam
  ) {
    let jumps = jumps
    let bounds = jumps?.bounds(terms, step: scheme.step) ?? []
    team.run(buffers.tiles) { tile in
      let own = stride(from: tile, to: tile + 1, by: 1)
      jumps?.apply(buffers, terms: terms, bounds: bounds, ratio: scheme.ratio, tiles: own)
      sweep.advance(
        buffers: buffers, terms: terms, scheme: scheme, strip: strip, surroundings: NoSurroundings(), tiles: own)
    }
  }

  /// Share of what crossing the band costs by which the lagged multiplier may move Λ. Far from the band the multiplier is
  /// large and of no use; where the band moves over such a node within a step, what the multiplier has diffused to its
  /// neighbours stays behind as an error of this size.
  static let lagShare = 0.25

  /// - Parameter regime: with the larger of its two costs in proportion.
  private func lagBound(
    _ regime: (isFree: Bool, fixed: Double, fraction: Double), price: Double, growth: Double, width: Double
  ) -> Double {
    if regime.isFree { return .infinity }
    let distance = (width.isFinite ? width : 0) + 2 * spacing
    return EntropicMarch.lagShare * (regime.fixed * growth + regime.fraction * price * distance)
  }
}

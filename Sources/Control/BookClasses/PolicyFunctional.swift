import Formulation

/// What is summed along the paths of a policy: J itself, or a part of it.
struct PolicyFunctional: Sendable {
  /// What a trade adds, per regime.
  let costs: [TradeCost]
  /// Whether risk and carry are added.
  let runs: Bool
  /// Whether the settlement is.
  let settles: Bool
  /// Whether time until the first trade is, and nothing after it.
  let isFirstPassage: Bool

  /// J without the jumps of marks.
  static func total(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(costs: problem.costs, runs: true, settles: true, isFirstPassage: false)
  }

  /// Risk and carry.
  static func risk(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(
      costs: problem.costs.map { _ in TradeCost() }, runs: true, settles: false, isFirstPassage: false)
  }

  /// The number of trades.
  static func trades(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(costs: problem.costs.map { _ in .fixed(1) }, runs: false, settles: false, isFirstPassage: false)
  }

  /// The notional traded.
  static func turnover(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(
      costs: problem.costs.map { _ in .proportional(1) }, runs: false, settles: false, isFirstPassage: false)
  }

  /// The time until the first trade or the horizon [years].
  static func firstPassage(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(
      costs: problem.costs.map { _ in TradeCost() }, runs: false, settles: false, isFirstPassage: true)
  }

  /// What is added at the horizon: calls `set` with every node, line and charge, where there is any.
  func settle(on nodes: EvaluationNodes, _ set: (_ node: Int, _ line: Int, _ charge: Double) -> Void) {
    guard settles, nodes.problem.settlement != .none else { return }
    let cells = SettlementCells(problem: nodes.problem, logSpots: nodes.grid.logSpots)
    for node in 0..<nodes.nodes {
      let (row, e) = (node / nodes.regimes, node % nodes.regimes)
      for (line, y) in nodes.lines.enumerated() {
        let charge = cells.charge(row: row, spot: nodes.spots[row], cost: costs[e], inventory: y)
        // Nobody but who never traded ends at exactly what is delivered.
        set(node, line, charge == 0 && line != nodes.kink ? costs[e].fixed : charge)
      }
    }
  }

  /// What is added per year while y is held, as a polynomial in y at every node; see `OptionBookProblem`.
  func source(level: Int, on nodes: EvaluationNodes) -> QuadraticSource {
    source(deltas: nodes.deltas[(level * nodes.nodes)..<((level + 1) * nodes.nodes)], on: nodes)
  }

  /// - Parameter deltas: of the book, `[node]`.
  func source(deltas: ArraySlice<Double>, on nodes: EvaluationNodes) -> QuadraticSource {
    var source = QuadraticSource(count: nodes.nodes)
    if isFirstPassage {
      for node in 0..<nodes.nodes { source.constant[node] = 1 }
      return source
    }
    guard runs else { return source }
    let problem = nodes.problem
    for row in 0..<nodes.rows {
      let spot = nodes.spots[row]
      for (e, state) in problem.environment.regimes.enumerated() {
        let node = row * nodes.regimes + e
        let delta = deltas[deltas.startIndex + node]
        // Prices that jump have no classes.
        let variance = state.volatility * state.volatility * spot * spot
        source.setRunning(
          node: node, aversion: problem.preference.riskAversion,
          variance: (variance, variance * delta, variance * delta * delta),
          earned: (state.drift - problem.market.rate) * spot, funding: state.funding * spot, delta: delta)
      }
    }
    return source
  }
}

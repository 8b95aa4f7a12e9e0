import Formulation

/// What is summed along the paths of a policy: J itself, or a part of it.
struct PolicyFunctional: Sendable {
  /// What grows while nothing is traded.
  enum Source: Sendable {
    case nothing
    /// Risk and carry.
    case running
    /// Time until the first trade, and nothing after it.
    case time
  }

  let source: Source
  /// What a trade adds, per regime.
  let costs: [TradeCost]
  /// Whether the settlement is added.
  let settles: Bool

  var isFirstPassage: Bool { source == .time }

  /// J without the jumps of marks.
  static func total(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(source: .running, costs: problem.costs, settles: true)
  }

  /// Risk and carry.
  static func risk(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(source: .running, costs: problem.costs.map { _ in TradeCost() }, settles: false)
  }

  /// The number of trades.
  static func trades(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(source: .nothing, costs: problem.costs.map { _ in .fixed(1) }, settles: false)
  }

  /// The notional traded.
  static func turnover(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(source: .nothing, costs: problem.costs.map { _ in .proportional(1) }, settles: false)
  }

  /// The time until the first trade or the horizon [years].
  static func firstPassage(_ problem: OptionBookProblem) -> PolicyFunctional {
    PolicyFunctional(source: .time, costs: problem.costs.map { _ in TradeCost() }, settles: false)
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
}

extension EvaluationNodes {
  /// Risk and carry per year while y is held, as a polynomial in y at every node; see `OptionBookProblem`.
  ///
  /// - Parameter deltas: of the book, `[node]`.
  func fillRunning(_ source: inout QuadraticSource, deltas: [Double]) {
    for (e, state) in problem.environment.regimes.enumerated() {
      let square = state.volatility * state.volatility
      for row in 0..<rows {
        let spot = spots[row]
        let node = row * regimes + e
        let delta = deltas[node]
        // Prices that jump have no classes.
        let variance = square * spot * spot
        source.setRunning(
          node: node, aversion: problem.preference.riskAversion,
          variance: (variance, variance * delta, variance * delta * delta),
          earned: (state.drift - problem.market.rate) * spot, funding: state.funding * spot, delta: delta)
      }
    }
  }
}

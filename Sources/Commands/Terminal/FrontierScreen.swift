import Control
import Formulation
import Interchange

/// The frontier as a table, a picture and JSON.
struct FrontierScreen {
  let problem: OptionBookProblem
  let frontier: Frontier
  let model: ModelFile

  private var quote: String { problem.market.quote }
  private var regimes: [Formulation.Regime] { problem.environment.regimes }

  /// Whether holding earns or costs something, so that what is not risk is not trading alone.
  private var hasCarry: Bool { regimes.contains { $0.drift != problem.market.rate || $0.funding != 0 } }

  /// Regimes whose bands fit on a line.
  private static let mostRegimes = 3

  // MARK: For people

  func draw(on screen: inout Screen) {
    let current = regimes[problem.market.currentRegime].name
    screen.title("DEADBAND  \(problem.name)", "cost against risk, from \(current)")
    screen.section("Frontier  in \(quote), bands' widths in net delta \(problem.market.underlying)")
    let shown = Array(regimes.indices.prefix(Self.mostRegimes))
    var table = TextTable(
      [TextTable.Column(head: "a per \(quote)", alignment: .left)]
        + ["total", hasCarry ? "trading, carry" : "trading", "risk", "error", "deviation", "error"].map {
          TextTable.Column(head: $0)
        } + shown.map { TextTable.Column(head: "band " + regimes[$0].name) })
    for (index, point) in frontier.points.enumerated() {
      let error = max(point.total.error, point.cost.error, point.risk.error) / abs(point.total.value)
      table.add(
        [
          (index == frontier.own ? "▸ " : "  ") + Figures.significant(point.riskAversion, 3),
          Figures.significant(point.total.value), Figures.significant(point.cost.value),
          Figures.significant(point.risk.value), Figures.percent(error),
          Figures.significant(point.deviation.value),
          Figures.percent(point.deviation.error / max(point.deviation.value, .leastNormalMagnitude)),
        ] + shown.map { Figures.significant(point.bands[$0].width, 3) }, strong: index == frontier.own)
    }
    screen.add(table)
    if let budget = model.riskBudget {
      let own = frontier.points[frontier.own]
      screen.note(
        "▸ meets the \(budget.name) of \(Figures.significant(budget.amount, 5)) \(quote), at a = "
          + "\(Figures.significant(own.riskAversion, 5)) per \(quote).")
    } else {
      screen.note("▸ the model's own risk aversion.")
    }
    screen.note(
      "Deviation: the standard deviation of what the hedged book gains and loses until the horizon, √(2 risk / a). The first "
        + "error is a share of the total. Both are estimates from two grids; far above the model's own risk aversion the "
        + "bands are narrow for them.")
    if let plot = FrontierPlot(frontier) {
      screen.section(
        "\(hasCarry ? "Trading and carry" : "Trading") [\(quote)] against deviation [\(quote)], both logarithmic")
      for line in plot.lines { screen.line(line) }
    }
  }

  // MARK: For machines

  static let schema = "deadband.frontier/1"

  var encoded: JSONValue {
    var members = [
      JSONMember("schema", .string(Self.schema)), JSONMember("name", .string(problem.name)),
      JSONMember("problemDigest", .string(model.problemDigest)),
      JSONMember("regime", .string(regimes[problem.market.currentRegime].name)), JSONMember("unit", .string(quote)),
      JSONMember("riskAversionUnit", .string("1/\(quote)")),
      JSONMember("bandUnit", .string(problem.market.underlying)), JSONMember("own", .integer(frontier.own)),
    ]
    if let budget = model.riskBudget {
      members.append(JSONMember("riskBudget", budget.encoded))
    }
    members.append(JSONMember("points", .array(frontier.points.map(encode))))
    return .object(members)
  }

  private func encode(_ point: FrontierPoint) -> JSONValue {
    func figure(_ figure: Approximation) -> JSONValue {
      ["value": .number(figure.value), "error": .number(figure.error)]
    }
    let bands: [JSONValue] = regimes.indices.map { e in
      .object([JSONMember("regime", .string(regimes[e].name))] + BandEncoding.members(point.bands[e]))
    }
    return [
      "riskAversion": .number(point.riskAversion), "total": figure(point.total), "tradingAndCarry": figure(point.cost),
      "risk": figure(point.risk), "deviation": figure(point.deviation),
      "markJumpDeviation": .number(point.markJumpDeviation), "bands": .array(bands),
    ]
  }
}

extension RiskBudget {
  /// As screens call it.
  var name: String {
    switch measure {
    case .deviation: "risk budget"
    case .expectedCost: "cost budget"
    case .conditionalValueAtRisk: "budget of \(tail)"
    }
  }

  /// What is capped, as tables call it.
  var measured: String {
    switch measure {
    case .deviation: "risk budget, deviation"
    case .expectedCost: "budget, expected cost"
    case .conditionalValueAtRisk: "risk budget, \(tail)"
    }
  }

  private var tail: String { "CVaR \(Figures.significant(100 * level, 3)) %" }
}

import Control
import Formulation
import Glibc
import Interchange

/// `deadband check`: the problem as it was understood.
enum CheckAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let model = try ModelLoading.load(parsed)
    let plan = try plan(model)
    if parsed.has(.json) {
      var members = [
        JSONMember("model", .string(parsed.operands[0])), JSONMember("problemDigest", .string(model.problemDigest)),
        JSONMember("problem", model.problem.encoded),
      ]
      if let plan { members.append(JSONMember("grid", plan.encoded)) }
      try console.output(json: .object(members))
      return .done
    }
    var screen = Screen(style: Style(isColoured: console.usesColour))
    screen.title("\(model.name)  \(model.problem.kind)", "valid")
    switch model.problem {
    case .optionBook(let problem): describe(problem, plan: plan!, &screen)
    case .tracking(let problem): describe(problem, &screen)
    }
    console.output(screen.text)
    return .done
  }

  /// The grid that `solve` would use; nil for a problem without one.
  private static func plan(_ model: ModelFile) throws(Failure) -> GridPlan? {
    guard case .optionBook(let problem) = model.problem else { return nil }
    if let refusal = FiniteHorizon.obstacle(to: problem) {
      throw Failure("\(model.path ?? model.name): \(Explainer.message(refusal))", .refused)
    }
    do { return GridPlan(try FiniteHorizonGrid(problem: problem, settings: model.grid ?? GridSettings())) } catch {
      throw Failure("\(model.path ?? model.name): \(Explainer.message(error))", .badData)
    }
  }

  private struct GridPlan {
    let grid: FiniteHorizonGrid

    init(_ grid: FiniteHorizonGrid) { self.grid = grid }

    var encoded: JSONValue {
      [
        "spots": .integer(grid.logSpots.count), "lowestSpot": .number(grid.spots[0]),
        "highestSpot": .number(grid.spots[grid.spots.count - 1]), "holdings": .integer(grid.holdings.count),
        "lowestHolding": .number(grid.holdings[0]),
        "highestHolding": .number(grid.holdings[grid.holdings.count - 1]), "steps": .integer(grid.times.count - 1),
      ]
    }
  }

  private static func describe(_ problem: OptionBookProblem, plan: GridPlan, _ screen: inout Screen) {
    let (unit, quote) = (problem.market.underlying, problem.market.quote)
    let figure = { (value: Double) in Figures.significant(value, 5) }
    screen.section("Market")
    var facts = TextTable("<", "<")
    facts.add("valuation", problem.valuation.text + ", years of \(problem.dayCount.rawValue) days")
    facts.add(
      "spot", "\(figure(problem.market.spot)) \(quote) per \(unit), rate \(Figures.percent(problem.market.rate, 2))")
    facts.add("horizon", Figures.duration(problem.horizon * problem.dayCount.secondsPerYear))
    facts.add(
      "preference", "quadratic, risk aversion \(Figures.significant(problem.preference.riskAversion, 3)) per \(quote)")
    facts.add(
      "settlement",
      "\(problem.settlement.rawValue), inventory today \(figure(problem.inventory)) \(unit), "
        + "delta convention \(problem.convention.rawValue)")
    if let every = problem.execution.checkEvery {
      facts.add(
        "execution",
        "looked at every \(Figures.duration(every)); bands are solved for continuous monitoring, and the band for "
          + "this cadence is emitted beside")
    }
    if problem.execution.lot > 0 { facts.add("lot", "\(figure(problem.execution.lot)) \(unit)") }
    screen.add(facts)

    screen.section("Regimes")
    var regimes = TextTable(
      "<", "volatility", "drift", "marks at", "share of time", "mean sojourn", "fixed \(quote)", "buy bps", "sell bps")
    let law = problem.environment.generator.stationaryLaw
    for (e, regime) in problem.environment.regimes.enumerated() {
      let leaving = -problem.environment.generator.rates[e][e]
      let cost = problem.costs[e]
      regimes.add(
        [
          (e == problem.market.currentRegime ? "▸ " : "  ") + regime.name, Figures.percent(regime.volatility),
          Figures.percent(regime.drift), regime.impliedVolatility.map { Figures.percent($0) } ?? "legs' own",
          law.map { Figures.percent($0[e]) } ?? "–",
          leaving > 0 ? Figures.duration(problem.dayCount.secondsPerYear / leaving) : "for ever",
          Figures.significant(cost.fixed, 4), Figures.significant(10_000 * cost.proportionalBuy, 3),
          Figures.significant(10_000 * cost.proportionalSell, 3),
        ])
    }
    screen.add(regimes)

    screen.section("Book")
    var book = TextTable(
      "<", "quantity", "expires in", "implied", "delta \(unit)", "gamma × 1 %", "vega × 1 %", "value \(quote)")
    let current = problem.market.currentRegime
    for leg in problem.book.legs {
      let greeks = Book(legs: [leg], rate: problem.book.rate).greeks(
        time: 0, spot: problem.market.spot, regime: current)
      book.add(
        leg.name, figure(leg.quantity),
        leg.expiry.isFinite ? Figures.duration(leg.expiry * problem.dayCount.secondsPerYear) : "never",
        leg.impliedVolatilities.isEmpty
          ? "–" : leg.impliedVolatilities.map { Figures.percent($0) }.joined(separator: " / "),
        figure(greeks.delta), figure(0.01 * problem.market.spot * greeks.gamma), figure(0.01 * greeks.vega),
        figure(greeks.value))
    }
    screen.add(book)

    screen.section("Orientation  half-widths of small-cost formulas, not what will be emitted")
    var widths = TextTable("<", "proportional alone", "fixed alone", "<")
    for (e, regime) in problem.environment.regimes.enumerated() {
      let gamma = problem.book.greeks(time: 0, spot: problem.market.spot, regime: e).gamma
      let cost = problem.costs[e]
      let formula = SmallCostWidth(
        riskAversion: problem.preference.riskAversion, spot: problem.market.spot, gamma: gamma)
      widths.add(
        regime.name, figure(formula.proportional(0.5 * (cost.proportionalBuy + cost.proportionalSell))),
        figure(formula.fixed(cost.fixed)), unit)
    }
    screen.add(widths)

    let grid = plan.grid
    screen.section("Grid")
    screen.line(
      "  \(grid.logSpots.count) spots from \(figure(grid.spots[0])) to \(figure(grid.spots[grid.spots.count - 1])) \(quote), "
        + "\(grid.holdings.count) inventories from \(figure(grid.holdings[0])) to "
        + "\(figure(grid.holdings[grid.holdings.count - 1])) \(unit), \(grid.times.count - 1) steps")
  }

  private static func describe(_ problem: TrackingProblem, _ screen: inout Screen) {
    screen.section("Regimes")
    var table = TextTable("<", "drift", "volatility", "running cost", "fixed", "per unit", "mean sojourn")
    for (e, regime) in problem.regimes.enumerated() {
      let leaving = -problem.generator.rates[e][e]
      table.add(
        regime.name, Figures.significant(regime.drift, 4), Figures.significant(regime.volatility, 4),
        Figures.significant(regime.runningCost, 4) + " x²", Figures.significant(problem.costs[e].fixed, 4),
        Figures.significant(problem.costs[e].proportionalBuy, 4),
        leaving > 0 ? Figures.significant(1 / leaving, 4) : "for ever")
    }
    screen.add(table)
    switch problem.criterion {
    case .longRunAverage: screen.note("Minimises the long-run average cost per unit time.")
    case .discounted(let rate):
      screen.note("Minimises the cost discounted at \(Figures.significant(rate, 4)) per unit time.")
    }
  }
}

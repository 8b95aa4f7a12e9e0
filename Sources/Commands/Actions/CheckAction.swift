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
        JSONMember("problem", model.encodedProblem),
      ]
      if let plan { members.append(JSONMember("grid", plan.encoded)) }
      try console.output(json: .object(members))
      return .done
    }
    var screen = Screen(style: Style(isColoured: console.usesColour))
    screen.title("\(model.name)  \(model.problem.kind)", "valid")
    switch model.problem {
    case .optionBook(let problem): describe(problem, budget: model.riskBudget, plan: plan!, &screen)
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

  private static func describe(
    _ problem: OptionBookProblem, budget: RiskBudget?, plan: GridPlan, _ screen: inout Screen
  ) {
    let (unit, quote) = (problem.market.underlying, problem.market.quote)
    let figure = { (value: Double) in Figures.significant(value, 5) }
    screen.section("Market")
    var facts = TextTable("<", "<")
    facts.add("valuation", problem.valuation.text + ", years of \(problem.dayCount.rawValue) days")
    facts.add(
      "spot", "\(figure(problem.market.spot)) \(quote) per \(unit), rate \(Figures.percent(problem.market.rate, 2))")
    facts.add("horizon", Figures.duration(problem.horizon * problem.dayCount.secondsPerYear))
    facts.add(
      "preference",
      budget.map {
        "\($0.measured) \(figure($0.amount)) \(quote); solve finds the risk aversion that meets it"
      }
        ?? "quadratic, risk aversion \(Figures.significant(problem.preference.riskAversion, 3)) per \(quote)")
    facts.add(
      "settlement",
      "\(problem.settlement.rawValue), inventory today \(figure(problem.inventory)) \(unit), "
        + "delta convention \(problem.convention.rawValue)")
    if let every = problem.execution.checkEvery { facts.add("execution", "looked at every \(Figures.duration(every))") }
    for fact in ExecutionWords.facts(problem) { facts.add(fact.name, fact.text) }
    screen.add(facts)
    if let note = ExecutionWords.treatment(plan.grid.timing, problem) { screen.note(note) }

    screen.section("Regimes")
    var regimes = TextTable(
      "<", "volatility", "drift", "marked at", "of the time", "mean sojourn", "fixed \(quote)", "buy bps", "sell bps")
    let law = problem.environment.generator.stationaryLaw
    for (e, regime) in problem.environment.regimes.enumerated() {
      let leaving = -problem.environment.generator.rates[e][e]
      let cost = problem.costs[e]
      regimes.add(
        [
          (e == problem.market.currentRegime ? "▸ " : "  ") + regime.name, Figures.percent(regime.volatility),
          Figures.percent(regime.drift), regime.impliedVolatility.map { Figures.percent($0) } ?? "own",
          law.map { Figures.percent($0[e]) } ?? "–",
          leaving > 0 ? Figures.duration(problem.dayCount.secondsPerYear / leaving) : "for ever",
          Figures.significant(cost.fixed, 4), Figures.significant(10_000 * cost.proportionalBuy, 3),
          Figures.significant(10_000 * cost.proportionalSell, 3),
        ])
    }
    screen.add(regimes)
    for (e, regime) in problem.environment.regimes.enumerated() where !problem.costs[e].isPlain {
      screen.section("Costs in \(regime.name)")
      var table = TextTable("<", "<")
      for line in ExecutionWords.costs(problem.costs[e], market: problem.market) { table.add(line.name, line.text) }
      screen.add(table)
    }
    JumpTable(environment: problem.environment, dayCount: problem.dayCount).add(to: &screen)

    describeBook(problem, &screen)

    if budget == nil { describeWidths(problem, &screen) }

    let grid = plan.grid
    screen.section("Grid")
    screen.line(
      "  \(grid.logSpots.count) spots from \(figure(grid.spots[0])) to \(figure(grid.spots[grid.spots.count - 1])) \(quote), "
        + "\(grid.holdings.count) inventories from \(figure(grid.holdings[0])) to "
        + "\(figure(grid.holdings[grid.holdings.count - 1])) \(unit), \(grid.times.count - 1) steps")
    if budget != nil { screen.note("This is the grid at the risk aversion where the search begins.") }
  }

  private static func describeWidths(_ problem: OptionBookProblem, _ screen: inout Screen) {
    let figure = { (value: Double) in Figures.significant(value, 5) }
    screen.section("Orientation  half-widths of small-cost formulas, not what will be emitted")
    var widths = TextTable("<", "proportional alone", "fixed alone", "<")
    for (e, regime) in problem.environment.regimes.enumerated() {
      let gamma = problem.book.greeks(time: 0, spot: problem.market.spot, regime: e).gamma
      let cost = problem.costs[e]
      let formula = SmallCostWidth(
        riskAversion: problem.preference.riskAversion, spot: problem.market.spot, gamma: gamma)
      widths.add(
        regime.name, figure(formula.proportional(0.5 * (cost.proportionalBuy + cost.proportionalSell))),
        figure(formula.fixed(cost.fixed)), problem.market.underlying)
    }
    screen.add(widths)
  }

  private static func describeBook(_ problem: OptionBookProblem, _ screen: inout Screen) {
    let (market, current) = (problem.market, problem.market.currentRegime)
    screen.section(
      "Book  delta in \(market.underlying), change of delta per 1 %, vega per point, value in \(market.quote), in "
        + problem.environment.regimes[current].name)
    var table = TextTable("<", "quantity", "strike", "days", "implied", "delta", "gamma", "vega", "value")
    func sensitivities(_ book: Book) -> [String] {
      let greeks = book.greeks(time: 0, spot: market.spot, regime: current)
      return [greeks.delta, 0.01 * market.spot * greeks.gamma, 0.01 * greeks.vega, greeks.value].map {
        Figures.significant($0, 4)
      }
    }
    for leg in problem.book.legs {
      var cells = [shortName(leg), Figures.significant(leg.quantity, 4)]
      if case .option(_, let strike, _) = leg.instrument {
        let days = leg.expiry * problem.dayCount.secondsPerYear / Figures.day
        cells += [Explainer.number(strike), Figures.decimals(days, 1), marks(leg)]
      } else {
        cells += ["–", "–", "–"]
      }
      table.add(cells + sensitivities(Book(legs: [leg], rate: market.rate)))
    }
    if problem.book.legs.count > 1 {
      table.add(["book", "", "", "", ""] + sensitivities(problem.book), strong: true)
    }
    screen.add(table)
  }

  /// The exchange's name, or kind and expiry of an option that has none: its strike has a column.
  private static func shortName(_ leg: Leg) -> String {
    guard case .option(let kind, _, let expiry) = leg.instrument, Instrument.named(leg.name) == nil else {
      return leg.name
    }
    return "\(kind.rawValue) \(expiry.text.prefix(10))"
  }

  /// The implied volatilities per regime; one when they are equal.
  private static func marks(_ leg: Leg) -> String {
    let volatilities = leg.impliedVolatilities
    if Set(volatilities).count == 1 { return Figures.percent(volatilities[0]) }
    return volatilities.map { Figures.decimals(100 * $0, 1) }.joined(separator: "/") + " %"
  }

  private static func describe(_ problem: TrackingProblem, _ screen: inout Screen) {
    screen.section("Regimes")
    TrackingRegimeTable(problem: problem, digits: 4).add(to: &screen)
    switch problem.criterion {
    case .longRunAverage: screen.note("Minimises the long-run average cost per unit time.")
    case .discounted(let rate):
      screen.note("Minimises the cost discounted at \(Figures.significant(rate, 4)) per unit time.")
    }
  }
}

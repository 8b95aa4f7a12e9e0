import Control
import Formulation
import Glibc
import Interchange

/// An option book as it was understood.
struct OptionBookCheck {
  let model: ModelFile
  let problem: OptionBookProblem

  private var market: Market { problem.market }
  private var unit: String { market.underlying }
  private var quote: String { market.quote }
  private var grid: GridSettings { model.grid ?? GridSettings() }

  // MARK: For people

  func draw(on screen: inout Screen) {
    screen.title(
      problem.name,
      "\(problem.valuation.text) → \(problem.horizonInstant.text)  "
        + "\(unit) \(Figures.given(market.spot)) \(quote)")
    screen.section("The market")
    var facts = TextTable("<", "<")
    facts.add("spot", "\(Figures.given(market.spot)) \(quote) per \(unit)")
    facts.add("rate", Figures.given(100 * market.rate) + " % per year")
    facts.add(
      "horizon",
      "\(Figures.duration(problem.horizon * problem.dayCount.secondsPerYear)), "
        + "\(Figures.significant(problem.horizon, 5)) years of \(problem.dayCount.rawValue) days")
    facts.add("preference", "quadratic, risk aversion \(Figures.given(problem.preference.riskAversion)) per \(quote)")
    facts.add("settlement", OptionBookCheck.words(problem.settlement))
    facts.add("inventory", "\(Figures.given(problem.inventory)) \(unit)")
    facts.add("delta", problem.convention.rawValue)
    facts.add("looks", problem.execution.checkEvery.map { "every " + Figures.duration($0) } ?? "without pause")
    if problem.execution.lot > 0 { facts.add("lot", "\(Figures.given(problem.execution.lot)) \(unit)") }
    if let calibration = model.market {
      facts.add(
        "regimes from", "\(calibration.sample.source), \(calibration.sample.from.text) to \(calibration.sample.to.text)"
      )
    }
    screen.add(facts)
    screen.section("The regimes (▸ now)")
    screen.add(RegimeSection(problem: problem).table())
    for (e, regime) in problem.environment.regimes.enumerated() {
      screen.section("The book, in the regime \(regime.name)")
      screen.add(BookSection(problem: problem).table(regime: e))
    }
    drawGrid(on: &screen)
    drawWidths(on: &screen)
  }

  static func words(_ settlement: Settlement) -> String {
    switch settlement {
    case .none: "none: the inventory is marked"
    case .cash: "cash: the inventory is unwound at cost"
    case .physical: "physical: assigned units are delivered, the rest is unwound at cost"
    }
  }

  private func drawGrid(on screen: inout Screen) {
    screen.section("The grid")
    var table = TextTable("<", "<", "<")
    func count(_ given: Int?, standard: Int) -> String {
      given.map { String($0) } ?? "chosen, at least \(standard)"
    }
    let range = spotRange
    table.add(
      "spots", count(grid.spots, standard: GridSettings.standardSpots),
      "\(Figures.significant(range.lower)) to \(Figures.significant(range.upper)) \(quote), "
        + "\(Figures.given(grid.deviations)) deviations and the drift")
    table.add(
      "holdings", count(grid.holdings, standard: GridSettings.standardHoldings),
      "every delta of the book and room for a band")
    table.add(
      "steps", count(grid.steps, standard: GridSettings.standardSteps), "finer towards each expiry")
    screen.add(table)
  }

  /// What the settings' deviations reach out to at least: of the most volatile regime over the whole horizon.
  private var spotRange: (lower: Double, upper: Double) {
    let volatility = problem.environment.regimes.map(\.volatility).max() ?? 0
    let reach = grid.deviations * volatility * problem.horizon.squareRoot()
    return (market.spot * exp(-reach), market.spot * exp(reach))
  }

  private func drawWidths(on screen: inout Screen) {
    screen.section("Half-widths of the band that small-cost formulas suggest [\(unit)]")
    var table = TextTable("<regime", "proportional cost alone", "fixed cost alone")
    for (e, regime) in problem.environment.regimes.enumerated() {
      let widths = SmallCostWidths(problem: problem, regime: e)
      table.add(
        regime.name, widths.proportional.map { Figures.significant($0, 3) } ?? "–",
        widths.fixed.map { Figures.significant($0, 3) } ?? "–")
    }
    screen.add(table)
    screen.note("Orientation only: they leave out the horizon and the switching of regimes. “deadband solve” does not.")
  }

  // MARK: For machines

  var encoded: JSONValue {
    let execution: [JSONMember] =
      (problem.execution.checkEvery.map { [JSONMember("checkEvery", .number($0))] } ?? [])
      + [JSONMember("lot", .number(problem.execution.lot))]
    return .object([
      JSONMember("name", .string(problem.name)), JSONMember("kind", "optionBook"),
      JSONMember("problemDigest", .string(model.problemDigest)),
      JSONMember("valuation", .string(problem.valuation.text)),
      JSONMember("horizon", .string(problem.horizonInstant.text)), JSONMember("horizonYears", .number(problem.horizon)),
      JSONMember("dayCount", .string(problem.dayCount.rawValue)),
      JSONMember(
        "market",
        [
          "underlying": .string(unit), "quote": .string(quote), "spot": .number(market.spot),
          "rate": .number(market.rate),
          "currentRegime": .string(problem.environment.regimes[market.currentRegime].name),
          "switchingPerYear": .array(problem.environment.generator.rates.map { .numbers($0) }),
        ]), JSONMember("regimes", .array(problem.environment.regimes.indices.map(encode))),
      JSONMember("book", .array(problem.book.legs.map(encode))),
      JSONMember("riskAversion", .number(problem.preference.riskAversion)),
      JSONMember("settlement", .string(problem.settlement.rawValue)),
      JSONMember("inventory", .number(problem.inventory)), JSONMember("execution", .object(execution)),
      JSONMember("deltaConvention", .string(problem.convention.rawValue)), JSONMember("grid", encodedGrid),
    ])
  }

  private var encodedGrid: JSONValue {
    let range = spotRange
    var members: [JSONMember] = []
    for (name, given) in [("spots", grid.spots), ("holdings", grid.holdings), ("steps", grid.steps)] {
      if let given { members.append(JSONMember(name, .integer(given))) }
    }
    return .object(
      members + [
        JSONMember("deviations", .number(grid.deviations)), JSONMember("lowestSpot", .number(range.lower)),
        JSONMember("highestSpot", .number(range.upper)),
      ])
  }

  private func encode(_ e: Int) -> JSONValue {
    let regime = problem.environment.regimes[e]
    let generator = problem.environment.generator
    let cost = problem.costs[e]
    let total = problem.book.greeks(time: 0, spot: market.spot, regime: e)
    var members = [
      JSONMember("name", .string(regime.name)), JSONMember("volatility", .number(regime.volatility)),
      JSONMember("drift", .number(regime.drift)), JSONMember("funding", .number(regime.funding)),
    ]
    if let implied = regime.impliedVolatility { members.append(JSONMember("impliedVolatility", .number(implied))) }
    if let law = generator.stationaryLaw { members.append(JSONMember("stationaryProbability", .number(law[e]))) }
    let sojourn = RegimeSection.sojourn(generator, e, secondsPerYear: problem.dayCount.secondsPerYear)
    if sojourn.isFinite { members.append(JSONMember("meanSojournSeconds", .number(sojourn))) }
    members += [
      JSONMember(
        "cost",
        [
          "fixed": .number(cost.fixed), "buy": .number(cost.proportionalBuy), "sell": .number(cost.proportionalSell),
          "quadraticImpact": .number(cost.quadraticImpact),
        ]), JSONMember("book", OptionBookCheck.encode(total)),
    ]
    let widths = SmallCostWidths(problem: problem, regime: e)
    var suggested: [JSONMember] = []
    if let width = widths.proportional { suggested.append(JSONMember("proportionalCostAlone", .number(width))) }
    if let width = widths.fixed { suggested.append(JSONMember("fixedCostAlone", .number(width))) }
    return .object(members + [JSONMember("smallCostHalfWidth", .object(suggested))])
  }

  private static func encode(_ greeks: Greeks) -> JSONValue {
    [
      "value": .number(greeks.value), "delta": .number(greeks.delta), "gamma": .number(greeks.gamma),
      "vega": .number(greeks.vega),
    ]
  }

  private func encode(_ leg: Leg) -> JSONValue {
    var members = [JSONMember("instrument", .string(leg.name)), JSONMember("quantity", .number(leg.quantity))]
    if case .option(let kind, let strike, let expiry) = leg.instrument {
      members += [
        JSONMember("type", .string(kind.rawValue)), JSONMember("strike", .number(strike)),
        JSONMember("expiry", .string(expiry.text)), JSONMember("years", .number(leg.expiry)),
        JSONMember("impliedVolatilities", .numbers(leg.impliedVolatilities)),
      ]
    }
    let regimes = problem.environment.regimes.indices.map {
      OptionBookCheck.encode(BookSection(problem: problem).greeks(leg, regime: $0))
    }
    return .object(members + [JSONMember("perRegime", .array(regimes))])
  }
}

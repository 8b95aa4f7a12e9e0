import Certification
import Control
import Formulation
import Interchange
import Simulation

/// What `solve` prints for an option book: the page that a desk keeps in view.
struct OptionBookScreen {
  let answer: OptionBookAnswer
  let certificate: Certificate
  let model: ModelFile
  let style: Style

  private var problem: OptionBookProblem { answer.problem }
  private var unit: String { problem.market.underlying }
  private var quote: String { problem.market.quote }

  /// Digits after the point for quantities of the underlying: three significant ones of the band.
  private var places: Int {
    let widths = answer.regimes.map(\.band.width).filter { $0.isFinite && $0 > 0 }
    return widths.min().map { min(6, Figures.decimalPlaces(for: 0.02 * $0)) } ?? 3
  }

  func text(directory: String, seconds: Double) -> String {
    var screen = Screen(style: style)
    let days = problem.horizon * problem.dayCount.secondsPerYear
    screen.title(
      "DEADBAND  \(problem.name)",
      "\(problem.valuation.text)   \(unit) \(Figures.significant(problem.market.spot, 7)) \(quote)")
    // Found by a search, it has no more digits than that.
    let aversion =
      model.riskBudget == nil
      ? Explainer.number(problem.preference.riskAversion) : Figures.significant(problem.preference.riskAversion, 4)
    screen.line(
      "  horizon \(Figures.duration(days)) · risk aversion \(aversion) per "
        + "\(quote), \(problem.preference.name) · settlement \(problem.settlement.rawValue) · inventory \(Figures.decimals(problem.inventory, places)) "
        + unit)
    if let budget = model.riskBudget, let point = model.budgetPoint {
      let simulated = answer.regimes[problem.market.currentRegime].hedgingDeviation(in: problem)
      var met = "  \(budget.name) \(Explainer.number(budget.amount)) \(quote)"
      if budget.measure == .expectedCost {
        met += " · trading and carry \(Figures.measured(point.cost.value, point.cost.error))"
      }
      if let tail = model.budgetTail { met += " · simulated \(Figures.measured(tail.mean, tail.standardError)) ± s.e." }
      screen.line(met + " · deviation \(Figures.measured(point.deviation.value, point.deviation.error))")
      screen.line(
        "  deviation simulated, looking every \(Figures.duration(answer.rollOutCheck)): "
          + "\(Figures.measured(simulated.mean, simulated.standardError)) ± s.e.")
    }
    if let turnover = model.turnover {
      screen.note(
        "turnover budget · expected \(Figures.significant(turnover.turnover, 4)) \(quote) per year at a multiplier of "
          + "\(Figures.significant(10_000 * turnover.fraction, 3)) bps, which figures below contain and nobody is paid")
    }
    if let formula = answer.formula { screen.add(formula, problem: problem, places: places, optimum: answer.regimes) }
    addBook(&screen)
    addRegimes(&screen)
    addExecution(&screen)
    JumpTable(environment: problem.environment, dayCount: problem.dayCount).add(to: &screen)
    addBands(&screen)
    addCosts(&screen)
    BookClassTable(answer: answer, places: places).add(to: &screen)
    addPrices(&screen)
    addRivals(&screen)
    addDecomposition(&screen)
    screen.add(certificate)
    screen.line("")
    screen.line(
      certificate.isCertified
        ? "Written to \(directory) in \(Figures.duration(seconds))" : "Refused after \(Figures.duration(seconds))")
    return screen.text
  }

  private func addBook(_ screen: inout Screen) {
    let current = problem.market.currentRegime
    screen.section("Book  marked in \(problem.environment.regimes[current].name)")
    var table = TextTable("<", "quantity", "expires in", "implied", "delta", "gamma × 1 %", "value \(quote)")
    for leg in problem.book.legs {
      let greeks = Book(legs: [leg], rate: problem.book.rate).greeks(
        time: 0, spot: problem.market.spot, regime: current)
      table.add(
        leg.name, Explainer.number(leg.quantity),
        leg.expiry.isFinite ? Figures.duration(leg.expiry * problem.dayCount.secondsPerYear) : "never",
        leg.impliedVolatilities.isEmpty ? "–" : Figures.percent(leg.impliedVolatilities[current]),
        Figures.decimals(greeks.delta, places), Figures.decimals(0.01 * problem.market.spot * greeks.gamma, places),
        Figures.significant(greeks.value, 6))
    }
    let total = problem.book.greeks(time: 0, spot: problem.market.spot, regime: current)
    table.add(
      [
        "book", "", "", "", Figures.decimals(total.delta, places),
        Figures.decimals(0.01 * problem.market.spot * total.gamma, places), Figures.significant(total.value, 6),
      ],
      strong: true)
    screen.add(table)
  }

  private func addRegimes(_ screen: inout Screen) {
    let calibrated = model.market.map { ", fitted to \($0.sample.returns) returns up to \($0.sample.to.text)" } ?? ""
    screen.section("Regimes" + calibrated)
    var table = TextTable("<", "volatility", "± s.e.", "mean sojourn", "share of time", "fixed \(quote)", "bps")
    let law = problem.environment.generator.stationaryLaw
    for (e, regime) in problem.environment.regimes.enumerated() {
      let leaving = -problem.environment.generator.rates[e][e]
      let cost = problem.costs[e]
      let isCurrent = e == problem.market.currentRegime
      // Factors multiply the calibrated regimes, each by as many states.
      let error = model.market.flatMap { market in
        let index = e * market.regimes.count / problem.environment.count
        return market.regimes[index].volatility.standardError
      }
      let points = (10_000 * cost.proportionalBuy, 10_000 * cost.proportionalSell)
      table.add(
        [
          (isCurrent ? "▸ " : "  ") + regime.name, Figures.percent(regime.volatility),
          error.map { Figures.percent($0, 2) } ?? "–",
          leaving > 0 ? Figures.duration(problem.dayCount.secondsPerYear / leaving) : "for ever",
          law.map { Figures.percent($0[e]) } ?? "–", Figures.significant(cost.fixed, 4),
          points.0 == points.1
            ? Figures.significant(points.0, 3)
            : "\(Figures.significant(points.0, 3)) / \(Figures.significant(points.1, 3))",
        ], strong: isCurrent)
    }
    screen.add(table)
  }

  /// What costs and execution are beyond K, k and looks.
  private func addExecution(_ screen: inout Screen) {
    var lines = ExecutionWords.facts(problem)
    let current = problem.market.currentRegime
    lines += ExecutionWords.costs(problem.costs[current], market: problem.market)
    guard !lines.isEmpty else { return }
    screen.section("Costs and execution in \(problem.environment.regimes[current].name)")
    var table = TextTable("<", "<")
    for line in lines { table.add(line.name, line.text) }
    screen.add(table)
  }

  private func addBands(_ screen: inout Screen) {
    screen.section(
      (answer.formula == nil ? "" : "Solver's  ")
        + "Bands  net delta in \(unit), \(problem.convention.rawValue): hold inside; outside trade to the target")
    var table = TextTable(
      "<", "lower", "target", "target", "upper", "± error", "price move", "next trade", "look every")
    for (e, regime) in answer.regimes.enumerated() {
      let isCurrent = e == problem.market.currentRegime
      let band = problem.emitted(regime.band, time: 0, spot: problem.market.spot, regime: e).withoutIdleTargets
      let move = EquivalentMove.moves(answer, regime: e)
      table.add(
        [
          (isCurrent ? "▸ " : "  ") + regime.name, Figures.decimals(band.lower, places),
          target(band.targetLower), target(band.targetUpper), Figures.decimals(band.upper, places),
          Figures.decimals(regime.bandError, places),
          "\(move.down.map { Figures.signedPercent($0) } ?? "–") \(move.up.map { Figures.signedPercent($0) } ?? "–")",
          Figures.duration(regime.timeToTrade), regime.check.map { Figures.duration($0) } ?? "–",
        ], strong: isCurrent)
    }
    screen.add(table)
    var holdings = TextTable("<as inventory", "lower", "target", "target", "upper", "<today")
    for regime in answer.regimes {
      let holding = regime.holding.withoutIdleTargets
      holdings.add(
        "  " + regime.name, Figures.decimals(holding.lower, places), target(holding.targetLower),
        target(holding.targetUpper), Figures.decimals(holding.upper, places), today(holding))
    }
    screen.add(holdings)
    let start = answer.regimes[0].startsAtTarget ? "the target" : "the middle of the band"
    screen.note(
      monitoring + " Next trade: expected time from \(start) to the next trade, expiry at the latest. Look "
        + "every: the cadence at which not looking all the time costs 1 % of the total. Price move: from the middle of the "
        + "targets to either edge.")
  }

  /// A target, where there is one.
  private func target(_ place: Double) -> String { place.isFinite ? Figures.decimals(place, places) : "–" }

  private var monitoring: String {
    guard let every = problem.execution.checkEvery else { return "For continuous monitoring." }
    let words = "For a look every \(Figures.duration(every))"
    switch answer.solution.grid.timing.kind {
    case .review: return words + " and none in between."
    case .continuous, .narrowed:
      return "For continuous monitoring; parameters.json has the band for a look now and then."
    }
  }

  /// What the band asks of today's inventory.
  private func today(_ holding: Band) -> String {
    let trade = holding.trade(
      at: problem.inventory, inventory: problem.inventory, flats: answer.solution.policy.flats)
    return trade == 0 ? "hold" : "\(trade > 0 ? "buy" : "sell") \(Figures.decimals(abs(trade), places))"
  }

  private func addCosts(_ screen: inout Screen) {
    screen.section("Expected cost to expiry in \(quote), from today's inventory")
    let jumps = answer.regimes.contains { $0.markJump > 0 }
    var table = TextTable(
      "<", "total", "trading", "risk", jumps ? "of it marks" : "", "hedged", "simulated",
      bounds == nil ? "" : "at least", "trades")
    for (e, regime) in answer.regimes.enumerated() {
      let simulated = regime.rollOut.extrapolated.adding(regime.markJump)
      table.add(
        [
          (e == problem.market.currentRegime ? "▸ " : "  ") + regime.name,
          Figures.measured(regime.value.value, regime.value.error), Figures.significant(regime.trading.value, 4),
          Figures.significant(regime.risk.value, 4), jumps ? Figures.significant(regime.markJump, 4) : "",
          Figures.significant(regime.valueWhenHedged, 5),
          Figures.measured(simulated.mean, simulated.standardError), atLeast(e),
          Figures.significant(trades(regime), 3),
        ], strong: e == problem.market.currentRegime)
    }
    screen.add(table)
    let isExponential = problem.preference.isExponential
    let words =
      (isExponential
        ? "Total: by how much costs lower the certainty equivalent of wealth. Trading: mean costs in the simulation; risk is "
          + "the rest."
        : "Risk is ½ a times the variance of the hedged book.")
      + " Hedged: once the first trade is made. Simulated: ± standard error."
      + (jumps
        ? " Marks: the part due to implied volatility jumping with the regime, which no hedge in \(unit) changes." : "")
    screen.note(words)
    screen.note(boundsNote)
  }

  /// As if watched without pause; where trades reflect at an edge, those of the looks.
  private func trades(_ regime: OptionBookAnswer.Regime) -> Double {
    (regime.startsAtTarget ? regime.rollOut.trades : regime.rollOut.result[.tradeCount]).mean
  }

  private var bounds: [LowerBoundResult]? {
    if case .found(let results) = answer.bounds { return results }
    return nil
  }

  private func atLeast(_ e: Int) -> String {
    guard let bounds else { return "" }
    let lower = bounds[e].bounds.lower.adding(answer.regimes[e].markJump)
    return Figures.measured(lower.mean, lower.standardError)
  }

  private var boundsNote: String {
    if case .none(let obstacle) = answer.bounds { return "No bound from below: \(Explainer.reason(obstacle))." }
    guard let bounds else { return "" }
    let shares = zip(bounds, answer.regimes).map { result, regime in
      let gap = result.bounds.gap
      // A share of what is known to no digit says nothing: then the amount.
      guard regime.value.value > max(regime.value.error, gap.standardError) else {
        return "\(Figures.measured(gap.mean, gap.standardError)) \(quote)"
      }
      let scale = 1 / regime.value.value
      return Figures.percent(result.bounds.gap.mean * scale, 2) + " ± "
        + Figures.percent(result.bounds.gap.standardError * scale, 2)
    }
    return
      "At least: no policy costs less, whatever it knows today; found without trusting the solution. On the same paths the "
      + "band costs \(shares.joined(separator: ", ")) more." + gapNotAsked
  }

  /// Where the certificate sets no threshold on that: regimes with their reasons.
  private var gapNotAsked: String {
    let reasons = answer.regimes.indices.map { answer.gapNotAsked(regime: $0).map(Explainer.reason) }
    guard let first = reasons.compactMap({ $0 }).first else { return "" }
    let named =
      reasons.contains(nil)
      ? " of " + zip(answer.regimes, reasons).filter { $1 != nil }.map { "“\($0.0.name)”" }.joined(separator: ", ") : ""
    return " No threshold is set on this\(named): \(first)."
  }

  private func addPrices(_ screen: inout Screen) {
    let current = problem.market.currentRegime
    guard answer.price(regime: current, spot: problem.market.spot) != nil else { return }
    screen.section("Reservation prices of the book as one claim, in \(quote)")
    var table = TextTable("<", "spot", "buyer pays at most", "without costs", "writer asks at least", "± error")
    for spot in [problem.market.spot] + model.outputSpots {
      for (e, regime) in problem.environment.regimes.enumerated() {
        guard let price = answer.price(regime: e, spot: spot) else { continue }
        // Digits that the error leaves.
        let digits = min(6, Figures.decimalPlaces(for: max(price.error, 1e-6 * abs(price.frictionless))))
        table.add(
          [
            (e == current ? "▸ " : "  ") + regime.name, Figures.significant(spot, 6),
            Figures.decimals(price.buyer, digits), Figures.decimals(price.frictionless, digits),
            Figures.decimals(price.writer, digits), Figures.significant(price.error, 1),
          ], strong: e == current && spot == problem.market.spot)
      }
    }
    screen.add(table)
  }

  private func addRivals(_ screen: inout Screen) {
    guard !answer.rivals.isEmpty else { return }
    let current = answer.regimes[problem.market.currentRegime]
    screen.section("Against the clock  same paths, from \(current.name), without the marks")
    var table = TextTable(
      "<to zero delta", "total ± s.e.", "trading", "risk", "the band", "more ± s.e.", "")
    let own = current.rollOut
    table.add(
      [
        "the band, every \(Figures.duration(answer.rollOutCheck))",
        Figures.measured(own.criterion.mean, own.criterion.standardError),
        Figures.significant(own.result.tradingCosts + own.result[.settlementCost].mean, 4),
        Figures.significant(own.result[.gammaRisk].mean, 4), "", "", "",
      ], strong: true)
    for rival in answer.rivals {
      table.add(
        rival.name, Figures.measured(rival.total.mean, rival.total.standardError),
        Figures.significant(rival.trading.mean, 4), Figures.significant(rival.risk.mean, 4),
        Figures.plain(rival.band.mean, rival.band.standardError),
        Figures.measured(rival.excess.mean, rival.excess.standardError),
        rivalShare(rival))
    }
    screen.add(table)
    let isWatched = problem.execution.checkEvery == nil
    screen.note(
      "The band beside a rule is looked at as often as the rule's paths have instants"
        + (isWatched ? "; watched without pause it costs its total above." : "."))
  }

  /// By how much more than the band's a rule's total is; nothing where the band's own is not known to a digit.
  private func rivalShare(_ rival: OptionBookAnswer.Rival) -> String {
    guard rival.band.mean > rival.excess.standardError, rival.excess.mean.isFinite else { return "" }
    return Figures.signedPercent(rival.excess.mean / rival.band.mean, 0)
  }

  private func addDecomposition(_ screen: inout Screen) {
    guard let decomposition = answer.decomposition else { return }
    screen.section("Where the regime dependence of this book comes from  width of the band in \(unit)")
    let names = problem.environment.regimes.map(\.name)
    var table = TextTable(
      [TextTable.Column(head: "", alignment: .left)] + names.map { TextTable.Column(head: $0) }
        + [TextTable.Column(head: "widest to narrowest")])
    for row in decomposition.rows {
      let widths = row.bands.map(\.width)
      table.add(
        [Self.words(row.cause, current: names[problem.market.currentRegime])]
          + widths.map { Figures.decimals($0, places) }
          + [Figures.decimals(widths.max()! / widths.min()!, 3)])
    }
    screen.add(table)
    if let sentence = Self.mainCause(decomposition, current: names[problem.market.currentRegime]) {
      screen.note(sentence)
    }
    screen.note(
      "In a long-run problem with quadratic risk, volatility alone moves no band: the deviation's diffusion and the square "
        + "root of its risk grow together, and only the interval changes, as 1/σ². Bands differ through costs, implied "
        + "volatility (delta and gamma), and the time that is left. Computed on a grid half as fine.")
  }

  /// The cause whose removal brings the bands closest together, when it explains at least half of their difference.
  private static func mainCause(_ decomposition: RegimeDecomposition, current: String) -> String? {
    func spread(_ row: RegimeDecomposition.Row) -> Double {
      let widths = row.bands.map(\.width)
      return widths.max()! / widths.min()! - 1
    }
    let single: [RegimeDecomposition.Cause] = [.equalCosts, .equalImpliedVolatility, .noSwitching, .noPriceJumps]
    guard let stated = decomposition.rows.first(where: { $0.cause == .asStated }).map(spread), stated > 0.02,
      let best = decomposition.rows.filter({ single.contains($0.cause) }).min(by: { spread($0) < spread($1) }),
      spread(best) < 0.5 * stated
    else { return nil }
    return "Here: with \(words(best.cause, current: current)), the widest band would be "
      + "\(Figures.percent(spread(best), 0)) wider than the narrowest instead of \(Figures.percent(stated, 0))."
  }

  private static func words(_ cause: RegimeDecomposition.Cause, current: String) -> String {
    switch cause {
    case .asStated: "as it is"
    case .equalCosts: "costs of \(current) in every regime"
    case .equalImpliedVolatility: "implied volatility of \(current) in every regime"
    case .noSwitching: "regimes that never switch"
    case .volatilityAlone: "volatility alone: equal costs and marks"
    case .noPriceJumps: "a price that never jumps"
    }
  }
}

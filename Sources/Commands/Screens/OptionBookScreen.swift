import Certification
import Control
import Formulation
import Interchange

/// What a desk pins to the wall: the bands of an option book, what they cost, why they differ, what else was tried.
struct OptionBookScreen {
  let answer: OptionBookAnswer
  let parameters: Parameters

  private var problem: OptionBookProblem { answer.problem }
  private var current: Int { problem.market.currentRegime }
  private var unit: String { problem.market.underlying }
  private var quote: String { problem.market.quote }
  private var clock: Double { problem.dayCount.secondsPerYear }

  func draw(on screen: inout Screen) {
    title(on: &screen)
    book(on: &screen)
    regimes(on: &screen)
    bands(on: &screen)
    costs(on: &screen)
    rivals(on: &screen)
    decomposition(on: &screen)
  }

  private func title(on screen: inout Screen) {
    screen.title(
      problem.name,
      "\(problem.valuation.text) → \(problem.horizonInstant.text)  "
        + "\(unit) \(Figures.given(problem.market.spot)) \(quote)")
  }

  /// The name of a regime, the current one marked.
  private func name(_ e: Int) -> String { (e == current ? "▸ " : "  ") + problem.environment.regimes[e].name }

  // MARK: The book

  private func book(on screen: inout Screen) {
    screen.section("The book, in the regime \(problem.environment.regimes[current].name)")
    screen.add(BookSection(problem: problem).table(regime: current))
    let action = answer.regimes[current].holding.trade(at: problem.inventory)
    let inventory = "inventory \(Figures.decimals(problem.inventory, places)) \(unit)"
    if action == 0 {
      screen.note("Now: \(inventory): hold.")
    } else {
      let verb = action > 0 ? "buy" : "sell"
      screen.note("Now: \(inventory): \(verb) \(Figures.decimals(abs(action), places)) \(unit).")
    }
  }

  // MARK: The regimes

  private func regimes(on screen: inout Screen) {
    screen.section("The regimes (▸ now)")
    screen.add(RegimeSection(problem: problem).table())
  }

  // MARK: The bands

  /// Decimals of quantities: as many as the narrowest band's thousandth bears.
  private var places: Int {
    let widths = answer.regimes.map(\.band.width).filter { $0.isFinite && $0 > 0 }
    return widths.min().map { Figures.decimalPlaces(for: 0.01 * $0) } ?? 2
  }

  private func bands(on screen: inout Screen) {
    screen.section("No-trade band of the net delta [\(unit)]: outside it, trade to the nearer target")
    var table = TextTable(
      "<regime", "lower", "target", "", "target", "upper", "± error", "move", "", "next trade", "check")
    for (e, regime) in answer.regimes.enumerated() {
      table.add(
        [name(e)] + edges(regime.band) + [Figures.decimals(regime.bandError, places + 1)] + moves(e) + [
          Figures.duration(regime.timeToTrade), regime.check.map(Figures.duration) ?? "–",
        ], strong: e == current)
    }
    screen.add(table)
    screen.note(
      "move: of the price, from the centre of the band to its edges. next trade: expected time to it from "
        + (answer.regimes.allSatisfy(\.startsAtTarget) ? "the targets" : "the centre")
        + ", or to the horizon. check: how seldom one may look for a loss of 1 %.")
    screen.section("The same band as inventory [\(unit)]")
    var holding = TextTable("<regime", "lower", "target", "", "target", "upper")
    for (e, regime) in answer.regimes.enumerated() {
      holding.add([name(e)] + edges(regime.holding), strong: e == current)
    }
    screen.add(holding)
  }

  private func edges(_ band: Band) -> [String] {
    let texts = [band.lower, band.targetLower, band.targetUpper, band.upper].map { Figures.decimals($0, places) }
    return [texts[0], texts[1], "…", texts[2], texts[3]]
  }

  /// The equivalent price moves of `parameters.json`.
  private func moves(_ e: Int) -> [String] {
    guard case .array(let regimes)? = parameters.encoded["regimes"], regimes.indices.contains(e) else {
      return ["–", "–"]
    }
    let move = regimes[e]["classes"]?["optimal"]?["move"]
    return ["down", "up"].map { side in
      guard case .number(let fraction)? = move?[side] else { return "–" }
      return Figures.signedPercent(fraction, 2)
    }
  }

  // MARK: What it costs

  private func costs(on screen: inout Screen) {
    screen.section("Expected cost until the horizon [\(quote)]: trading + risk, with numerical errors")
    var table = TextTable("<regime", "total", "trading", "risk", "of it mark jump", "once hedged")
    for (e, regime) in answer.regimes.enumerated() {
      table.add(
        [
          name(e), Figures.measured(regime.value.value, regime.value.error),
          Figures.measured(regime.trading.value, regime.trading.error),
          Figures.measured(regime.risk.value, regime.risk.error),
          regime.markJump == 0 ? "–" : Figures.significant(regime.markJump),
          Figures.significant(regime.valueWhenHedged, 5),
        ], strong: e == current)
    }
    screen.add(table)
    if answer.regimes.contains(where: { $0.markJump != 0 }) {
      screen.note("mark jump: the risk that marks jump when regimes switch; no hedge changes it.")
    }
  }

  private func rivals(on screen: inout Screen) {
    guard !answer.rivals.isEmpty else { return }
    screen.section("Against hedging by the clock [\(quote)]: \(answer.settings.paths) paths, with standard errors")
    var table = TextTable("<rule", "total", "trading", "risk", "more than the band", "")
    let band = answer.regimes[current].rollOut
    table.add(
      "band, looked at every \(Figures.duration(answer.rollOutCheck))", Figures.measured(band.mean, band.standardError),
      Figures.significant(band.result.tradingCosts + band.result[.settlementCost].mean),
      Figures.significant(band.result[.gammaRisk].mean), "", "")
    for rival in answer.rivals {
      table.add(
        rival.name, Figures.measured(rival.total.mean, rival.total.standardError),
        Figures.measured(rival.trading.mean, rival.trading.standardError),
        Figures.measured(rival.risk.mean, rival.risk.standardError),
        Figures.measured(rival.excess.mean, rival.excess.standardError),
        Figures.signedPercent(rival.excess.mean / (rival.total.mean - rival.excess.mean)))
    }
    screen.add(table)
    if answer.regimes[current].markJump != 0 { screen.note("Without the mark jump, which is the same for every rule.") }
  }

  // MARK: Why regimes differ

  static func words(_ cause: RegimeDecomposition.Cause, current: String) -> String {
    switch cause {
    case .asStated: "as stated"
    case .equalCosts: "costs of \(current) in all"
    case .equalImpliedVolatility: "marks of \(current) in all"
    case .noSwitching: "regimes never switch"
    case .volatilityAlone: "volatility alone differs"
    }
  }

  static let volatilityAlone =
    "In a long-run problem with quadratic risk, volatility alone moves no band: the deviation's volatility η and the "
    + "root of its risk rate √λ scale together, and only the interval differs. What remains in the last row is the finite horizon."

  private func decomposition(on screen: inout Screen) {
    guard let decomposition = answer.decomposition else { return }
    screen.section("Where the regime dependence comes from: band per regime [\(unit)], ratio of widths")
    let names = problem.environment.regimes.map(\.name)
    var table = TextTable(
      [.init(head: "variant", alignment: .left)] + names.map { .init(head: $0) } + [.init(head: "widths")])
    for row in decomposition.rows {
      let ratios = row.bands.map { Figures.decimals($0.width / row.bands[0].width, 2) }.joined(separator: " : ")
      table.add(
        [OptionBookScreen.words(row.cause, current: names[current])]
          + row.bands.map { "\(Figures.decimals($0.lower, places)) … \(Figures.decimals($0.upper, places))" } + [ratios]
      )
    }
    screen.add(table)
    screen.note(OptionBookScreen.volatilityAlone)
  }
}

import Certification
import Control
import Formulation
import Simulation

extension Screen {
  /// A formula that was followed: what it says, what it assumes, what it costs beside the optimum.
  mutating func add(
    _ formula: FormulaAnswer, problem: OptionBookProblem, places: Int, optimum: [OptionBookAnswer.Regime]
  ) {
    let (unit, quote) = (problem.market.underlying, problem.market.quote)
    let name = formula.rule.formula.rawValue
    section("Method \(name)  a formula that was followed, not a solution")
    note(Explainer.describe(formula.rule.formula))
    for assumption in formula.rule.formula.assumptions { note("assumes: " + Explainer.describe(assumption)) }
    for fact in Self.facts(formula, problem) { note(fact) }
    line("")
    var table = TextTable(
      "<net delta in \(unit)", "lower", "to", "to", "upper", "total ± s.e.", "trading", "trades",
      "loss ± error", "")
    for (e, regime) in formula.regimes.enumerated() {
      let isCurrent = e == problem.market.currentRegime
      let solved = optimum[e]
      let total = solved.value.value - solved.markJump
      table.add(
        Self.edges((isCurrent ? "▸ " : "  ") + solved.name, regime.band, places)
          + [
            Figures.measured(regime.total.mean, regime.total.standardError),
            Figures.significant(regime.trading.mean, 4), Figures.significant(regime.trades.mean, 3),
            Figures.measured(regime.loss.mean, regime.loss.standardError + regime.lossError),
            total > 0 ? Figures.signedPercent(regime.loss.mean / total, 1) : "",
          ], strong: isCurrent)
      table.add(
        Self.edges("    the solver", solved.band, places)
          + [
            Figures.measured(total, solved.value.error), Figures.significant(solved.trading.value, 4),
            Figures.significant(solved.rollOut.result[.tradeCount].mean, 3), "", "",
          ])
    }
    add(table)
    note(
      "In \(quote). Totals without the jumps of the marks, which no policy changes. What is written are the formula's bands."
    )
  }

  private static func edges(_ name: String, _ band: Band, _ places: Int) -> [String] {
    [name] + [band.lower, band.targetLower, band.targetUpper, band.upper].map { Figures.decimals($0, places) }
  }

  /// What a formula says beside its bands, in words.
  private static func facts(_ formula: FormulaAnswer, _ problem: OptionBookProblem) -> [String] {
    let quote = problem.market.quote
    func money(_ value: Double) -> String { "\(Figures.significant(value, 5)) \(quote)" }
    let every = formula.secondsBetweenDecisions(in: problem).map { "every \(Figures.duration($0))" } ?? ""
    switch formula.rule.detail {
    case .band: return []
    case .leland(let hedge):
      return [
        "Leland number \(Figures.significant(hedge.number, 3)) · hedged at \(Figures.percent(hedge.hedgeVolatility)) \(every)",
        "book at that volatility \(money(hedge.price)), without costs \(money(hedge.frictionless)) · expected costs "
          + "\(money(hedge.expectedCost)) · profit then 0 ± \(money(hedge.deviation)), to leading order",
      ]
    case .mixedGamma(let summary):
      return [
        "Leland number \(Figures.significant(summary.number, 3)) · \(every)",
        "book's value after costs \(money(summary.value)), without \(money(summary.frictionless))",
      ]
    case .sepp(let hedge):
      func describe(_ optimum: SeppHedge.Optimum) -> String {
        "profit \(money(optimum.profit)) ± \(money(optimum.deviation)), Sharpe ratio "
          + "\(Figures.significant(optimum.sharpeRatio, 3)), \(Figures.significant(optimum.rebalancings, 3)) rebalancings"
      }
      return [
        "profit before costs \(money(hedge.grossProfit))", "by the clock, \(every): " + describe(hedge.timed),
        "by moves of \(Figures.percent(hedge.moved.step, 2)): " + describe(hedge.moved),
      ]
    }
  }
}

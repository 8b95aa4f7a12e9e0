import Certification
import Control
import Formulation

/// The answer to a tracking problem. Times are in the model's unit, costs in its currency.
struct TrackingScreen {
  let answer: TrackingAnswer

  private var problem: TrackingProblem { answer.problem }

  func draw(on screen: inout Screen) {
    screen.title(problem.name, TrackingScreen.words(problem.criterion))
    TrackingRegimeSection(problem: problem).draw(on: &screen)
    bands(on: &screen)
    costs(on: &screen)
    rollOut(on: &screen)
  }

  static func words(_ criterion: TrackingCriterion) -> String {
    switch criterion {
    case .longRunAverage: "long-run average cost per unit time"
    case .discounted(let rate): "cost discounted at \(Figures.given(rate)) per unit time"
    }
  }

  private func bands(on screen: inout Screen) {
    screen.section("No-trade band of the deviation: outside it, trade to the nearer target")
    var table = TextTable(
      "<regime", "lower", "target", "", "target", "upper", "± error", "next trade", "trades", "turnover")
    for regime in answer.solution.regimes {
      let band = regime.band
      let time = regime.timeFromUpperTarget ?? regime.timeFromCentre
      table.add(
        regime.name, Figures.decimals(band.lower, 5), Figures.decimals(band.targetLower, 5), "…",
        Figures.decimals(band.targetUpper, 5), Figures.decimals(band.upper, 5),
        Figures.significant(regime.bandError, 2),
        Figures.significant(time.value, 5), regime.tradesPerTime.map { Figures.significant($0.value) } ?? "–",
        regime.turnover.map { Figures.significant($0.value) } ?? "–")
    }
    screen.add(table)
    let hasTargets = answer.solution.regimes.contains { $0.timeFromUpperTarget != nil }
    screen.note(
      "next trade: expected time to it from the \(hasTargets ? "upper target" : "centre of the band"); trades and "
        + "turnover: per unit time of the long run, made while in the regime.")
  }

  private func costs(on screen: inout Screen) {
    let isAverage = problem.criterion == .longRunAverage
    screen.section(isAverage ? "Average cost per unit time" : "Discounted cost from a deviation of 0")
    var table = TextTable("<regime", "total", "± error", "trading", "risk")
    // The average is that of the whole chain: every regime that communicates says the same.
    let regimes = answer.solution.regimes
    let isOne = isAverage && regimes.allSatisfy { $0.cost.total.value == regimes[0].cost.total.value }
    for regime in isOne ? Array(regimes.prefix(1)) : regimes {
      table.add(
        isOne ? "all" : regime.name, Figures.significant(regime.cost.total.value, 8),
        Figures.significant(regime.cost.total.error, 2), Figures.significant(regime.cost.trading.value, 6),
        Figures.significant(regime.cost.running.value, 6))
    }
    screen.add(table)
    if let closed = answer.closedFormCost { screen.note("The closed form gives \(Figures.significant(closed, 8)).") }
  }

  private func rollOut(on screen: inout Screen) {
    guard let result = answer.rollOut else { return }
    TrackingRollOutSection(result: result, step: answer.rollOutStep).draw(on: &screen)
  }
}

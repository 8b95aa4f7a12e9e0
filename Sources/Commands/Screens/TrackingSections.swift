import Formulation
import Simulation

/// The regimes of a tracking problem and what a trade costs in them.
struct TrackingRegimeSection {
  let problem: TrackingProblem

  func draw(on screen: inout Screen) {
    screen.section("The regimes")
    let share = problem.generator.stationaryLaw
    var table = TextTable(
      "<regime", "drift", "volatility", "running cost", "lasts", "of the time", "per trade", "per unit bought", "sold")
    for (e, regime) in problem.regimes.enumerated() {
      let sojourn = RegimeSection.sojourn(problem.generator, e, secondsPerYear: 1)
      let cost = problem.costs[e]
      table.add(
        regime.name, Figures.given(regime.drift), Figures.given(regime.volatility),
        "\(Figures.given(regime.runningCost)) x²", sojourn.isFinite ? Figures.given(sojourn) : "for ever",
        share.map { Figures.percent($0[e]) } ?? "–", Figures.given(cost.fixed),
        Figures.given(cost.proportionalBuy), Figures.given(cost.proportionalSell))
    }
    screen.add(table)
  }
}

/// What the independent simulation of the bands found.
struct TrackingRollOutSection {
  let result: TrackingResult
  let step: Double?

  func draw(on screen: inout Screen) {
    screen.section("Independent simulation of the bands, with standard errors")
    var table = TextTable("<", "")
    func add(_ name: String, _ estimate: Simulation.Estimate) {
      table.add(name, Figures.measured(estimate.mean, estimate.standardError))
    }
    add("average cost, looking without pause", result.extrapolatedCost)
    if let step { add("average cost, looking every \(Figures.significant(step, 3))", result.averageCost) }
    add("of it running", result.runningCost)
    add("of it trading", result.tradingCost)
    if let time = result.meanTimeBetweenTrades { add("mean time between trades", time) }
    screen.add(table)
  }
}

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
        regime.name, Figures.significant(regime.drift), Figures.significant(regime.volatility),
        "\(Figures.significant(regime.runningCost)) x²", sojourn.isFinite ? Figures.significant(sojourn) : "for ever",
        share.map { Figures.percent($0[e]) } ?? "–", Figures.significant(cost.fixed),
        Figures.significant(cost.proportionalBuy), Figures.significant(cost.proportionalSell))
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

import Certification
import Control
import Formulation

/// What `solve` prints for a tracking problem.
struct TrackingScreen {
  let answer: TrackingAnswer
  let certificate: Certificate
  let style: Style

  func text(directory: String, seconds: Double) -> String {
    var screen = Screen(style: style)
    let problem = answer.problem
    let criterion: String
    switch problem.criterion {
    case .longRunAverage: criterion = "long-run average cost"
    case .discounted(let rate): criterion = "cost discounted at \(Figures.significant(rate, 3)) per unit time"
    }
    screen.title("DEADBAND  \(problem.name)", criterion)
    screen.section("Regimes")
    screen.add(TrackingRegimeTable.make(problem, digits: 3))
    screen.section("Bands in the deviation x")
    var bands = TextTable("<", "lower", "to", "to", "upper", "± error", "from target", "from centre")
    for regime in answer.solution.regimes {
      let times = [regime.timeFromLowerTarget, regime.timeFromUpperTarget].compactMap { $0?.value }
      bands.add(
        regime.name, Figures.decimals(regime.band.lower, 6), Figures.decimals(regime.band.targetLower, 6),
        Figures.decimals(regime.band.targetUpper, 6), Figures.decimals(regime.band.upper, 6),
        Figures.significant(regime.bandError, 1),
        times.isEmpty ? "reflects" : Figures.significant(times.reduce(0, +) / Double(times.count), 5),
        Figures.significant(regime.timeFromCentre.value, 5))
    }
    screen.add(bands)
    screen.note("The last two columns are expected times to the next trade, in the model's unit of time.")
    screen.section(
      problem.criterion == .longRunAverage ? "Cost per unit time" : "Value at x = 0")
    var costs = TextTable("<", "total", "± error", "running", "trading", "trades", "turnover")
    for regime in answer.solution.regimes {
      costs.add(
        regime.name, Figures.significant(regime.cost.total.value, 9), Figures.significant(regime.cost.total.error, 1),
        Figures.significant(regime.cost.running.value, 7), Figures.significant(regime.cost.trading.value, 7),
        regime.tradesPerTime.map { Figures.significant($0.value, 5) } ?? "–",
        regime.turnover.map { Figures.significant($0.value, 5) } ?? "–")
    }
    screen.add(costs)
    if let result = answer.rollOut, let step = answer.rollOutStep {
      screen.note(
        "Simulated by independent code, checking every \(Figures.significant(step, 2)): "
          + Figures.measured(result.extrapolatedCost.mean, result.extrapolatedCost.standardError)
          + " per unit time (standard error).")
    }
    screen.add(certificate)
    screen.line("")
    screen.line(
      certificate.isCertified
        ? "Written to \(directory) in \(Figures.duration(seconds))" : "Refused after \(Figures.duration(seconds))")
    return screen.text
  }
}

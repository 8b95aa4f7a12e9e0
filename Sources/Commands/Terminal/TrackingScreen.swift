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
    TrackingRegimeTable(problem: problem, digits: 3).add(to: &screen)
    screen.section("Bands in the deviation x")
    var bands = TextTable("<", "lower", "to", "to", "upper", "± error", "from target", "from centre")
    for (regime, cost) in zip(answer.solution.regimes, problem.costs) {
      let times = [regime.timeFromLowerTarget, regime.timeFromUpperTarget].compactMap { $0?.value }
      bands.add(
        regime.name, Figures.decimals(regime.band.lower, 6), Figures.decimals(regime.band.targetLower, 6),
        Figures.decimals(regime.band.targetUpper, 6), Figures.decimals(regime.band.upper, 6),
        Figures.significant(regime.bandError, 1),
        times.isEmpty
          ? (cost.fixed == 0 ? "reflects" : "never") : Figures.significant(times.reduce(0, +) / Double(times.count), 5),
        regime.timeFromCentre.value.isFinite ? Figures.significant(regime.timeFromCentre.value, 5) : "never")
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
    addClasses(&screen)
    if let result = answer.rollOut, let step = answer.rollOutStep {
      screen.note(
        "Simulated by independent code, checking every \(Figures.significant(step, 2)): "
          + Figures.measured(result.extrapolatedCost.mean, result.extrapolatedCost.standardError)
          + (problem.criterion == .longRunAverage
            ? " per unit time (standard error)."
            : " from \(problem.regimes[0].name) and a deviation of 0 (standard error)."))
    } else {
      screen.note("Not simulated: \(Explainer.timeScalesApart).")
    }
    if let result = answer.classRollOut, let name = answer.simulatedClass {
      screen.note(
        "The class \(name.rawValue), simulated likewise: "
          + Figures.measured(result.extrapolatedCost.mean, result.extrapolatedCost.standardError) + ".")
    }
    screen.add(certificate)
    screen.line("")
    screen.line(
      certificate.isCertified
        ? "Written to \(directory) in \(Figures.duration(seconds))" : "Refused after \(Figures.duration(seconds))")
    return screen.text
  }

  private static let zeroShare = 1e-6

  private func clock(_ policyClass: TrackingClass, _ regime: TrackingClassRegime) -> String {
    switch policyClass {
    case .interval: regime.interval.map { "= " + Figures.significant($0.time, 4) } ?? ""
    case .hybridAny: regime.maxGap.map { "≤ " + Figures.significant($0.value, 4) } ?? ""
    case .hybridAll: regime.minGap.map { "≥ " + Figures.significant($0.value, 4) } ?? ""
    case .optimal, .edge, .recentre, .inner, .constantBand: ""
    }
  }

  /// Every class at its own optimum: what to run, what it costs, and what is lost by not being able to run the optimum.
  private func addClasses(_ screen: inout Screen) {
    screen.section("Policy classes, each at its own optimum")
    var table = TextTable(
      "<class", "<regime", "lower", "to", "to", "upper", "cost", "loss", "look",
      "gap", "<clock")
    for solution in answer.classes.solved {
      for (index, regime) in solution.regimes.enumerated() {
        // A target at the centre is found to rounding: what is that small against the answer's own band is zero.
        let least = answer.solution.regimes[index].band.width * Self.zeroShare
        func number(_ value: Double?, _ digits: Int = 4) -> String {
          value.map { Figures.significant(abs($0) < least ? 0 : $0, digits) } ?? "–"
        }
        let (band, target) = (regime.band, regime.interval?.target)
        table.add(
          index == 0 ? solution.policyClass.rawValue : "", answer.problem.regimes[index].name, number(band?.lower),
          number(band?.targetLower ?? target), number(band?.targetUpper ?? target), number(band?.upper),
          Figures.significant(regime.cost.total.value, 6), Figures.percent(regime.loss.value, 2),
          number(regime.check?.value, 3), number(regime.meanBetweenTrades?.value), clock(solution.policyClass, regime))
      }
    }
    screen.add(table)
    screen.note(
      "look: time between looks, edges moved in by 0.58 η√δ, that costs 1 % more; gap: mean time between trades; "
        + "clock: the next trade is just, at most or at least so long after one in this regime. Clocks of the hybrids "
        + "cost 1 % more than the band alone: recentre's for hybridAny, the optimum's for hybridAll."
    )
    for omission in answer.classes.omitted {
      screen.note(
        "Without \(omission.policyClass.rawValue): "
          + Explainer.reason(omission.reason, regimes: answer.problem.regimes.map(\.name)) + ".")
    }
  }
}

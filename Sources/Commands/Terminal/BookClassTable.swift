import Certification
import Control
import Formulation

/// The policy classes of an option book on the screen: what to run, what it loses, and why some are missing.
struct BookClassTable {
  let answer: OptionBookAnswer
  /// Digits after the point for quantities of the underlying.
  let places: Int

  private var problem: OptionBookProblem { answer.problem }

  func add(to screen: inout Screen) {
    let names = problem.environment.regimes.map(\.name)
    if !answer.classes.solved.isEmpty {
      screen.section("Policy classes, each at its own optimum  net delta in \(problem.market.underlying)")
      var table = TextTable(
        "<class", "<regime", "lower", "to", "to", "upper", "total", "loss", "± error", "<rule")
      for solution in answer.classes.solved where solution.bookClass != .edge {
        for (e, regime) in solution.regimes.enumerated() {
          let loss = answer.loss(solution, regime: e)
          let band = regime.band.map { problem.emitted($0, time: 0, spot: problem.market.spot, regime: e) }
          func number(_ value: Double?) -> String { value.map { Figures.decimals($0, places) } ?? "–" }
          table.add(
            [
              e == 0 ? solution.bookClass.rawValue : "",
              (e == problem.market.currentRegime ? "▸ " : "  ") + names[e], number(band?.lower),
              number(band?.targetLower ?? regime.target), number(band?.targetUpper ?? regime.target),
              number(band?.upper),
              Figures.significant(answer.regimes[e].value.value + regime.excess.value, 5),
              Figures.percent(loss.value, 2), Figures.percent(loss.error, 2),
              Self.rule(regime, problem),
            ], strong: e == problem.market.currentRegime)
        }
      }
      screen.add(table)
      screen.note(
        "Today's bands of rules that follow time and price, but for constantBand. Loss: more than the optimum from today's "
          + "inventory, as a share of it. Gaps of the hybrids cost 1 % more than their band alone; a hybridAny without one is "
          + "better off without forced trades.")
      if let result = answer.classRollOut, let name = answer.simulatedClass {
        screen.note(
          "The class \(name.rawValue), simulated by independent code from \(names[problem.market.currentRegime]): "
            + Figures.measured(result.extrapolated.mean, result.extrapolated.standardError)
            + " ± s.e., without jumps of marks.")
      }
    }
    let reasons = Dictionary(grouping: answer.omittedClasses) { Explainer.reason($0.reason, regimes: names) }
    for reason in reasons.keys.sorted() {
      let classes = reasons[reason]!.map(\.bookClass.rawValue).joined(separator: ", ")
      screen.note("Without \(classes): \(reason).")
    }
  }

  /// A class in a few words, regime by regime where they differ.
  static func words(of solution: BookClassSolution, _ problem: OptionBookProblem) -> String {
    let rules = solution.regimes.map { regime -> String in
      let words = rule(regime, problem)
      guard words.isEmpty, solution.bookClass == .constantBand, let band = regime.band else { return words }
      let half = Figures.significant(0.5 * band.width, 3)
      let target = 0.5 * (band.targetUpper - band.targetLower)
      return "±\(half)" + (2 * target < band.width ? " to ±\(Figures.significant(target, 3))" : "")
    }
    let words = Set(rules).count == 1 ? rules[0] : rules.joined(separator: " | ")
    if !words.isEmpty { return words }
    return solution.bookClass == .edge ? "the optimal band, back to the edge" : ""
  }

  private static func rule(_ regime: BookClassRegime, _ problem: OptionBookProblem) -> String {
    func duration(_ years: Double) -> String { Figures.duration(years * problem.dayCount.secondsPerYear) }
    var words = regime.parameters.compactMap { parameter -> String? in
      let value = Figures.significant(parameter.value, 3)
      return switch parameter.name {
      case "widthFactor": "width×\(value)"
      case "gammaMultiple": "c = \(value)"
      case "logMove": "move \(Figures.percent(parameter.value, 2))"
      default: nil
      }
    }
    if let gap = regime.fixed { words.append("every \(duration(gap))") }
    if let gap = regime.minGap { words.append("look \(duration(gap))") }
    if let gap = regime.maxGap {
      words.append(gap >= problem.horizon ? "" : "or \(duration(gap))")
    }
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

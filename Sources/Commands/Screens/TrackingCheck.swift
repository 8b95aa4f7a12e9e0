import Control
import Formulation
import Interchange

/// A tracking problem as it was understood.
struct TrackingCheck {
  let model: ModelFile
  let problem: TrackingProblem

  /// Each regime by itself, without drift: what the closed form says of it; nil when its costs have no closed form.
  private func alone(_ e: Int) -> StationaryClosedForm.Width? {
    let cost = problem.costs[e]
    guard cost.proportionalBuy == cost.proportionalSell, cost.quadraticImpact == 0, !cost.isZero else { return nil }
    return StationaryClosedForm(
      runningCost: problem.regimes[e].runningCost, volatility: problem.regimes[e].volatility, fixed: cost.fixed,
      proportional: cost.proportionalBuy
    ).optimum
  }

  func draw(on screen: inout Screen) {
    screen.title(problem.name, TrackingScreen.words(problem.criterion))
    TrackingRegimeSection(problem: problem).draw(on: &screen)
    screen.section("Each regime by itself, without drift (closed form)")
    var table = TextTable("<regime", "trade at ±", "trade to ±", "cost per time", "mean time between trades")
    for (e, regime) in problem.regimes.enumerated() {
      guard let width = alone(e) else {
        table.add(regime.name, "–", "–", "–", "–")
        continue
      }
      table.add(
        regime.name, Figures.significant(width.outer, 5), Figures.significant(width.inner, 5),
        Figures.significant(width.cost, 5), Figures.significant(width.meanTime))
    }
    screen.add(table)
    screen.note("Orientation only: it leaves out drift and the switching of regimes. “deadband solve” does not.")
  }

  var encoded: JSONValue {
    var criterion = [JSONMember("name", "longRunAverage")]
    if case .discounted(let rate) = problem.criterion {
      criterion = [JSONMember("name", "discounted"), JSONMember("rate", .number(rate))]
    }
    return .object([
      JSONMember("name", .string(problem.name)), JSONMember("kind", "tracking"),
      JSONMember("problemDigest", .string(model.problemDigest)), JSONMember("criterion", .object(criterion)),
      JSONMember("switching", .array(problem.generator.rates.map { .numbers($0) })),
      JSONMember("regimes", .array(problem.regimes.indices.map(encode))),
    ])
  }

  private func encode(_ e: Int) -> JSONValue {
    let regime = problem.regimes[e]
    let cost = problem.costs[e]
    var members = [
      JSONMember("name", .string(regime.name)), JSONMember("drift", .number(regime.drift)),
      JSONMember("volatility", .number(regime.volatility)), JSONMember("runningCost", .number(regime.runningCost)),
      JSONMember(
        "cost",
        [
          "fixed": .number(cost.fixed), "buy": .number(cost.proportionalBuy), "sell": .number(cost.proportionalSell),
        ]),
    ]
    if let law = problem.generator.stationaryLaw {
      members.append(JSONMember("stationaryProbability", .number(law[e])))
    }
    if let width = alone(e) {
      members.append(
        JSONMember(
          "alone",
          [
            "edge": .number(width.outer), "target": .number(width.inner), "cost": .number(width.cost),
            "meanTime": .number(width.meanTime),
          ]))
    }
    return .object(members)
  }
}

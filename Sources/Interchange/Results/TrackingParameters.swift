import Certification
import Control
import Formulation

/// The part of `parameters.json` that is particular to tracking problems. Times are in the problem's own unit, costs in
/// the criterion's own currency.
struct TrackingParameters {
  let answer: TrackingAnswer

  private var problem: TrackingProblem { answer.problem }
  private var isAverage: Bool { problem.criterion == .longRunAverage }

  func content() -> (members: [JSONMember], vectors: [DecisionVector]) {
    let first = answer.solution.regimes[0]
    let members = [
      JSONMember("value", value(first)),
      JSONMember("regimes", .array(answer.solution.regimes.map { regime($0) })),
      JSONMember("monitoring", ["band": "continuous"]),
    ]
    return (members, decisionVectors())
  }

  private func value(_ regime: StationaryRegime) -> JSONValue {
    [
      "total": .number(regime.cost.total.value), "trading": .number(regime.cost.trading.value),
      "risk": .number(regime.cost.running.value), "error": .number(regime.cost.total.error),
      "unit": isAverage ? "cost/time" : "cost",
    ]
  }

  private func regime(_ regime: StationaryRegime) -> JSONValue {
    var optimal = [
      JSONMember("band", BandEncoding.band(regime.band, unit: nil, measure: "deviation")),
      JSONMember("bandError", .number(regime.bandError)),
    ]
    if let lower = regime.timeFromLowerTarget, let upper = regime.timeFromUpperTarget {
      // Either target is reached from its own side; without drift both times are the same.
      optimal.append(
        JSONMember(
          "interval",
          [
            "meanBetweenTrades": .number(0.5 * (lower.value + upper.value)),
            "error": .number(0.5 * (lower.error + upper.error)), "unit": "time", "logic": "any",
          ]))
    }
    var cost = [
      JSONMember("total", .number(regime.cost.total.value)),
      JSONMember("trading", .number(regime.cost.trading.value)),
      JSONMember("risk", .number(regime.cost.running.value)),
    ]
    if let trades = regime.tradesPerTime { cost.append(JSONMember("tradesPerYear", .number(trades.value))) }
    if let turnover = regime.turnover { cost.append(JSONMember("turnoverPerYear", .number(turnover.value))) }
    cost.append(JSONMember("error", .number(regime.cost.total.error)))
    optimal.append(JSONMember("cost", .object(cost)))
    optimal.append(JSONMember("lossVersusOptimal", ["value": .number(0), "error": .number(0)]))
    return [
      "name": .string(regime.name), "value": value(regime), "classes": ["optimal": .object(optimal)],
    ]
  }

  private func decisionVectors() -> [DecisionVector] {
    var vectors: [DecisionVector] = []
    for (e, regime) in answer.solution.regimes.enumerated() {
      for x in DecisionVector.measures(of: regime.band, scale: 1) {
        vectors.append(
          DecisionVector(
            time: 0, spot: 1, regime: e, inventory: x, measure: x, trade: regime.band.trade(at: x)))
      }
    }
    return vectors
  }
}

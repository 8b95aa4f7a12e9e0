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
    let members =
      [
        JSONMember("value", value(first)),
        JSONMember("regimes", .array(answer.solution.regimes.indices.map { regime($0) })),
        JSONMember("monitoring", ["band": "continuous"]),
      ] + omissions
    return (members, decisionVectors())
  }

  /// Classes without numbers, and why.
  private var omissions: [JSONMember] {
    if answer.classes.omitted.isEmpty { return [] }
    let names = problem.regimes.map(\.name)
    return [
      JSONMember(
        "omittedClasses",
        .array(
          answer.classes.omitted.map {
            ["class": .string($0.policyClass.rawValue), "reason": .string($0.reason.word(regimes: names))]
          }))
    ]
  }

  private func value(_ regime: StationaryRegime) -> JSONValue {
    [
      "total": .number(regime.cost.total.value), "trading": .number(regime.cost.trading.value),
      "risk": .number(regime.cost.running.value), "error": .number(regime.cost.total.error),
      "unit": isAverage ? "cost/time" : "cost",
    ]
  }

  private func regime(_ e: Int) -> JSONValue {
    let regime = answer.solution.regimes[e]
    let classes = answer.classes.solved.map { solution in
      JSONMember(
        solution.policyClass.rawValue,
        policy(solution.regimes[e], solution.policyClass, bandError: regime.bandError))
    }
    return ["name": .string(regime.name), "value": value(regime), "classes": .object(classes)]
  }

  /// One class in one regime. What it does not have is left out.
  private func policy(
    _ regime: TrackingClassRegime, _ policyClass: TrackingClass, bandError: Double
  ) -> JSONValue {
    var members: [JSONMember] = []
    if let band = regime.band {
      members.append(JSONMember("band", BandEncoding.band(band, unit: nil, measure: "deviation")))
    }
    if policyClass == .optimal { members.append(JSONMember("bandError", .number(bandError))) }
    var interval: [JSONMember] = []
    if let check = regime.check { interval.append(JSONMember("check", .number(check.value))) }
    if let least = regime.minGap { interval.append(JSONMember("minGap", .number(least.value))) }
    if let most = regime.maxGap { interval.append(JSONMember("maxGap", .number(most.value))) }
    if let fixed = regime.interval {
      members.append(JSONMember("target", .number(fixed.target)))
      interval.append(JSONMember("fixed", .number(fixed.time)))
    }
    if let mean = regime.meanBetweenTrades {
      interval += [JSONMember("meanBetweenTrades", .number(mean.value)), JSONMember("error", .number(mean.error))]
    }
    if !interval.isEmpty {
      if regime.minGap != nil || regime.maxGap != nil {
        // A hybrid's gap is what it does; that of a band alone says when a watchdog should wonder.
        let isPolicy = policyClass == .hybridAny || policyClass == .hybridAll
        interval.append(JSONMember("gaps", .string(isPolicy ? "policy" : "oneInAHundred")))
      }
      let logic = policyClass == .hybridAll ? "all" : "any"
      members.append(
        JSONMember(
          "interval", .object(interval + [JSONMember("unit", "time"), JSONMember("logic", .string(logic))])))
    }
    var cost = [
      JSONMember("total", .number(regime.cost.total.value)),
      JSONMember("trading", .number(regime.cost.trading.value)),
      JSONMember("risk", .number(regime.cost.running.value)),
    ]
    if let trades = regime.tradesPerTime { cost.append(JSONMember("tradesPerYear", .number(trades.value))) }
    if let turnover = regime.turnover { cost.append(JSONMember("turnoverPerYear", .number(turnover.value))) }
    cost.append(JSONMember("error", .number(regime.cost.total.error)))
    members.append(JSONMember("cost", .object(cost)))
    members.append(
      JSONMember(
        "lossVersusOptimal",
        [
          "value": .number(regime.loss.value), "error": .number(regime.loss.error),
          "unit": "shareOfOptimalCost",
        ]))
    return .object(members)
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

extension ClassOmission {
  /// A word for programs, and the regime it is about; sentences are for people and elsewhere.
  public func word(regimes: [String]) -> String {
    switch self {
    case .fixedCost(let e): "fixedCost: \(regimes[e])"
    case .neverTrading: "neverTrading"
    case .endlessClock: "endlessClock"
    case .tooLarge: "tooLarge"
    case .notRequested: "notRequested"
    case .manyRegimes(let most): "manyRegimes: more than \(most)"
    case .notConverged: "notConverged"
    case .inaccurate: "inaccurate"
    }
  }
}

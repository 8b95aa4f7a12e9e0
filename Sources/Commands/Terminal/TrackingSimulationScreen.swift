import Certification
import Formulation
import Interchange
import Simulation

/// The classes of a tracking problem side by side on the same paths.
struct TrackingSimulationScreen {
  let problem: TrackingProblem
  let comparison: TrackingComparison
  let seed: UInt64

  private var isAverage: Bool { problem.criterion == .longRunAverage }

  func draw(on screen: inout Screen) {
    screen.title(
      "DEADBAND  \(problem.name)", "seed \(seed), looking every \(Figures.significant(comparison.step, 3))")
    for start in comparison.starts {
      let place = start.regime.map { "from \(problem.regimes[$0].name)" }
      screen.section(
        isAverage
          ? "Long run\(place.map { ", " + $0 } ?? ""), by independent code  mean ± standard error"
          : "Discounted, \(place!) and a deviation of 0, by independent code  mean ± standard error")
      var table =
        isAverage
        ? TextTable("<policy", "cost", "trading", "trades", "more than the optimum", "solved")
        : TextTable("<policy", "cost", "trading", "more than the optimum", "solved")
      for row in start.rows {
        let result = row.result
        table.add(
          [row.policyClass.rawValue, measured(result.extrapolatedCost), measured(result.tradingCost)]
            + (isAverage ? [measured(result.tradeRate)] : [])
            + [row.excess.map(measured) ?? "", Figures.significant(row.solved.value, 6)])
      }
      screen.add(table)
    }
    screen.note(
      (isAverage ? "Costs and trades are per unit of the model's time. " : "")
        + "Costs are those of looking without pause, extrapolated; trading and trades those of these looks. "
        + "Solved: what the equations say, without simulation.")
    for omission in comparison.omitted {
      screen.note(
        "Without \(omission.policyClass.rawValue): "
          + Explainer.reason(omission.reason, regimes: problem.regimes.map(\.name)) + ".")
    }
  }

  private func measured(_ estimate: Simulation.Estimate) -> String {
    Figures.measured(estimate.mean, estimate.standardError)
  }

  var encoded: JSONValue {
    [
      "name": .string(problem.name), "seed": .integer(Int(clamping: seed)), "checkEvery": .number(comparison.step),
      "policies": .array(comparison.starts.flatMap { start in start.rows.map { encode($0, start.regime) } }),
      "omittedClasses": .array(
        comparison.omitted.map { omission in
          [
            "class": .string(omission.policyClass.rawValue),
            "reason": .string(omission.reason.word(regimes: problem.regimes.map(\.name))),
          ]
        }),
    ]
  }

  private func encode(_ row: TrackingComparison.Row, _ start: Int?) -> JSONValue {
    let result = row.result
    var members = [
      JSONMember("policy", .string(row.policyClass.rawValue)),
      JSONMember(isAverage ? "averageCost" : "discountedCost", SimulationScreen.encode(result.averageCost)),
      JSONMember("extrapolated", SimulationScreen.encode(result.extrapolatedCost)),
      JSONMember("running", SimulationScreen.encode(result.runningCost)),
      JSONMember("trading", SimulationScreen.encode(result.tradingCost)),
      JSONMember("solved", ["value": .number(row.solved.value), "error": .number(row.solved.error)]),
    ]
    if let excess = row.excess { members.append(JSONMember("moreThanOptimal", SimulationScreen.encode(excess))) }
    if let start { members.append(JSONMember("regime", .string(problem.regimes[start].name))) }
    guard isAverage else { return .object(members) }
    members.append(JSONMember("tradeRate", SimulationScreen.encode(result.tradeRate)))
    if let time = result.meanTimeBetweenTrades {
      members.append(JSONMember("meanBetweenTrades", SimulationScreen.encode(time)))
    }
    return .object(members + [JSONMember("occupancy", .array(result.occupancy.map(SimulationScreen.encode)))])
  }
}

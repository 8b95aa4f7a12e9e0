import Formulation
import Interchange
import Simulation

/// The roll-out of a tracking problem's bands.
struct TrackingSimulationScreen {
  let name: String
  let result: TrackingResult
  /// Time between looks, in the model's unit.
  let step: Double
  let seed: UInt64
  /// The regime in which discounted costs start; nil for averages.
  let start: String?

  func draw(on screen: inout Screen) {
    screen.title("DEADBAND  \(name)", "optimal bands, seed \(seed), looking every \(Figures.significant(step, 3))")
    screen.section(
      start.map { "Discounted, from \($0) and a deviation of 0, by independent code  mean ± standard error" }
        ?? "Long run, by independent code  mean ± standard error")
    var table = TextTable("<", "")
    for (name, estimate) in rows { table.add(name, Figures.measured(estimate.mean, estimate.standardError)) }
    screen.add(table)
    if start == nil { screen.note("Costs are per unit of the model's time.") }
  }

  private var rows: [(String, Simulation.Estimate)] {
    var rows = [
      (start == nil ? "average cost" : "cost", result.averageCost),
      ("the same, looking without pause", result.extrapolatedCost), ("running", result.runningCost),
      ("trading", result.tradingCost),
    ]
    guard start == nil else { return rows }
    rows.append(("trades", result.tradeRate))
    if let time = result.meanTimeBetweenTrades { rows.append(("mean time between trades", time)) }
    return rows
  }

  var encoded: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("seed", .integer(Int(clamping: seed))),
      JSONMember("checkEvery", .number(step)),
      JSONMember(start == nil ? "averageCost" : "discountedCost", SimulationScreen.encode(result.averageCost)),
      JSONMember("extrapolated", SimulationScreen.encode(result.extrapolatedCost)),
      JSONMember("running", SimulationScreen.encode(result.runningCost)),
      JSONMember("trading", SimulationScreen.encode(result.tradingCost)),
    ]
    if let start { return .object(members + [JSONMember("regime", .string(start))]) }
    members.append(JSONMember("tradeRate", SimulationScreen.encode(result.tradeRate)))
    if let time = result.meanTimeBetweenTrades {
      members.append(JSONMember("meanBetweenTrades", SimulationScreen.encode(time)))
    }
    members.append(JSONMember("occupancy", .array(result.occupancy.map(SimulationScreen.encode))))
    return .object(members)
  }
}

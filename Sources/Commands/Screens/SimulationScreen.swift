import Formulation
import Interchange
import Simulation

/// Policies side by side: what they cost, the law of their profit, what they traded.
struct SimulationScreen {
  let problem: OptionBookProblem
  let rows: [SimulateAction.Row]
  /// Seconds between checks.
  let check: Double
  let paths: Int
  let seed: UInt64

  private var quote: String { problem.market.quote }

  // MARK: Parts

  private func costs(_ result: RollOutResult) -> Simulation.Estimate {
    // Fixed and variable costs of a path go together: their errors are added, which bounds that of the sum.
    let parts = [result[.fixedCosts], result[.variableCosts], result[.settlementCost]]
    return Simulation.Estimate(
      mean: parts.reduce(0) { $0 + $1.mean }, standardError: parts.reduce(0) { $0 + $1.standardError })
  }

  /// The standard deviation over paths, by the delta method from that of the variance.
  private func deviation(_ result: RollOutResult) -> Simulation.Estimate {
    let variance = result.distribution(.profit).varianceEstimate
    let deviation = variance.mean.squareRoot()
    return Simulation.Estimate(
      mean: deviation, standardError: deviation > 0 ? variance.standardError / (2 * deviation) : 0)
  }

  private func text(_ estimate: Simulation.Estimate) -> String {
    Figures.measured(estimate.mean, estimate.standardError)
  }

  // MARK: For people

  func draw(on screen: inout Screen) {
    screen.title(
      problem.name,
      "\(Figures.decimals(Double(paths), 0)) paths, looked at every \(Figures.duration(check)), seed \(seed)")
    screen.section("The criterion [\(quote)], with standard errors")
    var criterion = TextTable("<policy", "total", "trading", "risk", "more than optimal", "")
    for row in rows {
      let total = row.result[.criterion]
      criterion.add(
        row.name, text(total), text(costs(row.result)), text(row.result[.gammaRisk]), row.excess.map(text) ?? "",
        row.excess.map { Figures.signedPercent($0.mean / (total.mean - $0.mean)) } ?? "")
    }
    screen.add(criterion)
    screen.section("The profit and loss [\(quote)], with standard errors")
    var profit = TextTable("<policy", "mean", "standard deviation", "CVaR 95")
    for row in rows { profit.add(row.name, text(row.result[.profit]), text(deviation(row.result)), text(row.tail)) }
    screen.add(profit)
    screen.note("CVaR 95: mean loss of the worst twentieth of the paths.")
    screen.section("Where it comes from [\(quote)], with standard errors")
    var parts = TextTable("<policy", "gamma against theta", "unhedged delta", "costs and funding")
    for row in rows {
      let costs = costs(row.result)
      let paid = Simulation.Estimate(
        mean: -costs.mean - row.result[.fundingPaid].mean,
        standardError: costs.standardError + row.result[.fundingPaid].standardError)
      parts.add(
        row.name, text(row.result[.gammaThetaProfit]), text(row.result[.hedgingProfit]), text(paid))
    }
    screen.add(parts)
    screen.section("The trading, with standard errors")
    var trading = TextTable("<policy", "trades", "turnover \(problem.market.underlying)", "turnover \(quote)")
    for row in rows {
      trading.add(
        row.name, text(row.result[.tradeCount]), text(row.result[.turnoverUnits]), text(row.result[.turnoverNotional]))
    }
    screen.add(trading)
  }

  // MARK: For machines

  private func encode(_ estimate: Simulation.Estimate) -> JSONValue {
    ["mean": .number(estimate.mean), "standardError": .number(estimate.standardError)]
  }

  var encoded: JSONValue {
    [
      "name": .string(problem.name), "paths": .integer(paths), "seed": .integer(Int(clamping: seed)),
      "checkEvery": .number(check), "unit": .string(quote),
      "policies": .array(
        rows.map { row in
          let result = row.result
          var members = [
            JSONMember("policy", .string(row.name)), JSONMember("total", encode(result[.criterion])),
            JSONMember("trading", encode(costs(result))), JSONMember("risk", encode(result[.gammaRisk])),
            JSONMember("carry", encode(result[.carry])), JSONMember("profit", encode(result[.profit])),
            JSONMember("profitDeviation", encode(deviation(result))),
            JSONMember("conditionalValueAtRisk95", encode(row.tail)),
            JSONMember("gammaThetaProfit", encode(result[.gammaThetaProfit])),
            JSONMember("hedgingProfit", encode(result[.hedgingProfit])),
            JSONMember("fundingPaid", encode(result[.fundingPaid])), JSONMember("trades", encode(result[.tradeCount])),
            JSONMember("turnoverUnits", encode(result[.turnoverUnits])),
            JSONMember("turnoverNotional", encode(result[.turnoverNotional])),
          ]
          if let excess = row.excess { members.append(JSONMember("excess", encode(excess))) }
          return .object(members)
        }),
    ]
  }
}

extension TrackingRollOutSection {
  func encoded(name: String, seed: UInt64) -> JSONValue {
    func encode(_ estimate: Simulation.Estimate) -> JSONValue {
      ["mean": .number(estimate.mean), "standardError": .number(estimate.standardError)]
    }
    var members = [
      JSONMember("name", .string(name)), JSONMember("seed", .integer(Int(clamping: seed))),
      JSONMember("averageCost", encode(result.averageCost)),
      JSONMember("extrapolated", encode(result.extrapolatedCost)),
      JSONMember("running", encode(result.runningCost)), JSONMember("trading", encode(result.tradingCost)),
      JSONMember("tradeRate", encode(result.tradeRate)),
      JSONMember("occupancy", .array(result.occupancy.map(encode))),
    ]
    if let step { members.append(JSONMember("checkEvery", .number(step))) }
    return .object(members)
  }
}

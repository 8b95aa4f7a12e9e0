import Formulation
import Interchange
import Simulation

/// One policy's roll-out.
struct SimulatedPolicy {
  let name: String
  let result: RollOutResult
  /// J minus that of the optimal policy on the same paths [quote]; nil for the optimal policy itself.
  let excess: Simulation.Estimate?
  /// Mean loss of the worst paths [quote].
  let tail: Simulation.Estimate

  /// The level of the tail mean: the worst twentieth.
  static let tailLevel = 0.95
  /// Standard errors beyond which a difference is called one.
  static let significance = 3.0

  /// Whether the policy differs from the optimal one by more than sampling explains.
  var isDifferent: Bool { excess.map { abs($0.mean) > Self.significance * $0.standardError } ?? false }

  /// Trading and settlement. The errors of the parts are added, which bounds that of the sum.
  var costs: Simulation.Estimate {
    let parts = [result[.fixedCosts], result[.variableCosts], result[.settlementCost]]
    return Simulation.Estimate(
      mean: parts.reduce(0) { $0 + $1.mean }, standardError: parts.reduce(0) { $0 + $1.standardError })
  }

  /// The standard deviation of the profit, its error by the delta method from that of the variance.
  var deviation: Simulation.Estimate {
    let variance = result.distribution(.profit).varianceEstimate
    let deviation = variance.mean.squareRoot()
    return Simulation.Estimate(
      mean: deviation, standardError: deviation > 0 ? variance.standardError / (2 * deviation) : 0)
  }
}

/// Policies side by side: what they cost, the law of their profit, what they traded.
struct SimulationScreen {
  let problem: OptionBookProblem
  let policies: [SimulatedPolicy]
  /// Seconds between looks at the market.
  let check: Double
  let seed: UInt64
  /// Where prices come from; nil: from the model.
  var world: WorldScreen?

  private var quote: String { problem.market.quote }
  private var paths: Int { policies.first?.result.pathCount ?? 0 }

  private func text(_ estimate: Simulation.Estimate) -> String {
    Figures.measured(estimate.mean, estimate.standardError)
  }

  // MARK: For people

  func draw(on screen: inout Screen) {
    screen.title(
      "DEADBAND  \(problem.name)",
      "\(paths) paths from \(problem.environment.regimes[problem.market.currentRegime].name), seed \(seed), "
        + "looking every \(Figures.duration(check))")
    world?.draw(on: &screen)
    let isExponential = problem.preference.isExponential
    screen.section(
      isExponential
        ? "Certainty-equivalent loss from costs  in \(quote) of today, ± standard error"
        : "What is minimised  in \(quote), mean ± standard error")
    var criterion = TextTable(
      "<policy", "total", "trading", isExponential ? "" : "risk", "more than optimal", "", "z")
    for policy in policies {
      let total = policy.result[.criterion]
      criterion.add(
        policy.name, text(total), text(policy.costs), isExponential ? "" : text(policy.result[.gammaRisk]),
        policy.excess.map(text) ?? "",
        policy.excess.map { Figures.signedPercent($0.mean / (total.mean - $0.mean), 0) } ?? "",
        policy.excess.map { Figures.decimals($0.mean / $0.standardError, 1) } ?? "")
    }
    screen.add(criterion)
    screen.note("z: the difference in standard errors; below 3 in size it may be chance.")
    if isExponential { noteWorth(on: &screen) }
    screen.section("Profit and loss  in \(quote), ± standard error")
    var profit = TextTable("<policy", "mean", "standard deviation", "CVaR 95 % of the loss")
    for policy in policies {
      profit.add(policy.name, text(policy.result[.profit]), text(policy.deviation), text(policy.tail))
    }
    screen.add(profit)
    screen.section("Where it comes from  in \(quote), mean ± standard error")
    var parts = TextTable("<policy", "gamma and theta", "hedging: net delta", "costs and funding")
    for policy in policies {
      let funding = policy.result[.fundingPaid]
      let paid = Simulation.Estimate(
        mean: -policy.costs.mean - funding.mean, standardError: policy.costs.standardError + funding.standardError)
      parts.add(
        policy.name, text(policy.result[.gammaThetaProfit]), text(policy.result[.hedgingProfit]), text(paid))
    }
    screen.add(parts)
    screen.section("Activity  mean ± standard error")
    var activity = TextTable("<policy", "trades", "turnover \(problem.market.underlying)", "turnover \(quote)")
    for policy in policies {
      activity.add(
        policy.name, text(policy.result[.tradeCount]), text(policy.result[.turnoverUnits]),
        text(policy.result[.turnoverNotional]))
    }
    screen.add(activity)
    screen.note(
      "All policies meet the same paths. Regimes move the realised volatility under the marks' implied one; profit is that "
        + "of the marked book. The total leaves out the jumps of marks, which no policy changes.")
  }

  private func noteWorth(on screen: inout Screen) {
    screen.note(
      "The total is what costs take from the certainty equivalent of wealth. The book is worth "
        + "\(Figures.significant(frictionlessValue, 6)) \(quote) without costs, at the regimes' own volatility; minus that, plus the "
        + "total, is its risk with costs.")
    for policy in policies {
      switch policy.result.doubt {
      case .overflow:
        screen.note("\(policy.name): some paths lose so much that the exponential of the loss is beyond a number.")
      case .fewPathsDecide:
        screen.note("\(policy.name): a few paths decide the total, which therefore has no standard error.")
      case nil: break
      }
    }
  }

  /// The book at the valuation, marked at the volatility of its regime.
  private var frictionlessValue: Double {
    problem.book.marked(at: problem.environment.regimes.map(\.volatility)).greeks(
      time: 0, spot: problem.market.spot, regime: problem.market.currentRegime
    ).value
  }

  // MARK: For machines

  static func encode(_ estimate: Simulation.Estimate) -> JSONValue {
    // What is infinite has no place in JSON.
    func finite(_ number: Double) -> JSONValue { number.isFinite ? .number(number) : .null }
    return ["mean": finite(estimate.mean), "standardError": finite(estimate.standardError)]
  }

  var encoded: JSONValue {
    [
      "name": .string(problem.name), "paths": .integer(paths), "seed": .integer(Int(clamping: seed)),
      "checkEvery": .number(check), "unit": .string(quote), "preference": .string(problem.preference.name),
      "world": world?.encoded ?? "model", "frictionlessValue": .number(frictionlessValue),
      "policies": .array(policies.map(encode)),
    ]
  }

  /// The columns of a roll-out, in order.
  private static let columns: [(name: String, column: RollOutColumn)] = [
    ("criterion", .criterion), ("gammaRisk", .gammaRisk), ("carry", .carry), ("fixedCosts", .fixedCosts),
    ("variableCosts", .variableCosts), ("settlementCost", .settlementCost), ("trades", .tradeCount),
    ("turnover", .turnoverUnits), ("turnoverNotional", .turnoverNotional), ("profit", .profit),
    ("gammaThetaProfit", .gammaThetaProfit), ("hedgingProfit", .hedgingProfit), ("fundingPaid", .fundingPaid),
  ]

  private func encode(_ policy: SimulatedPolicy) -> JSONValue {
    var members = [JSONMember("policy", .string(policy.name))]
    members += Self.columns.map { JSONMember($0.name, Self.encode(policy.result[$0.column])) }
    members += [
      JSONMember("profitDeviation", Self.encode(policy.deviation)),
      JSONMember("conditionalValueAtRisk95", Self.encode(policy.tail)),
    ]
    if let excess = policy.excess {
      members.append(JSONMember("excess", Self.encode(excess)))
      members.append(JSONMember("isBeyondThreeStandardErrors", .boolean(policy.isDifferent)))
    }
    return .object(members)
  }
}

/// The roll-out of a tracking problem's bands.
struct TrackingSimulationScreen {
  let name: String
  let result: TrackingResult
  /// Time between looks, in the model's unit.
  let step: Double
  let seed: UInt64

  func draw(on screen: inout Screen) {
    screen.title("DEADBAND  \(name)", "optimal bands, seed \(seed), looking every \(Figures.significant(step, 3))")
    screen.section("Long run, by independent code  mean ± standard error")
    var table = TextTable("<", "")
    for (name, estimate) in rows { table.add(name, Figures.measured(estimate.mean, estimate.standardError)) }
    screen.add(table)
    screen.note("Costs are per unit of the model's time.")
  }

  private var rows: [(String, Simulation.Estimate)] {
    var rows = [
      ("average cost", result.averageCost), ("the same, looking without pause", result.extrapolatedCost),
      ("running", result.runningCost), ("trading", result.tradingCost), ("trades", result.tradeRate),
    ]
    if let time = result.meanTimeBetweenTrades { rows.append(("mean time between trades", time)) }
    return rows
  }

  var encoded: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("seed", .integer(Int(clamping: seed))),
      JSONMember("checkEvery", .number(step)),
      JSONMember("averageCost", SimulationScreen.encode(result.averageCost)),
      JSONMember("extrapolated", SimulationScreen.encode(result.extrapolatedCost)),
      JSONMember("running", SimulationScreen.encode(result.runningCost)),
      JSONMember("trading", SimulationScreen.encode(result.tradingCost)),
      JSONMember("tradeRate", SimulationScreen.encode(result.tradeRate)),
    ]
    if let time = result.meanTimeBetweenTrades {
      members.append(JSONMember("meanBetweenTrades", SimulationScreen.encode(time)))
    }
    members.append(JSONMember("occupancy", .array(result.occupancy.map(SimulationScreen.encode))))
    return .object(members)
  }
}

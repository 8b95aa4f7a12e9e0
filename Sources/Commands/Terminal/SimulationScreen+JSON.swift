import Formulation
import Interchange
import Simulation

/// The same for machines, with every digit.
extension SimulationScreen {
  static func encode(_ estimate: Simulation.Estimate) -> JSONValue { .object(members(estimate)) }

  private static func members(_ estimate: Simulation.Estimate) -> [JSONMember] {
    [
      JSONMember("mean", finite(estimate.mean)), JSONMember("standardError", finite(estimate.standardError)),
    ]
  }

  /// What is infinite has no place in JSON.
  private static func finite(_ number: Double) -> JSONValue { number.isFinite ? .number(number) : .null }

  /// A difference from the optimal policy, and whether chance alone explains it.
  private static func encode(_ difference: Simulation.Estimate, _ significance: Significance?) -> JSONValue {
    guard let significance else { return encode(difference) }
    return .object(
      members(difference) + [
        JSONMember("z", finite(significance.z)), JSONMember("p", .number(significance.p)),
        JSONMember("adjustedP", .number(significance.adjustedP)),
        JSONMember("isSignificant", .boolean(significance.isSignificant)),
      ])
  }

  var encoded: JSONValue {
    [
      "name": .string(problem.name), "paths": .integer(paths), "seed": .integer(Int(clamping: seed)),
      "sampling": sampling, "checkEvery": .number(check), "unit": .string(quote),
      "preference": .string(problem.preference.name),
      "world": world?.encoded ?? "model", "frictionlessValue": .number(frictionlessValue),
      "significance": [
        "level": .number(Significance.level), "sides": .integer(2), "correction": "Holm",
        "comparisons": .integer(policies.filter { $0.excess != nil }.count),
      ],
      "policies": .array(policies.map(encode)),
      "omittedClasses": .array(
        omissions.flatMap { omission in
          omission.classes.map { ["class": .string($0), "reason": .string(omission.reason)] }
        }),
    ]
  }

  /// What the standard errors are from.
  private var sampling: JSONValue {
    let samples = JSONMember("samples", .integer(settings.sampleCount))
    guard settings.sequence == .pseudorandom else {
      return .object([JSONMember("sequence", "sobol"), JSONMember("scramblings", .integer(settings.sampleCount))])
    }
    return .object([JSONMember("sequence", settings.antithetic ? "antithetic" : "pseudorandom"), samples])
  }

  /// The columns of a roll-out, in order.
  private static let columns: [(name: String, column: RollOutColumn)] = [
    ("criterion", .criterion), ("gammaRisk", .gammaRisk), ("carry", .carry), ("fixedCosts", .fixedCosts),
    ("variableCosts", .variableCosts), ("settlementCost", .settlementCost), ("gas", .gasCosts), ("fees", .fees),
    ("impact", .impactCosts), ("failures", .failureCosts), ("trades", .tradeCount),
    ("turnover", .turnoverUnits), ("turnoverNotional", .turnoverNotional),
    ("gammaThetaProfit", .gammaThetaProfit), ("hedgingProfit", .hedgingProfit), ("fundingPaid", .fundingPaid),
  ]

  private func encode(_ policy: SimulatedPolicy) -> JSONValue {
    var members = [JSONMember("policy", .string(policy.name)), JSONMember("rule", .string(policy.rule))]
    members += Self.columns.map { JSONMember($0.name, Self.encode(policy.result[$0.column])) }
    members += ProfitStatistic.allCases.map {
      JSONMember($0.rawValue, Self.encode(policy.statistics[$0]!))
    }
    if let histogram = policy.histogram {
      members.append(
        JSONMember(
          "profitHistogram",
          [
            "edges": .array(histogram.edges.map(Self.finite)), "shares": .array(histogram.shares.map(Self.encode)),
          ]))
    }
    if problem.preference.isExponential {
      members.append(
        JSONMember("entropicRisk", Self.encode(policy.result[.criterion].adding(-frictionlessValue))))
    }
    if policy.hasBand {
      members.append(JSONMember("timeOutsideShare", Self.encode(policy.timeOutside(problem))))
    }
    if let excess = policy.excess {
      members.append(JSONMember("excess", Self.encode(excess, policy.significance)))
      members.append(
        JSONMember(
          "differences",
          .object(
            ProfitStatistic.allCases.map {
              JSONMember($0.rawValue, Self.encode(policy.differences[$0]!, policy.significances[$0]))
            })))
    }
    return .object(members)
  }
}

import Certification
import Control
import Formulation
import Simulation

/// The parts of `parameters.json` that speak of a formula: which, what it assumes, and per regime its band as a class beside the
/// optimal one, with what it costs more.
struct FormulaParameters {
  let formula: FormulaAnswer
  let problem: OptionBookProblem

  private var rule: FormulaRule { formula.rule }
  private var quote: JSONValue { .string(problem.market.quote) }

  /// `method`: a reader that takes `decisionVectors` or `policy.nc` for the optimum is told here that they are a formula's.
  var method: JSONMember {
    JSONMember(
      "method",
      .object(
        [
          JSONMember("name", .string(rule.formula.rawValue)), JSONMember("kind", "formula"),
          JSONMember("assumes", .array(rule.formula.assumptions.map { .string($0.rawValue) })),
          JSONMember("comparedWith", .string(FiniteHorizon.name)),
        ] + detail))
  }

  private var detail: [JSONMember] {
    let year = problem.dayCount.secondsPerYear
    switch rule.detail {
    case .band: return []
    case .leland(let hedge):
      return [
        JSONMember("lelandNumber", .number(hedge.number)),
        JSONMember("hedgeVolatility", .number(hedge.hedgeVolatility)),
        JSONMember(
          "price",
          [
            "value": .number(hedge.price), "frictionless": .number(hedge.frictionless),
            "expectedCost": .number(hedge.expectedCost), "deviation": .number(hedge.deviation), "unit": quote,
          ]),
      ]
    case .mixedGamma(let summary):
      return [
        JSONMember("lelandNumber", .number(summary.number)),
        JSONMember(
          "price", ["value": .number(summary.value), "frictionless": .number(summary.frictionless), "unit": quote]),
      ]
    case .sepp(let hedge):
      return [
        JSONMember("grossProfit", ["value": .number(hedge.grossProfit), "unit": quote]),
        JSONMember("timed", optimum(hedge.timed, step: "every", hedge.timed.step * year, unit: "s")),
        JSONMember("moved", optimum(hedge.moved, step: "priceMove", hedge.moved.step, unit: "1")),
      ]
    }
  }

  private func optimum(_ optimum: SeppHedge.Optimum, step: String, _ value: Double, unit: String) -> JSONValue {
    .object([
      JSONMember(step, .number(value)), JSONMember("unit", .string(unit)),
      JSONMember("rebalancings", .number(optimum.rebalancings)), JSONMember("profit", .number(optimum.profit)),
      JSONMember("deviation", .number(optimum.deviation)), JSONMember("sharpeRatio", .number(optimum.sharpeRatio)),
    ])
  }

  /// The class of the formula in one regime.
  func regime(_ e: Int, markJump: Double) -> JSONMember {
    let regime = formula.regimes[e]
    var members = [
      JSONMember(
        "band", BandEncoding.band(regime.band, unit: problem.market.underlying, measure: "netDelta")),
      JSONMember("holding", .object(BandEncoding.members(regime.holding))),
    ]
    if let seconds = formula.secondsBetweenDecisions(in: problem) {
      members.append(JSONMember("interval", ["fixed": .number(seconds), "unit": "s", "logic": "any"]))
    }
    return JSONMember(
      rule.formula.rawValue,
      .object(
        members + [
          JSONMember(
            "cost",
            [
              "total": .number(regime.total.mean + markJump), "trading": .number(regime.trading.mean),
              "risk": .number(regime.total.mean + markJump - regime.trading.mean),
              "error": .number(regime.total.standardError), "unit": quote,
            ]),
          JSONMember(
            "lossVersusOptimal",
            [
              "value": .number(regime.loss.mean), "error": .number(regime.loss.standardError + regime.lossError),
            ]),
        ]))
  }
}

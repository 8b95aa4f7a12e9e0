import Certification
import Formulation
import Simulation

/// `certificate.json`: every check with its numbers, and the roll-outs.
enum CertificateFile {
  static let schema = "deadband.certificate/1"

  static func text(_ certificate: Certificate, of problem: Problem) throws(InterchangeError) -> String {
    try JSONWriter.text(of: encoded(certificate, of: problem))
  }

  static func verdict(_ certificate: Certificate) -> JSONValue { certificate.isCertified ? "certified" : "refused" }

  static func encoded(_ certificate: Certificate, of problem: Problem) -> JSONValue {
    .object(
      [
        JSONMember("schema", .string(schema)), JSONMember("name", .string(problem.name)),
        JSONMember("problemDigest", .string(problem.digest)), JSONMember("verdict", verdict(certificate)),
        JSONMember("checks", checks(certificate.checks)), JSONMember("rollOut", rollOut(certificate)),
      ] + bounds(certificate))
  }

  static func checks(_ checks: [Check]) -> JSONValue {
    .array(
      checks.map { check in
        var members = [JSONMember("kind", .string(check.kind.rawValue))]
        if let regime = check.regime { members.append(JSONMember("regime", .string(regime))) }
        if let policyClass = check.policyClass { members.append(JSONMember("class", .string(policyClass))) }
        // A check that measured no number has failed and says so by leaving it out.
        if check.measured.isFinite { members.append(JSONMember("measured", .number(check.measured))) }
        if check.threshold.isFinite { members.append(JSONMember("threshold", .number(check.threshold))) }
        if !check.unit.isEmpty { members.append(JSONMember("unit", .string(check.unit))) }
        return .object(members + [JSONMember("passed", .boolean(check.passed))])
      })
  }

  /// An estimate of a simulation.
  static func encode(_ estimate: Simulation.Estimate) -> JSONValue {
    ["mean": .number(estimate.mean), "standardError": .number(estimate.standardError)]
  }

  private static func rollOut(_ certificate: Certificate) -> JSONValue {
    switch certificate.answer {
    case .optionBook(let answer):
      return .object([
        JSONMember("paths", .integer(answer.settings.paths)),
        JSONMember("seed", .integer(Int(clamping: answer.settings.seed))),
        JSONMember("checkEvery", .number(answer.rollOutCheck)), JSONMember("unit", "s"),
        JSONMember(
          "regimes",
          .array(
            answer.regimes.map { regime in
              [
                "name": .string(regime.name), "criterion": encode(regime.rollOut.criterion),
                "extrapolated": encode(regime.rollOut.extrapolated),
                "discretisationError": encode(regime.rollOut.discretisationError),
                "gammaRisk": encode(regime.rollOut.result[.gammaRisk]),
                "carry": encode(regime.rollOut.result[.carry]),
                "fixedCosts": encode(regime.rollOut.result[.fixedCosts]),
                "variableCosts": encode(regime.rollOut.result[.variableCosts]),
                "settlementCost": encode(regime.rollOut.result[.settlementCost]),
                "observedOrder": regime.order.isFinite ? .number(regime.order) : .null,
              ]
            })),
      ])
    case .tracking(let answer):
      guard let result = answer.rollOut else { return .null }
      let cost = answer.problem.criterion == .longRunAverage ? "averageCost" : "discountedCost"
      var members = long(result, cost: cost)
      if let other = answer.classRollOut, let policyClass = answer.simulatedClass {
        members.append(
          JSONMember("classes", .object([JSONMember(policyClass.rawValue, .object(long(other, cost: cost)))])))
      }
      if let step = answer.rollOutStep { members.append(JSONMember("checkEvery", .number(step))) }
      return .object(members + [JSONMember("unit", "time")])
    }
  }

  private static func encode(_ bounds: Bounds) -> JSONValue {
    ["lower": encode(bounds.lower), "upper": encode(bounds.upper), "gap": encode(bounds.gap)]
  }

  /// Bounds without the marks' jumps, as the roll-out's criterion.
  private static func bounds(_ certificate: Certificate) -> [JSONMember] {
    guard case .optionBook(let answer) = certificate.answer, case .found(let results) = answer.bounds else { return [] }
    let regimes = answer.regimes.indices.map { e in
      let (regime, result) = (answer.regimes[e], results[e])
      var members = [
        JSONMember("name", .string(regime.name)), JSONMember("checked", encode(result.checked)),
        JSONMember("rounding", .number(result.rounding)), JSONMember("paths", .integer(result.pathCount)),
      ]
      if let continuous = result.continuous { members.append(JSONMember("continuous", encode(continuous))) }
      if let reason = answer.gapNotAsked(regime: e) {
        members.append(JSONMember("gapNotAsked", .string(reason.rawValue)))
      }
      return JSONValue.object(members)
    }
    let members = [
      JSONMember("checkEvery", .number(answer.rollOutCheck)),
      JSONMember("unit", "s"), JSONMember("regimes", .array(regimes)),
    ]
    return [JSONMember("bounds", .object(members))]
  }

  /// Long-run means, or discounted sums.
  ///
  /// - Parameter cost: what the cost is called.
  private static func long(_ result: TrackingResult, cost: String) -> [JSONMember] {
    [
      JSONMember(cost, encode(result.averageCost)),
      JSONMember("extrapolated", encode(result.extrapolatedCost)),
      JSONMember("discretisationError", encode(result.discretisationError)),
      JSONMember("runningCost", encode(result.runningCost)), JSONMember("tradingCost", encode(result.tradingCost)),
    ]
  }

  /// The short form in `parameters.json`: the verdict and the bounds of the current regime, the marks' jumps included.
  static func summary(_ certificate: Certificate) -> JSONValue {
    var members = [JSONMember("verdict", verdict(certificate))]
    switch certificate.answer {
    case .optionBook(let answer):
      let current = answer.regimes[answer.problem.market.currentRegime]
      if case .found(let results) = answer.bounds {
        let bounds = results[answer.problem.market.currentRegime].bounds
        members.append(JSONMember("upper", encode(bounds.upper.adding(current.markJump))))
        members.append(JSONMember("lower", encode(bounds.lower.adding(current.markJump))))
        members.append(JSONMember("gap", encode(bounds.gap)))
      } else {
        members.append(
          JSONMember("upper", encode(current.rollOut.extrapolated.adding(current.markJump))))
      }
    case .tracking(let answer):
      if let result = answer.rollOut { members.append(JSONMember("upper", encode(result.extrapolatedCost))) }
      if let reason = answer.notSimulated { members.append(JSONMember("notSimulated", .string(reason.rawValue))) }
    }
    return .object(members)
  }
}

import Certification
import Control
import Formulation
import Foundation

/// The policy classes of an option book as JSON. What a class does not have is left out.
struct OptionBookClassEncoding {
  let answer: OptionBookAnswer

  private var problem: OptionBookProblem { answer.problem }
  private var secondsPerYear: Double { problem.dayCount.secondsPerYear }

  /// Classes of one regime beside the optimum.
  func members(regime e: Int) -> [JSONMember] {
    answer.classes.solved.filter { $0.bookClass != .optimal && $0.bookClass != .edge }.map {
      JSONMember($0.bookClass.rawValue, policy($0, e))
    }
  }

  /// Classes without numbers, and why.
  var omissions: [JSONMember] {
    if answer.omittedClasses.isEmpty { return [] }
    let names = problem.environment.regimes.map(\.name)
    return [
      JSONMember(
        "omittedClasses",
        .array(
          answer.omittedClasses.map {
            ["class": .string($0.bookClass.rawValue), "reason": .string($0.reason.word(regimes: names))]
          }))
    ]
  }

  private func policy(_ solution: BookClassSolution, _ e: Int) -> JSONValue {
    let regime = solution.regimes[e]
    let unit = problem.market.underlying
    var members: [JSONMember] = []
    if let band = regime.band {
      let emitted = problem.emitted(band, time: 0, spot: problem.market.spot, regime: e)
      members.append(JSONMember("band", BandEncoding.band(emitted, unit: unit, measure: "netDelta")))
      let delta = problem.book.greeks(time: 0, spot: problem.market.spot, regime: e).delta
      members.append(JSONMember("holding", .object(BandEncoding.members(band.shifted(by: -delta)))))
      let moves = EquivalentMove.moves(answer, regime: e, band: band)
      let sides = [("down", moves.down), ("up", moves.up)]
      let found = sides.compactMap { side in side.1.map { JSONMember(side.0, .number($0)) } }
      if !found.isEmpty { members.append(JSONMember("move", .object(found))) }
    }
    if let target = regime.target { members.append(JSONMember("target", .number(target))) }
    if !regime.parameters.isEmpty {
      members.append(
        JSONMember("parameters", .object(regime.parameters.map { JSONMember($0.name, .number($0.value)) })))
    }
    let times = [
      ("minGap", regime.minGap), ("maxGap", regime.maxGap), ("fixed", regime.fixed),
      ("meanBetweenTrades", regime.meanBetweenTrades),
    ]
    let known = times.compactMap { time in time.1.map { JSONMember(time.0, .number($0 * secondsPerYear)) } }
    if !known.isEmpty {
      members.append(
        JSONMember(
          "interval",
          .object(
            known + [
              JSONMember("unit", "s"), JSONMember("logic", .string(solution.bookClass == .hybridAll ? "all" : "any")),
            ])))
    }
    members.append(JSONMember("cost", cost(regime, e)))
    let loss = answer.loss(solution, regime: e)
    members.append(
      JSONMember(
        "lossVersusOptimal",
        ["value": .number(loss.value), "error": .number(loss.error), "unit": "shareOfOptimalCost"]))
    return .object(members)
  }

  private func cost(_ regime: BookClassRegime, _ e: Int) -> JSONValue {
    let optimum = answer.regimes[e]
    // The optimum's certified value and the difference, so that the grids' errors stay out.
    let total = optimum.value.value + regime.excess.value
    var members = [JSONMember("total", .number(total))]
    if let risk = regime.risk {
      members += [
        JSONMember("trading", .number(total - risk - optimum.markJump)),
        JSONMember("risk", .number(risk + optimum.markJump)),
      ]
    }
    if let trades = regime.trades { members.append(JSONMember("tradesPerYear", .number(trades / problem.horizon))) }
    if let turnover = regime.turnover {
      members.append(JSONMember("turnoverPerYear", .number(turnover / problem.horizon)))
    }
    let error = optimum.value.error + regime.excess.error + answer.classes.sharedError(regime: e)
    return .object(members + [JSONMember("error", .number(error)), JSONMember("unit", .string(problem.market.quote))])
  }
}

extension BookClassOmission {
  /// A word for programs, and the regime it is about; sentences are for people and elsewhere.
  func word(regimes: [String]) -> String {
    switch self {
    case .fixedCost(let e): "fixedCost: \(regimes[e])"
    case .noProportionalCost(let e): "noProportionalCost: \(regimes[e])"
    case .fixedCostInSomeRegimes: "fixedCostInSomeRegimes"
    case .sameAsEdge: "sameAsEdge"
    case .freeTrading: "freeTrading"
    case .costless: "costless"
    case .noGamma: "noGamma"
    case .coarseLots: "coarseLots"
    case .periodicReview: "periodicReview"
    case .tooFrequent: "tooFrequent"
    case .notConverged: "notConverged"
    case .inaccurate: "inaccurate"
    case .notRequested: "notRequested"
    }
  }
}

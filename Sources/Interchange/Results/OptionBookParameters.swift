import Certification
import Control
import Formulation
import Foundation

/// The part of `parameters.json` that is particular to option books.
struct OptionBookParameters {
  let answer: OptionBookAnswer
  /// Further spots at which bands are asked for [quote/unit].
  let outputSpots: [Double]

  private var problem: OptionBookProblem { answer.problem }
  private var quote: String { problem.market.quote }
  private var unit: String { problem.market.underlying }

  func content() throws(ParametersError) -> (members: [JSONMember], vectors: [DecisionVector]) {
    let current = answer.regimes[problem.market.currentRegime]
    var members = [
      JSONMember("deltaConvention", .string(problem.convention.rawValue)),
      JSONMember(
        "reference",
        [
          "time": .string(problem.valuation.text), "spot": .number(problem.market.spot),
          "regime": .string(current.name), "inventory": .number(problem.inventory),
        ]),
      JSONMember("value", value(current)),
    ]
    if let formula = answer.formula {
      members.insert(FormulaParameters(formula: formula, problem: problem).method, at: 0)
    }
    if let price = answer.price(regime: problem.market.currentRegime, spot: problem.market.spot) {
      members.append(JSONMember("price", encode(price)))
    }
    members += [
      JSONMember("regimes", .array(answer.regimes.indices.map { regime($0) }))
    ]
    members += OptionBookClassEncoding(answer: answer).omissions
    if !outputSpots.isEmpty {
      var rows: [JSONValue] = []
      for spot in outputSpots { rows.append(try row(spot: spot)) }
      members.append(JSONMember("spots", .array(rows)))
    }
    if let decomposition = answer.decomposition {
      members.append(JSONMember("decomposition", encode(decomposition)))
    }
    members.append(JSONMember("monitoring", monitoring))
    members.append(JSONMember("validity", validity))
    return (members, decisionVectors())
  }

  // MARK: Regimes

  private func value(_ regime: OptionBookAnswer.Regime) -> JSONValue {
    var members = [
      JSONMember("total", .number(regime.value.value)), JSONMember("trading", .number(regime.trading.value)),
      JSONMember("risk", .number(regime.risk.value)),
    ]
    // A part of the risk that no policy changes; without jumps of the mark there is none.
    if regime.markJump != 0 { members.append(JSONMember("markJump", .number(regime.markJump))) }
    return .object(
      members + [JSONMember("error", .number(regime.value.error)), JSONMember("unit", .string(quote))])
  }

  private func regime(_ e: Int) -> JSONValue {
    let regime = answer.regimes[e]
    var optimal = [
      JSONMember(
        "band", BandEncoding.band(emitted(regime.band, e), unit: unit, measure: "netDelta", error: regime.bandError)),
      JSONMember("holding", .object(BandEncoding.members(regime.holding))),
    ]
    if let flat = BandEncoding.flat(regime.band, in: answer.solution.policy, unit: unit) { optimal.append(flat) }
    let moves = EquivalentMove.moves(answer, regime: e)
    let sides = [("down", moves.down), ("up", moves.up)]
    let found = sides.compactMap { side in side.1.map { JSONMember(side.0, .number($0)) } }
    if !found.isEmpty { optimal.append(JSONMember("move", .object(found))) }
    if let interval = interval(regime) { optimal.append(JSONMember("interval", interval)) }
    if let checked = checkedBand(e) {
      optimal.append(JSONMember("checkedBand", BandEncoding.band(emitted(checked, e), unit: unit, measure: "netDelta")))
    }
    optimal.append(JSONMember("cost", cost(regime, e)))
    optimal.append(
      JSONMember("lossVersusOptimal", ["value": .number(0), "error": .number(0), "unit": "shareOfOptimalCost"]))
    var members = [JSONMember("name", .string(regime.name)), JSONMember("value", value(regime))]
    if let price = answer.price(regime: e, spot: problem.market.spot) {
      members.append(JSONMember("price", encode(price)))
    }
    var classes = [JSONMember("optimal", .object(optimal))]
    if answer.isEdgeOptimal { classes.append(JSONMember("edge", .object(optimal))) }
    classes += OptionBookClassEncoding(answer: answer).members(regime: e)
    if let formula = answer.formula {
      classes.append(FormulaParameters(formula: formula, problem: problem).regime(e, markJump: regime.markJump))
    }
    return .object(members + [JSONMember("classes", .object(classes))])
  }

  /// In the problem's convention, at today's spot.
  private func emitted(_ band: Band, _ e: Int) -> Band {
    problem.emitted(band, time: 0, spot: problem.market.spot, regime: e)
  }

  /// What is stated for other marks than the problem's, or for any state, is in the plain delta.
  private var plainMeasure: String {
    problem.convention == .blackScholes ? "netDelta" : "blackScholesNetDelta"
  }

  private func interval(_ regime: OptionBookAnswer.Regime) -> JSONValue? {
    var members: [JSONMember] = []
    if let check = regime.check, check.isFinite { members.append(JSONMember("check", .number(check))) }
    // Without a fixed cost trades at the edge follow one another without a gap: their mean distance is no number.
    if regime.startsAtTarget { members.append(JSONMember("meanBetweenTrades", .number(regime.timeToTrade))) }
    guard !members.isEmpty else { return nil }
    return .object(members + [JSONMember("unit", "s"), JSONMember("logic", "any")])
  }

  private func cost(_ regime: OptionBookAnswer.Regime, _ e: Int) -> JSONValue {
    var members = [
      JSONMember("total", .number(regime.value.value)), JSONMember("trading", .number(regime.trading.value)),
      JSONMember("risk", .number(regime.risk.value)),
    ]
    if regime.startsAtTarget {
      members.append(JSONMember("tradesPerYear", .number(regime.rollOut.trades.mean / problem.horizon)))
    }
    members += [
      JSONMember("turnoverPerYear", .number(regime.rollOut.turnover.mean / problem.horizon)),
      JSONMember("error", .number(regime.value.error)), JSONMember("unit", .string(quote)),
    ]
    return .object(members)
  }

  /// The band for a check every δ: edges move inwards by `0.5826 |Γ| σ S √δ`.
  private func checkedBand(_ e: Int) -> Band? {
    guard case .narrowed = answer.solution.grid.timing.kind, let every = problem.execution.checkEvery,
      answer.regimes[e].band.width.isFinite
    else { return nil }
    let gamma = problem.book.greeks(time: 0, spot: problem.market.spot, regime: e).gamma
    let deviation =
      abs(gamma) * problem.environment.regimes[e].volatility * problem.market.spot
      * (every / problem.dayCount.secondsPerYear).squareRoot()
    return BandEncoding.checked(answer.regimes[e].band, shift: DiscreteLooks.shift * deviation)
  }

  private var monitoring: JSONValue {
    guard let every = problem.execution.checkEvery else { return ["band": "continuous"] }
    // Few reviews are solved one by one; of many the continuous band is narrowed.
    switch answer.solution.grid.timing.kind {
    case .review: return ["band": "periodic", "every": .number(every), "unit": "s"]
    case .continuous, .narrowed:
      return [
        "band": "continuous", "checkedBand": ["every": .number(every), "unit": "s"],
        "reason": .string("more than \(Int(DecisionTiming.mostReviews)) reviews before the horizon"),
      ]
    }
  }

  // MARK: Further spots

  private func row(spot: Double) throws(ParametersError) -> JSONValue {
    let grid = answer.solution.grid
    let x = log(spot)
    let nodes = grid.logSpots
    guard x >= nodes[0], x <= nodes[nodes.count - 1] else {
      throw .spotOutsideGrid(spot: spot, lowest: exp(nodes[0]), highest: exp(nodes[nodes.count - 1]))
    }
    let rows: [JSONValue] = problem.environment.regimes.enumerated().map { e, regime in
      let state = answer.state(regime: e, spot: spot)
      let delta = problem.book.greeks(time: 0, spot: spot, regime: e).delta
      var members = [
        JSONMember("name", .string(regime.name)),
        JSONMember(
          "band",
          BandEncoding.band(
            problem.emitted(state.band, time: 0, spot: spot, regime: e), unit: unit, measure: "netDelta",
            error: state.bandError)),
        JSONMember("holding", .object(BandEncoding.members(state.band.shifted(by: -delta)))),
        JSONMember(
          "value",
          [
            "total": .number(state.value.value), "error": .number(state.value.error), "unit": .string(quote),
          ]),
      ]
      if let price = state.price { members.append(JSONMember("price", encode(price))) }
      return .object(members)
    }
    return ["spot": .number(spot), "regimes": .array(rows)]
  }

  private func encode(_ price: OptionBookAnswer.Price) -> JSONValue {
    [
      "writer": .number(price.writer), "buyer": .number(price.buyer), "frictionless": .number(price.frictionless),
      "error": .number(price.error), "unit": .string(quote),
    ]
  }

  private func encode(_ decomposition: RegimeDecomposition) -> JSONValue {
    .array(
      decomposition.rows.map { row in
        let bands: [JSONMember] = zip(answer.regimes, row.bands).map {
          JSONMember($0.name, BandEncoding.band($1, unit: unit, measure: plainMeasure))
        }
        return ["cause": .string(row.cause.rawValue), "bands": .object(bands)]
      })
  }

  // MARK: Validity

  /// Standard deviations of the widest regime within which the table is meant to be looked up.
  private static let spotDeviations = 2.0
  /// Realised volatility may leave the regimes' own range by this share before the regimes no longer describe it.
  private static let volatilityMargin = 0.25

  private var validity: JSONValue {
    let volatilities = problem.environment.regimes.map(\.volatility)
    let least = volatilities.min() ?? 0
    let most = volatilities.max() ?? 0
    let reach = Self.spotDeviations * most * problem.horizon.squareRoot()
    var members = [
      JSONMember("until", .string(problem.horizonInstant.text)),
      JSONMember(
        "spot",
        [
          "lower": .number(problem.market.spot * exp(-reach)), "upper": .number(problem.market.spot * exp(reach)),
        ]),
      JSONMember(
        "volatility",
        [
          "lower": .number(least * (1 - Self.volatilityMargin)), "upper": .number(most * (1 + Self.volatilityMargin)),
        ]),
    ]
    // The slowest clock rule that was measured: what to do when nothing else is known. Under a strong utility a rule's cost
    // may exceed every number; such a rule is no fallback.
    let measured = answer.rivals.filter { $0.total.standardError.isFinite && $0.excess.standardError.isFinite }
    if let rule = measured.max(by: { $0.interval < $1.interval }) {
      members.append(
        JSONMember(
          "fallback",
          [
            "rule": "recentre", "target": .number(0), "measure": .string(plainMeasure), "every": .number(rule.interval),
            "unit": "s",
            "cost": [
              "total": .number(rule.total.mean), "trading": .number(rule.trading.mean),
              "risk": .number(rule.risk.mean), "error": .number(rule.total.standardError), "unit": .string(quote),
            ],
            "lossVersusOptimal": [
              "value": .number(rule.excess.mean), "error": .number(rule.excess.standardError),
            ],
          ]))
    }
    return .object(members)
  }

  // MARK: Decision vectors

  /// Rows wanted in all, about.
  private static let vectorCount = 400
  private static let vectorSpots = 5
  /// States per node: two or three on each side of each edge and one in the middle.
  private static let vectorMeasures = 7

  private func decisionVectors() -> [DecisionVector] {
    let policy = answer.policy
    let count = problem.environment.count
    let slices = PolicySlices(policy.times, expiries: problem.book.expiries).indices
    let perTime = count * Self.vectorSpots * Self.vectorMeasures
    let times = PolicySlices.thinned(slices, to: max(3, Self.vectorCount / perTime))
    let widest = problem.environment.regimes.map(\.volatility).max() ?? 0
    let reach = widest * problem.horizon.squareRoot()
    let centre = log(problem.market.spot)
    let spots = (0..<Self.vectorSpots).map { step -> Int in
      let x = centre + reach * (2 * Double(step) / Double(Self.vectorSpots - 1) - 1)
      return policy.logSpots.indices.min { abs(policy.logSpots[$0] - x) < abs(policy.logSpots[$1] - x) } ?? 0
    }
    var vectors: [DecisionVector] = []
    for time in times {
      let instant = problem.settledTime(policy.times[time])
      for spot in spots {
        for e in 0..<count {
          let price = exp(policy.logSpots[spot])
          let band = problem.emitted(
            policy.band(time: time, regime: e, spot: spot), time: instant, spot: price, regime: e)
          let delta = problem.conventionDelta(time: instant, spot: price, regime: e)
          let measures = DecisionVector.measures(of: band, scale: max(1, problem.book.grossQuantity))
          for inventory in measures.map({ $0 - delta }) + policy.flats.places {
            let trade = band.trade(at: delta + inventory, inventory: inventory, flats: policy.flats)
            vectors.append(
              DecisionVector(
                time: policy.times[time] * problem.dayCount.secondsPerYear, spot: price, regime: e,
                inventory: inventory, measure: delta + inventory,
                trade: problem.execution.inLots(trade)))
          }
        }
      }
    }
    return vectors
  }
}

extension OptionBookProblem {
  /// The instant of the horizon.
  public var horizonInstant: Instant {
    var low = valuation.seconds
    // Weekday seconds pass at least at five sevenths of the calendar's; two years per year are more than enough.
    var high = valuation.adding(seconds: 2 * (horizon + 1) * DayCount.calendar365.secondsPerYear).seconds
    // Halving decades of seconds forty-eight times leaves less than a microsecond.
    for _ in 0..<48 {
      let middle = 0.5 * (low + high)
      if dayCount.years(from: valuation, to: Instant(seconds: middle)) < horizon { low = middle } else { high = middle }
    }
    return Instant(seconds: high.rounded())
  }
}

import Formulation

extension Problem {
  /// `sha256:` and the digest of ``encoded`` as JSON.
  public var digest: String {
    Digest.ofJSON(encoded)
  }

  /// The problem in one fixed order of keys with every default filled in, in base units: two files that state the same
  /// problem have the same encoding.
  public var encoded: JSONValue {
    switch self {
    case .optionBook(let problem): return problem.encoded
    case .tracking(let problem): return problem.encoded
    }
  }
}

extension Digest {
  /// `sha256:` and the digest of a problem's encoding as JSON.
  static func ofJSON(_ encoded: JSONValue) -> String {
    // Every number of a validated problem is finite, apart from the expiry of forwards, which is left out, and no key
    // is written twice, so the writer cannot refuse.
    "sha256:" + sha256(of: (try? JSONWriter.text(of: encoded)) ?? "")
  }
}

extension RiskBudget {
  public var encoded: JSONValue {
    guard measure == .conditionalValueAtRisk else { return [measure.rawValue: .number(amount)] }
    return [measure.rawValue: ["level": .number(level), "amount": .number(amount)]]
  }
}

extension OptionBookProblem {
  var encoded: JSONValue {
    var members = [
      JSONMember("kind", "optionBook"), JSONMember("name", .string(name)),
      JSONMember("valuation", .number(valuation.seconds)), JSONMember("dayCount", .string(dayCount.rawValue)),
      JSONMember("underlying", .string(market.underlying)), JSONMember("quote", .string(market.quote)),
      JSONMember("spot", .number(market.spot)), JSONMember("rate", .number(market.rate)),
      JSONMember("currentRegime", .integer(market.currentRegime)),
      JSONMember("regimes", .array(environment.regimes.map(\.encoded))),
      JSONMember("generator", environment.generator.encoded), JSONMember("book", .array(book.legs.map(\.encoded))),
      JSONMember("costs", .array(costs.map(\.encoded))),
      JSONMember("checkEvery", execution.checkEvery.map { .number($0) } ?? .null),
      JSONMember("lot", .number(execution.lot)), JSONMember("riskAversion", .number(preference.riskAversion)),
      JSONMember("settlement", .string(settlement.rawValue)), JSONMember("inventory", .number(inventory)),
      JSONMember("convention", .string(convention.rawValue)), JSONMember("horizon", .number(horizon)),
    ]
    // Quadratic risk goes without saying, so that digests from before other preferences stay what they were.
    members += execution.encodedExtras
    if preference.isExponential { members.append(JSONMember("preference", .string(preference.name))) }
    if environment.hasSwitchJumps {
      members.append(JSONMember("switchJumps", .array(environment.switchJumps.map { .numbers($0) })))
    }
    return .object(members)
  }
}

extension TrackingProblem {
  var encoded: JSONValue {
    let discount: JSONValue
    switch criterion {
    case .longRunAverage: discount = .null
    case .discounted(let rate): discount = .number(rate)
    }
    let states: [JSONValue] = regimes.map(\.encoded)
    return [
      "kind": "tracking", "name": .string(name), "discountRate": discount, "regimes": .array(states),
      "generator": generator.encoded, "costs": .array(costs.map(\.encoded)),
    ]
  }
}

extension TrackingRegime {
  /// What a problem need not have is left out when it has none, so that a plain problem keeps its digest.
  var encoded: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("drift", .number(drift)),
      JSONMember("volatility", .number(volatility)),
    ]
    if runningCost.isPlain {
      members.append(JSONMember("runningCost", .number(runningCost.above)))
    } else {
      members.append(
        JSONMember(
          "runningCost",
          [
            "below": .number(runningCost.below), "above": .number(runningCost.above),
            "linear": .number(runningCost.linear), "center": .number(runningCost.center),
          ]))
    }
    if reversion != 0 {
      members += [JSONMember("reversion", .number(reversion)), JSONMember("level", .number(level))]
    }
    if let jumps, hasJumps { members.append(JSONMember("jumps", jumps.encoded)) }
    if !variation.isNone { members.append(JSONMember("variation", variation.encoded)) }
    return .object(members)
  }
}

extension DeviationJumps {
  var encoded: JSONValue {
    switch law {
    case .normal(let mean, let deviation):
      return [
        "law": "normal", "intensity": .number(intensity), "mean": .number(mean), "deviation": .number(deviation),
      ]
    case .laplace(let up, let down, let probabilityUp):
      return [
        "law": "laplace", "intensity": .number(intensity), "scaleUp": .number(up), "scaleDown": .number(down),
        "probabilityUp": .number(probabilityUp),
      ]
    }
  }
}

extension Formulation.Regime {
  var encoded: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("volatility", .number(volatility)),
      JSONMember("drift", .number(drift)), JSONMember("funding", .number(funding)),
      JSONMember("impliedVolatility", impliedVolatility.map { .number($0) } ?? .null),
    ]
    if let jumps, hasJumps { members.append(JSONMember("jumps", jumps.encoded)) }
    return .object(members)
  }
}

extension PriceJumps {
  var encoded: JSONValue {
    switch law {
    case .merton(let mean, let deviation):
      return [
        "law": "merton", "intensity": .number(intensity), "mean": .number(mean), "deviation": .number(deviation),
      ]
    case .kou(let up, let down, let probabilityUp):
      return [
        "law": "kou", "intensity": .number(intensity), "scaleUp": .number(up), "scaleDown": .number(down),
        "probabilityUp": .number(probabilityUp),
      ]
    }
  }
}

extension Generator {
  var encoded: JSONValue { .array(rates.map { .numbers($0) }) }
}

extension Leg {
  /// Without the name, which is only for people.
  var encoded: JSONValue {
    switch instrument {
    case .forward: return ["type": "forward", "quantity": .number(quantity)]
    case .option(let kind, let strike, let expiry):
      return [
        "type": .string(kind.rawValue), "strike": .number(strike), "expiry": .number(expiry.seconds),
        "quantity": .number(quantity), "impliedVolatility": .numbers(impliedVolatilities), "carry": .number(carry),
      ]
    }
  }
}

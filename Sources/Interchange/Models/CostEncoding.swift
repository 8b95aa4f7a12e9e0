import Formulation

extension TradeCost {
  /// What a cost need not have is left out when it has none, so that a plain one keeps its digest.
  var encoded: JSONValue {
    var members = [
      JSONMember("fixed", .number(fixed)), JSONMember("buy", .number(proportionalBuy)),
      JSONMember("sell", .number(proportionalSell)), JSONMember("impact", .number(quadraticImpact)),
    ]
    if squareRootImpact != 0 { members.append(JSONMember("squareRootImpact", .number(squareRootImpact))) }
    if !pools.isEmpty { members.append(JSONMember("pools", .array(pools.map(\.encoded)))) }
    if !venues.isEmpty { members.append(JSONMember("venues", .array(venues.map(\.encoded)))) }
    return .object(members)
  }
}

extension LiquidityPool {
  var encoded: JSONValue {
    var members = [JSONMember("liquidity", .number(liquidity)), JSONMember("fee", .number(fee))]
    if rootRange.isFinite { members.append(JSONMember("range", .number(rootRange * rootRange - 1))) }
    if scale != 1 { members.append(JSONMember("scale", .number(scale))) }
    return .object(members)
  }
}

extension Venue {
  /// The cost with its bridging.
  var encoded: JSONValue {
    [
      "name": .string(name), "cost": cost.encoded, "bridging": .number(bridging), "delay": .number(delay),
    ]
  }
}

extension Execution {
  /// Beside the cadence and the lot, what is not as a matter of course.
  var encodedExtras: [JSONMember] {
    var members: [JSONMember] = []
    if let maximumTrade { members.append(JSONMember("maximumTrade", .number(maximumTrade))) }
    if failure != 0 { members.append(JSONMember("failure", .number(failure))) }
    if delay != 0 { members.append(JSONMember("delay", .number(delay))) }
    if let turnoverBudget { members.append(JSONMember("turnoverBudget", turnoverBudget.encoded)) }
    return members
  }
}

extension TurnoverBudget {
  var encoded: JSONValue {
    switch self {
    case .units(let cap): return ["unitsPerYear": .number(cap)]
    case .notional(let cap): return ["notionalPerYear": .number(cap)]
    }
  }
}

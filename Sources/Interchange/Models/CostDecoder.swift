import Formulation

/// The list of costs: each entry is one cost, and they add up.
extension ModelDecoder {
  /// What the proportional part of a cost is a share of.
  enum CostBase {
    /// A fraction of the notional traded.
    case notional
    /// An amount per unit of the deviation.
    case unit

    /// Costs per unit may exceed one; a fraction of the notional may not reach it.
    var range: NumberRange {
      switch self {
      case .notional: NumberRange(lower: 0, upper: 1, includesLower: true, includesUpper: false)
      case .unit: .nonNegative
      }
    }
  }

  /// One cost per regime.
  func costs(_ value: StrictValue, regimes: Int, base: CostBase) throws(ModelFileError) -> [TradeCost] {
    var total = Array(repeating: TradeCost(), count: regimes)
    for entry in try value.array() {
      var object = try entry.object()
      let (key, cost) = try object.single(of: ["proportional", "fixed", "impact"])
      let parts: [TradeCost]
      switch key {
      case "proportional": parts = try proportional(cost, regimes, base)
      case "fixed": parts = try fixed(cost, regimes)
      default: throw cost.notSolved(.impactCost)
      }
      total = zip(total, parts).map { $0 + $1 }
    }
    return total
  }

  private func proportional(
    _ value: StrictValue, _ regimes: Int, _ base: CostBase
  ) throws(ModelFileError) -> [TradeCost] {
    func amounts(_ value: StrictValue, bare: QuantityUnit = .one) throws(ModelFileError) -> [Double] {
      try value.perRegime(regimes) { (one) throws(ModelFileError) in
        try one.quantity(in: base.range, bare: bare)
      }
    }
    if base == .notional, value.kind != .object { return try amounts(value).map { .proportional($0) } }
    var object = try value.object()
    if object.keys.contains("buy") || object.keys.contains("sell") {
      let buy = try amounts(try object.required("buy"))
      let sell = try amounts(try object.required("sell"))
      try object.finish()
      return zip(buy, sell).map { TradeCost(proportionalBuy: $0, proportionalSell: $1) }
    }
    switch base {
    case .notional:
      let (_, points) = try object.single(of: ["basisPoints", "buy", "sell"])
      return try amounts(points, bare: .basisPoint).map { .proportional($0) }
    case .unit:
      let (_, perUnit) = try object.single(of: ["perUnit", "buy", "sell"])
      guard perUnit.kind == .object else { return try amounts(perUnit).map { .proportional($0) } }
      var sides = try perUnit.object()
      let buy = try amounts(try sides.required("buy"))
      let sell = try amounts(try sides.required("sell"))
      try sides.finish()
      return zip(buy, sell).map { TradeCost(proportionalBuy: $0, proportionalSell: $1) }
    }
  }

  private func fixed(_ value: StrictValue, _ regimes: Int) throws(ModelFileError) -> [TradeCost] {
    func amounts(_ value: StrictValue) throws(ModelFileError) -> [Double] {
      try value.perRegime(regimes) { (one) throws(ModelFileError) in try one.number(in: .nonNegative) }
    }
    var object = try value.object()
    let (key, content) = try object.single(of: ["amount", "gas"])
    if key == "amount" { return try amounts(content).map { .fixed($0) } }
    var gas = try content.object()
    let units = try amounts(try gas.required("units"))
    let gwei = try amounts(try gas.required("gwei"))
    let etherPrice = try amounts(try gas.required("etherPrice"))
    try gas.finish()
    return (0..<regimes).map { .gas(units: units[$0], gwei: gwei[$0], etherPrice: etherPrice[$0]) }
  }
}

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

  /// The kinds of cost that an entry can be.
  private static let costKinds = ["proportional", "fixed", "impact", "constantProduct", "concentrated"]

  /// One cost per regime.
  ///
  /// - Parameter volatilities: of the regimes, for impact in units of it; none where only `proportional` and `fixed` are
  ///   solved.
  func costs(
    _ value: StrictValue, regimes: Int, base: CostBase, volatilities: [Double] = [], isVenue: Bool = false
  ) throws(ModelFileError) -> [TradeCost] {
    var total = Array(repeating: TradeCost(), count: regimes)
    for entry in try value.array() {
      var object = try entry.object()
      let (key, cost) = try object.single(of: Self.costKinds + (isVenue ? [] : ["venues"]))
      let parts: [TradeCost]
      switch key {
      case "proportional": parts = try proportional(cost, regimes, base)
      case "fixed": parts = try fixed(cost, regimes)
      case _ where volatilities.isEmpty: throw cost.notSolved(.impactCost)
      case "impact": parts = try impact(cost, volatilities)
      case "venues": parts = try venues(cost, regimes, volatilities)
      default: parts = try pool(cost, regimes, isConcentrated: key == "concentrated")
      }
      total = zip(total, parts).map { $0 + $1 }
    }
    return total
  }

  /// A number of at least zero for every regime.
  private func amounts(_ value: StrictValue, _ regimes: Int) throws(ModelFileError) -> [Double] {
    try value.perRegime(regimes) { (one) throws(ModelFileError) in try one.number(in: .nonNegative) }
  }

  /// A positive share for every regime, bare numbers in basis points.
  private func points(_ value: StrictValue, _ regimes: Int, below one: Double) throws(ModelFileError) -> [Double] {
    let range = NumberRange(lower: 0, upper: one, includesLower: true, includesUpper: false)
    return try value.perRegime(regimes) { (share) throws(ModelFileError) in
      try share.quantity(in: range, bare: .basisPoint)
    }
  }

  private func impact(_ value: StrictValue, _ volatilities: [Double]) throws(ModelFileError) -> [TradeCost] {
    var object = try value.object()
    let (key, content) = try object.single(of: ["quadratic", "squareRoot"])
    let found = try amounts(content, volatilities.count)
    if key == "quadratic" { return found.map { TradeCost(quadraticImpact: $0) } }
    return zip(found, volatilities).map { TradeCost(squareRootImpact: $0 * $1) }
  }

  private func pool(
    _ value: StrictValue, _ regimes: Int, isConcentrated: Bool
  ) throws(ModelFileError) -> [TradeCost] {
    var object = try value.object()
    let liquidity = try (try object.required("liquidity")).perRegime(regimes) { (one) throws(ModelFileError) in
      try one.number(in: .positive)
    }
    let fee = try points(try object.required("feeBasisPoints"), regimes, below: 1)
    var range: [Double?] = Array(repeating: nil, count: regimes)
    if isConcentrated { range = try points(try object.required("rangeBasisPoints"), regimes, below: .infinity) }
    try object.finish()
    return (0..<regimes).map {
      TradeCost(pools: [LiquidityPool(liquidity: liquidity[$0], fee: fee[$0], range: range[$0])])
    }
  }

  private func venues(
    _ value: StrictValue, _ regimes: Int, _ volatilities: [Double]
  ) throws(ModelFileError) -> [TradeCost] {
    var perRegime = Array(repeating: [Venue](), count: regimes)
    for entry in try value.array(count: 1...Int.max) {
      var object = try entry.object()
      let name = try object.required("name").name()
      let costs = try costs(
        try object.required("costs"), regimes: regimes, base: .notional, volatilities: volatilities, isVenue: true)
      var bridging = Array(repeating: 0.0, count: regimes)
      if let fee = object.optional("bridging") { bridging = try amounts(fee, regimes) }
      let delay = try object.optional("delay")?.seconds() ?? 0
      try object.finish()
      for e in 0..<regimes {
        perRegime[e].append(Venue(name: name, cost: costs[e], bridging: bridging[e], delay: delay))
      }
    }
    return perRegime.map { TradeCost(venues: $0) }
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

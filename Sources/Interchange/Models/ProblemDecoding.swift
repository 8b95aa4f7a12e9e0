import Formulation

/// Reads back what ``Problem/encoded`` writes, the canonical form of a problem in base units: `problem.json` of a result, whose
/// digest is the problem's.
///
/// Strict as a model file is: unknown keys are errors, and the problem checks itself as ever.
/// *Verified by* `ProblemDecodingTests`.
struct ProblemDecoder {
  /// - Throws: `ModelFileError`.
  static func problem(_ root: JSON5Node) throws(ModelFileError) -> Problem {
    var object = try StrictObject(root)
    let kind = try object.required("kind").string(oneOf: ["optionBook", "tracking"])
    return kind == "tracking" ? .tracking(try tracking(&object)) : .optionBook(try optionBook(&object))
  }

  /// What a problem refuses of itself, with the place of the object.
  private static func stated<Value>(
    at position: SourcePosition, _ value: () throws(FormulationError) -> Value
  ) throws(ModelFileError) -> Value {
    do throws(FormulationError) { return try value() } catch { throw .formulation(position: position, error: error) }
  }

  private static func list<Value>(
    _ value: StrictValue?, _ element: (StrictValue) throws(ModelFileError) -> Value
  ) throws(ModelFileError) -> [Value] {
    var found: [Value] = []
    for one in try value?.array() ?? [] { found.append(try element(one)) }
    return found
  }

  // MARK: Option books

  private static func optionBook(_ object: inout StrictObject) throws(ModelFileError) -> OptionBookProblem {
    let name = try object.required("name").name()
    let valuation = Instant(seconds: try object.required("valuation").number())
    let dayCount = try object.required("dayCount").choice(DayCount.self)
    let (underlying, quote) = (try object.required("underlying").name(), try object.required("quote").name())
    let (spot, rate) = (try object.required("spot").number(), try object.required("rate").number())
    var regimes: [Regime] = []
    for value in try object.required("regimes").array(count: 1...EnvironmentChain.maximumCount) {
      regimes.append(try regime(value))
    }
    let count = regimes.count
    let current = try object.required("currentRegime").integer(in: 0...(count - 1))
    let generator = try generator(&object, count: count)
    let jumps = try object.optional("switchJumps")?.matrix(rows: count, columns: count) ?? []
    let environment = try stated(at: object.position) { () throws(FormulationError) in
      try EnvironmentChain(regimes: regimes, generator: generator, switchJumps: jumps)
    }
    var legs: [Leg] = []
    for value in try object.required("book").array(count: 0...OptionBookProblem.maximumLegs) {
      legs.append(try leg(value, valuation: valuation, dayCount: dayCount))
    }
    let costs = try costs(object.required("costs"), count: count)
    let execution = try execution(&object)
    let aversion = try object.required("riskAversion").number(in: .positive)
    let preference =
      try object.optional("preference")?.string(oneOf: ["exponential"]) == nil
      ? Preference.quadratic(riskAversion: aversion) : .exponential(riskAversion: aversion)
    let settlement = try object.required("settlement").choice(Settlement.self)
    let inventory = try object.required("inventory").number()
    let convention = try object.required("convention").choice(DeltaConvention.self)
    let horizon = try object.required("horizon").number(in: .positive)
    try object.finish()
    let market = Market(
      underlying: underlying, quote: quote, spot: spot, rate: rate, environment: environment, currentRegime: current)
    return try stated(at: object.position) { [legs] () throws(FormulationError) in
      try OptionBookProblem(
        name: name, valuation: valuation, dayCount: dayCount, market: market, legs: legs, horizon: horizon,
        costs: costs, execution: execution, preference: preference, settlement: settlement, inventory: inventory,
        convention: convention)
    }
  }

  private static func generator(_ object: inout StrictObject, count: Int) throws(ModelFileError) -> Generator {
    let rates = try object.required("generator").matrix(rows: count, columns: count)
    return try stated(at: object.position) { () throws(FormulationError) in try Generator(rates) }
  }

  private static func regime(_ value: StrictValue) throws(ModelFileError) -> Regime {
    var object = try value.object()
    let regime = Regime(
      name: try object.required("name").name(), volatility: try object.required("volatility").number(),
      drift: try object.required("drift").number(), funding: try object.required("funding").number(),
      impliedVolatility: try object.optional("impliedVolatility")?.number(),
      jumps: try object.optional("jumps").map(priceJumps))
    try object.finish()
    return regime
  }

  private static func priceJumps(_ value: StrictValue) throws(ModelFileError) -> PriceJumps {
    var object = try value.object()
    let law = try object.required("law").string(oneOf: ["merton", "kou"])
    let intensity = try object.required("intensity").number()
    let jumps = PriceJumps(
      intensity: intensity,
      law: law == "merton"
        ? .merton(
          mean: try object.required("mean").number(), deviation: try object.required("deviation").number())
        : .kou(
          scaleUp: try object.required("scaleUp").number(), scaleDown: try object.required("scaleDown").number(),
          probabilityUp: try object.required("probabilityUp").number()))
    try object.finish()
    return jumps
  }

  private static func leg(_ value: StrictValue, valuation: Instant, dayCount: DayCount) throws(ModelFileError) -> Leg {
    var object = try value.object()
    let type = try object.required("type").string(oneOf: ["forward"] + OptionKind.allCases.map(\.rawValue))
    let quantity = try object.required("quantity").number()
    guard let kind = OptionKind(rawValue: type) else {
      try object.finish()
      return Leg(
        name: type, instrument: .forward, quantity: quantity, impliedVolatilities: [], carry: 0, expiry: .infinity)
    }
    let strike = try object.required("strike").number()
    let expiry = Instant(seconds: try object.required("expiry").number())
    let volatilities = try object.required("impliedVolatility").numbers()
    let carry = try object.required("carry").number()
    try object.finish()
    return Leg(
      name: type, instrument: .option(kind: kind, strike: strike, expiry: expiry), quantity: quantity,
      impliedVolatilities: volatilities, carry: carry, expiry: dayCount.years(from: valuation, to: expiry))
  }

  private static func execution(_ object: inout StrictObject) throws(ModelFileError) -> Execution {
    var budget: TurnoverBudget?
    if let value = object.optional("turnoverBudget") {
      var fields = try value.object()
      let (key, cap) = try fields.single(of: ["unitsPerYear", "notionalPerYear"])
      budget = key == "unitsPerYear" ? .units(try cap.number()) : .notional(try cap.number())
    }
    return Execution(
      checkEvery: try object.optional("checkEvery")?.number(), lot: try object.required("lot").number(),
      maximumTrade: try object.optional("maximumTrade")?.number(),
      failure: try object.optional("failure")?.number() ?? 0, delay: try object.optional("delay")?.number() ?? 0,
      turnoverBudget: budget)
  }

  // MARK: Costs

  private static func costs(_ value: StrictValue, count: Int) throws(ModelFileError) -> [TradeCost] {
    var costs: [TradeCost] = []
    for element in try value.array(count: count...count) { costs.append(try cost(element)) }
    return costs
  }

  private static func cost(_ value: StrictValue) throws(ModelFileError) -> TradeCost {
    var object = try value.object()
    let cost = TradeCost(
      fixed: try object.required("fixed").number(), proportionalBuy: try object.required("buy").number(),
      proportionalSell: try object.required("sell").number(), quadraticImpact: try object.required("impact").number(),
      squareRootImpact: try object.optional("squareRootImpact")?.number() ?? 0,
      pools: try list(object.optional("pools"), pool),
      venues: try list(object.optional("venues"), venue))
    try object.finish()
    return cost
  }

  private static func pool(_ value: StrictValue) throws(ModelFileError) -> LiquidityPool {
    var object = try value.object()
    let pool = LiquidityPool(
      liquidity: try object.required("liquidity").number(), fee: try object.required("fee").number(),
      range: try object.optional("range")?.number(), scale: try object.optional("scale")?.number() ?? 1)
    try object.finish()
    return pool
  }

  private static func venue(_ value: StrictValue) throws(ModelFileError) -> Venue {
    var object = try value.object()
    let venue = Venue(
      name: try object.required("name").name(), whole: try cost(object.required("cost")),
      bridging: try object.required("bridging").number(), delay: try object.required("delay").number())
    try object.finish()
    return venue
  }

  // MARK: Tracking

  private static func tracking(_ object: inout StrictObject) throws(ModelFileError) -> TrackingProblem {
    let name = try object.required("name").name()
    let discount = try object.optional("discountRate")?.number()
    var regimes: [TrackingRegime] = []
    for value in try object.required("regimes").array(count: 1...EnvironmentChain.maximumCount) {
      regimes.append(try trackingRegime(value))
    }
    let count = regimes.count
    let generator = try generator(&object, count: count)
    let costs = try costs(object.required("costs"), count: count)
    try object.finish()
    return try stated(at: object.position) { [regimes] () throws(FormulationError) in
      try TrackingProblem(
        name: name, criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage, regimes: regimes,
        generator: generator, costs: costs)
    }
  }

  private static func trackingRegime(_ value: StrictValue) throws(ModelFileError) -> TrackingRegime {
    var object = try value.object()
    let running = try object.required("runningCost")
    let cost: DeviationCost
    if running.kind == .number {
      cost = .quadratic(try running.number())
    } else {
      var parts = try running.object()
      cost = DeviationCost(
        below: try parts.required("below").number(), above: try parts.required("above").number(),
        linear: try parts.required("linear").number(), center: try parts.required("center").number())
      try parts.finish()
    }
    let regime = TrackingRegime(
      name: try object.required("name").name(), drift: try object.required("drift").number(),
      reversion: try object.optional("reversion")?.number() ?? 0, level: try object.optional("level")?.number() ?? 0,
      volatility: try object.required("volatility").number(), runningCost: cost,
      jumps: try object.optional("jumps").map(deviationJumps),
      variation: try object.optional("variation").map { (value) throws(ModelFileError) in
        try DeviationVariation(value)
      } ?? .none)
    try object.finish()
    return regime
  }

  private static func deviationJumps(_ value: StrictValue) throws(ModelFileError) -> DeviationJumps {
    var object = try value.object()
    let law = try object.required("law").string(oneOf: ["normal", "laplace"])
    let intensity = try object.required("intensity").number()
    let jumps = DeviationJumps(
      intensity: intensity,
      law: law == "normal"
        ? .normal(mean: try object.required("mean").number(), deviation: try object.required("deviation").number())
        : .laplace(
          up: try object.required("scaleUp").number(), down: try object.required("scaleDown").number(),
          probabilityUp: try object.required("probabilityUp").number()))
    try object.finish()
    return jumps
  }
}

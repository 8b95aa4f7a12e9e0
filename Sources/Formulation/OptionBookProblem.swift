import Glibc

/// A position as a user states it, before it is bound to a market.
public struct Position: Sendable, Equatable {
  public var name: String
  public var instrument: Instrument
  /// Signed quantity [contracts of one unit of the underlying].
  public var quantity: Double
  /// None, one for all regimes, or one per regime [1/√year].
  public var impliedVolatilities: [Double]
  /// The forward of this expiry at the valuation [quote/unit]; nil: the spot carried at the market's rate.
  public var forward: Double?

  public init(
    name: String, instrument: Instrument, quantity: Double, impliedVolatilities: [Double] = [], forward: Double? = nil
  ) {
    self.name = name
    self.instrument = instrument
    self.quantity = quantity
    self.impliedVolatilities = impliedVolatilities
    self.forward = forward
  }
}

/// What moves: the underlying's price today and the environment that drives it.
public struct Market: Sendable, Equatable {
  public var underlying: String
  public var quote: String
  /// S₀ [quote/unit].
  public var spot: Double
  /// r [1/year].
  public var rate: Double
  public var environment: EnvironmentChain
  /// The regime at the valuation.
  public var currentRegime: Int

  public init(
    underlying: String, quote: String, spot: Double, rate: Double, environment: EnvironmentChain, currentRegime: Int = 0
  ) {
    self.underlying = underlying
    self.quote = quote
    self.spot = spot
    self.rate = rate
    self.environment = environment
    self.currentRegime = currentRegime
  }
}

/// Hedging an option book over a finite horizon: the book, its market, what trades cost, and what is minimised
/// (control.md §3, preference A):
///
///     J = E[ ∫ ( ½ a v_e(t,S,D) − (μ_e − r) S D + f_e S y ) dt + Σ c_e(S,u) + settlement ]
///     v = σ_e² S² D² + ν_e E[(V(SJ) − V(S) + yS(J − 1))²] + Σ_{e'} q_{ee'} (V_{e'}(SJ_ee') − V_e(S) + yS(J_ee' − 1))²
///
/// with V the book's mark, D = Δ_book + y, y the inventory [units] and a the risk aversion [1/quote]; see `HedgedVariance`.
/// A switch that moves the marks but not the price adds what no inventory changes.
///
/// A value that exists has been checked: every number is in range and nothing has expired.
public struct OptionBookProblem: Sendable, Equatable {
  public let name: String
  public let valuation: Instant
  public let dayCount: DayCount
  public let market: Market
  public let book: Book
  /// One cost per regime.
  public let costs: [TradeCost]
  public let execution: Execution
  public let preference: Preference
  public let settlement: Settlement
  /// y₀, the inventory at the valuation [units].
  public let inventory: Double
  public let convention: DeltaConvention
  /// T, the last expiry [years from the valuation].
  public let horizon: Double

  public var environment: EnvironmentChain { market.environment }

  /// Books larger than this are an input error rather than a desk.
  public static let maximumLegs = 10_000

  /// - Throws: every range that is left, the expired option, the foreign underlying, the missing implied volatility.
  public init(
    name: String, valuation: Instant, dayCount: DayCount = .calendar365, market: Market, positions: [Position],
    costs: [TradeCost], execution: Execution = Execution(), preference: Preference,
    settlement: Settlement = .cash, inventory: Double = 0, convention: DeltaConvention = .blackScholes,
    horizon givenHorizon: Instant? = nil
  ) throws(FormulationError) {
    try OptionBookProblem.check(market, costs, execution, preference, inventory: inventory)
    guard positions.count <= OptionBookProblem.maximumLegs else {
      throw .outOfRange(field: "book", value: Double(positions.count), allowed: "at most 10 000 legs")
    }
    var legs: [Leg] = []
    for (index, position) in positions.enumerated() {
      legs.append(
        try OptionBookProblem.leg(
          position, field: "book[\(index)]", valuation: valuation, dayCount: dayCount, market: market))
    }
    let years: Double
    if let end = givenHorizon {
      years = dayCount.years(from: valuation, to: end)
      guard years > 0 else {
        throw .expired(field: "horizon", instrument: "the horizon", expiry: end.text, valuation: valuation.text)
      }
    } else if let lastExpiry = Book(legs: legs, rate: market.rate).expiries.last {
      years = lastExpiry
    } else {
      throw .unsupported(field: "horizon", what: "a book without options needs a horizon: an instant")
    }
    try self.init(
      name: name, valuation: valuation, dayCount: dayCount, market: market, legs: legs, horizon: years, costs: costs,
      execution: execution, preference: preference, settlement: settlement, inventory: inventory,
      convention: convention)
  }

  /// The same from legs that are marked already, as a result states its problem.
  ///
  /// - Parameters:
  ///   - legs: with a volatility per regime and their expiries in years from the valuation.
  ///   - horizon: [years].
  /// - Throws: as above.
  public init(
    name: String, valuation: Instant, dayCount: DayCount, market: Market, legs: [Leg], horizon: Double,
    costs: [TradeCost], execution: Execution, preference: Preference, settlement: Settlement, inventory: Double,
    convention: DeltaConvention
  ) throws(FormulationError) {
    try OptionBookProblem.check(market, costs, execution, preference, inventory: inventory)
    for (index, leg) in legs.enumerated() { try leg.validate(field: "book[\(index)]", market.environment) }
    let book = Book(legs: legs, rate: market.rate)
    try require(horizon, { $0 > 0 }, "horizon", "> 0 years")
    try OptionBookProblem.check(horizon: horizon, market.environment)
    if settlement == .physical, book.expiries.count > 1 || (book.expiries.last ?? horizon) != horizon {
      throw .unsupported(
        field: "settlement",
        what: "physical delivery needs one expiry, at the horizon; this book has \(book.expiries.count)")
    }
    self.name = name
    self.valuation = valuation
    self.dayCount = dayCount
    self.market = market
    self.book = book
    self.costs = costs
    self.execution = execution
    self.preference = preference
    self.settlement = settlement
    self.inventory = inventory
    self.convention = convention
    self.horizon = horizon
  }

  /// What does not depend on the book.
  private static func check(
    _ market: Market, _ costs: [TradeCost], _ execution: Execution, _ preference: Preference, inventory: Double
  ) throws(FormulationError) {
    try require(market.spot, { Magnitude.price.contains($0) }, "market.spot", "1e-15 to 1e15")
    try require(market.rate, { abs($0) <= 10 }, "market.rate", "−10 to 10 per year")
    try require(
      preference.riskAversion, { Magnitude.riskAversion.contains($0) }, "preference.\(preference.name).riskAversion",
      "1e-30 to 1e30 [1/quote]")
    try require(inventory, { abs($0) <= Magnitude.amount }, "inventory", "−1e18 to 1e18")
    guard market.environment.regimes.indices.contains(market.currentRegime) else {
      throw .outOfRange(
        field: "market.currentRegime", value: Double(market.currentRegime), allowed: "the index of a regime")
    }
    guard costs.count == market.environment.count else {
      throw .wrongCount(field: "costs", found: costs.count, expected: market.environment.count)
    }
    for cost in costs { try cost.validate(field: "costs") }
    try execution.validate(costs)
  }

  /// How far spot can go by the horizon; see `Magnitude`.
  private static func check(horizon: Double, _ environment: EnvironmentChain) throws(FormulationError) {
    try require(horizon, { $0 <= Magnitude.horizon }, "horizon", "at most 100 years")
    for (e, regime) in environment.regimes.enumerated() {
      let deviation = (environment.logVariance(e) * horizon).squareRoot()
      let drift = max(abs(regime.drift), abs(environment.driftBetweenJumps(e)))
      guard deviation <= Magnitude.totalDeviation, drift * horizon <= Magnitude.totalDrift else {
        throw .outOfRange(
          field: "horizon", value: horizon,
          allowed: "so many years that volatility × √years ≤ 8 and |drift| × years ≤ 50 in the regime \(regime.name)"
            + (environment.hasPriceJumps ? ", jumps included" : ""))
      }
    }
  }

  private static func leg(
    _ position: Position, field: String, valuation: Instant, dayCount: DayCount, market: Market
  ) throws(FormulationError) -> Leg {
    try Leg.check(quantity: position.quantity, field: field)
    guard case .option(_, let strike, let expiry) = position.instrument else {
      return Leg(
        name: position.name, instrument: position.instrument, quantity: position.quantity, impliedVolatilities: [],
        carry: 0, expiry: .infinity)
    }
    try Leg.check(strike: strike, field: field)
    let years = dayCount.years(from: valuation, to: expiry)
    guard years > 0 else {
      throw .expired(
        field: field + ".instrument", instrument: position.name, expiry: expiry.text, valuation: valuation.text)
    }
    var carry = market.rate
    if let forward = position.forward {
      let ratio = forward / market.spot
      guard ratio >= 1 / Magnitude.forwardRatio, ratio <= Magnitude.forwardRatio else {
        throw .outOfRange(field: field + ".forward", value: forward, allowed: "0.001 to 1000 times the spot")
      }
      carry = log(forward / market.spot) / years
    }
    let count = market.environment.count
    var volatilities = position.impliedVolatilities
    guard volatilities.count <= 1 || volatilities.count == count else {
      throw .wrongCount(field: field + ".impliedVolatility", found: volatilities.count, expected: count)
    }
    try Leg.check(volatilities, field: field)
    if volatilities.count <= 1 {
      // A regime's level, when given, is what the book is marked at while the regime lasts; the instrument's own stands
      // in the regimes without one.
      let own = volatilities.first
      volatilities = []
      for regime in market.environment.regimes {
        guard let volatility = regime.impliedVolatility ?? own else {
          throw .missingImpliedVolatility(field: field, instrument: position.name)
        }
        volatilities.append(volatility)
      }
    }
    return Leg(
      name: position.name, instrument: position.instrument, quantity: position.quantity,
      impliedVolatilities: volatilities, carry: carry, expiry: years)
  }

  /// The same problem with parts replaced, for decompositions and refinements; ranges are not checked again.
  public func replacing(
    environment: EnvironmentChain? = nil, currentRegime: Int? = nil, book: Book? = nil, costs: [TradeCost]? = nil,
    inventory: Double? = nil, preference: Preference? = nil, execution: Execution? = nil
  ) -> OptionBookProblem {
    var market = self.market
    market.environment = environment ?? market.environment
    market.currentRegime = currentRegime ?? market.currentRegime
    return OptionBookProblem(
      copy: self, market: market, book: book ?? self.book, costs: costs ?? self.costs,
      inventory: inventory ?? self.inventory, preference: preference ?? self.preference,
      execution: execution ?? self.execution)
  }

  private init(
    copy other: OptionBookProblem, market: Market, book: Book, costs: [TradeCost], inventory: Double,
    preference: Preference, execution: Execution
  ) {
    name = other.name
    valuation = other.valuation
    dayCount = other.dayCount
    self.market = market
    self.book = book
    self.costs = costs
    self.execution = execution
    self.preference = preference
    settlement = other.settlement
    self.inventory = inventory
    convention = other.convention
    horizon = other.horizon
  }

  /// Whether a trade of K + k|u| of any size is made in full at the moment of its decision.
  public var tradesAtOnce: Bool { costs.allSatisfy(\.isPlain) && execution.isPrompt }
}

import Glibc

/// One position of the book.
public struct Leg: Sendable, Equatable {
  /// The name it is printed with.
  public var name: String
  public var instrument: Instrument
  /// Signed quantity [contracts of one unit].
  public var quantity: Double
  /// Implied volatility per regime [1/√year]; empty for a forward.
  public var impliedVolatilities: [Double]
  /// b, the carry of this expiry's forward [1/year].
  public var carry: Double
  /// Years from the valuation to expiry; infinite for a forward.
  public var expiry: Double

  public init(
    name: String, instrument: Instrument, quantity: Double, impliedVolatilities: [Double], carry: Double,
    expiry: Double
  ) {
    self.name = name
    self.instrument = instrument
    self.quantity = quantity
    self.impliedVolatilities = impliedVolatilities
    self.carry = carry
    self.expiry = expiry
  }

  static func check(quantity: Double, field: String) throws(FormulationError) {
    try require(quantity, { abs($0) <= Magnitude.amount }, field + ".quantity", "−1e18 to 1e18")
  }

  static func check(strike: Double, field: String) throws(FormulationError) {
    try require(strike, { Magnitude.price.contains($0) }, field + ".option.strike", "1e-15 to 1e15")
  }

  static func check(_ volatilities: [Double], field: String) throws(FormulationError) {
    for volatility in volatilities {
      try require(
        volatility, { $0 > 0 && $0 <= EnvironmentChain.maximumVolatility }, field + ".impliedVolatility",
        "> 0 and ≤ 20 (a fraction per √year)")
    }
  }

  func validate(field: String, _ environment: EnvironmentChain) throws(FormulationError) {
    try Leg.check(quantity: quantity, field: field)
    guard case .option(_, let strike, _) = instrument else { return }
    try Leg.check(strike: strike, field: field)
    try require(expiry, { $0 > 0 }, field + ".expiry", "after the valuation")
    try require(carry, { abs($0) <= Magnitude.amount }, field + ".carry", "finite")
    guard impliedVolatilities.count == environment.count else {
      throw .wrongCount(
        field: field + ".impliedVolatility", found: impliedVolatilities.count, expected: environment.count)
    }
    try Leg.check(impliedVolatilities, field: field)
  }

  /// The pricing formula, nil for a forward.
  public func formula(rate: Double) -> BlackFormula? {
    guard case .option(let kind, let strike, _) = instrument else { return nil }
    return BlackFormula(kind: kind, strike: strike, rate: rate, carry: carry)
  }
}

/// The positions to be hedged, marked at their implied volatilities (control.md §2).
public struct Book: Sendable, Equatable {
  public let legs: [Leg]
  /// r, the discount rate [1/year].
  public let rate: Double

  public init(legs: [Leg], rate: Double) {
    self.legs = legs
    self.rate = rate
  }

  /// Value and sensitivities [quote, units] at a time [years from the valuation], spot and regime. A leg counts until its
  /// expiry, inclusive, and is nothing afterwards: it has been settled.
  public func greeks(time: Double, spot: Double, regime: Int) -> Greeks {
    var total = Greeks()
    for leg in legs {
      guard let formula = leg.formula(rate: rate) else {
        total.value += leg.quantity * spot
        total.delta += leg.quantity
        continue
      }
      guard time <= leg.expiry else { continue }
      let unit = formula.greeks(
        spot: spot, remaining: leg.expiry - time, volatility: leg.impliedVolatilities[regime])
      total.add(unit, times: leg.quantity)
    }
    return total
  }

  /// Every quantity times a factor.
  public func scaled(by factor: Double) -> Book {
    Book(
      legs: legs.map { leg in
        var scaled = leg
        scaled.quantity *= factor
        return scaled
      }, rate: rate)
  }

  /// The same positions marked at one volatility per regime.
  public func marked(at volatilities: [Double]) -> Book {
    Book(
      legs: legs.map { leg in
        var marked = leg
        if !leg.impliedVolatilities.isEmpty { marked.impliedVolatilities = volatilities }
        return marked
      }, rate: rate)
  }

  /// The same positions with every implied variance times a factor.
  public func marked(scalingVarianceBy factor: Double) -> Book {
    Book(
      legs: legs.map { leg in
        var marked = leg
        marked.impliedVolatilities = leg.impliedVolatilities.map { $0 * factor.squareRoot() }
        return marked
      }, rate: rate)
  }

  /// Expiries in ascending order, without repetitions [years].
  public var expiries: [Double] {
    var found: [Double] = []
    for leg in legs where leg.expiry.isFinite && !found.contains(leg.expiry) { found.append(leg.expiry) }
    return found.sorted()
  }

  /// Σ|quantity| [units], the scale of the book's delta.
  public var grossQuantity: Double { legs.reduce(0) { $0 + abs($1.quantity) } }
}

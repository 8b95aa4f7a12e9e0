/// One regime of the environment: how the underlying moves while it lasts.
public struct Regime: Sendable, Equatable {
  public var name: String
  /// σ_e, realised volatility [1/√year].
  public var volatility: Double
  /// μ_e, expected growth rate of the underlying under the measure of the criterion, jumps included [1/year].
  public var drift: Double
  /// f_e, funding paid by a long hedge position, as a rate on its notional [1/year].
  public var funding: Double
  /// σ̂_e, the implied-volatility level at which the book is marked in this regime [1/√year]; nil: the instruments' own.
  public var impliedVolatility: Double?
  /// Jumps of the price while the regime lasts.
  public var jumps: PriceJumps?

  public init(
    name: String, volatility: Double, drift: Double = 0, funding: Double = 0, impliedVolatility: Double? = nil,
    jumps: PriceJumps? = nil
  ) {
    self.name = name
    self.volatility = volatility
    self.drift = drift
    self.funding = funding
    self.impliedVolatility = impliedVolatility
    self.jumps = jumps
  }
}

/// The generator Q of a continuous-time Markov chain [1/year]: off-diagonal rates ≥ 0, rows that sum to zero.
public struct Generator: Sendable, Equatable {
  /// `rates[from][to]`, with the diagonal recomputed so that rows sum to zero exactly.
  public let rates: [[Double]]

  public var count: Int { rates.count }

  /// How far a row may miss zero, relative to its diagonal, before it is refused rather than rounded: model files carry
  /// rates of 4 to 6 digits.
  public static let rowSumTolerance = 1e-6

  /// - Throws: `wrongCount` unless square, `outOfRange` for a negative rate, `rowSum` when a row misses zero.
  public init(_ rows: [[Double]], field: String = "switching.perYear") throws(FormulationError) {
    var exact = rows
    for (from, row) in rows.enumerated() {
      guard row.count == rows.count else {
        throw .wrongCount(field: "\(field)[\(from)]", found: row.count, expected: rows.count)
      }
      for (to, rate) in row.enumerated() where to != from {
        try require(
          rate, { $0 >= 0 && $0 <= Magnitude.switchingRate }, "\(field)[\(from)][\(to)]",
          "0 to 31 536 000 per year, once a second")
      }
      try require(row[from], { $0 <= 0 }, "\(field)[\(from)][\(from)]", "≤ 0")
      let leaving = row.enumerated().reduce(0.0) { $1.offset == from ? $0 : $0 + $1.element }
      let sum = leaving + row[from]
      guard abs(sum) <= Generator.rowSumTolerance * max(1, leaving) else {
        throw .rowSum(field: "\(field)[\(from)]", row: from, sum: sum)
      }
      // A negative zero would be another number in files.
      exact[from][from] = 0 - leaving
    }
    rates = exact
  }

  /// The chain that never switches.
  public static func frozen(count: Int) -> Generator {
    Generator(unchecked: Array(repeating: Array(repeating: 0, count: count), count: count))
  }

  init(unchecked rates: [[Double]]) { self.rates = rates }

  /// The same chain on a clock that runs `factor` times as fast.
  public func scaled(by factor: Double) -> Generator {
    Generator(unchecked: rates.map { row in row.map { $0 * factor } })
  }

  /// The probability law that the chain keeps, found by repeated elimination of states (Grassmann, Taksar, Heyman 1985),
  /// which subtracts nothing; nil when the chain is reducible, so that no single law exists.
  public var stationaryLaw: [Double]? {
    var rate = rates
    guard count > 1 else { return [1] }
    for last in stride(from: count - 1, to: 0, by: -1) {
      let leaving = rate[last][0..<last].reduce(0, +)
      guard leaving > 0 else { return nil }
      for from in 0..<last { rate[from][last] /= leaving }
      for from in 0..<last {
        for to in 0..<last where to != from { rate[from][to] += rate[from][last] * rate[last][to] }
      }
    }
    var law = [1.0]
    for state in 1..<count {
      law.append((0..<state).reduce(0.0) { $0 + law[$1] * rate[$1][state] })
    }
    let total = law.reduce(0, +)
    return law.map { $0 / total }
  }
}

/// The regimes and how they follow one another (control.md §1). While regime e lasts the price follows
///
///     dS/S = (μ_e − ν_e κ_e − Σ_{e'} q_ee' (J_ee' − 1)) dt + σ_e dW + (J − 1) dN_e,   κ_e = E J − 1,
///
/// and a switch to e' multiplies it by J_ee'.
public struct EnvironmentChain: Sendable, Equatable {
  public let regimes: [Regime]
  public let generator: Generator
  /// `ln J_ee'`, `[from][to]` [log-price]; empty when no switch moves the price.
  public let switchJumps: [[Double]]

  public var count: Int { regimes.count }

  /// More regimes than this make the block solves dominate, and no data can tell them apart.
  public static let maximumCount = 8

  /// Volatilities above this are a unit error (percent for fraction) rather than a market.
  public static let maximumVolatility = 20.0

  /// - Throws: `wrongCount`, `outOfRange`, `duplicateName` with the model file's paths.
  public init(
    regimes: [Regime], generator: Generator, switchJumps: [[Double]] = []
  ) throws(FormulationError) {
    guard (1...EnvironmentChain.maximumCount).contains(regimes.count) else {
      throw .outOfRange(field: "market.regimes", value: Double(regimes.count), allowed: "1 to 8 regimes")
    }
    guard generator.count == regimes.count else {
      throw .wrongCount(field: "market.switching.perYear", found: generator.count, expected: regimes.count)
    }
    for (index, regime) in regimes.enumerated() {
      let field = "market.regimes[\(index)]"
      let volatilityRange: (Double) -> Bool = { $0 > 0 && $0 <= EnvironmentChain.maximumVolatility }
      try require(regime.volatility, volatilityRange, field + ".volatility", "> 0 and ≤ 20 (a fraction per √year)")
      try require(regime.drift, { abs($0) <= 100 }, field + ".drift", "−100 to 100 per year")
      try require(regime.funding, { abs($0) <= 100 }, field + ".funding", "−100 to 100 per year")
      if let implied = regime.impliedVolatility {
        try require(implied, volatilityRange, field + ".impliedVolatility", "> 0 and ≤ 20 (a fraction per √year)")
      }
      try regime.jumps?.validate(field: field + ".jumps")
      if regimes[..<index].contains(where: { $0.name == regime.name }) {
        throw .duplicateName(field: field + ".name", name: regime.name)
      }
    }
    self.regimes = regimes
    self.generator = generator
    self.switchJumps = try EnvironmentChain.checked(switchJumps: switchJumps, count: regimes.count)
  }

  /// The same regimes with another generator of the same size.
  public func replacing(generator: Generator) -> EnvironmentChain {
    EnvironmentChain(unchecked: regimes, generator: generator, switchJumps: switchJumps)
  }

  /// The same regimes with every drift equal to the rate and no funding.
  public func withoutDrift(rate: Double) -> EnvironmentChain {
    let plain = regimes.map { regime in
      var copy = regime
      copy.drift = rate
      copy.funding = 0
      return copy
    }
    return EnvironmentChain(unchecked: plain, generator: generator, switchJumps: switchJumps)
  }

  /// The same chain with a price that never jumps.
  public func withoutPriceJumps() -> EnvironmentChain {
    let plain = regimes.map { regime in
      var copy = regime
      copy.jumps = nil
      return copy
    }
    return EnvironmentChain(unchecked: plain, generator: generator, switchJumps: [])
  }

  private init(unchecked regimes: [Regime], generator: Generator, switchJumps: [[Double]]) {
    self.regimes = regimes
    self.generator = generator
    self.switchJumps = switchJumps
  }
}

/// A chain of its own that multiplies an environment: gas, liquidity, funding, independent of the price's regimes
/// (control.md §1).
///
/// The product's generator is the Kronecker sum `Q ⊗ I + I ⊗ F`: either chain moves at a time, never both. Nothing downstream
/// knows a product from any other chain. *Verified by* `EnvironmentFactorTests`.
public struct EnvironmentFactor: Sendable, Equatable {
  /// One state, as what it does to a regime.
  public struct State: Sendable, Equatable {
    public var name: String
    /// On every fixed cost.
    public var fixedCostMultiple: Double
    /// On every proportional cost.
    public var proportionalCostMultiple: Double
    /// Added to the regime's funding [1/year].
    public var funding: Double

    public init(
      name: String, fixedCostMultiple: Double = 1, proportionalCostMultiple: Double = 1, funding: Double = 0
    ) {
      self.name = name
      self.fixedCostMultiple = fixedCostMultiple
      self.proportionalCostMultiple = proportionalCostMultiple
      self.funding = funding
    }
  }

  public let name: String
  public let states: [State]
  public let generator: Generator

  /// Multiples above this are an amount in the wrong place.
  public static let largestMultiple = 1e6

  /// - Parameter field: the path in the model file, for errors.
  public init(
    name: String, states: [State], perYear: [[Double]], field: String = "market.factors[0]"
  ) throws(FormulationError) {
    guard (1...EnvironmentChain.maximumCount).contains(states.count) else {
      throw .outOfRange(field: field + ".states", value: Double(states.count), allowed: "1 to 8 states")
    }
    let isMultiple: (Double) -> Bool = { $0 >= 0 && $0 <= EnvironmentFactor.largestMultiple }
    for (index, state) in states.enumerated() {
      let place = "\(field).states[\(index)]"
      try require(state.fixedCostMultiple, isMultiple, place + ".fixedCostMultiple", "0 to 1e6")
      try require(state.proportionalCostMultiple, isMultiple, place + ".proportionalCostMultiple", "0 to 1e6")
      try require(state.funding, { abs($0) <= 100 }, place + ".funding", "−100 to 100 per year")
      if states[..<index].contains(where: { $0.name == state.name }) {
        throw .duplicateName(field: place + ".name", name: state.name)
      }
    }
    let generator = try Generator(perYear, field: field + ".perYear")
    guard generator.count == states.count else {
      throw .wrongCount(field: field + ".perYear", found: generator.count, expected: states.count)
    }
    self.name = name
    self.states = states
    self.generator = generator
  }

  /// A list with one entry per regime, each repeated for the states of the factors, which vary fastest.
  public static func repeated<Entry>(_ entries: [Entry], over factors: [EnvironmentFactor]) -> [Entry] {
    let times = factors.reduce(1) { $0 * $1.states.count }
    return entries.flatMap { Array(repeating: $0, count: times) }
  }

  /// The costs of the product's regimes from those of the regimes alone.
  public static func costs(_ costs: [TradeCost], under factors: [EnvironmentFactor]) -> [TradeCost] {
    factors.reduce(costs) { costs, factor in
      costs.flatMap { cost in
        factor.states.map { state in
          cost.multiplied(fixed: state.fixedCostMultiple, variable: state.proportionalCostMultiple)
        }
      }
    }
  }
}

extension EnvironmentChain {
  /// The product with independent chains; its regimes are named `calm/high`, the last factor varies fastest.
  ///
  /// - Throws: `outOfRange` when there are more regimes than a chain may have.
  public func multiplied(by factors: [EnvironmentFactor]) throws(FormulationError) -> EnvironmentChain {
    var chain = self
    for factor in factors {
      let (count, inner) = (chain.count, factor.states.count)
      guard count * inner <= EnvironmentChain.maximumCount else {
        throw .outOfRange(
          field: "market.factors", value: Double(count * inner), allowed: "1 to 8 regimes, all states multiplied")
      }
      var regimes: [Regime] = []
      for regime in chain.regimes {
        for state in factor.states {
          var product = regime
          product.name = "\(regime.name)/\(state.name)"
          product.funding += state.funding
          regimes.append(product)
        }
      }
      var rates = Array(repeating: Array(repeating: 0.0, count: count * inner), count: count * inner)
      var jumps = chain.switchJumps.isEmpty ? [] : rates
      for outer in 0..<count {
        for state in 0..<inner {
          let from = outer * inner + state
          for other in 0..<count {
            rates[from][other * inner + state] += chain.generator.rates[outer][other]
            if !jumps.isEmpty { jumps[from][other * inner + state] = chain.switchJumps[outer][other] }
          }
          for other in 0..<inner { rates[from][outer * inner + other] += factor.generator.rates[state][other] }
        }
      }
      chain = try EnvironmentChain(
        regimes: regimes, generator: Generator(rates, field: "market.factors"), switchJumps: jumps)
    }
    return chain
  }
}

/// One regime of a tracking problem: `dx = m(x) dt + η(x) dW + jumps`, running cost ℓ(x) per unit time.
///
/// Usually `m(x) = m + κ (θ − x)`, η is a number and ℓ a parabola; `variation` adds any function to each.
public struct TrackingRegime: Sendable, Equatable {
  public var name: String
  /// m [deviation per unit time].
  public var drift: Double
  /// κ [1/time]: how fast the deviation returns to the level by itself; negative: it runs away from it.
  public var reversion: Double
  /// θ [deviation].
  public var level: Double
  /// η [deviation per √time].
  public var volatility: Double
  /// ℓ.
  public var runningCost: DeviationCost
  public var jumps: DeviationJumps?
  /// What is added to the coefficients above.
  public var variation: DeviationVariation

  public init(
    name: String, drift: Double = 0, reversion: Double = 0, level: Double = 0, volatility: Double,
    runningCost: DeviationCost, jumps: DeviationJumps? = nil, variation: DeviationVariation = .none
  ) {
    self.name = name
    self.drift = drift
    self.reversion = reversion
    self.level = level
    self.volatility = volatility
    self.runningCost = runningCost
    self.jumps = jumps
    self.variation = variation
  }

  /// With running cost `λ x²`, λ [cost per deviation² and unit time].
  public init(name: String, drift: Double = 0, volatility: Double, runningCost: Double) {
    self.init(name: name, drift: drift, volatility: volatility, runningCost: .quadratic(runningCost))
  }

  /// The drift at x = 0: `m + κθ`.
  public var driftAtZero: Double { drift + reversion * level }

  /// m(x) [deviation/time].
  public func drift(at x: Double) -> Double { drift + reversion * (level - x) + variation.drift.value(at: x) }

  /// η(x) [deviation/√time].
  public func volatility(at x: Double) -> Double { volatility + variation.volatility.value(at: x) }

  /// ℓ(x) [cost/time].
  public func runningCost(at x: Double) -> Double { runningCost.rate(at: x) + variation.runningCost.value(at: x) }

  /// Whether coefficients have their usual form.
  public var isPlain: Bool { variation.isNone }

  /// Whether x is a Brownian motion with constant drift.
  public var isBrownian: Bool { reversion == 0 && !hasJumps && isPlain }

  public var hasJumps: Bool { jumps.map { $0.intensity > 0 } ?? false }
}

/// How costs over an infinite horizon become one number.
public enum TrackingCriterion: Sendable, Equatable {
  /// The limit of the expected cost per unit time.
  case longRunAverage
  /// `E ∫ e^{−ρt} dcost`, ρ [1/time].
  case discounted(rate: Double)
}

/// Keeping a scalar deviation near its place for ever (control.md §10): minimise running cost ℓ_e(x) plus
/// `c_e(u) = K_e 1{u≠0} + k_e|u|` over all impulse controls of `dx = m_e(x) dt + η_e(x) dW + jumps`, the regime e a Markov
/// chain.
public struct TrackingProblem: Sendable, Equatable {
  public let name: String
  public let criterion: TrackingCriterion
  public let regimes: [TrackingRegime]
  public let generator: Generator
  /// One cost per regime, per unit of deviation (price 1).
  public let costs: [TradeCost]

  public init(
    name: String, criterion: TrackingCriterion, regimes: [TrackingRegime], generator: Generator, costs: [TradeCost]
  ) throws(FormulationError) {
    guard (1...EnvironmentChain.maximumCount).contains(regimes.count) else {
      throw .outOfRange(field: "tracking.regimes", value: Double(regimes.count), allowed: "1 to 8 regimes")
    }
    guard generator.count == regimes.count else {
      throw .wrongCount(field: "tracking.switching.perYear", found: generator.count, expected: regimes.count)
    }
    guard costs.count == regimes.count else {
      throw .wrongCount(field: "costs", found: costs.count, expected: regimes.count)
    }
    for (index, regime) in regimes.enumerated() {
      let field = "tracking.regimes[\(index)]"
      let variation = regime.variation
      try require(
        regime.volatility,
        { Magnitude.deviation.contains($0) || (!variation.volatility.isZero && $0 == 0) }, field + ".volatility",
        "1e-9 to 1e9")
      try require(regime.drift, { abs($0) <= Magnitude.deviationCost }, field + ".drift", "−1e12 to 1e12")
      try require(
        regime.reversion, { abs($0) <= Magnitude.deviationCost }, field + ".drift.reversion", "−1e12 to 1e12")
      try require(regime.level, { abs($0) <= Magnitude.deviationCost }, field + ".drift.level", "−1e12 to 1e12")
      try regime.runningCost.validate(field: field + ".runningCost", besides: variation.runningCost)
      try regime.jumps?.validate(field: field + ".jumps")
      if regimes[..<index].contains(where: { $0.name == regime.name }) {
        throw .duplicateName(field: field + ".name", name: regime.name)
      }
    }
    for cost in costs {
      // For a deviation the proportional cost is an amount per unit, so it may exceed 1.
      let isCost: (Double) -> Bool = { $0 >= 0 && $0 <= Magnitude.deviationCost }
      try require(cost.fixed, isCost, "costs", "a fixed cost from 0 to 1e12")
      try require(cost.proportionalBuy, isCost, "costs", "a proportional cost from 0 to 1e12")
      try require(cost.proportionalSell, isCost, "costs", "a proportional cost from 0 to 1e12")
      try require(cost.quadraticImpact, { $0 >= 0 }, "costs", "an impact ≥ 0")
    }
    if case .discounted(let rate) = criterion {
      try require(
        rate, { $0 > 0 && $0 <= Magnitude.deviationCost }, "tracking.criterion.discounted", "> 0 and ≤ 1e12")
    }
    self.name = name
    self.criterion = criterion
    self.regimes = regimes
    self.generator = generator
    self.costs = costs
  }

  /// The same problem with another generator, drift scale or criterion, for continuation in a parameter.
  public func replacing(
    regimes: [TrackingRegime]? = nil, generator: Generator? = nil, criterion: TrackingCriterion? = nil,
    costs: [TradeCost]? = nil
  ) throws(FormulationError) -> TrackingProblem {
    try TrackingProblem(
      name: name, criterion: criterion ?? self.criterion, regimes: regimes ?? self.regimes,
      generator: generator ?? self.generator, costs: costs ?? self.costs)
  }
}

/// How decisions reach the market (control.md §4).
public struct Execution: Sendable, Equatable {
  /// Seconds between looks at the market; nil: continuous monitoring.
  public var checkEvery: Double?
  /// The smallest tradable quantity [units]; 0: any.
  public var lot: Double
  /// The largest quantity that one trade may have [units]; nil: any.
  public var maximumTrade: Double?
  /// Probability that an attempt pays its fixed cost and trades nothing.
  public var failure: Double
  /// Seconds from the decision to the fill, at the price that holds then.
  public var delay: Double
  /// What may be traded on average; nil: anything.
  public var turnoverBudget: TurnoverBudget?

  public init(
    checkEvery: Double? = nil, lot: Double = 0, maximumTrade: Double? = nil, failure: Double = 0, delay: Double = 0,
    turnoverBudget: TurnoverBudget? = nil
  ) {
    self.checkEvery = checkEvery
    self.lot = lot
    self.maximumTrade = maximumTrade
    self.failure = failure
    self.delay = delay
    self.turnoverBudget = turnoverBudget
  }

  /// A trade in whole lots: the nearest, halves away from zero.
  public func inLots(_ trade: Double) -> Double {
    lot > 0 ? (trade / lot).rounded(.toNearestOrAwayFromZero) * lot : trade
  }

  /// Whether every decision is carried out, in full and at once.
  public var isPrompt: Bool { delay == 0 && failure == 0 && maximumTrade == nil }

  /// Failures above this are an outage rather than a cost.
  public static let mostFailures = 0.95

  func validate(_ costs: [TradeCost]) throws(FormulationError) {
    try require(lot, { $0 >= 0 }, "execution.lot", "≥ 0")
    if let checkEvery { try require(checkEvery, { $0 > 0 }, "execution.checkEvery", "> 0 s") }
    if let maximumTrade {
      let least = max(lot, 1 / Magnitude.amount)
      try require(maximumTrade, { $0 >= least }, "execution.maximumTrade", "at least a lot, and > 0 units")
    }
    try require(failure, { $0 >= 0 && $0 <= Execution.mostFailures }, "execution.failure", "0 to 0.95")
    let slowest = costs.flatMap(\.venues).map(\.delay).max() ?? 0
    guard let checkEvery else {
      try require(
        delay + slowest, { $0 == 0 }, "execution.delay", "0 s, unless checkEvery says when decisions are made")
      return
    }
    try require(
      delay + slowest, { $0 >= 0 && $0 <= checkEvery }, "execution.delay",
      "0 s to checkEvery, the slowest venue included: a fill comes before the next decision")
    if let turnoverBudget { try turnoverBudget.validate() }
  }
}

/// The most that may be traded per year on average.
public enum TurnoverBudget: Sendable, Equatable {
  /// [units/year].
  case units(Double)
  /// [quote/year].
  case notional(Double)

  /// The number of the cap.
  public var cap: Double {
    switch self {
    case .units(let cap), .notional(let cap): return cap
    }
  }

  func validate() throws(FormulationError) {
    try require(cap, { $0 > 0 && $0 <= Magnitude.amount }, "execution.turnoverBudget", "> 0 and ≤ 1e18 per year")
  }
}

import Formulation

@testable import Control

/// Options on one underlying under exponential utility.
struct EntropicCase: Sendable {
  var kind = OptionKind.call
  var quantity = -1.0
  var spot = 100.0
  var strike = 100.0
  var volatilities = [0.2]
  var switching: [[Double]] = [[0]]
  var years = 0.25
  var cost = 0.001
  var fixed = 0.0
  var aversion = 0.1
  var rate = 0.0
  var drift: Double? = nil
  var settlement = Settlement.none
  var inventory = 0.0
  var preference: Preference? = nil
  /// Marks of the option; nil: the regimes' own volatilities.
  var implied: Double? = nil
  /// Years; nil: the expiry.
  var horizon: Double? = nil
  /// What trades cost in every regime; nil: `cost` and `fixed`.
  var charge: TradeCost? = nil
  var execution = Execution()
  var jumps: PriceJumps? = nil

  func problem() throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let regimes = volatilities.enumerated().map {
      Regime(name: "regime \($0.offset)", volatility: $0.element, drift: drift ?? rate, jumps: jumps)
    }
    let market = Market(
      underlying: "X", quote: "USD", spot: spot, rate: rate,
      environment: try EnvironmentChain(regimes: regimes, generator: Generator(switching)))
    let option = Position(
      name: kind.rawValue,
      instrument: .option(
        kind: kind, strike: strike, expiry: valuation.adding(seconds: years * DayCount.calendar365.secondsPerYear)),
      quantity: quantity, impliedVolatilities: implied.map { [$0] } ?? volatilities)
    let charge = self.charge ?? TradeCost(fixed: fixed, proportionalBuy: cost, proportionalSell: cost)
    return try OptionBookProblem(
      name: "claim", valuation: valuation, market: market, positions: [option], costs: volatilities.map { _ in charge },
      execution: execution, preference: preference ?? .exponential(riskAversion: aversion), settlement: settlement,
      inventory: inventory,
      horizon: horizon.map { valuation.adding(seconds: $0 * DayCount.calendar365.secondsPerYear) })
  }

  /// Solved on a grid of `spots` × `spots`/2 × 2 `spots`.
  func solution(spots: Int = 240) throws -> FiniteHorizonSolution {
    let settings = GridSettings(spots: spots, holdings: spots / 2, steps: 2 * spots)
    return try FiniteHorizon(settings: settings).solve(problem())
  }

  func loss(spots: Int = 240, regime: Int = 0) throws -> Double {
    try solution(spots: spots).value(regime: regime, inventory: inventory)
  }

  func price(spots: Int = 240) throws -> ReservationPrice {
    try ReservationPrices(solution(spots: spots), threads: 2).price(regime: 0)
  }
}

/// What of a problem the method does not cover; nil when it solves it.
func unsupportedFeature(of problem: OptionBookProblem) -> String? {
  guard case .unsupported(_, let feature)? = FiniteHorizon.obstacle(to: problem) else { return nil }
  return feature
}

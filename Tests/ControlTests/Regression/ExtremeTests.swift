import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Inputs at the ends of their ranges: the answer is known, or a law must hold.
@Suite struct ExtremeTests {
  private func book(
    _ positions: [Position], volatilities: [Double] = [0.8], cost: TradeCost, seconds: Double,
    riskAversion: Double = 0.1,
    inventory: Double = 0, switching: [[Double]]? = nil, settlement: Settlement = .none
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let regimes = volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element) }
    let generator = try switching.map { try Generator($0) } ?? Generator.frozen(count: regimes.count)
    return try OptionBookProblem(
      name: "extreme", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: generator)), positions: positions,
      costs: regimes.map { _ in cost }, preference: .quadratic(riskAversion: riskAversion), settlement: settlement,
      inventory: inventory, horizon: valuation.adding(seconds: seconds))
  }

  /// A forward that it never pays to hedge: `½ a q² S₀² (e^{σ²T} − 1)`, since E S_t² = S₀² e^{σ²t}.
  @Test(arguments: [0.05, 0.8, 3.0]) func prohibitiveCostLeavesTheForward(_ volatility: Double) throws {
    let years = 30.0 / 365
    let forward = [Position(name: "perpetual", instrument: .forward, quantity: -2)]
    for cost in [TradeCost.fixed(1e9), TradeCost.proportional(0.9)] {
      // At 90 % of notional and this aversion, hedging 2 units costs 180 and saves less than 1.
      let problem = try book(
        forward, volatilities: [volatility], cost: cost, seconds: 30 * 86_400, riskAversion: 1e-6)
      let solution = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 101, steps: 200)).solve(problem)
      let expected = 0.5e-6 * 4 * 10_000 * (exp(volatility * volatility * years) - 1)
      let value = solution.value(regime: 0, inventory: 0)
      #expect(relativeDifference(value, expected) < 0.001, "σ \(volatility), \(cost): \(value), \(expected)")
      let band = solution.band(regime: 0)
      #expect(band.lower < -2 && band.upper > 2, "\(band)")
    }
  }

  /// An empty book costs nothing, and its band holds zero: zero alone, where whatever else one holds is unwound at once for what that
  /// costs at the horizon too.
  @Test func emptyBook() throws {
    for cost in [TradeCost.proportional(0.0005), .proportional(0.0005) + .fixed(0.01)] {
      let solution = try FiniteHorizon(settings: GridSettings(spots: 100, holdings: 101, steps: 100)).solve(
        book([], cost: cost, seconds: 86_400, settlement: .cash))
      #expect(abs(solution.value(regime: 0, inventory: 0)) < 1e-12)
      let band = solution.band(regime: 0)
      #expect(band.lower <= 0 && band.upper >= 0, "\(band)")
      if cost.fixed == 0 { #expect(band.lower == 0 && band.upper == 0, "\(band)") }
    }
  }

  /// One minute before expiry at the money, nothing is worth trading for: the value is that of standing still, below that
  /// of the most that delta can be, and the band exceeds the whole position.
  @Test func oneMinuteToExpiry() throws {
    let problem = try Straddle.problem(fixed: 0.01, seconds: 60)
    let solution = try FiniteHorizon().solve(problem)
    let years = 60.0 / (365 * 86_400)
    for (regime, volatility) in [0.5, 1.2].enumerated() {
      let value = solution.value(regime: regime, inventory: 0)
      // |Δ| ≤ 1 throughout.
      let most = 0.05 * volatility * volatility * 10_000 * years * 1.01
      #expect(value > 0 && value < most, "regime \(regime): \(value), \(most)")
      let band = solution.band(regime: regime)
      #expect(band.lower < -1 && band.upper > 1, "\(band)")
    }
  }

  /// A far out-of-the-money book: the band is wider than the position, so that nothing is traded and J is tiny.
  @Test func farOutOfTheMoney() throws {
    let expiry = Instant("2026-01-01T00:00:00Z")!.adding(seconds: 7 * 86_400)
    let call = Position(
      name: "C", instrument: .option(kind: .call, strike: 300, expiry: expiry), quantity: -1, impliedVolatilities: [0.8]
    )
    let solution = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 101, steps: 200)).solve(
      book([call], cost: .proportional(0.0005), seconds: 7 * 86_400))
    #expect(solution.value(regime: 0, inventory: 0) < 1e-6)
    // With no gamma left the edge is where one trade costs as much as the risk of never trading:
    // k S₀ = a y S₀² (e^{σ²T} − 1).
    let band = solution.band(regime: 0)
    let edge = 0.0005 / (0.1 * 100 * (exp(0.64 * 7 / 365) - 1))
    #expect(
      relativeDifference(band.upper, edge) < 0.05 && relativeDifference(-band.lower, edge) < 0.05, "\(band), \(edge)")
  }

  /// Seven regimes that switch 10⁴ times a year to each other, from 5 % to 300 %, average; an eighth that nothing leads to
  /// carries the average on the same grid.
  @Test func eightRegimes() throws {
    let switching = [0.05, 0.2, 0.4, 0.6, 0.9, 1.4, 3.0]
    let average = (switching.reduce(0) { $0 + $1 * $1 } / 7).squareRoot()
    let rates = (0..<8).map { from in
      (0..<8).map { to in from == 7 || to == 7 ? 0.0 : from == to ? -60_000.0 : 10_000 }
    }
    let expiry = Instant("2026-01-01T00:00:00Z")!.adding(seconds: 7 * 86_400)
    let call = Position(
      name: "C", instrument: .option(kind: .call, strike: 100, expiry: expiry), quantity: -1, impliedVolatilities: [0.8]
    )
    let solution = try FiniteHorizon(settings: GridSettings(spots: 400, holdings: 101, steps: 1600)).solve(
      book(
        [call], volatilities: switching + [average], cost: .proportional(0.0005) + .fixed(0.01), seconds: 7 * 86_400,
        switching: rates))
    let expected = solution.value(regime: 7, inventory: 0)
    for regime in 0..<7 {
      let value = solution.value(regime: regime, inventory: 0)
      #expect(relativeDifference(value, expected) < 0.02, "regime \(regime): \(value), \(expected)")
    }
  }
}

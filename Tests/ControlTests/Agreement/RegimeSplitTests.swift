import Formulation
import TestKit
import Testing

@testable import Control

/// A regime that is split into two equal ones changes nothing: kernels for two regimes in registers and for any number in memory
/// solve the same problem.
@Suite struct RegimeSplitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var fixed: Double
    var preference: Preference
    var testDescription: String { "K \(fixed), \(preference)" }
  }

  private func problem(_ given: Case, isSplit: Bool) throws -> OptionBookProblem {
    let (calm, stressed) = (Regime(name: "calm", volatility: 0.5), Regime(name: "stressed", volatility: 1.2))
    let regimes = isSplit ? [calm, stressed, Regime(name: "as stressed", volatility: 1.2)] : [calm, stressed]
    let rates: [[Double]] = isSplit ? [[-6, 2, 4], [24, -31, 7], [24, 3, -27]] : [[-6, 6], [24, -24]]
    let valuation = Instant(year: 2026, month: 1, day: 1)!
    let cost = TradeCost(fixed: given.fixed, proportionalBuy: 0.0005, proportionalSell: 0.0008)
    return try OptionBookProblem(
      name: "split", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: Generator(rates))),
      positions: [
        Position(
          name: "call",
          instrument: .option(kind: .call, strike: 100, expiry: valuation.adding(seconds: 30 * 86_400)), quantity: -1,
          impliedVolatilities: [0.8])
      ], costs: regimes.map { _ in cost }, preference: given.preference, settlement: .none)
  }

  @Test(arguments: [
    Case(fixed: 0, preference: .quadratic(riskAversion: 0.1)),
    Case(fixed: 0.01, preference: .quadratic(riskAversion: 0.1)),
    Case(fixed: 0, preference: .exponential(riskAversion: 0.1)),
    Case(fixed: 0.01, preference: .exponential(riskAversion: 0.1)),
  ])
  func equalHalvesAreOne(_ given: Case) throws {
    let settings = GridSettings(spots: 120, holdings: 101, steps: 100)
    let (two, three) = (
      try FiniteHorizon(settings: settings).solve(problem(given, isSplit: false)),
      try FiniteHorizon(settings: settings).solve(problem(given, isSplit: true))
    )
    for (e, half) in [(0, 0), (1, 1), (1, 2)] {
      for inventory in [-0.5, 0, 0.4, 0.9] {
        let (a, b) = (two.value(regime: e, inventory: inventory), three.value(regime: half, inventory: inventory))
        #expect(relativeDifference(a, b) < 1e-9, "regime \(half), y = \(inventory): \(a) \(b)")
      }
      let (a, b) = (two.band(regime: e), three.band(regime: half))
      #expect(abs(a.lower - b.lower) < 1e-8 && abs(a.upper - b.upper) < 1e-8, "regime \(half): \(a) \(b)")
    }
  }
}

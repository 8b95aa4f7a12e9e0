import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The nonlinear equation of Hoggard, Whalley and Wilmott.
@Suite struct MixedGammaTests {
  private func problem(_ legs: [(kind: OptionKind, strike: Double, quantity: Double, years: Double)], rate: Double = 0)
    throws -> OptionBookProblem
  {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let positions = legs.enumerated().map { index, leg in
      Position(
        name: "\(index)",
        instrument: .option(
          kind: leg.kind, strike: leg.strike,
          expiry: valuation.adding(seconds: leg.years * DayCount.calendar365.secondsPerYear)),
        quantity: leg.quantity, impliedVolatilities: [0.2])
    }
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: 0.2, drift: rate)], generator: Generator.frozen(count: 1))
    return try OptionBookProblem(
      name: "mixed", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: rate, environment: chain), positions: positions,
      costs: [.proportional(0.002)], preference: .quadratic(riskAversion: 0.1), settlement: .none)
  }

  private let interval = 1.0 / 52

  /// Gamma of one sign: Leland's value and delta, at another volatility.
  @Test(arguments: [-1.0, 1]) func oneSignIsLelands(_ quantity: Double) throws {
    for rate in [0.0, 0.05] {
      let problem = try problem([(.call, 103, quantity, 0.25), (.put, 96, quantity, 0.25)], rate: rate)
      let leland = try LelandHedge(problem: problem, interval: interval)
      let solved = try MixedGammaHedge(problem: problem, interval: interval)
      #expect(abs(solved.summary.value - leland.price) < 2e-4 * abs(leland.price), "\(solved.summary) \(leland)")
      let marked = problem.book.marked(at: [leland.hedgeVolatility])
      for spot in [90.0, 100, 110] {
        let expected = marked.greeks(time: 0.1, spot: spot, regime: 0).delta
        #expect(abs(solved.delta(time: 0.1, spot: spot) - expected) < 1e-3, "\(rate) \(spot)")
      }
    }
  }

  /// A book of both signs is worth more than its parts by themselves, since gammas net, and less than without costs; two legs
  /// that cancel are worth nothing.
  @Test func nettingIsWorthSomething() throws {
    let legs: [(kind: OptionKind, strike: Double, quantity: Double, years: Double)] = [
      (.call, 95, 1, 0.25), (.call, 100, -2, 0.25), (.call, 105, 1, 0.25),
    ]
    let whole = try MixedGammaHedge(problem: problem(legs), interval: interval).summary
    let parts = try legs.map { try LelandHedge(problem: problem([$0]), interval: interval).price }.reduce(0, +)
    #expect(whole.value > parts + 0.1, "\(whole) \(parts)")
    #expect(whole.value < whole.frictionless - 0.01, "\(whole)")
    let none = try MixedGammaHedge(
      problem: problem([(.call, 100, 1, 0.25), (.call, 100, -1, 0.25)]), interval: interval)
    #expect(abs(none.summary.value) < 1e-9)
  }

  /// A calendar spread: after the first expiry what is left is Leland's.
  @Test func calendar() throws {
    let book = try problem([(.call, 100, -1, 0.125), (.call, 100, 1, 0.25)])
    let solved = try MixedGammaHedge(problem: book, interval: interval)
    let rest = try LelandHedge(problem: problem([(.call, 100, 1, 0.25)]), interval: interval)
    let marked = book.book.marked(at: [rest.hedgeVolatility])
    for spot in [95.0, 100, 108] {
      let expected = marked.greeks(time: 0.2, spot: spot, regime: 0).delta
      #expect(abs(solved.delta(time: 0.2, spot: spot) - expected) < 2e-3, "\(spot)")
    }
  }

  /// Long gamma whose hedge costs more than it earns has no value: the equation runs backwards there.
  @Test func refusals() throws {
    let book = try problem([(.call, 100, 1, 0.25), (.put, 90, -1, 0.25)])
    #expect(throws: ControlError.self) { try MixedGammaHedge(problem: book, interval: 1e-5) }
    #expect(
      Formula.leland.obstacle(to: book)
        == .unsupported(
          method: "leland", feature: "long and short options in one book, which hoggardWhalleyWilmott does"))
  }
}

import Formulation
import Glibc
import Testing

@testable import Control

/// The vectorised deltas against the scalar formula, to rounding.
@Suite struct BookTableTests {
  @Test func deltasAgree() throws {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    func option(_ kind: OptionKind, _ strike: Double, _ days: Double, _ volatilities: [Double], _ quantity: Double)
      -> Position
    {
      Position(
        name: "\(kind) \(strike)",
        instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: days * 86_400)),
        quantity: quantity, impliedVolatilities: volatilities, forward: 103)
    }
    let regimes = [Regime(name: "a", volatility: 0.5), Regime(name: "b", volatility: 1)]
    let problem = try OptionBookProblem(
      name: "table", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0.03,
        environment: EnvironmentChain(regimes: regimes, generator: Generator([[-1, 1], [2, -2]]))),
      positions: [
        option(.call, 90, 10, [0.6, 0.9], -3), option(.put, 110, 30, [0.7], 2), option(.put, 100, 5, [3], 1),
        Position(name: "perpetual", instrument: .forward, quantity: 0.5),
      ], costs: [.fixed(1), .fixed(1)], preference: .quadratic(riskAversion: 0.1))
    let spots = (0..<37).map { 40 * exp(0.05 * Double($0)) }
    let table = BookTable(book: problem.book, spots: spots, regimes: 2)
    var deltas = [Double](repeating: 0, count: spots.count * 2)
    for days in [0.0, 4.999, 7, 29.9] {
      table.deltas(at: days / 365, into: &deltas)
      for (row, spot) in spots.enumerated() {
        for regime in 0..<2 {
          let expected = problem.book.greeks(time: days / 365, spot: spot, regime: regime).delta
          #expect(abs(deltas[row * 2 + regime] - expected) < 1e-13, "\(days) d, \(spot), \(regime)")
        }
      }
    }
  }
}

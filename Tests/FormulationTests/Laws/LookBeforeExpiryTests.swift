import Formulation
import Glibc
import Testing

/// Tables of bands around an expiry.
@Suite struct LookBeforeExpiryTests {
  private func problem() throws -> OptionBookProblem {
    let valuation = try #require(Instant("2026-01-01T00:00:00Z"))
    func position(_ kind: OptionKind, _ days: Double) -> Position {
      Position(
        name: "\(kind) \(days)",
        instrument: .option(kind: kind, strike: 100, expiry: valuation.adding(seconds: days * 86_400)), quantity: -3,
        impliedVolatilities: [0.5])
    }
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: 0,
      environment: try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: 0.5, drift: 0)], generator: .frozen(count: 1)))
    return try OptionBookProblem(
      name: "two", valuation: valuation, market: market, positions: [position(.call, 10), position(.put, 20)],
      costs: [.proportional(0.001)], preference: .quadratic(riskAversion: 0.1), settlement: .none)
  }

  /// Inventories to hold are the same on both sides of the expiry, and a band read in between is that of the inventories.
  @Test func holdingsDoNotJump() throws {
    let problem = try problem()
    let expiry = problem.book.expiries.min()!
    let (times, spots) = ([0, 0.9 * expiry, expiry, 0.6 * problem.horizon], [60.0, 90, 110, 150])
    let bands = times.indices.flatMap { time in
      spots.indices.map { row in
        let middle = Double(time) - 0.3 * Double(row)
        return Band(lower: middle - 1, upper: middle + 1, targetLower: middle - 0.5, targetUpper: middle + 0.5)
      }
    }
    let table = PolicyTable(times: times, logSpots: spots.map { log($0) }, regimeCount: 1, bands: bands)
    let readable = problem.readable(table)
    #expect(readable.times.count == 5 && readable.times[3] == expiry)
    #expect(readable.times[2] < expiry && readable.times[2] > expiry - 1e-7 * problem.horizon)
    for (row, spot) in spots.enumerated() {
      let (before, after) = (
        readable.band(time: 2, regime: 0, spot: row), readable.band(time: 3, regime: 0, spot: row)
      )
      let sold = spot > 100 ? -3.0 : 0
      #expect(abs(before.lower - after.lower - sold) < 1e-6, "\(spot)")
      #expect(abs(before.targetUpper - after.targetUpper - sold) < 1e-6, "\(spot)")
      #expect(table.band(time: 2, regime: 0, spot: row) == after)
      #expect(table.band(time: 1, regime: 0, spot: row) == readable.band(time: 1, regime: 0, spot: row))
    }
    // A table without a slice there, and one of a single expiry, stay as they are.
    let sparse = PolicyTable(times: [0], logSpots: table.logSpots, regimeCount: 1, bands: Array(bands.prefix(4)))
    #expect(problem.readable(sparse) == sparse)
    #expect(problem.settledTime(0.9 * expiry) == 0.9 * expiry)
    #expect(problem.settledTime(expiry) > expiry)
    #expect(problem.settledTime(problem.horizon) == problem.horizon)
  }
}

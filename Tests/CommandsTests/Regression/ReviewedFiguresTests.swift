import Foundation
import Testing

@testable import Commands

/// Figures that were wrong once, against what programs of others say.
@Suite struct ReviewedFiguresTests {
  private struct Parameters: Decodable {
    struct Value: Decodable { let total, trading, error: Double }
    struct Cost: Decodable { let tradesPerYear, turnoverPerYear: Double? }
    struct Class: Decodable { let cost: Cost }
    struct Regime: Decodable { let classes: [String: Class] }
    struct Price: Decodable { let writer, buyer: Double }
    let value: Value
    let regimes: [Regime]
    let price: Price?
  }

  /// What is emitted for a model, and certified with these classes.
  private func solved(_ model: String, classes: String = "none") throws -> Parameters {
    try withTemporaryFolder { folder in
      try model.write(toFile: folder + "/model.json5", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run([
        "solve", folder + "/model.json5", "--out", folder + "/out", "--classes", classes, "--quiet",
      ])
      #expect(status == .done, "\(record.words)")
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/parameters.json"))
      return try JSONDecoder().decode(Parameters.self, from: data)
    }
  }

  private func straddle(costs: String, more: String = "") -> String {
    """
    { schema: "deadband.model/1", name: "straddle", kind: "optionBook", valuation: "2026-01-01T08:00:00Z",
      market: { underlying: "X", quote: "USD", spot: 100, rate: 0, regimes: [ { name: "only", volatility: 0.8 } ] },
      book: [
        { option: { type: "call", strike: 100, expiry: "2026-01-11T08:00:00Z" }, quantity: -1, impliedVolatility: 0.8 },
        { option: { type: "put", strike: 100, expiry: "2026-01-11T08:00:00Z" }, quantity: -1, impliedVolatility: 0.8 } ],
      costs: [ \(costs) ], preference: { quadratic: { riskAversion: 0.09 } }, settlement: "none"\(more) }
    """
  }

  /// A pool that sells less than a unit at once, whose value was shown as 0: 262 144 paths of the roll-out say 1.4476 ± 0.0014, exact
  /// transitions on 401 × 601 nodes with every trade tried 1.4500, to some thousandths.
  @Test func poolWithLimits() throws {
    let pool = "{ concentrated: { liquidity: 300, feeBasisPoints: 30, rangeBasisPoints: 100 } }"
    let found = try solved(
      straddle(costs: "{ fixed: { amount: 0.003 } }, \(pool)", more: ", execution: { checkEvery: '24h' }"))
    #expect(abs(found.value.total - 1.4476) < 3 * 0.0014, "\(found.value)")
    #expect(found.value.error < 0.01)
  }

  /// What is traded, counted as if watched without pause, costs what trading costs by the envelope theorem.
  @Test func tradesPayForTrading() throws {
    let found = try solved(straddle(costs: "{ proportional: { basisPoints: 5 } }, { fixed: { amount: 0.003 } }"))
    let cost = try #require(found.regimes[0].classes["optimal"]).cost
    let years = 10.0 / 365
    let (trades, turnover) = (try #require(cost.tradesPerYear), try #require(cost.turnoverPerYear))
    let paid = years * (0.003 * trades + 0.0005 * turnover)
    #expect(abs(paid / found.value.trading - 1) < 0.015, "\(paid) \(found.value)")
    // Differences of the value over ± 2 % of K and of k.
    #expect(abs(trades / 432.6 - 1) < 0.03, "\(cost)")
    #expect(abs(turnover / 8281 - 1) < 0.02, "\(cost)")
  }

  /// Two expiries, the first half a second after a look: a trinomial dynamic programme of terminal wealth says 22.4744.
  /// The certificate simulates the class beside the optimum.
  @Test func lookJustBeforeAnExpiry() throws {
    let found = try solved(
      """
      { schema: "deadband.model/1", name: "two", kind: "optionBook", valuation: "2025-01-01T08:00:00Z",
        market: { underlying: "X", quote: "USD", spot: 100, rate: 0, regimes: [ { name: "only", volatility: 0.2 } ] },
        book: [
          { option: { type: "call", strike: 100, expiry: "2025-01-08T08:27:42Z" }, quantity: -8, impliedVolatility: 0.2 },
          { option: { type: "put", strike: 100, expiry: "2025-01-15T08:55:23Z" }, quantity: -8, impliedVolatility: 0.2 } ],
        costs: [ { proportional: 0.001 } ], preference: { exponential: { riskAversion: 0.01 } }, settlement: "cash" }
      """, classes: "recentre")
    #expect(abs(try #require(found.price).writer - 22.4744) < 0.001, "\(found)")
  }
}

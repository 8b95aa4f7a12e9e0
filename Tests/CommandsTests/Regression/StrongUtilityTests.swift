import Foundation
import Testing

@testable import Commands

/// A risk aversion of γS = 600, at which rules that are far from optimal cost more than any number can say.
@Suite struct StrongUtilityTests {
  private struct Answer: Decodable {
    struct Price: Decodable { let writer, buyer, frictionless, error: Double }
    let price: Price
  }

  @Test func writerIsCertified() throws {
    let model = """
      { schema: "deadband.model/1", name: "strong", kind: "optionBook", valuation: "2026-01-01T08:00:00Z",
        market: { underlying: "X", quote: "USD", spot: 100, rate: 0,
          regimes: [ { name: "only", volatility: 0.2, drift: 0 } ] },
        book: [ { option: { type: "call", strike: 100, expiry: "2026-04-02T14:00:00Z" }, quantity: -1,
          impliedVolatility: 0.2 } ],
        costs: [ { proportional: 0.001 } ], preference: { exponential: { riskAversion: 6 } }, settlement: "none",
        grid: { spots: 400, holdings: 241, steps: 800 } }
      """
    try withTemporaryFolder { folder in
      try model.write(toFile: folder + "/strong.json5", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(["solve", folder + "/strong.json5", "--out", folder + "/out", "--quiet"])
      #expect(status == .done, "\(record.words)")
      let parameters = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/parameters.json"))
      let price = try JSONDecoder().decode(Answer.self, from: parameters).price
      // Agreement with the standard grid of 500 × 241 × 1000, which gives 4.434753.
      #expect(abs(price.writer - 4.434753) < price.error + 1e-4)
      #expect(price.buyer < price.frictionless && price.frictionless < price.writer)
    }
  }
}

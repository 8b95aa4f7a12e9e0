import Foundation
import Testing

@testable import Commands

/// σ = 300 % over three months under exponential utility: the price may grow a thousandfold, and γX with it.
@Suite struct WideUtilityTests {
  /// Certified, which includes the independent simulation, with settlement and without, long and short.
  @Test(arguments: [(1, "cash"), (1, "physical"), (-1, "none")]) func isCertified(_ quantity: Int, _ settlement: String)
    throws
  {
    let model = """
      { schema: "deadband.model/1", name: "wide", kind: "optionBook", valuation: "2025-01-01T08:00:00Z",
        market: { underlying: "X", quote: "USD", spot: 100, rate: 0,
          regimes: [ { name: "only", volatility: 3, drift: 0 } ] },
        book: [ { option: { type: "call", strike: 100, expiry: "2025-04-02T14:00:00Z" }, quantity: \(quantity),
          impliedVolatility: 3 } ],
        costs: [ { proportional: 0.001 } ], preference: { exponential: { riskAversion: 0.1 } },
        settlement: "\(settlement)" }
      """
    try withTemporaryFolder { folder in
      try model.write(toFile: folder + "/wide.json5", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run([
        "solve", folder + "/wide.json5", "--out", folder + "/out", "--classes", "none", "--paths", "4096", "--quiet",
      ])
      #expect(status == .done, "\(record.words)")
    }
  }
}

import Foundation
import Testing

@testable import Commands

/// Inputs at the ends of what a desk can ask, through the command line: certified, or refused with a reason.
@Suite(.serialized) struct HardInputCommandTests {
  /// A call written for a month in one regime; parts are replaced.
  private static let model = """
    // A written call.
    { schema: "deadband.model/1", name: "hard", kind: "optionBook", valuation: "2026-01-01T08:00:00Z",
      market: { underlying: "X", quote: "USD", spot: 100, rate: 0, REGIMES },
      book: [BOOK], costs: [COSTS], preference: { quadratic: { riskAversion: AVERSION } }, settlement: "SETTLEMENT",
      END grid: { spots: 240, holdings: 121, steps: 400 } }
    """

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var regimes = "regimes: [{ name: \"only\", volatility: 0.8 }]"
    var book = Self.option("call", 100, "2026-01-31T08:00:00Z", -1)
    var costs = "{ proportional: { basisPoints: 5 } }"
    var aversion = "0.1"
    var settlement = "none"
    var end = ""
    var holdings = 121
    var status = Commands.ExitStatus.done
    /// Where the value lies [USD].
    var value: ClosedRange<Double>? = nil
    /// A reason in the words.
    var reason = ""

    static func option(_ kind: String, _ strike: Double, _ expiry: String, _ quantity: Double) -> String {
      "{ option: { type: \"\(kind)\", strike: \(strike), expiry: \"\(expiry)\" }, quantity: \(quantity), impliedVolatility: 0.8 }"
    }

    static func regimes(_ volatilities: [Double], rate: Double) -> String {
      let rows = volatilities.indices.map { from in
        "["
          + volatilities.indices.map { "\($0 == from ? -rate * Double(volatilities.count - 1) : rate)" }
          .joined(separator: ", ") + "]"
      }
      let names = volatilities.enumerated().map { "{ name: \"r\($0.offset)\", volatility: \($0.element) }" }
      return "regimes: [\(names.joined(separator: ", "))], switching: { perYear: [\(rows.joined(separator: ", "))] }"
    }

    var text: String {
      HardInputCommandTests.model.replacing("REGIMES", with: regimes).replacing("BOOK", with: book)
        .replacing("COSTS", with: costs).replacing("AVERSION", with: aversion)
        .replacing("SETTLEMENT", with: settlement).replacing("END", with: end).replacing(
          "holdings: 121", with: "holdings: \(holdings)")
    }
  }

  private static let month = "horizon: \"2026-01-31T08:00:00Z\","
  static let cases = [
    Case(
      testDescription: "5 %", regimes: "regimes: [{ name: \"only\", volatility: 0.05 }]",
      costs: "{ proportional: { basisPoints: 1 } }"),
    Case(
      testDescription: "one minute left", book: Case.option("call", 100, "2026-01-01T08:01:00Z", -1),
      value: 0.00015...0.00031),
    Case(testDescription: "regimes that never switch", regimes: Case.regimes([0.4, 1.2], rate: 0)),
    Case(
      testDescription: "no ticket and no spread", costs: "{ proportional: { basisPoints: 0 } }", value: -1e-9...1e-9),
    Case(testDescription: "a ticket alone", costs: "{ fixed: { amount: 0.005 } }"),
    Case(
      testDescription: "never worth trading", book: "{ instrument: \"X-PERPETUAL\", quantity: -2 }",
      costs: "{ fixed: { amount: 1e6 } }", aversion: "1e-6", end: month, value: 0.00107...0.00109),
    Case(
      testDescription: "out of the money", book: Case.option("call", 140, "2026-01-15T08:00:00Z", -10), aversion: "1e-6"
    ),
    Case(testDescription: "long gamma", book: Case.option("call", 100, "2026-01-31T08:00:00Z", 1)),
    Case(
      testDescription: "only a forward", book: "{ instrument: \"X-PERPETUAL\", quantity: -5 }", aversion: "0.002",
      end: month, holdings: 481, value: 0.245...0.25),
    Case(
      testDescription: "a forward without a horizon", book: "{ instrument: \"X-PERPETUAL\", quantity: -5 }",
      status: .badData, reason: "a book without options needs a horizon"),
    Case(
      testDescription: "pinned and delivered", book: Case.option("call", 100, "2026-01-01T09:00:00Z", -1),
      settlement: "physical", value: 0.0341...0.0343),
    Case(testDescription: "eight regimes", regimes: Case.regimes([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2], rate: 5)),
    Case(
      testDescription: "nine regimes", regimes: Case.regimes((1...9).map { 0.1 * Double($0) }, rate: 5),
      status: .badData, reason: "1 to 8 regimes"),
    Case(testDescription: "an empty book", book: "", settlement: "cash", end: month, value: 0...1e-9),
  ]

  @Test(arguments: cases) func solve(_ example: Case) throws {
    try withTemporaryFolder { folder in
      try example.text.write(toFile: folder + "/hard.json5", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(["solve", folder + "/hard.json5", "--out", folder + "/out", "--paths", "2048"])
      #expect(status == example.status, "\(record.words)\(record.output)")
      #expect(record.words.contains(example.reason) || example.reason.isEmpty, "\(record.words)")
      if status == .refused { #expect(record.output.contains("REFUSED") && record.output.contains("✗")) }
      guard let value = example.value else { return }
      let data = try Data(contentsOf: URL(filePath: folder + "/out/parameters.json"))
      let emitted = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let total = try #require((emitted["value"] as? [String: Any])?["total"] as? Double)
      #expect(value.contains(total), "\(total)")
    }
  }

  /// 10⁴ switches a year, 200 legs in a file of positions, 300 %.
  @Test func large() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<200).map { index in
        let day = 8 + 7 * (index % 3)
        let strike = 60 + 80 * Double((index * 37) % 200) / 200
        return Case.option(
          index % 2 == 0 ? "call" : "put", strike, "2026-0\(1 + index % 4)-\(day < 10 ? "0" : "")\(day)T08:00:00Z",
          index % 5 == 0 ? 0.3 : -0.2)
      }
      for (name, example) in [
        ("fast", Case(testDescription: "", regimes: Case.regimes([0.4, 1.2], rate: 10_000))),
        ("legs", Case(testDescription: "", book: rows.joined(separator: ", "), aversion: "0.02")),
        ("wild", Case(testDescription: "", regimes: "regimes: [{ name: \"only\", volatility: 3.0 }]")),
      ] {
        let text = example.text.replacing(
          "spots: 240, holdings: 121, steps: 400", with: "spots: 400, holdings: 201, steps: 1000")
        try text.write(toFile: folder + "/\(name).json5", atomically: true, encoding: .utf8)
        let record = RecordingConsole()
        let status = record.run(["solve", folder + "/\(name).json5", "--out", folder + "/\(name)", "--paths", "2048"])
        #expect(status == .done, "\(name): \(record.words)\(record.output)")
      }
    }
  }
}

import Foundation
import Testing

@testable import Commands

/// `solve --method` from end to end.
@Suite(.serialized) struct FormulaCommandTests {
  private static let model = """
    // A written call.
    { schema: "deadband.model/1", name: "call", kind: "optionBook", valuation: "2026-01-01T08:00:00Z",
      market: { underlying: "X", quote: "USD", spot: 100, rate: 0, regimes: [{ name: "only", volatility: 0.8, drift: 0 }] },
      book: [{ option: { type: "call", strike: 100, expiry: "2026-01-31T08:00:00Z" }, quantity: -1, impliedVolatility: 0.9 }],
      costs: [{ proportional: { basisPoints: 5 } }], preference: { quadratic: { riskAversion: 0.1 } }, settlement: "none",
      grid: { spots: 300, holdings: 121, steps: 500 } }
    """

  private func solve(_ folder: String, _ arguments: [String]) -> (Commands.ExitStatus, RecordingConsole) {
    let record = RecordingConsole()
    let status = record.run(["solve", folder + "/call.json5", "--out", folder + "/out", "--paths", "2048"] + arguments)
    return (status, record)
  }

  private func inFolder(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try Self.model.write(toFile: folder + "/call.json5", atomically: true, encoding: .utf8)
      try body(folder)
    }
  }

  /// The formula's band, marked as a formula's, beside the optimum with what it costs more; decision vectors are the formula's.
  @Test(arguments: ["whalleyWilmott", "leland", "sepp"]) func emits(_ name: String) throws {
    try inFolder { folder in
      let (status, record) = solve(folder, ["--method", name])
      #expect(status == .done, "\(record.words)\(record.output)")
      #expect(record.output.contains("a formula that was followed, not a solution"))
      let data = try Data(contentsOf: URL(filePath: folder + "/out/parameters.json"))
      let emitted = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let method = try #require(emitted["method"] as? [String: Any])
      #expect(method["name"] as? String == name && method["kind"] as? String == "formula")
      let regime = try #require((emitted["regimes"] as? [[String: Any]])?.first)
      let classes = try #require(regime["classes"] as? [String: [String: Any]])
      let followed = try #require(classes[name])
      let loss = try #require(followed["lossVersusOptimal"] as? [String: Double])
      let total = try #require((regime["value"] as? [String: Any])?["total"] as? Double)
      let cost = try #require((followed["cost"] as? [String: Any])?["total"] as? Double)
      #expect(
        abs(cost - total - loss["value"]!) < 4 * loss["error"]! + 0.02 * total, "\(name): \(cost) \(total) \(loss)")
      let band = try #require(followed["band"] as? [String: Any])
      if name == "whalleyWilmott" {
        // (3kSΓ²/(2a))^{1/3} with Γ = φ(d₁)/(Sσ̂√T).
        let deviation = 0.9 * (30.0 / 365).squareRoot()
        let gamma = exp(-deviation * deviation / 8) / (2 * Double.pi).squareRoot() / (100 * deviation)
        let half = cbrt(1.5 * 0.0005 * 100 * gamma * gamma / 0.1)
        #expect(abs((band["upper"] as? Double ?? 0) - half) < 1e-9)
      } else {
        #expect(band["lower"] as? Double == band["upper"] as? Double)
        #expect((followed["interval"] as? [String: Any])?["fixed"] != nil)
      }
      let run = try Data(contentsOf: URL(filePath: folder + "/out/run.json"))
      #expect(String(decoding: run, as: UTF8.self).contains("\"method\": \"\(name)\""))
    }
  }

  /// An obstacle is a refusal with its reason, and the result of before stays; a name that is none gets a suggestion.
  @Test func refusals() throws {
    try inFolder { folder in
      #expect(solve(folder, []).0 == .done)
      let before = try Data(contentsOf: URL(filePath: folder + "/out/parameters.json"))
      let (status, record) = solve(folder, ["--method", "smallFixedCost"])
      #expect(status == .refused)
      #expect(record.words.contains("the method “smallFixedCost” does not cover costs other than a fixed one"))
      #expect(try Data(contentsOf: URL(filePath: folder + "/out/parameters.json")) == before)
      let (unknown, told) = solve(folder, ["--method", "whaleyWilmott"])
      #expect(unknown == .usage)
      #expect(told.words.hasSuffix("did you mean “whalleyWilmott”?\n"))
    }
  }
}

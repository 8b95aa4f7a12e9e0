import Foundation
import Testing

@testable import Commands

/// `calibrate` from a file to a market that a model can name.
@Suite(.serialized) struct CalibrateTests {
  /// Hourly prices whose log returns are ±1 % in turn, and a drift.
  private static let returns = (0..<200).map { ($0 % 2 == 0 ? 0.01 : -0.01) + ($0 % 5 == 0 ? 0.001 : 0) }

  private static var prices: String {
    var text = "unix,close\n0,100\n"
    var price = 100.0
    for (index, change) in returns.enumerated() {
      price *= exp(change)
      text += "\(3600 * (index + 1)),\(price)\n"
    }
    return text
  }

  /// One regime: the volatility is the root of the mean squared deviation, on 8760 hours a year; its standard error is
  /// that of a normal sample, σ/√(2n).
  @Test func oneRegimeIsTheSampleDeviation() throws {
    try withTemporaryFolder { folder in
      try Self.prices.write(toFile: folder + "/p.csv", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(
        ["calibrate", folder + "/p.csv", "--regimes", "1", "--json", "--quiet", "--out", folder + "/market.json5"])
      #expect(status == .done, "\(record.words)")
      let market = try JSONSerialization.jsonObject(with: Data(record.output.utf8)) as? [String: Any]
      let regime = try #require((market?["regimes"] as? [[String: Any]])?.first)
      let volatility = try #require(regime["volatility"] as? [String: Double])
      let count = Double(Self.returns.count)
      let mean = Self.returns.reduce(0, +) / count
      let variance = Self.returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let expected = (variance * 8760).squareRoot()
      #expect(abs(try #require(volatility["value"]) - expected) < 1e-9 * expected)
      #expect(abs(try #require(volatility["standardError"]) - expected / (2 * count).squareRoot()) < 1e-6 * expected)

      // A model that names the market file is understood with the same volatility.
      let model = smallVault.replacingOccurrences(of: "switching: { perYear: [[-8, 8], [36, -36]] }", with: "")
      let start = try #require(model.range(of: "regimes: ["))
      let end = try #require(model.range(of: "} ],", range: start.lowerBound..<model.endIndex))
      let calibrated = model.replacingCharacters(
        in: start.lowerBound..<end.upperBound, with: "regimes: { calibrated: \"market.json5\" },"
      ).replacingOccurrences(of: "quantity: -200", with: "quantity: -200, impliedVolatility: 0.7")
      try calibrated.write(toFile: folder + "/m.json5", atomically: true, encoding: .utf8)
      let check = RecordingConsole()
      #expect(check.run(["check", folder + "/m.json5", "--json"]) == .done, "\(check.words)")
      #expect(check.output.contains("\"volatility\": \(try #require(volatility["value"]))"), "\(check.output)")
    }
  }

  @Test func severalFilesHaveNoOnePlace() {
    let record = RecordingConsole()
    #expect(record.run(["calibrate", "a", "b", "--out", "c"]) == .usage)
  }
}

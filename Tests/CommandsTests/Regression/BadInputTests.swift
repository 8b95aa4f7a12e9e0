import Foundation
import Testing

@testable import Commands

/// Everything that can be wrong with an input ends in one sentence with its place, and in the documented status.
@Suite struct BadInputTests {
  private static let vault = """
    {
      schema: "deadband.model/1", name: "vault", kind: "optionBook",
      valuation: "2024-03-08T08:00:00Z",
      market: {
        underlying: "ETH", quote: "USD", spot: 3900,
        regimes: [
          { name: "calm", volatility: 0.55 },
          { name: "stressed", volatility: 1.10 },
        ],
        switching: { perYear: [[-8, 8], [36, -36]] },
      },
      book: [ { instrument: "ETH-15MAR24-4300-C", quantity: -200, impliedVolatility: 0.65 } ],
      costs: [ { fixed: { gas: { units: 180000, gwei: 25, etherPrice: 3900 } } } ],
      execution: { checkEvery: "5min" },
      preference: { quadratic: { riskAversion: 1e-4 } },
    }
    """

  /// What is replaced, by what, and the sentence after the file's name.
  static let cases: [(String, String, String)] = [
    (
      "spot: 3900", "spott: 3900",
      "4:11: “market” lacks “spot”; it must be there; did you mean it by “spott” at line 5, column 38?"
    ),
    (
      "volatility: 0.55", "volatility: -0.55",
      "7:35: market.regimes[0].volatility is -0.55; allowed is > 0 and ≤ 20 (a fraction per √year)"
    ),
    (
      "[[-8, 8]", "[[-8, 9]",
      "10:28: row 0 of the switching rates, market.switching.perYear[0], sums to 1; rows of a generator sum to 0"
    ),
    (
      "15MAR24", "1MAR24",
      "12:25: book[0].instrument: ETH-1MAR24-4300-C expired at 2024-03-01T08:00:00Z; "
        + "it must expire after the valuation, 2024-03-08T08:00:00Z"
    ),
    ("spot: 3900", "spot: 0", "5:44: market.spot is 0; allowed is 1e-15 to 1e15"),
    (
      "\"5min\"", "\"5 bps\"",
      "14:28: execution.checkEvery is in “bps”; its units are ms, s, min, h, d, y"
    ),
    (
      "ETH-15MAR24", "BTC-15MAR24",
      "12:25: book[0].instrument: BTC-15MAR24-4300-C is on BTC; the market's underlying is ETH"
    ),
    (
      "preference:", "outputs: { spots: [3900, 5] }, preference:",
      "15:28: outputs.spots[1] is 5; the grid reaches from 1795.5 to 8430.4; grid.deviations widens it"
    ),
    ("preference:", "grid: { steps: 3 }, preference:", "15:18: grid.steps is 3; allowed is 4 to 200000"),
    ("spot: 3900,", "spot: 3900", "6:5: found “r”; expected a comma or a closing brace"),
  ]

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "deadband-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test(arguments: cases) func oneSentenceWithItsPlace(_ found: String, _ replacement: String, _ sentence: String)
    throws
  {
    try inFolder { folder in
      let path = folder + "/model.json5"
      try Self.vault.replacingOccurrences(of: found, with: replacement).write(
        toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = Program.run(["solve", path, "--out", folder + "/result"], console: record.console)
      #expect(status == .badData)
      #expect(record.words == "deadband: \(path):\(sentence)\n")
      #expect(record.output == "")
      #expect(!FileManager.default.fileExists(atPath: folder + "/result"))
    }
  }

  /// Numbers that once overflowed in the solver's grid and stopped the program.
  @Test(arguments: [
    ("market.spot=1e-308", "market.spot is 1e-308; allowed is 1e-15 to 1e15"),
    ("book[0].quantity=1e308", "book[0].quantity is 1e+308; allowed is −1e18 to 1e18"),
    ("book[0].forward=1e308", "book[0].forward is 1e+308; allowed is 0.001 to 1000 times the spot"),
    (
      "preference.quadratic.riskAversion=1e-308",
      "preference.quadratic.riskAversion is 1e-308; allowed is 1e-30 to 1e30 [1/quote]"
    ),
    ("costs=[{fixed:{amount:1e308}}]", "costs is 1e+308; allowed is a fixed cost from 0 to 1e18"),
    ("valuation='1800-01-01'", "horizon is 224.35159817351598; allowed is at most 100 years"),
    (
      "market.switching.perYear=[[-1e9,1e9],[1,-1]]",
      "market.switching.perYear[0][1] is 1000000000; allowed is 0 to 31 536 000 per year, once a second"
    ),
    ("market.regimes[2].volatility=1", "market.regimes has no entry 2; its entries are 0 to 1"),
  ]) func magnitudes(_ assignment: String, _ sentence: String) throws {
    try inFolder { folder in
      let path = folder + "/model.json5"
      try Self.vault.write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      #expect(Program.run(["check", path, "--set", assignment], console: record.console) == .badData)
      #expect(record.words.hasSuffix(": \(sentence)\n"), "\(record.words)")
    }
  }

  /// A header of bytes that are no text, with a line end and a terminal's command among them, is one short line.
  @Test func binaryPrices() throws {
    try inFolder { folder in
      let path = folder + "/prices.csv"
      try Data([0x1B, 0x5B, 0x32, 0x4A, 0x0D] + [UInt8](repeating: 0x61, count: 5000)).write(to: URL(filePath: path))
      let record = RecordingConsole()
      #expect(Program.run(["calibrate", path], console: record.console) == .badData)
      #expect(record.words.count < 1100 && record.words.hasSuffix("a…\n"))
      #expect(!record.words.dropLast().unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
  }

  @Test func missingFile() {
    let record = RecordingConsole()
    #expect(Program.run(["check", "absent.json5"], console: record.console) == .badData)
    #expect(record.words == "deadband: absent.json5: the file cannot be read; No such file or directory\n")
  }

  @Test func unwritableDirectory() throws {
    try inFolder { folder in
      let path = folder + "/model.json5"
      try Self.vault.write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = Program.run(["solve", path, "--out", "/proc/nothing/here"], console: record.console)
      #expect(status == .failed)
      #expect(record.words.contains("cannot be written"))
    }
  }

  @Test(arguments: [
    ("2020-01-01,1\n2020-01-02,NaN\n", "3:12: found the price “NaN”; prices are finite"),
    ("2020-01-01,1\n2020-01-02,0\n", "3:12: found the price 0; prices are > 0"),
    (
      "2020-01-02,1\n2020-01-01,2\n",
      "3:1: the time 2020-01-01T00:00:00Z precedes that of the row before, 2020-01-02T00:00:00Z; times must increase"
    ),
  ]) func prices(_ rows: String, _ sentence: String) throws {
    try inFolder { folder in
      let path = folder + "/prices.csv"
      try ("timestamp,close\n" + rows).write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      #expect(Program.run(["calibrate", path], console: record.console) == .badData)
      #expect(record.words == "deadband: \(path):\(sentence)\n")
    }
  }
}

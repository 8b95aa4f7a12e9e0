import Foundation
import Testing

@testable import Commands

/// What every screen obeys: a hundred columns, no control characters where nobody looks, data and words apart.
@Suite(.serialized) struct ScreenTests {
  private static let tracking = """
    { schema: "deadband.model/1", name: "two", kind: "tracking",
      tracking: { criterion: "longRunAverage",
        regimes: [ { name: "calm", volatility: 0.6, runningCost: { quadratic: 1 } },
                   { name: "stressed", volatility: 1.6, runningCost: { quadratic: 1 } } ],
        switching: { perYear: [[-0.5, 0.5], [0.5, -0.5]] } },
      costs: [ { proportional: { perUnit: 1 } }, { fixed: { amount: 0.3 } } ] }
    """

  @Test(arguments: ["check", "solve", "simulate"]) func obeysItsFrame(_ command: String) throws {
    try withTemporaryFolder { folder in
      for (name, text) in [("vault", smallVault), ("two", Self.tracking)] {
        let path = "\(folder)/\(name).json5"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        var arguments = [command, path]
        // A coarse grid may be refused; the screen is then the same, and only the emission is missing.
        if command == "solve" { arguments += ["--out", "r"].enumerated().map { $0.0 == 1 ? "\(folder)/r" : $0.1 } }
        // Of a deviation it would be said that it is not followed along paths (`ShardCommandTests.pathsOfTrackingAreNone`).
        if command != "check", name == "vault" { arguments += ["--paths", "512"] }
        let record = RecordingConsole()
        let status = record.run(arguments)
        #expect([.done, .refused].contains(status), "\(record.words)")
        #expect(record.output.contains("═\n"), "\(arguments)")
        #expect(!record.output.contains("\u{1B}"), "\(arguments)")
        for line in record.output.split(separator: "\n") where !line.contains(folder) {
          #expect(line.count <= Screen.width, "\(line)")
          #expect(line.last != " ", "\(line)")
        }
        #expect(record.words == "", "\(record.words)")
      }
    }
  }

  @Test(arguments: ["check", "simulate"]) func writesJSON(_ command: String) throws {
    try withTemporaryFolder { folder in
      for (name, text) in [("small-vault", smallVault), ("two", Self.tracking)] {
        let path = "\(folder)/\(name).json5"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let record = RecordingConsole()
        let paths = command == "check" ? [] : ["--paths", "512"]
        #expect(record.run([command, path, "--json"] + paths) == .done, "\(record.words)")
        let object = try JSONSerialization.jsonObject(with: Data(record.output.utf8)) as? [String: Any]
        #expect(try #require(object).count > 2, "\(record.output)")
      }
    }
  }

  @Test func theBarIsSilentWhereNobodyLooks() {
    let record = RecordingConsole()
    let bar = ProgressBar("x", console: record.console, quiet: false)
    bar.advance(to: 0.5)
    bar.finish()
    #expect(record.words == "")
  }
}

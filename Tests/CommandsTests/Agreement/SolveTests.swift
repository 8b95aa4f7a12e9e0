import Foundation
import Testing

@testable import Commands

/// Commands from end to end, in this process.
@Suite(.serialized) struct SolveTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "deadband-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try closedFormDeviation.write(toFile: folder + "/one.json5", atomically: true, encoding: .utf8)
    try body(folder)
  }

  private func parameters(_ folder: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: folder + "/parameters.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// control.md §7, k and K together: edge, target, cost and mean time to 1e-6 and better.
  @Test func emitsTheClosedForm() throws {
    try inFolder { folder in
      let record = RecordingConsole()
      let status = Program.run(["solve", folder + "/one.json5", "--out", folder + "/out"], console: record.console)
      #expect(status == .done, "\(record.words)")
      let emitted = try parameters(folder + "/out")
      let value = try #require((emitted["value"] as? [String: Any])?["total"] as? Double)
      #expect(abs(value - 1.277_905_279_046_653_9) < 1e-8)
      let regime = try #require((emitted["regimes"] as? [[String: Any]])?.first)
      let optimal = try #require((regime["classes"] as? [String: Any])?["optimal"] as? [String: Any])
      let band = try #require(optimal["band"] as? [String: Any])
      #expect(abs((band["upper"] as? Double ?? 0) - 1.950_922_525_663_672) < 1e-8)
      #expect(abs((band["targetUpper"] as? Double ?? 0) - 0.643_848_122_166_443) < 1e-8)
      let interval = try #require(optimal["interval"] as? [String: Any])
      #expect(abs((interval["meanBetweenTrades"] as? Double ?? 0) - 2.006_839_228_831_163) < 1e-8)
      for file in ["policy.nc", "certificate.json", "run.json"] {
        #expect(FileManager.default.fileExists(atPath: folder + "/out/" + file))
      }
    }
  }

  /// The same bytes for any number of threads, and `--json` prints what is written.
  @Test func sameBytes() throws {
    try inFolder { folder in
      var texts: [Data] = []
      for threads in ["1", "2"] {
        let record = RecordingConsole()
        let status = Program.run(
          ["solve", folder + "/one.json5", "--out", folder + "/" + threads, "--threads", threads, "--json"],
          console: record.console)
        #expect(status == .done)
        let data = try Data(contentsOf: URL(filePath: folder + "/\(threads)/parameters.json"))
        #expect(String(decoding: data, as: UTF8.self) == record.output)
        texts.append(data)
      }
      #expect(texts[0] == texts[1])
    }
  }

  /// Free trading has no band: refused with a reason, and the result of before is still there, byte by byte.
  @Test func refusalKeepsTheOldResult() throws {
    try inFolder { folder in
      let record = RecordingConsole()
      #expect(
        Program.run(["solve", folder + "/one.json5", "--out", folder + "/out"], console: record.console) == .done)
      let before = try Data(contentsOf: URL(filePath: folder + "/out/parameters.json"))
      let status = Program.run(
        [
          "solve", folder + "/one.json5", "--out", folder + "/out", "--set", "costs[0].proportional.perUnit=0", "--set",
          "costs[1].fixed.amount=0",
        ], console: record.console)
      #expect(status == .refused)
      #expect(record.words.contains("trading is free in regime 0"))
      #expect(try Data(contentsOf: URL(filePath: folder + "/out/parameters.json")) == before)
    }
  }
}

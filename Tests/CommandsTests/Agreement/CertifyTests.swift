import Foundation
import Interchange
import Testing

@testable import Commands

/// `certify` from end to end: solved, read back, asked again.
@Suite(.serialized) struct CertifyTests {
  /// The same seed says the same again, another seed agrees, and nothing in the directory is touched.
  @Test(
    "an option book, a formula's bands and a tracking problem",
    arguments: [(smallVault, "optimal"), (smallVault, "whalleyWilmott"), (closedFormDeviation, "optimal")])
  func again(_ model: String, _ method: String) throws {
    try withTemporaryFolder { folder in
      try model.write(toFile: folder + "/m.json5", atomically: true, encoding: .utf8)
      let solving = RecordingConsole()
      let status = solving.run(
        ["solve", folder + "/m.json5", "--out", folder + "/out", "--classes", "none", "--method", method])
      #expect(status == .done, "\(solving.words)")
      // The model is not needed any more.
      try FileManager.default.removeItem(atPath: folder + "/m.json5")
      let before = try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
      for seed in [[], ["--seed", "12"]] {
        let record = RecordingConsole()
        #expect(record.run(["certify", folder + "/out"] + seed) == .done, "\(record.output) \(record.words)")
        #expect(record.output.contains("found again") && record.output.contains("certified"))
        #expect(record.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(record.output)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted() == before)
      let record = RecordingConsole()
      #expect(record.run(["certify", folder + "/out", "--json"]) == .done)
      let object = try JSONSerialization.jsonObject(with: Data(record.output.utf8)) as? [String: Any]
      #expect(object?["verdict"] as? String == "certified")
      let checks = try #require(object?["checks"] as? [[String: Any]])
      let kinds = Set(checks.compactMap { $0["kind"] as? String })
      #expect(kinds.isSuperset(of: ["emittedValue", "emittedBand", "rollOut"]), "\(kinds)")
    }
  }

  /// Exit statuses and reasons: a file that has changed is refused, a directory without a result is bad data.
  @Test func refusals() throws {
    try withTemporaryFolder { folder in
      try closedFormDeviation.write(toFile: folder + "/m.json5", atomically: true, encoding: .utf8)
      let nothing = RecordingConsole()
      #expect(nothing.run(["certify", folder]) == .badData)
      #expect(nothing.words.contains("run.json: the file cannot be read"), "\(nothing.words)")
      #expect(RecordingConsole().run(["solve", folder + "/m.json5", "--out", folder + "/out"]) == .done)
      let path = folder + "/out/parameters.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try (text + " ").write(toFile: path, atomically: true, encoding: .utf8)
      let changed = RecordingConsole()
      #expect(changed.run(["certify", folder + "/out"]) == .refused)
      #expect(changed.words.contains("the file is not the one that was certified"), "\(changed.words)")
      // Digests that are made to match: what is stated is not found again.
      let record = try String(contentsOfFile: folder + "/out/run.json", encoding: .utf8)
      let sabotaged = text.replacingOccurrences(of: "\"meanBetweenTrades\": ", with: "\"meanBetweenTrades\": 1")
      try sabotaged.write(toFile: path, atomically: true, encoding: .utf8)
      try record.replacingOccurrences(of: Digest.sha256(of: text), with: Digest.sha256(of: sabotaged)).write(
        toFile: folder + "/out/run.json", atomically: true, encoding: .utf8)
      let misstated = RecordingConsole()
      #expect(misstated.run(["certify", folder + "/out"]) == .refused)
      #expect(misstated.output.contains("Stated, and not found again"), "\(misstated.output)")
      #expect(misstated.output.contains("classes.optimal.interval.meanBetweenTrades"), "\(misstated.output)")
      try FileManager.default.removeItem(atPath: folder + "/out/certificate.json")
      let lacking = RecordingConsole()
      #expect(lacking.run(["certify", folder + "/out"]) == .badData)
      #expect(lacking.words.contains("certificate.json: the file cannot be read"), "\(lacking.words)")
    }
  }
}

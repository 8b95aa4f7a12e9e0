import Formulation
import Foundation
import Interchange
import Testing

@testable import Commands

/// A run that the keyboard stops leaves its record, saying so, and nothing else.
@Suite struct AbandonedRunTests {
  @Test func leavesOnlyTheRecord() throws {
    try withTemporaryFolder { folder in
      let model = try ModelFile(bytes: Array(smallVault.utf8))
      let record = RunRecord(
        model: model, arguments: [], programVersion: "0", settingsGiven: .object([]), seed: 1,
        started: Instant(seconds: 0))
      let directory = folder + "/result"
      let writer = try ResultDirectoryWriter(directory: directory)
      try writer.replaceNow(record.text(), as: "run.json")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)

      AbandonedRun(record: record, directory: directory).close(as: "interrupted", removingStagedFiles: true)

      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["run.json"])
      let data = try Data(contentsOf: URL(filePath: directory + "/run.json"))
      let written = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(written["status"] as? String == "failed")
      #expect(written["reason"] as? String == "interrupted")
    }
  }
}

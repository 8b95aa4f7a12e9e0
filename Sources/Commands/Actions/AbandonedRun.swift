import Formulation
import Foundation
import Interchange

/// A run that cannot end itself any more: the keyboard stopped it, or its files could not be published.
///
/// *Verified by* `AbandonedRunTests`.
struct AbandonedRun: Sendable {
  let record: RunRecord
  let directory: String

  /// Replaces the record that says `running`, and removes what the run has staged beside the result.
  ///
  /// Nothing more can be done should this fail too: the record then still says `running`.
  func close(as reason: String, removingStagedFiles: Bool) {
    var closed = record
    closed.status = .failed(reason)
    closed.ended = Instant(seconds: Date().timeIntervalSince1970.rounded(.down))
    if let text = try? closed.text() { try? AtomicFile.write(text, to: "\(directory)/run.json") }
    if removingStagedFiles { removeStagedFiles() }
  }

  /// `ResultDirectoryWriter` stages in `.<name>.partial-<process>` beside the directory.
  private func removeStagedFiles() {
    let result = URL(filePath: directory)
    let parent = result.deletingLastPathComponent()
    let prefix = ".\(result.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path(percentEncoded: false))) ?? []
    for name in names where name == prefix || name.hasPrefix(prefix + "-") {
      try? FileManager.default.removeItem(at: parent.appending(path: name))
    }
  }
}

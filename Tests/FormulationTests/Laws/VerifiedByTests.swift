import Foundation
import Testing

/// Doc comments name the tests that hold them to account; a name that no test bears is a promise that nobody keeps.
@Suite struct VerifiedByTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func files(under folder: String) -> [URL] {
    let found = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
    return (found?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
  }

  /// What the tests are called: the types, the functions marked `@Test`, and both joined by a point.
  private static func testNames() throws -> Set<String> {
    var names: Set<String> = []
    for file in files(under: "Tests") {
      // The types that are open, outermost first; the formatter's indentation says which those are.
      var types: [(indent: Int, name: Substring)] = []
      var marked = false
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let indent = line.prefix { $0 == " " }.count
        if let match = line.firstMatch(of: /^ *(?:@\w+(?:\([^)]*\))? )*(?:struct|class|enum|extension) (\w+)/) {
          types.removeAll { $0.indent >= indent }
          types.append((indent, match.1))
          names.insert(String(match.1))
        }
        // The attribute may stand lines above its function, with the arguments between.
        if line.contains("@Test") { marked = true }
        if marked, let match = line.firstMatch(of: /\bfunc (\w+)/) {
          names.insert(String(match.1))
          if let type = types.last(where: { $0.indent < indent }) { names.insert("\(type.name).\(match.1)") }
          marked = false
        }
      }
    }
    return names
  }

  /// The names after each "Verified by" of a text, its comment lines joined; an empty list where none follows.
  private static func promises(of text: String) -> [[String]] {
    let joined = text.replacing(/\n *\/\/\/? ?/, with: " ")
    return joined.matches(of: /[Vv]erified by\*? +((?:`[^`]+`(?:, and | and |, |)?)*)/).map { match in
      match.1.matches(of: /`([^`]+)`/).map { String($0.1) }
    }
  }

  @Test func everyNamedTestExists() throws {
    let tests = try Self.testNames()
    let sources = Self.files(under: "Sources")
    #expect(sources.count > 100, "the sources were not found")
    for file in sources {
      for names in Self.promises(of: try String(contentsOf: file, encoding: .utf8)) {
        #expect(!names.isEmpty, "\(file.lastPathComponent) says \"Verified by\" without a name")
        let missing = names.filter { !tests.contains($0) }
        #expect(missing.isEmpty, "named in \(file.lastPathComponent)")
      }
    }
  }

  /// The reading itself, on a text that holds every form.
  @Test func formsAreRead() {
    let text = """
      /// First. *Verified by* `A.b`, `C` and
      /// `d`.
      /// general; *verified by* `E`, which compares `f`.
      /// *Verified by* hand.
      """
    #expect(Self.promises(of: text) == [["A.b", "C", "d"], ["E"], []])
  }
}

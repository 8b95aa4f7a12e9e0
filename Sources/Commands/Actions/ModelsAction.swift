import Glibc
import Interchange

/// `deadband models`: the model files of a directory, each with what it is for.
enum ModelsAction {
  static let standardDirectory = "Models"
  private static let suffixes = [".json5", ".json"]

  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let directory = parsed.operands.first ?? standardDirectory
    let files = try names(in: directory).filter { name in suffixes.contains { name.hasSuffix($0) } }.sorted()
    let rows = files.map { ($0, purpose(ofFile: "\(directory)/\($0)")) }
    if parsed.has(.json) {
      try console.output(
        json: .array(
          rows.map { name, purpose in
            var members = [JSONMember("file", .string("\(directory)/\(name)"))]
            if let purpose { members.append(JSONMember("purpose", .string(purpose))) }
            return .object(members)
          }))
      return .done
    }
    guard !rows.isEmpty else {
      console.words("\(directory): no model files\n")
      return .done
    }
    console.output(
      HelpText.columns(rows.map { ("\(directory)/\($0.0)", $0.1 ?? "") }).joined(separator: "\n") + "\n")
    return .done
  }

  private static func names(in directory: String) throws(Failure) -> [String] {
    guard let handle = opendir(directory) else {
      throw Failure(
        Explainer.sentence(directory, "the directory cannot be read", allowed: SystemWords.reason(errno)), .failed)
    }
    defer { closedir(handle) }
    var found: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      found.append(name)
    }
    return found
  }

  /// The first comment line above everything, without its slashes.
  static func purpose(ofFile path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let line = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
      let text = line.drop { $0 == " " || $0 == "\t" }
      if text.isEmpty { continue }
      guard text.hasPrefix("//") || text.hasPrefix("/*") else { return nil }
      let words = text.drop { "/*".contains($0) }.drop { $0 == " " }
      var trimmed = String(words.hasSuffix("*/") ? words.dropLast(2) : words)
      while trimmed.last == " " { trimmed.removeLast() }
      if !trimmed.isEmpty { return trimmed }
    }
    return nil
  }
}

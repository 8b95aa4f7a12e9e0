/// Writes values as text: the same value gives the same bytes.
///
/// Two spaces per level, one member per line, lists of plain values on one line, a line end at the end. Doubles are
/// written with the fewest digits that read back to the same double (the standard library's `description`, after
/// U. Adams, "Ryū: fast float-to-string conversion", 2018, and its successors).
///
/// *Verified by* `JSONWriterTests`, `JSONRoundTripTests`.
public struct JSONWriter {
  public enum Dialect: Hashable, Sendable {
    /// RFC 8259; comments are left out.
    case json
    /// JSON5 with comments above the keys, keys without quotes where they are identifiers, and trailing commas.
    case commentedJSON5
  }

  private let dialect: Dialect
  private var text = ""
  private var path = ModelPath.root

  private init(dialect: Dialect) {
    self.dialect = dialect
  }

  /// - Parameter heading: comment lines above everything; JSON5 only.
  /// - Throws: `InterchangeError.notFinite`, `InterchangeError.duplicateKey`.
  public static func text(
    of value: JSONValue, dialect: Dialect = .json, heading: String? = nil
  ) throws(InterchangeError) -> String {
    var writer = JSONWriter(dialect: dialect)
    if let heading { writer.comment(heading, indentation: "") }
    try writer.write(value, indentation: "")
    return writer.text + "\n"
  }

  private mutating func write(_ value: JSONValue, indentation: String) throws(InterchangeError) {
    switch value {
    case .null: text += "null"
    case .boolean(let truth): text += truth ? "true" : "false"
    case .integer(let integer): text += String(integer)
    case .number(let number):
      guard number.isFinite else { throw .notFinite(path: path.description) }
      text += number.description
    case .string(let content): write(string: content)
    case .array(let elements): try write(elements, indentation: indentation)
    case .object(let members): try write(members, indentation: indentation)
    }
  }

  private mutating func write(_ members: [JSONMember], indentation: String) throws(InterchangeError) {
    guard !members.isEmpty else {
      text += "{}"
      return
    }
    let inner = indentation + "  "
    var keys: Set<String> = []
    text += "{\n"
    for (index, member) in members.enumerated() {
      guard keys.insert(member.key).inserted else { throw .duplicateKey(path: path.description, key: member.key) }
      if let lines = member.comment { comment(lines, indentation: inner) }
      text += inner
      write(key: member.key)
      text += ": "
      path.components.append(.key(member.key))
      try write(member.value, indentation: inner)
      path.components.removeLast()
      endItem(isLast: index == members.count - 1)
    }
    text += indentation + "}"
  }

  private mutating func write(_ elements: [JSONValue], indentation: String) throws(InterchangeError) {
    let inner = indentation + "  "
    let isOneLine = elements.allSatisfy { $0.isPlain }
    text += isOneLine ? "[" : "[\n"
    for (index, element) in elements.enumerated() {
      if isOneLine {
        if index > 0 { text += ", " }
      } else {
        text += inner
      }
      path.components.append(.index(index))
      try write(element, indentation: inner)
      path.components.removeLast()
      if !isOneLine { endItem(isLast: index == elements.count - 1) }
    }
    text += isOneLine ? "]" : indentation + "]"
  }

  private mutating func endItem(isLast: Bool) {
    text += isLast && dialect == .json ? "\n" : ",\n"
  }

  /// One `//` line for every line of the comment, whatever ends it: no comment can become content.
  private mutating func comment(_ lines: String, indentation: String) {
    guard dialect == .commentedJSON5 else { return }
    for line in lines.split(omittingEmptySubsequences: false, whereSeparator: { $0.isNewline }) {
      text += line.isEmpty ? "\(indentation)//\n" : "\(indentation)// \(line)\n"
    }
  }

  private mutating func write(key: String) {
    let isIdentifier =
      key.unicodeScalars.first?.startsIdentifier ?? false
      && key.unicodeScalars.allSatisfy { $0.isASCII && $0.continuesIdentifier }
    if dialect == .commentedJSON5, isIdentifier {
      text += key
    } else {
      write(string: key)
    }
  }

  private mutating func write(string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // Control characters must be escaped (RFC 8259, section 7); the two separators end a line in JavaScript.
      case "\0"..<" ", "\u{2028}", "\u{2029}": text += Self.escaped(scalar)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension JSONValue {
  /// Neither an object nor a list.
  fileprivate var isPlain: Bool {
    switch self {
    case .object, .array: false
    default: true
    }
  }
}

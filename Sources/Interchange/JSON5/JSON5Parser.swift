/// A recursive-descent parser: one method per rule of the JSON5 grammar.
///
/// Strings, words and numbers are in `JSON5Parser+Tokens.swift`.
struct JSON5Parser {
  var cursor: TextCursor
  /// The way to the value being read; only errors look at it.
  private var path = ModelPath.root

  init(_ cursor: TextCursor) {
    self.cursor = cursor
  }

  /// One value between blanks and comments, and nothing more.
  mutating func document() throws(ModelFileError) -> JSON5Node {
    try skipBlanks()
    let node = try value(depth: 0)
    try skipBlanks()
    guard cursor.current == nil else { throw broken(.end) }
    return node
  }

  /// A syntax error at the cursor.
  func broken(_ expected: SyntaxExpected) -> ModelFileError {
    .syntax(position: cursor.position, found: cursor.found, expected: expected)
  }

  private mutating func value(depth: Int) throws(ModelFileError) -> JSON5Node {
    let position = cursor.position
    switch cursor.current {
    case "{", "[":
      guard depth < JSON5Document.nestingLimit else {
        throw .syntax(
          position: position, found: .nesting(depth + 1), expected: .nesting(atMost: JSON5Document.nestingLimit))
      }
      return cursor.current == "{"
        ? JSON5Node(.object(try members(depth: depth)), at: position)
        : JSON5Node(.array(try elements(depth: depth)), at: position)
    case "\"", "'":
      return JSON5Node(.string(try string()), at: position)
    case .some(let scalar) where scalar.isDigit || scalar == "+" || scalar == "-" || scalar == ".":
      return JSON5Node(.number(try number()), at: position)
    case .some(let scalar) where scalar.startsIdentifier:
      return JSON5Node(try wordValue(), at: position)
    default:
      throw broken(.value)
    }
  }

  private mutating func members(depth: Int) throws(ModelFileError) -> [JSON5Member] {
    var members: [JSON5Member] = []
    var firstPositions: [String: SourcePosition] = [:]
    cursor.advance()
    try skipBlanks()
    while cursor.current != "}" {
      let keyPosition = cursor.position
      let key = try key()
      if let first = firstPositions.updateValue(keyPosition, forKey: key) {
        throw .duplicateKey(position: keyPosition, path: path.description, key: key, first: first)
      }
      try skipBlanks()
      guard cursor.current == ":" else { throw broken(.colon) }
      cursor.advance()
      try skipBlanks()
      path.components.append(.key(key))
      members.append(JSON5Member(key: key, keyPosition: keyPosition, node: try value(depth: depth + 1)))
      path.components.removeLast()
      try separator(before: "}", orElse: .commaOrClosingBrace)
    }
    cursor.advance()
    return members
  }

  private mutating func elements(depth: Int) throws(ModelFileError) -> [JSON5Node] {
    var elements: [JSON5Node] = []
    cursor.advance()
    try skipBlanks()
    while cursor.current != "]" {
      path.components.append(.index(elements.count))
      elements.append(try value(depth: depth + 1))
      path.components.removeLast()
      try separator(before: "]", orElse: .commaOrClosingBracket)
    }
    cursor.advance()
    return elements
  }

  /// A comma, or the closing bracket, which stays.
  private mutating func separator(
    before close: Unicode.Scalar, orElse expected: SyntaxExpected
  ) throws(ModelFileError) {
    try skipBlanks()
    if cursor.current == close { return }
    guard cursor.current == "," else { throw broken(expected) }
    cursor.advance()
    try skipBlanks()
  }

  private mutating func key() throws(ModelFileError) -> String {
    switch cursor.current {
    case "\"", "'": return try string()
    case .some(let scalar) where scalar.startsIdentifier || scalar == "\\": return try identifier()
    default: throw broken(.key)
    }
  }

  /// Passes white space, line ends and comments.
  private mutating func skipBlanks() throws(ModelFileError) {
    while let scalar = cursor.current {
      if scalar == "/" {
        try skipComment()
      } else if scalar.isJSON5Blank {
        cursor.advance()
      } else {
        return
      }
    }
  }

  private mutating func skipComment() throws(ModelFileError) {
    cursor.advance()
    switch cursor.current {
    case "/":
      while let scalar = cursor.current, !scalar.isLineTerminator { cursor.advance() }
    case "*":
      cursor.advance()
      while !(cursor.current == "*" && cursor.next == "/") {
        guard cursor.current != nil else { throw broken(.commentEnd) }
        cursor.advance()
      }
      cursor.advance()
      cursor.advance()
    default: throw broken(.commentStart)
    }
  }
}

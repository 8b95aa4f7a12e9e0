/// One `--set path=value`: a value that replaces, or joins, one of the document.
///
/// `market.regimes[0].volatility=0.9`. The value is JSON5; what is not, such as `25 bps` or a date, is taken as a text,
/// unless it opens a quote or a bracket. Positions inside it point into the argument.
public struct ModelValueOverride: Equatable, Sendable {
  public let path: ModelPath
  public let node: JSON5Node
  /// Where each component of the path begins in the argument.
  private let componentPositions: [SourcePosition]

  /// - Throws: `ModelFileError.syntax` for a broken path or value, `ModelFileError.duplicateKey` inside the value.
  public init(_ argument: String) throws(ModelFileError) {
    let source = SourcePosition.Source.setOption(argument)
    var cursor = TextCursor(Array(argument.unicodeScalars), source: source)
    var components: [ModelPath.Component] = []
    var positions: [SourcePosition] = []
    while true {
      positions.append(cursor.position)
      if cursor.current == "[", !components.isEmpty {
        components.append(.index(try Self.index(&cursor)))
      } else {
        components.append(.key(try Self.key(&cursor)))
      }
      if cursor.current == "=" { break }
      if cursor.current == "." {
        cursor.advance()
        guard cursor.current != "[" else { throw Self.broken(cursor, .key) }
      } else if cursor.current != "[" {
        throw Self.broken(cursor, .equals)
      }
    }
    cursor.advance()
    path = ModelPath(components: components)
    componentPositions = positions
    node = try Self.value(at: cursor)
  }

  /// What a model may leave out as a whole, and each of whose members has a default.
  private static let optionalObjects: Set = ["grid", "execution", "outputs"]

  private static func broken(_ cursor: TextCursor, _ expected: SyntaxExpected) -> ModelFileError {
    .syntax(position: cursor.position, found: cursor.found, expected: expected)
  }

  private static func key(_ cursor: inout TextCursor) throws(ModelFileError) -> String {
    let start = cursor.index
    while let scalar = cursor.current, !".[]=".unicodeScalars.contains(scalar) { cursor.advance() }
    guard cursor.index > start else { throw broken(cursor, .key) }
    return cursor.text(from: start)
  }

  private static func index(_ cursor: inout TextCursor) throws(ModelFileError) -> Int {
    cursor.advance()
    let start = cursor.index
    while cursor.current?.isDigit ?? false { cursor.advance() }
    guard let index = Int(cursor.text(from: start)) else { throw broken(cursor, .digit) }
    guard cursor.current == "]" else { throw broken(cursor, .closingBracket) }
    cursor.advance()
    return index
  }

  private static func value(at cursor: TextCursor) throws(ModelFileError) -> JSON5Node {
    guard let first = cursor.current else { throw broken(cursor, .value) }
    do throws(ModelFileError) {
      var parser = JSON5Parser(cursor)
      return try parser.document()
    } catch {
      if "{['\"".unicodeScalars.contains(first) { throw error }
      var end = cursor
      while end.current != nil { end.advance() }
      return JSON5Node(.string(end.text(from: cursor.index)), at: cursor.position)
    }
  }

  /// `node` with the value put in place.
  fileprivate func applied(to node: JSON5Node, depth: Int) throws(ModelFileError) -> JSON5Node {
    guard depth < path.components.count else { return self.node }
    let parent = ModelPath(components: Array(path.components[..<depth])).description
    let position = componentPositions[depth]
    var result = node
    switch (path.components[depth], node.value) {
    case (.key(let key), .object(var members)):
      if let index = members.firstIndex(where: { $0.key == key }) {
        members[index].node = try applied(to: members[index].node, depth: depth + 1)
      } else if depth == path.components.count - 1 {
        // A key the file leaves to its default. Whether it exists at all is the decoder's to say.
        members.append(JSON5Member(key: key, keyPosition: position, node: self.node))
      } else if depth == 0, Self.optionalObjects.contains(key) {
        let empty = JSON5Node(.object([]), at: position)
        members.append(
          JSON5Member(key: key, keyPosition: position, node: try applied(to: empty, depth: depth + 1)))
      } else {
        let keys = members.map { $0.key }
        throw .unknownKey(
          position: position, path: parent, key: key, allowed: keys,
          suggestion: Suggestion.nearest(to: key, among: keys))
      }
      result.value = .object(members)
    case (.index(let index), .array(var nodes)):
      guard index < nodes.count else {
        throw .noEntry(position: position, path: parent, index: index, count: nodes.count)
      }
      nodes[index] = try applied(to: nodes[index], depth: depth + 1)
      result.value = .array(nodes)
    case (.key, _):
      throw .wrongType(position: position, path: parent, found: node.kind, expected: [.object])
    case (.index, _):
      throw .wrongType(position: position, path: parent, found: node.kind, expected: [.array])
    }
    return result
  }
}

extension JSON5Document {
  /// The document with values replaced, in the order given.
  ///
  /// The last key of a path may be new, so that a default can be overridden, and so may an object all of whose members have
  /// defaults; everything else must exist.
  /// - Throws: `ModelFileError.unknownKey`, `.noEntry` for an index beyond the list, `.wrongType`.
  public func applying(_ overrides: [ModelValueOverride]) throws(ModelFileError) -> JSON5Document {
    var document = self
    for override in overrides { document.root = try override.applied(to: document.root, depth: 0) }
    return document
  }
}

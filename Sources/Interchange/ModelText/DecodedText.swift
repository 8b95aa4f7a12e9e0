/// The Unicode scalars of a UTF-8 text, strictly decoded.
struct DecodedText {
  private static let byteOrderMark: Unicode.Scalar = "\u{FEFF}"

  let scalars: [Unicode.Scalar]

  /// - Throws: `ModelFileError.syntax` at the first byte that is not UTF-8.
  init(_ bytes: [UInt8], source: SourcePosition.Source) throws(ModelFileError) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        offset += UTF8.width(scalar)
        scalars.append(scalar)
      case .emptyInput: break decoding
      case .error:
        if scalars.first == Self.byteOrderMark { scalars.removeFirst() }
        var cursor = TextCursor(scalars, source: source)
        while cursor.current != nil { cursor.advance() }
        throw .syntax(position: cursor.position, found: .byte(bytes[offset]), expected: .utf8)
      }
    }
    if scalars.first == Self.byteOrderMark { scalars.removeFirst() }
    self.scalars = scalars
  }
}

/// A place in a text that counts lines and columns as it moves.
struct TextCursor {
  let source: SourcePosition.Source
  private let scalars: [Unicode.Scalar]
  private(set) var index = 0
  private var line = 1
  private var column = 1

  init(_ scalars: [Unicode.Scalar], source: SourcePosition.Source) {
    self.scalars = scalars
    self.source = source
  }

  var position: SourcePosition { SourcePosition(source: source, line: line, column: column) }

  /// The scalar here; nil at the end.
  var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  var next: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  /// What a syntax error finds here.
  var found: SyntaxFound { current.map { .character($0) } ?? .end }

  mutating func advance() {
    guard let scalar = current else { return }
    let endsLine = scalar == "\n" || (scalar == "\r" && next != "\n")
    index += 1
    if endsLine {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }

  /// The text from an earlier index up to here.
  func text(from start: Int) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[start..<index])
    return String(view)
  }
}

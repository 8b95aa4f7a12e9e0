/// A parsed JSON5 text that remembers where everything was written.
///
/// The reader is our own because Foundation's keeps no positions, lets duplicate keys pass, and reports a syntax error
/// without a line. In order of priority: no input whatever traps; every error has a position; the grammar is that of
/// the JSON5 specification, version 1.0.0 (A. Kishore and others, 2018, https://spec.json5.org), with these refusals
/// where the specification leaves room: duplicate keys, surrogate halves standing alone, bytes that are not UTF-8, and
/// nesting deeper than ``nestingLimit``.
///
/// *Verified by* `JSON5SpecificationTests`, `JSON5PositionTests` and `JSON5MutationTests`.
public struct JSON5Document: Equatable, Sendable {
  /// The deepest nesting accepted. The documented models nest six levels (jumps of a regime of a market); the parser
  /// recurses once per level, and this many levels fit in a thread's stack of half a megabyte, the smallest default
  /// of the systems Swift runs on. *Verified by* `JSON5MutationTests`, on a stack of that size.
  public static let nestingLimit = 32

  public var root: JSON5Node

  public init(root: JSON5Node) {
    self.root = root
  }

  /// Parses UTF-8 text; a byte order mark at the beginning is skipped and not counted as a column.
  /// - Throws: `ModelFileError.syntax`, `ModelFileError.duplicateKey`.
  public init(parsing bytes: [UInt8], source: SourcePosition.Source = .text) throws(ModelFileError) {
    let scalars = try DecodedText(bytes, source: source).scalars
    var parser = JSON5Parser(TextCursor(scalars, source: source))
    root = try parser.document()
  }

  /// Parses a text.
  /// - Throws: `ModelFileError.syntax`, `ModelFileError.duplicateKey`.
  public init(parsing text: String, source: SourcePosition.Source = .text) throws(ModelFileError) {
    try self.init(parsing: Array(text.utf8), source: source)
  }

  /// Reads and parses a file; its name becomes the source of every position.
  /// - Throws: as above, and `ModelFileError.unreadable`.
  public init(contentsOf file: String) throws(ModelFileError) {
    let bytes: [UInt8]
    do {
      bytes = try SystemFile.read(file)
    } catch {
      throw .unreadable(file: file, reason: error.reason)
    }
    try self.init(parsing: bytes, source: .file(file))
  }
}

/// A table of comma-separated values with a header (RFC 4180, 2005), read strictly.
///
/// Columns may come in any order; unknown, missing and doubled columns are refused, as are rows of another length.
/// Blank lines are passed over, and blanks around fields without quotes.
///
/// *Verified by* `CSVTableTests`.
public struct CSVTable: Sendable {
  public let rows: [CSVRow]
  /// The columns as they stand.
  public let header: [(name: String, position: SourcePosition)]
  /// Where the text ends.
  public let end: SourcePosition

  /// - Parameters:
  ///   - required: columns that must be there.
  ///   - optional: columns that may be.
  /// - Throws: `ModelFileError`: `.syntax`, `.unknownKey`, `.missingKey`, `.duplicateKey`.
  public init(
    parsing bytes: [UInt8], source: SourcePosition.Source = .text, required: [String], optional: [String] = []
  ) throws(ModelFileError) {
    var reader = CSVReader(TextCursor(try DecodedText(bytes, source: source).scalars, source: source))
    let header = try reader.row() ?? []
    let allowed = required + optional
    var columns: [String: Int] = [:]
    for (index, field) in header.enumerated() {
      if let first = columns.updateValue(index, forKey: field.text) {
        throw .duplicateKey(position: field.position, path: "", key: field.text, first: header[first].position)
      }
      guard allowed.contains(field.text) else {
        throw .unknownKey(
          position: field.position, path: "", key: field.text, allowed: allowed,
          suggestion: Suggestion.nearest(to: field.text, among: allowed))
      }
    }
    for column in required where columns[column] == nil {
      let position = header.first?.position ?? SourcePosition(source: source, line: 1, column: 1)
      throw .missingKey(position: position, path: "", key: column, similar: nil)
    }
    var rows: [CSVRow] = []
    while let fields = try reader.row() {
      guard fields.count == header.count else {
        throw .syntax(position: fields[0].position, found: .fields(fields.count), expected: .fields(header.count))
      }
      rows.append(CSVRow(columns: columns, fields: fields, path: ModelPath.root.appending(rows.count)))
    }
    self.rows = rows
    end = reader.position
    self.header = header.map { ($0.text, $0.position) }
  }

  /// Reads a file; its name becomes the source of every position.
  public init(
    contentsOf file: String, required: [String], optional: [String] = []
  ) throws(ModelFileError) {
    let bytes: [UInt8]
    do {
      bytes = try SystemFile.read(file)
    } catch {
      throw .unreadable(file: file, reason: error.reason)
    }
    try self.init(parsing: bytes, source: .file(file), required: required, optional: optional)
  }
}

/// One row under the header.
public struct CSVRow: Sendable {
  fileprivate let columns: [String: Int]
  fileprivate let fields: [CSVReader.Field]
  fileprivate let path: ModelPath

  /// Where the row begins.
  public var position: SourcePosition { fields[0].position }

  /// The field of a column; nil when the table has no such column or the field is empty.
  public subscript(column: String) -> CSVField? {
    guard let index = columns[column], !fields[index].text.isEmpty else { return nil }
    return CSVField(text: fields[index].text, position: fields[index].position, path: path.appending(column))
  }

  /// The field of a required column.
  /// - Throws: `ModelFileError.malformed` when it is empty, `.missingKey` when there is no such column.
  public func required(_ column: String) throws(ModelFileError) -> CSVField {
    guard let index = columns[column] else {
      throw .missingKey(position: position, path: path.description, key: column, similar: nil)
    }
    guard let field = self[column] else {
      throw .malformed(
        position: fields[index].position, path: path.appending(column).description, found: "", expected: .notEmpty)
    }
    return field
  }
}

/// A field that is not empty.
public struct CSVField: Sendable {
  public let text: String
  public let position: SourcePosition
  public let path: ModelPath

  /// A decimal number without a unit, within a range.
  public func number(in range: NumberRange = .finite) throws(ModelFileError) -> Double {
    guard let parts = QuantityText(text), parts.unit.isEmpty else {
      throw .malformed(position: position, path: path.description, found: text, expected: .number)
    }
    guard range.contains(parts.amount) else {
      throw .outOfRange(position: position, path: path.description, found: text, allowed: range)
    }
    return parts.amount
  }
}

/// Splits a text into rows and fields.
struct CSVReader {
  struct Field: Sendable {
    let text: String
    let position: SourcePosition
  }

  private var cursor: TextCursor

  init(_ cursor: TextCursor) {
    self.cursor = cursor
  }

  var position: SourcePosition { cursor.position }

  private var isAtLineEnd: Bool {
    cursor.current == nil || cursor.current == "\n" || cursor.current == "\r"
  }

  /// The next row that is not blank; nil at the end.
  mutating func row() throws(ModelFileError) -> [Field]? {
    skipBlanks()
    while isAtLineEnd {
      if cursor.current == nil { return nil }
      cursor.advance()
      skipBlanks()
    }
    var fields: [Field] = []
    while true {
      fields.append(try field())
      if isAtLineEnd { return fields }
      cursor.advance()
      skipBlanks()
    }
  }

  private mutating func skipBlanks() {
    while cursor.current == " " || cursor.current == "\t" { cursor.advance() }
  }

  /// One field; the cursor stands on the comma or line end after it.
  private mutating func field() throws(ModelFileError) -> Field {
    let position = cursor.position
    if cursor.current == "\"" { return Field(text: try quoted(), position: position) }
    var content: [Unicode.Scalar] = []
    while let scalar = cursor.current, scalar != ",", !isAtLineEnd {
      // RFC 4180, section 2, rule 5: a field that is not in quotes contains none.
      guard scalar != "\"" else { throw broken(.commaOrLineEnd) }
      content.append(scalar)
      cursor.advance()
    }
    while content.last == " " || content.last == "\t" { content.removeLast() }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: content)
    return Field(text: String(text), position: position)
  }

  /// A field in quotes, which may hold commas, line ends and doubled quotes (rules 6 and 7).
  private mutating func quoted() throws(ModelFileError) -> String {
    cursor.advance()
    var text = String.UnicodeScalarView()
    while true {
      guard let scalar = cursor.current else { throw broken(.closingQuote("\"")) }
      cursor.advance()
      if scalar == "\"" {
        guard cursor.current == "\"" else { break }
        cursor.advance()
      }
      text.append(scalar)
    }
    skipBlanks()
    guard isAtLineEnd || cursor.current == "," else { throw broken(.commaOrLineEnd) }
    return String(text)
  }

  private func broken(_ expected: SyntaxExpected) -> ModelFileError {
    .syntax(position: cursor.position, found: cursor.found, expected: expected)
  }
}

import Formulation

/// A value being decoded: it converts itself to what is asked for, or throws with its position and path.
public struct StrictValue: Sendable {
  public let node: JSON5Node
  public let path: ModelPath

  public init(_ node: JSON5Node, path: ModelPath = .root) {
    self.node = node
    self.path = path
  }

  public var position: SourcePosition { node.position }
  public var kind: ValueKind { node.kind }
  public var isNull: Bool { node.kind == .null }

  // MARK: Numbers

  /// A finite number within a range.
  public func number(in range: NumberRange = .finite) throws(ModelFileError) -> Double {
    guard case .number(let number) = node.value else { throw wrongType(.number) }
    guard range.contains(number.value) else { throw outOfRange(number.text, range) }
    return number.value
  }

  /// A whole number within a range; `2.0` and `1e3` are whole numbers.
  public func integer(in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    guard case .number(let number) = node.value else { throw wrongType(.integer) }
    let bounds = NumberRange.closed(Double(range.lowerBound), Double(range.upperBound))
    guard bounds.contains(number.value) else { throw outOfRange(number.text, bounds) }
    guard let value = Int(exactly: number.value) else { throw wrongType(.integer) }
    // The bounds, as doubles, may have been rounded away from the range.
    guard range.contains(value) else { throw outOfRange(number.text, bounds) }
    return value
  }

  /// A number in base units: written bare in `bare`, or as a text with any unit of the same dimension.
  /// - Throws: `wrongType`, `malformed`, `wrongUnit`, `outOfRange`; `range` is in base units, the error's in the unit that
  ///   was written.
  public func quantity(in range: NumberRange = .finite, bare: QuantityUnit) throws(ModelFileError) -> Double {
    switch node.value {
    case .number(let number):
      let value = bare.base(number.value)
      guard range.contains(value) else { throw outOfRange(number.text, range.divided(by: bare.base(1))) }
      return value
    case .string(let text):
      guard let parts = QuantityText(text) else {
        throw .malformed(position: position, path: path.description, found: text, expected: .quantity)
      }
      var unit = bare
      if !parts.unit.isEmpty {
        let known = QuantityUnit.all.first { $0.dimension == bare.dimension && $0.spellings.contains(parts.unit) }
        guard let known else {
          throw .wrongUnit(
            position: position, path: path.description, found: parts.unit,
            allowed: QuantityUnit.symbols(of: bare.dimension))
        }
        unit = known
      }
      let value = unit.base(parts.amount)
      guard range.contains(value) else { throw outOfRange(text, range.divided(by: unit.base(1))) }
      return value
    default:
      throw .wrongType(position: position, path: path.description, found: kind, expected: [.number, .string])
    }
  }

  /// A pure number; bare numbers are in units of one.
  public func fraction(in range: NumberRange = .finite) throws(ModelFileError) -> Double {
    try quantity(in: range, bare: .one)
  }

  /// A time span in seconds; bare numbers are seconds.
  public func seconds(in range: NumberRange = .nonNegative) throws(ModelFileError) -> Double {
    try quantity(in: range, bare: .second)
  }

  // MARK: Texts and truth

  public func string() throws(ModelFileError) -> String {
    guard case .string(let text) = node.value else { throw wrongType(.string) }
    return text
  }

  /// A text of at least one character.
  public func name() throws(ModelFileError) -> String {
    let text = try string()
    guard !text.isEmpty else {
      throw .malformed(position: position, path: path.description, found: text, expected: .notEmpty)
    }
    return text
  }

  /// One of several words.
  public func string(oneOf choices: [String]) throws(ModelFileError) -> String {
    let text = try string()
    guard choices.contains(text) else {
      throw .unknownChoice(
        position: position, path: path.description, found: text, allowed: choices,
        suggestion: Suggestion.nearest(to: text, among: choices))
    }
    return text
  }

  /// A case of an enumeration of words, in the order it lists them.
  public func choice<Choice>(_ type: Choice.Type = Choice.self) throws(ModelFileError) -> Choice
  where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
    let text = try string(oneOf: Choice.allCases.map { $0.rawValue })
    guard let choice = Choice(rawValue: text) else { throw wrongType(.string) }
    return choice
  }

  /// A date and time in UTC, `2021-10-21T08:00:00Z`; the forms that `Instant` reads.
  public func instant() throws(ModelFileError) -> Instant {
    let text = try string()
    guard let instant = Instant(text) else {
      throw .malformed(position: position, path: path.description, found: text, expected: .timestamp)
    }
    return instant
  }

  public func boolean() throws(ModelFileError) -> Bool {
    guard case .boolean(let value) = node.value else { throw wrongType(.boolean) }
    return value
  }

  // MARK: Structure

  public func object() throws(ModelFileError) -> StrictObject {
    try StrictObject(node, path: path)
  }

  /// The elements of a list, as many as allowed.
  public func array(count: ClosedRange<Int> = 0...Int.max) throws(ModelFileError) -> [StrictValue] {
    guard case .array(let nodes) = node.value else { throw wrongType(.array) }
    guard count.contains(nodes.count) else {
      throw .wrongCount(position: position, path: path.description, found: nodes.count, allowed: count)
    }
    return nodes.indices.map { StrictValue(nodes[$0], path: path.appending($0)) }
  }

  public func numbers(
    count: ClosedRange<Int> = 0...Int.max, in range: NumberRange = .finite
  ) throws(ModelFileError) -> [Double] {
    var values: [Double] = []
    for element in try array(count: count) { values.append(try element.number(in: range)) }
    return values
  }

  /// Rows of numbers `[row][column]`, all of the given length.
  public func matrix(rows: Int, columns: Int, in range: NumberRange = .finite) throws(ModelFileError) -> [[Double]] {
    var matrix: [[Double]] = []
    for row in try array(count: rows...rows) {
      matrix.append(try row.numbers(count: columns...columns, in: range))
    }
    return matrix
  }

  // MARK: Errors

  /// For decoders that find a value of a kind they cannot use.
  public func wrongType(_ expected: ValueKind...) -> ModelFileError {
    .wrongType(position: position, path: path.description, found: kind, expected: expected)
  }

  /// For decoders that know a narrower range than the number alone shows.
  public func outOfRange(_ found: String, _ allowed: NumberRange) -> ModelFileError {
    .outOfRange(position: position, path: path.description, found: found, allowed: allowed)
  }
}

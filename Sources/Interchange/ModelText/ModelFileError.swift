import Calibration
import Control
import Formulation

/// What is wrong with a model file, a table of positions or a `--set` argument: facts only.
///
/// The wording belongs to Commands. Every case knows its ``position``.
public enum ModelFileError: Error, Equatable, Sendable {
  /// The text is not JSON5 (or not a table): what stands at the position and what could stand there.
  case syntax(position: SourcePosition, found: SyntaxFound, expected: SyntaxExpected)
  /// A key or column stands twice in one object or table.
  case duplicateKey(position: SourcePosition, path: String, key: String, first: SourcePosition)
  /// A table of bands without a row for a regime, a time and a spot that others have; the position is that of its first row.
  case missingNode(position: SourcePosition, regime: String, secondsToHorizon: Double, spot: Double)
  /// A key that nothing reads. `path` is that of the object, `allowed` the keys it may have.
  case unknownKey(position: SourcePosition, path: String, key: String, allowed: [String], suggestion: String?)
  /// A key that must be there and is not. `position` and `path` are those of the object; `similar` is a key that is
  /// there, was not read, and looks like the missing one.
  case missingKey(position: SourcePosition, path: String, key: String, similar: SimilarKey?)
  /// A value of the wrong kind.
  case wrongType(position: SourcePosition, path: String, found: ValueKind, expected: [ValueKind])
  /// A number outside its range, or not finite; `found` is the text as written.
  case outOfRange(position: SourcePosition, path: String, found: String, allowed: NumberRange)
  /// An entry that a list does not have; entries are counted from 0.
  case noEntry(position: SourcePosition, path: String, index: Int, count: Int)
  /// A list of the wrong length.
  case wrongCount(position: SourcePosition, path: String, found: Int, allowed: ClosedRange<Int>)
  /// A quantity in a unit of another dimension, or in no known unit.
  case wrongUnit(position: SourcePosition, path: String, found: String, allowed: [String])
  /// A word that is not one of the choices.
  case unknownChoice(position: SourcePosition, path: String, found: String, allowed: [String], suggestion: String?)
  /// A text that does not have the format it must have.
  case malformed(position: SourcePosition, path: String, found: String, expected: TextFormat)
  /// A file that cannot be read; `reason` is the operating system's.
  case unreadable(file: String, reason: String)
  /// A file that a model names and that cannot be read; the position is that of the name.
  case unreadableReference(position: SourcePosition, path: String, file: String, reason: String)
  /// Something that the schema knows and this version does not solve.
  case notSolved(position: SourcePosition, path: String, feature: UnsolvedFeature)
  /// What the problem itself refuses; the position is that of the field it names, or of the nearest object above it.
  case formulation(position: SourcePosition, error: FormulationError)
  /// What calibration refuses: a place in the price file, or of the request in the model.
  case calibration(position: SourcePosition, path: String, error: CalibrationError)

  /// What the solver refuses about the grid; the position is that of the setting.
  case grid(position: SourcePosition, error: ControlError)
  /// A history of prices whose returns too often skip bars, or that holds hardly any.
  case historyWithHoles(position: SourcePosition, path: String, holes: Int, returns: Int)
  /// A further spot that the grid, which reaches from `lowest` to `highest`, has no answer for [quote/unit].
  case spotOutsideGrid(position: SourcePosition, path: String, spot: Double, lowest: Double, highest: Double)

  /// Where to look. For a file that cannot be read this is its beginning.
  public var position: SourcePosition {
    switch self {
    case .missingNode(let position, _, _, _), .noEntry(let position, _, _, _), .syntax(let position, _, _),
      .duplicateKey(let position, _, _, _),
      .unknownKey(let position, _, _, _, _),
      .missingKey(let position, _, _, _), .wrongType(let position, _, _, _), .outOfRange(let position, _, _, _),
      .wrongCount(let position, _, _, _), .wrongUnit(let position, _, _, _),
      .unknownChoice(let position, _, _, _, _), .malformed(let position, _, _, _),
      .unreadableReference(let position, _, _, _), .notSolved(let position, _, _), .formulation(let position, _),
      .calibration(let position, _, _), .grid(let position, _), .spotOutsideGrid(let position, _, _, _, _),
      .historyWithHoles(let position, _, _, _):
      position
    case .unreadable(let file, _): SourcePosition(source: .file(file), line: 1, column: 1)
    }
  }

  /// The path of the value or object concerned; nil when the text could not be parsed at all.
  public var path: String? {
    switch self {
    case .syntax, .unreadable, .missingNode: nil
    case .grid(_, let error): if case .gridSetting(let name, _, _) = error { name } else { "grid" }
    case .duplicateKey(_, let path, _, _), .unknownKey(_, let path, _, _, _), .missingKey(_, let path, _, _),
      .wrongType(_, let path, _, _), .outOfRange(_, let path, _, _), .wrongCount(_, let path, _, _),
      .wrongUnit(_, let path, _, _), .unknownChoice(_, let path, _, _, _), .malformed(_, let path, _, _),
      .unreadableReference(_, let path, _, _), .notSolved(_, let path, _), .calibration(_, let path, _),
      .spotOutsideGrid(_, let path, _, _, _), .noEntry(_, let path, _, _), .historyWithHoles(_, let path, _, _):
      path
    case .formulation(_, let error): error.field
    }
  }
}

/// What the schema knows and this version does not solve.
public enum UnsolvedFeature: Hashable, Sendable {
  /// A whole kind of problem, such as `lpRange`.
  case kind(String)
  case impactCost
}

/// A key that is present and looks like one that is missing.
public struct SimilarKey: Equatable, Sendable {
  public var key: String
  public var position: SourcePosition

  public init(key: String, position: SourcePosition) {
    self.key = key
    self.position = position
  }
}

/// What stands where the syntax is broken.
public enum SyntaxFound: Hashable, Sendable {
  /// The text ends here.
  case end
  case character(Unicode.Scalar)
  /// A bare word that is neither a key nor a value.
  case word(String)
  /// A byte that begins no UTF-8 sequence, or the first of a broken one.
  case byte(UInt8)
  /// A value nested this deep.
  case nesting(Int)
  /// A table row of so many fields.
  case fields(Int)
}

/// What could stand there.
public enum SyntaxExpected: Hashable, Sendable {
  case value
  case key
  case colon
  case commaOrClosingBrace
  case commaOrClosingBracket
  case digit
  case hexadecimalDigit
  /// A comma, bracket, blank or comment after a number.
  case endOfNumber
  /// The rest of the string and this quote, before the line ends.
  case closingQuote(Unicode.Scalar)
  /// A character that may follow a backslash.
  case escape
  /// The second half of a surrogate pair, `\uDC00` to `\uDFFF`.
  case lowSurrogate
  /// A character that is not a surrogate half standing alone.
  case scalarValue
  case commentEnd
  /// A second `/` or a `*`.
  case commentStart
  /// Nothing more.
  case end
  case utf8
  case nesting(atMost: Int)
  /// In a `--set` argument: `=` and a value.
  case equals
  case closingBracket
  /// In a table: a comma or the end of the line after a closing quote.
  case commaOrLineEnd
  case fields(Int)
}

/// The kinds of value a model file can hold.
public enum ValueKind: String, Hashable, Sendable, CaseIterable {
  case object, array, string, number, integer, boolean, null
}

/// The formats a text can be asked to have.
public enum TextFormat: String, Hashable, Sendable, CaseIterable {
  /// A number, optionally followed by a unit.
  case quantity
  /// A decimal number.
  case number
  /// A date and time in UTC, `2021-10-21T08:00:00Z`.
  case timestamp
  /// Seconds to the horizon, or a date and time in UTC.
  case secondsOrInstant
  case autoOrBlockLength, historyOrDrift
  /// A date and time from the valuation to the horizon.
  case instantOfHorizon
  /// At least one character.
  case notEmpty
  /// Letters, digits, `.`, `_` and `-`, not beginning with `.`: it names a directory.
  case fileName
}

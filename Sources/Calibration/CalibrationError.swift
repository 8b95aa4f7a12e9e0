/// Where a fact was found in a text file: line and byte column, both counted from 1.
public struct FilePosition: Equatable, Hashable, Sendable {
  /// Line, from 1; the header is line 1.
  public let line: Int
  /// Column, from 1, in bytes of UTF-8.
  public let column: Int

  /// A position from its line and column, both counted from 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// What can go wrong in calibration, as facts. Sentences are made elsewhere.
public enum CalibrationError: Error, Equatable, Sendable {
  /// The file could not be opened or read; `code` is the system's error number.
  case unreadable(path: String, code: Int32)
  /// The file has no header, or a header and no row.
  case emptyFile
  /// The header lacks a column of any of these names.
  case missingColumn(wanted: [String], found: [String])
  /// No column is named as the price, and several could be it.
  case ambiguousPriceColumn(candidates: [String], found: [String])
  /// A row has another number of fields than the header.
  case wrongFieldCount(at: FilePosition, expected: Int, found: Int)
  /// A quoted field is not closed on its line.
  case unclosedQuote(at: FilePosition)
  /// A time is not in the form that the file's first row has.
  case malformedTime(at: FilePosition, text: String)
  /// A time equals the time of the row before.
  case duplicateTime(at: FilePosition, seconds: Double)
  /// A time precedes that of the row before.
  case timeNotIncreasing(at: FilePosition, seconds: Double, previous: Double)
  /// The price field is empty.
  case emptyPrice(at: FilePosition)
  /// The price field is no decimal number.
  case malformedPrice(at: FilePosition, text: String)
  /// The price is NaN or infinite.
  case priceNotFinite(at: FilePosition, text: String)
  /// The price is zero or negative.
  case priceNotPositive(at: FilePosition, value: Double)
  /// Too few rows remain for what was asked.
  case tooFewObservations(found: Int, needed: Int)
  /// An argument lies outside its range.
  case outOfRange(argument: String, value: Double, lowest: Double, highest: Double)
  /// The returns do not vary: no volatility can be estimated.
  case noVariation
  /// A stochastic matrix has a negative entry or a row that does not sum to one.
  case notStochastic(row: Int, sum: Double)
  /// A matrix is not square, or does not have the wanted number of rows.
  case wrongShape(expected: Int, found: Int)
}

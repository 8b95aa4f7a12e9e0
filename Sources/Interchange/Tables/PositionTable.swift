/// The positions of a book as a table of `instrument,quantity[,impliedVolatility]`.
public struct PositionTable: Sendable {
  /// One position.
  public struct Entry: Equatable, Sendable {
    /// The exchange's name of the instrument.
    public let instrument: String
    /// Units held; negative when sold.
    public let quantity: Double
    /// Annualised, as a fraction; nil when the model's regimes give it.
    public let impliedVolatility: Double?
    /// Where the row begins.
    public let position: SourcePosition
    /// Where the instrument's name stands.
    public let instrumentPosition: SourcePosition
  }

  public let entries: [Entry]

  private static let instrument = "instrument"
  private static let quantity = "quantity"
  private static let impliedVolatility = "impliedVolatility"

  /// - Throws: as `CSVTable`, and `.malformed`, `.outOfRange` for a field.
  public init(parsing bytes: [UInt8], source: SourcePosition.Source = .text) throws(ModelFileError) {
    try self.init(
      CSVTable(
        parsing: bytes, source: source, required: [Self.instrument, Self.quantity], optional: [Self.impliedVolatility]))
  }

  public init(contentsOf file: String) throws(ModelFileError) {
    try self.init(
      CSVTable(
        contentsOf: file, required: [Self.instrument, Self.quantity], optional: [Self.impliedVolatility]))
  }

  private init(_ table: CSVTable) throws(ModelFileError) {
    var entries: [Entry] = []
    for row in table.rows {
      let instrument = try row.required(Self.instrument)
      entries.append(
        Entry(
          instrument: instrument.text, quantity: try row.required(Self.quantity).number(),
          impliedVolatility: try row[Self.impliedVolatility]?.number(in: .positive), position: row.position,
          instrumentPosition: instrument.position))
    }
    self.entries = entries
  }
}

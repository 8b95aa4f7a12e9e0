import Calibration
import Formulation
import Simulation

/// A world file, decoded: where prices come from when a policy is tried outside its model.
///
/// Keys, units and defaults are those of the schema `deadband.world/1`; unknown keys are refused with their position. Files
/// that the world names are found relative to it.
///
/// *Verified by* `WorldFileTests`.
public struct WorldFile: Sendable {
  /// The schema that is read.
  public static let schema = "deadband.world/1"

  /// The prices behind a bootstrap.
  public struct History: Equatable, Sendable {
    /// As the world names it.
    public let file: String
    public let column: String
    public let returns: Int
    /// Returns over missing bars, left out.
    public let holes: Int
    /// Opening instants of the first and the last bar.
    public let from: Instant
    public let to: Instant
    /// Whether each row is one trading day.
    public let isByTradingDay: Bool
  }

  public let name: String
  public let world: World
  /// SHA-256 of the file's bytes.
  public let sha256: String
  /// The files the world refers to.
  public let references: [ModelFile.FileDigest]
  /// Of a bootstrap.
  public let history: History?

  /// Reads and decodes a file.
  /// - Throws: `ModelFileError`.
  public init(path: String) throws(ModelFileError) {
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(path) } catch { throw .unreadable(file: path, reason: error.reason) }
    try self.init(bytes: bytes, path: path, directory: SystemFile.split(path).parent)
  }

  /// Decodes bytes; files that the world names are looked for in `directory`.
  /// - Throws: `ModelFileError`.
  public init(bytes: [UInt8], path: String? = nil, directory: String = ".") throws(ModelFileError) {
    let root = try JSON5Document(parsing: bytes, source: path.map { .file($0) } ?? .text).root
    var decoder = ModelDecoder(root: root, directory: directory)
    var object = try StrictObject(root)
    _ = try object.required("schema").string(oneOf: [Self.schema])
    name = try object.required("name").name()
    let heston = object.optional("heston")
    let bootstrap = object.optional("bootstrap")
    try object.finish()
    switch (heston, bootstrap) {
    case (let heston?, nil):
      world = .heston(try Self.heston(heston))
      history = nil
    case (nil, let bootstrap?):
      let decoded = try Self.bootstrap(bootstrap, &decoder)
      world = .bootstrap(decoded.world)
      history = decoded.history
    default:
      let found = (heston == nil ? 0 : 1) + (bootstrap == nil ? 0 : 1)
      throw .wrongCount(position: object.position, path: "heston, bootstrap", found: found, allowed: 1...1)
    }
    sha256 = Digest.sha256(of: bytes)
    references = decoder.references
  }

  /// `{ initialVariance, reversion, longRunVariance, volatilityOfVariance, correlation, drift, longestStep }`.
  private static func heston(_ value: StrictValue) throws(ModelFileError) -> HestonWorld {
    var object = try value.object()
    var world = HestonWorld(
      initialVariance: try object.required("initialVariance").fraction(in: .nonNegative),
      reversion: try object.required("reversion").number(in: .positive),
      longRunVariance: try object.required("longRunVariance").fraction(in: .positive),
      volatilityOfVariance: try object.required("volatilityOfVariance").fraction(in: .positive),
      correlation: try object.required("correlation").fraction(in: .closed(-1, 1)))
    world.drift = try object.optional("drift")?.fraction()
    world.longestStep = try object.optional("longestStep")?.seconds(in: .positive)
    try object.finish()
    return world
  }

  /// Rows of a trading-day clock in a year: the usual count of sessions of United States equities.
  private static let tradingDaysPerYear = 252.0
  /// A file whose returns skip bars this often is on another clock: weekends alone make a fifth of daily returns do so.
  private static let mostHoles = 0.1

  /// `{ prices, column, from, upTo, clock, blockLength, halfLife, drift }`.
  private static func bootstrap(
    _ value: StrictValue, _ decoder: inout ModelDecoder
  ) throws(ModelFileError) -> (world: BootstrapWorld, history: History) {
    var object = try value.object()
    let prices = try object.required("prices")
    let (file, bytes) = try decoder.referenced(prices)
    let column = try object.optional("column")?.name()
    let from = try object.optional("from")?.instant()
    let upTo = try object.optional("upTo")?.instant()
    let clock = try object.optional("clock")?.string(oneOf: ["calendar", "tradingDays"]) ?? "calendar"
    let blockLength = try automatic(object.optional("blockLength"), "auto", in: .from(1), else: .autoOrBlockLength)
    let halfLife = try object.optional("halfLife")?.number(in: .positive) ?? BootstrapWorld.standardHalfLife
    let drift = try automatic(object.optional("drift"), "history", in: .finite, else: .historyOrDrift)
    try object.finish()
    let isByDay = clock == "tradingDays"
    let returns: LogReturns
    let series: PriceSeries
    do throws(CalibrationError) {
      series = try PriceSeries(
        csv: bytes, options: PriceOptions(priceColumn: column, from: from?.seconds, upTo: upTo?.seconds))
      // A return over missing bars is no return of one step.
      returns = try LogReturns(
        series, clock: isByDay ? .tradingDays(perYear: tradingDaysPerYear) : .calendar, longestGap: 1)
    } catch {
      let position = error.filePosition.map {
        SourcePosition(source: .file(file), line: $0.line, column: $0.column)
      }
      throw .calibration(position: position ?? value.position, path: value.path.description, error: error)
    }
    guard returns.count > 1, Double(returns.droppedGaps) <= mostHoles * Double(returns.count) else {
      throw .historyWithHoles(
        position: prices.position, path: prices.path.description, holes: returns.droppedGaps, returns: returns.count)
    }
    let world = BootstrapWorld(
      returns: returns.values, interval: isByDay ? .perYear(tradingDaysPerYear) : .seconds(series.interval),
      blockLength: blockLength, halfLife: halfLife, drift: drift)
    let history = History(
      file: try prices.name(), column: series.priceColumn, returns: returns.count, holes: returns.droppedGaps,
      from: Instant(seconds: returns.firstOpen), to: Instant(seconds: returns.lastOpen), isByTradingDay: isByDay)
    return (world, history)
  }

  /// A number, or nil for one word that leaves it open.
  private static func automatic(
    _ value: StrictValue?, _ word: String, in range: NumberRange, else expected: TextFormat
  ) throws(ModelFileError) -> Double? {
    guard let value else { return nil }
    guard value.kind == .string else { return try value.number(in: range) }
    let text = try value.string()
    guard text == word else {
      throw .malformed(
        position: value.position, path: value.path.description, found: text, expected: expected)
    }
    return nil
  }
}

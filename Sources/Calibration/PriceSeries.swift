import Formulation
import Glibc

// Prices at irregular instants, with nothing invented: missing bars stay missing.

/// Prices of one underlying at increasing instants.
///
/// A row is a *bar*: its price is known when the bar closes. `interval` is the most common spacing of the rows, and
/// the length of a bar.
/// Shapes: `openTimes[n]` [s since 1970-01-01T00:00:00Z], `prices[n]` [quote/unit], n increasing in time.
/// *Verified by* `PriceSeriesTests`.
public struct PriceSeries: Equatable, Sendable {
  /// The bars' opening instants [s since 1970], strictly increasing.
  public let openTimes: [Double]
  /// The bars' prices, positive [quote/unit].
  public let prices: [Double]
  /// The length of a bar: the most common spacing, the shorter of equally common ones [s].
  public let interval: Double
  /// The header's name of the price column.
  public let priceColumn: String

  /// The number of bars.
  public var count: Int { prices.count }

  /// A series from instants and prices that are already checked by the caller's own means.
  ///
  /// Throws `timeNotIncreasing`, `priceNotPositive`, `priceNotFinite` (line = index + 1, column 1 for time and 2 for
  /// price), `wrongShape`, `tooFewObservations` for fewer than two rows.
  public init(openTimes: [Double], prices: [Double], priceColumn: String = "close") throws(CalibrationError) {
    guard openTimes.count == prices.count else {
      throw .wrongShape(expected: openTimes.count, found: prices.count)
    }
    for index in prices.indices {
      let price = prices[index]
      guard price.isFinite else {
        throw .priceNotFinite(at: FilePosition(line: index + 1, column: 2), text: "\(price)")
      }
      guard price > 0 else { throw .priceNotPositive(at: FilePosition(line: index + 1, column: 2), value: price) }
      if index > 0, !(openTimes[index] > openTimes[index - 1]) {
        throw .timeNotIncreasing(
          at: FilePosition(line: index + 1, column: 1), seconds: openTimes[index], previous: openTimes[index - 1])
      }
    }
    guard prices.count >= 2 else { throw .tooFewObservations(found: prices.count, needed: 2) }
    self.init(checkedTimes: openTimes, prices: prices, priceColumn: priceColumn)
  }

  /// The rows of a CSV text.
  ///
  /// The header names a time column (`timestamp`, `date`, `time`, `datetime`, `unix`, `open_time`, in any case; the
  /// leftmost counts) and the price column. Times are ISO-8601 instants or dates (UTC where no zone is given), or Unix
  /// seconds or milliseconds, the same in every row. The price column is `options.priceColumn`, else `close`, else the
  /// only numeric column besides the time.
  /// Throws with the position of the first fact that forbids the file.
  public init(csv bytes: [UInt8], options: PriceOptions = .init()) throws(CalibrationError) {
    let rows = try PriceTable(bytes, priceColumn: options.priceColumn)
    try self.init(rows, options: options)
  }

  /// The rows of a CSV file at `path`; see `init(csv:options:)`.
  public init(path: String, options: PriceOptions = .init()) throws(CalibrationError) {
    try self.init(csv: try Self.contents(of: path), options: options)
  }

  /// The bars that `options` keeps.
  ///
  /// A bar is kept by `upTo` only when it has closed by then: open + interval ≤ upTo. The interval is measured on the
  /// rows that had opened before `upTo`, so that nothing later than `upTo` has any influence.
  private init(_ table: PriceTable, options: PriceOptions) throws(CalibrationError) {
    let limit = options.upTo ?? .infinity
    let opened = table.times.prefix { $0 <= limit }
    let interval = Self.mostCommonSpacing(Array(opened))
    var times: [Double] = []
    var prices: [Double] = []
    for index in opened.indices {
      let open = options.stamp == .open ? table.times[index] : table.times[index] - interval
      if let from = options.from, open < from { continue }
      if open + interval > limit { break }
      times.append(open)
      prices.append(table.prices[index])
    }
    guard times.count >= 2 else { throw .tooFewObservations(found: times.count, needed: 2) }
    self.openTimes = times
    self.prices = prices
    self.interval = interval
    self.priceColumn = table.priceColumn
  }

  private init(checkedTimes: [Double], prices: [Double], priceColumn: String) {
    openTimes = checkedTimes
    self.prices = prices
    self.priceColumn = priceColumn
    interval = Self.mostCommonSpacing(checkedTimes)
  }

  /// The most common difference of neighbours, the shorter of equally common ones; 0 for fewer than two.
  static func mostCommonSpacing(_ times: [Double]) -> Double {
    guard times.count >= 2 else { return 0 }
    var spacings = [Double](repeating: 0, count: times.count - 1)
    for index in spacings.indices { spacings[index] = times[index + 1] - times[index] }
    spacings.sort()
    var best = spacings[0]
    var bestCount = 0
    var start = 0
    while start < spacings.count {
      var end = start
      while end < spacings.count, spacings[end] == spacings[start] { end += 1 }
      if end - start > bestCount {
        bestCount = end - start
        best = spacings[start]
      }
      start = end
    }
    return best
  }

  /// Files beyond this hold no prices of bars; a device may never end.
  private static let largestFile = 1 << 30

  /// The bytes of a file.
  private static func contents(of path: String) throws(CalibrationError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw .unreadable(path: path, code: errno) }
    defer { fclose(file) }
    let chunk = 1 << 20
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: chunk)
    while true {
      let read = fread(&buffer, 1, chunk, file)
      bytes.append(contentsOf: buffer[0..<read])
      guard bytes.count <= largestFile else { throw .unreadable(path: path, code: EFBIG) }
      if read < chunk { break }
    }
    guard ferror(file) == 0 else { throw .unreadable(path: path, code: errno) }
    return bytes
  }
}

/// Whether a row's time is the opening or the closing of its bar.
public enum BarStamp: Equatable, Sendable {
  case open
  case close
}

/// What to read of a price file.
public struct PriceOptions: Equatable, Sendable {
  /// The header's name of the price column; nil: `close`, else the only numeric column.
  public var priceColumn: String?
  /// Bars that open earlier are dropped [s since 1970].
  public var from: Double?
  /// Bars that have not closed by this instant are dropped [s since 1970].
  public var upTo: Double?
  /// What the rows' times mark.
  public var stamp: BarStamp

  /// Options; by default everything, with times that mark the opening.
  public init(priceColumn: String? = nil, from: Double? = nil, upTo: Double? = nil, stamp: BarStamp = .open) {
    self.priceColumn = priceColumn
    self.from = from
    self.upTo = upTo
    self.stamp = stamp
  }

  /// Seconds since 1970 of an ISO-8601 instant or date (UTC where no zone is given), or nil.
  public static func seconds(of text: String) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { Instant(utf8: $0, zone: .anyOrUTC)?.seconds }
  }
}

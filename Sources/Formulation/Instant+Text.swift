// Instants read from ISO 8601 text, byte by byte.
// Goals: exactness, then refusing what is not a date, then speed: price files have hundreds of thousands of rows.

/// Which time zones a text may name.
public enum TimeZoneRule: Sendable {
  /// `Z` must follow a time of day, since an offset read wrongly moves an expiry by hours.
  case utc
  /// `Z`, an offset `±HH:MM`, or nothing, which is UTC; a space may stand for the `T`: the forms of price files.
  case anyOrUTC
}

extension Instant {
  /// Reads `2021-10-21`, `2021-10-21T08:00Z`, `2021-10-21T08:00:00Z` and `2021-10-21T08:00:00.25Z`; nil for anything else.
  ///
  /// *Verified by* `InstantTests`.
  public init?(_ text: String) {
    var text = text
    let read = text.withUTF8 { Instant(utf8: $0, zone: .utc) }
    guard let read else { return nil }
    self = read
  }

  /// Reads `YYYY-MM-DD`, alone or followed by `T`, `HH:MM`, perhaps `:SS` and a fraction, and a zone as the rule says.
  ///
  /// *Verified by* `InstantTests`.
  public init?(utf8 bytes: UnsafeBufferPointer<UInt8>, zone: TimeZoneRule) {
    var scanner = TimeScanner(bytes: bytes)
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
      let day = scanner.digits(2)
    else { return nil }
    if scanner.atEnd {
      self.init(year: year, month: month, day: day)
      return
    }
    guard scanner.take("T") || (zone == .anyOrUTC && scanner.take(" ")), let hour = scanner.digits(2),
      scanner.take(":"), let minute = scanner.digits(2)
    else { return nil }
    var second = 0.0
    if scanner.take(":") {
      guard let whole = scanner.digits(2) else { return nil }
      second = Double(whole)
      if scanner.take(".") {
        guard let fraction = scanner.fraction() else { return nil }
        second += fraction
      }
    }
    guard let offset = scanner.offset(zone), scanner.atEnd,
      let local = Instant(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    self = local.adding(seconds: -offset)
  }
}

/// Reads fixed-width digits and single characters.
private struct TimeScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var atEnd: Bool { position == bytes.count }

  private static let zero = UInt8(ascii: "0")
  private static let nine = UInt8(ascii: "9")

  mutating func digits(_ count: Int) -> Int? {
    guard position + count <= bytes.count else { return nil }
    var value = 0
    for index in position..<position + count {
      let byte = bytes[index]
      guard byte >= Self.zero, byte <= Self.nine else { return nil }
      value = value * 10 + Int(byte - Self.zero)
    }
    position += count
    return value
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Decimals of a second; those past the fifteenth are read and say nothing: an instant is good to 2⁻²² s.
  mutating func fraction() -> Double? {
    let start = position
    var (value, scale) = (0.0, 1.0)
    while position < bytes.count, bytes[position] >= Self.zero, bytes[position] <= Self.nine {
      if position - start < Self.decimals {
        value = value * 10 + Double(bytes[position] - Self.zero)
        scale *= 10
      }
      position += 1
    }
    return position > start ? value / scale : nil
  }

  /// Fifteen decimal digits are below 2⁵³, and so exact.
  private static let decimals = 15

  /// Seconds east of Greenwich.
  mutating func offset(_ rule: TimeZoneRule) -> Double? {
    if take("Z") { return 0 }
    guard rule == .anyOrUTC else { return nil }
    if atEnd { return 0 }
    let east = take("+")
    guard east || take("-"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
    else { return nil }
    return Double(hours * 3600 + minutes * 60) * (east ? 1 : -1)
  }
}

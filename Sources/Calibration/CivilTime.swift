// Civil dates and ISO-8601 instants as seconds since 1970-01-01T00:00:00Z, read from bytes.
// Goals: exactness, then refusing what is not a date, then speed.

/// How the times of one file are written.
enum TimeForm: Equatable, Sendable {
  case civil
  case unixSeconds
  case unixMilliseconds
}

/// Readers of instants.
enum CivilTime {
  /// Unix numbers at or above this are milliseconds: as seconds it is the year 5138, as milliseconds 1973.
  static let leastMilliseconds = 1e11
  static let secondsPerDay = 86_400

  /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
  ///
  /// The year is taken to start in March, so that the leap day is its last: the days before month `m` are then
  /// ⌊(153 m + 2)/5⌋, and 400 years have 146 097 days.
  /// *Verified by* `TimeTests.civilDates`.
  static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func daysInMonth(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The form of a time field: digits (with an optional fraction) are Unix time, anything else is a date.
  static func form(of field: UnsafeBufferPointer<UInt8>) -> TimeForm {
    guard let number = Decimal64.parse(field) else { return .civil }
    return number >= leastMilliseconds ? .unixMilliseconds : .unixSeconds
  }

  /// Seconds since 1970, or nil when the field is not of this form.
  static func seconds(_ field: UnsafeBufferPointer<UInt8>, form: TimeForm) -> Double? {
    switch form {
    case .civil: return civilSeconds(field)
    case .unixSeconds:
      guard let number = Decimal64.parse(field), number.isFinite, number < leastMilliseconds else { return nil }
      return number
    case .unixMilliseconds:
      guard let number = Decimal64.parse(field), number.isFinite, number >= leastMilliseconds else { return nil }
      return number / 1000
    }
  }

  /// `YYYY-MM-DD`, optionally followed by `T` or a space, `HH:MM`, `:SS`, a fraction, and `Z` or `±HH:MM`.
  /// Without a zone the time is UTC.
  static func civilSeconds(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
    var scanner = Scanner(bytes: field)
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
      let day = scanner.digits(2), (1...12).contains(month), day >= 1, day <= daysInMonth(year: year, month: month)
    else { return nil }
    let midnight = days(year: year, month: month, day: day) * secondsPerDay
    if scanner.atEnd { return Double(midnight) }
    guard scanner.take("T") || scanner.take(" "), let hour = scanner.digits(2), scanner.take(":"),
      let minute = scanner.digits(2), hour < 24, minute < 60
    else { return nil }
    var second = 0
    var fraction = 0.0
    if scanner.take(":") {
      guard let read = scanner.digits(2), read < 60 else { return nil }
      second = read
      if scanner.take(".") {
        guard let read = scanner.fraction() else { return nil }
        fraction = read
      }
    }
    var offset = 0
    if !scanner.take("Z") && !scanner.atEnd {
      let east = scanner.take("+")
      guard east || scanner.take("-"), let hours = scanner.digits(2), scanner.take(":"),
        let minutes = scanner.digits(2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (east ? 1 : -1)
    }
    guard scanner.atEnd else { return nil }
    return Double(midnight + hour * 3600 + minute * 60 + second - offset) + fraction
  }

  /// Reads fixed-width digits and single characters.
  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var atEnd: Bool { position == bytes.count }

    mutating func digits(_ count: Int) -> Int? {
      guard position + count <= bytes.count else { return nil }
      var value = 0
      for index in position..<position + count {
        let digit = Int(bytes[index]) - 48
        guard digit >= 0, digit <= 9 else { return nil }
        value = value * 10 + digit
      }
      position += count
      return value
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func fraction() -> Double? {
      var scale = 1.0
      var value = 0.0
      var read = 0
      while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
        value = value * 10 + Double(bytes[position] - 48)
        scale *= 10
        position += 1
        read += 1
      }
      return read > 0 ? value / scale : nil
    }
  }
}

/// A point in time, in seconds since 1970-01-01T00:00:00Z (leap seconds are not counted, as in Unix time).
///
/// Calendar arithmetic is the proleptic Gregorian calendar by the days-from-civil algorithm (Hinnant, *chrono-compatible
/// low-level date algorithms*, 2013). *Verified by* `InstantTests`.
public struct Instant: Sendable, Hashable, Comparable {
  /// Seconds since the epoch.
  public var seconds: Double

  public init(seconds: Double) { self.seconds = seconds }

  public static func < (left: Instant, right: Instant) -> Bool { left.seconds < right.seconds }

  static let secondsPerDay = 86_400.0

  /// An instant of a calendar date in UTC; nil when there is no such date or time.
  public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Double = 0) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= Instant.days(in: month, of: year),
      (0...23).contains(hour), (0...59).contains(minute), second >= 0, second < 60
    else { return nil }
    let days = Double(Instant.daysFromEpoch(year: year, month: month, day: day))
    seconds = days * Instant.secondsPerDay + Double(hour * 3600 + minute * 60) + second
  }

  /// Reads `2021-10-21`, `2021-10-21T08:00Z`, `2021-10-21T08:00:00Z` and `2021-10-21T08:00:00.25Z`; only UTC (`Z`) is
  /// accepted, since an offset read wrongly moves an expiry by hours.
  public init?(_ text: String) {
    let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, date[0].count == 4, date[1].count == 2, date[2].count == 2,
      let year = Instant.digits(date[0]), let month = Instant.digits(date[1]), let day = Instant.digits(date[2])
    else { return nil }
    guard parts.count == 2 else {
      self.init(year: year, month: month, day: day)
      return
    }
    guard parts[1].last == "Z" else { return nil }
    let clock = parts[1].dropLast().split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 2 || clock.count == 3, clock[0].count == 2, clock[1].count == 2,
      let hour = Instant.digits(clock[0]), let minute = Instant.digits(clock[1])
    else { return nil }
    var second = 0.0
    if clock.count == 3 {
      let whole = clock[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard whole[0].count == 2, whole.allSatisfy({ Instant.digits($0) != nil }), let value = Double(clock[2])
      else { return nil }
      second = value
    }
    self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  /// The instant as `2021-10-21T08:00:00Z`, to the nearest second.
  public var text: String {
    let whole = Int(seconds.rounded())
    let day = whole >= 0 ? whole / 86_400 : -((86_399 - whole) / 86_400)
    let clock = whole - day * 86_400
    let date = Instant.civil(day)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let year = String(repeating: "0", count: max(0, 4 - "\(date.year)".count)) + "\(date.year)"
    return "\(year)-\(two(date.month))-\(two(date.day))T"
      + "\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60))Z"
  }

  /// The instant this many seconds later.
  public func adding(seconds more: Double) -> Instant { Instant(seconds: seconds + more) }

  private static func digits(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }

  private static func days(in month: Int, of year: Int) -> Int {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01, by eras of 400 years that begin in March.
  static func daysFromEpoch(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }
}

/// How elapsed time is turned into years.
///
/// - `calendar365`: seconds ÷ (365 × 86 400), the default of control.md §0.
/// - `weekdays252`: seconds that fall on Monday to Friday (UTC) ÷ (252 × 86 400). Exchange holidays are not known here
///   and count as trading days, 3–4 % of a year.
public enum DayCount: String, Sendable, CaseIterable {
  case calendar365 = "365"
  case weekdays252 = "252"

  /// Years from one instant to another, negative when `end` comes first.
  public func years(from start: Instant, to end: Instant) -> Double {
    switch self {
    case .calendar365:
      return (end.seconds - start.seconds) / (365 * Instant.secondsPerDay)
    case .weekdays252:
      return (DayCount.weekdaySeconds(end) - DayCount.weekdaySeconds(start)) / (252 * Instant.secondsPerDay)
    }
  }

  /// Seconds of elapsed time that make one year.
  public var secondsPerYear: Double { (self == .calendar365 ? 365 : 252) * Instant.secondsPerDay }

  /// Weekday seconds since Monday 1970-01-05.
  private static func weekdaySeconds(_ instant: Instant) -> Double {
    let week = 7 * Instant.secondsPerDay
    let sinceMonday = instant.seconds - 4 * Instant.secondsPerDay
    let weeks = (sinceMonday / week).rounded(.down)
    let within = sinceMonday - weeks * week
    return weeks * 5 * Instant.secondsPerDay + min(within, 5 * Instant.secondsPerDay)
  }
}

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

  /// The instants that dates can name: the years 1 to 9999.
  public static let civilRange = Instant(seconds: -62_135_596_800)..<Instant(seconds: 253_402_300_800)

  /// An instant of a calendar date in UTC; nil when there is no such date or time.
  public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Double = 0) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= Instant.days(in: month, of: year),
      (0...23).contains(hour), (0...59).contains(minute), second >= 0, second < 60
    else { return nil }
    let days = Double(Instant.daysFromEpoch(year: year, month: month, day: day))
    seconds = days * Instant.secondsPerDay + Double(hour * 3600 + minute * 60) + second
  }

  /// The instant as `2021-10-21T08:00:00Z`, to the nearest second; for an instant within `civilRange`.
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

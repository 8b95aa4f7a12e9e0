/// A date and time in UTC, written `2021-10-21T08:00:00Z` (ISO 8601, extended format, no other zone).
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
  public let secondsSince1970: Double

  /// - Returns: nil before 1970 and from the year 10000 on, which four digits cannot write.
  public init?(secondsSince1970: Double) {
    guard secondsSince1970 >= 0, secondsSince1970 < Double(Self.daysBefore(year: 10_000) * Self.secondsPerDay) else {
      return nil
    }
    self.secondsSince1970 = secondsSince1970
  }

  private static let secondsPerDay = 86_400
  private static let secondsPerHour = 3_600
  private static let secondsPerMinute = 60
  /// `2021-10-21T08:00:00Z`: what stands between the numbers, and how many digits each has.
  private static let fields: [(digits: Int, after: UInt8)] = [
    (4, UInt8(ascii: "-")), (2, UInt8(ascii: "-")), (2, UInt8(ascii: "T")), (2, UInt8(ascii: ":")),
    (2, UInt8(ascii: ":")), (2, UInt8(ascii: "Z")),
  ]
  /// Days before each month of a year that is no leap year.
  private static let daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

  /// - Returns: nil for any other format, for years before 1970 and for dates that do not exist.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    var numbers: [Int] = []
    var offset = 0
    for field in Self.fields {
      guard offset + field.digits < bytes.count else { return nil }
      var number = 0
      for byte in bytes[offset..<(offset + field.digits)] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        number = number * 10 + Int(byte - UInt8(ascii: "0"))
      }
      guard bytes[offset + field.digits] == field.after else { return nil }
      numbers.append(number)
      offset += field.digits + 1
    }
    guard offset == bytes.count else { return nil }
    let (year, month, day) = (numbers[0], numbers[1], numbers[2])
    guard year >= 1970, (1...12).contains(month), numbers[3] < 24, numbers[4] < 60, numbers[5] < 60 else { return nil }
    let daysInMonth = Self.daysBeforeMonth(month, of: year, plus: 1) - Self.daysBeforeMonth(month, of: year, plus: 0)
    guard (1...daysInMonth).contains(day) else { return nil }
    let days = Self.daysBefore(year: year) + Self.daysBeforeMonth(month, of: year, plus: 0) + day - 1
    secondsSince1970 = Double(
      days * Self.secondsPerDay + numbers[3] * Self.secondsPerHour + numbers[4] * Self.secondsPerMinute + numbers[5])
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  /// Days from 1 January of `year` to the first of `month + plus`.
  private static func daysBeforeMonth(_ month: Int, of year: Int, plus: Int) -> Int {
    daysBefore[month - 1 + plus] + (month + plus > 2 && isLeap(year) ? 1 : 0)
  }

  /// Days from 1970-01-01 to 1 January of `year`: 365 a year and one for every leap day between.
  private static func daysBefore(year: Int) -> Int {
    func leapDays(before year: Int) -> Int {
      let last = year - 1
      return last / 4 - last / 100 + last / 400
    }
    return 365 * (year - 1970) + leapDays(before: year) - leapDays(before: 1970)
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.secondsSince1970 < b.secondsSince1970 }

  /// To the second, fractions dropped.
  public var description: String {
    let seconds = Int(secondsSince1970.rounded(.down))
    var day = seconds / Self.secondsPerDay
    let rest = seconds % Self.secondsPerDay
    var year = 1970 + day / 366
    while Self.daysBefore(year: year + 1) <= day { year += 1 }
    day -= Self.daysBefore(year: year)
    var month = 1
    while month < 12, Self.daysBeforeMonth(month, of: year, plus: 1) <= day { month += 1 }
    day -= Self.daysBeforeMonth(month, of: year, plus: 0)
    let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day + 1, 2))"
    let hour = Self.padded(rest / Self.secondsPerHour, 2)
    let minute = Self.padded(rest % Self.secondsPerHour / Self.secondsPerMinute, 2)
    return "\(date)T\(hour):\(minute):\(Self.padded(rest % Self.secondsPerMinute, 2))Z"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

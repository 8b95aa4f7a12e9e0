import Formulation

// The times of a price file: dates as Formulation reads them, or Unix numbers.

/// How the times of one file are written.
enum TimeForm: Equatable, Sendable {
  case civil
  case unixSeconds
  case unixMilliseconds

  /// Unix numbers at or above this are milliseconds: as seconds it is the year 5138, as milliseconds 1973.
  static let leastMilliseconds = 1e11

  /// The form of a time field: digits (with an optional fraction) are Unix time, anything else is a date.
  init(of field: UnsafeBufferPointer<UInt8>) {
    guard let number = Decimal64.parse(field) else {
      self = .civil
      return
    }
    self = number >= Self.leastMilliseconds ? .unixMilliseconds : .unixSeconds
  }

  /// Seconds since 1970, or nil when the field is not of this form.
  func seconds(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
    let seconds: Double
    switch self {
    case .civil:
      return Instant(utf8: field, zone: .anyOrUTC)?.seconds
    case .unixSeconds:
      guard let number = Decimal64.parse(field), number < Self.leastMilliseconds else { return nil }
      seconds = number
    case .unixMilliseconds:
      guard let number = Decimal64.parse(field), number >= Self.leastMilliseconds else { return nil }
      seconds = number / 1000
    }
    return Instant.civilRange.contains(Instant(seconds: seconds)) ? seconds : nil
  }
}

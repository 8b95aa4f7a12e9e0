/// What a quantity measures; it decides which units may be written after the number.
public enum QuantityDimension: String, Hashable, Sendable, CaseIterable {
  /// A pure number: `0.0025`, `25 bps`, `0.25%`. The base unit is one.
  case fraction
  /// A time span: `500ms`, `3600s`, `5min`, `12h`, `30d`, `1y`. The base unit is the second.
  case duration
}

/// A unit that may follow a number.
public struct QuantityUnit: Hashable, Sendable {
  /// What the unit is called in a file; the first of its spellings is the one offered in messages.
  public let spellings: [String]
  public let dimension: QuantityDimension
  /// How many base units one unit holds, as a ratio of whole numbers: multiplying by one or dividing by the other
  /// rounds once, so that `25 bps` is exactly the double nearest to 0.0025.
  let multiplier: Double
  let divisor: Double

  init(_ spellings: String..., dimension: QuantityDimension, times multiplier: Double = 1, over divisor: Double = 1) {
    self.spellings = spellings
    self.dimension = dimension
    self.multiplier = multiplier
    self.divisor = divisor
  }

  public var symbol: String { spellings[0] }

  /// `amount` of this unit in base units.
  public func base(_ amount: Double) -> Double { amount * multiplier / divisor }

  /// The number one.
  public static let one = QuantityUnit("", dimension: .fraction)
  public static let percent = QuantityUnit("%", "percent", dimension: .fraction, over: 100)
  /// One hundredth of a per cent.
  public static let basisPoint = QuantityUnit("bps", "bp", "basisPoints", dimension: .fraction, over: 10_000)
  public static let millisecond = QuantityUnit("ms", dimension: .duration, over: 1000)
  public static let second = QuantityUnit("s", dimension: .duration)
  public static let minute = QuantityUnit("min", dimension: .duration, times: 60)
  public static let hour = QuantityUnit("h", dimension: .duration, times: 3600)
  public static let day = QuantityUnit("d", dimension: .duration, times: 86_400)
  /// 365 days of 86 400 seconds, the year of the day count "365"; never the calendar's.
  public static let year = QuantityUnit("y", dimension: .duration, times: 365 * 86_400)

  /// Every unit, smallest first within its dimension.
  public static let all: [QuantityUnit] = [
    .basisPoint, .percent, .one, .millisecond, .second, .minute, .hour, .day, .year,
  ]

  /// The symbols that may be written for a dimension.
  public static func symbols(of dimension: QuantityDimension) -> [String] {
    all.filter { $0.dimension == dimension && !$0.symbol.isEmpty }.map { $0.symbol }
  }
}

/// A number and the unit written after it.
struct QuantityText: Equatable {
  let amount: Double
  /// Empty when the number stood alone.
  let unit: String

  /// Splits `"25 bps"`, `"80%"`, `"-3e-2"`; blanks around the parts are allowed.
  /// - Returns: nil when the text does not begin with a decimal number.
  init?(_ text: String) {
    let parts = Self.trimmed(text[...])
    // An exponent belongs to the number only with a digit after it: "1e" would be one of a unit "e".
    let bytes = Array(parts.utf8)
    var end = 0
    func digits() -> Int {
      let start = end
      while end < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) { end += 1 }
      return end - start
    }
    if end < bytes.count, bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-") { end += 1 }
    let whole = digits()
    var fraction = 0
    if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
      end += 1
      fraction = digits()
    }
    guard whole > 0, fraction > 0 || bytes[end - 1] != UInt8(ascii: ".") else { return nil }
    let mantissaEnd = end
    if end < bytes.count, bytes[end] == UInt8(ascii: "e") || bytes[end] == UInt8(ascii: "E") {
      end += 1
      if end < bytes.count, bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-") { end += 1 }
      if digits() == 0 { end = mantissaEnd }
    }
    let boundary = parts.utf8.index(parts.startIndex, offsetBy: end)
    guard let amount = Double(parts[..<boundary]) else { return nil }
    self.amount = amount
    unit = String(Self.trimmed(parts[boundary...]))
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var rest = text
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return rest
  }
}

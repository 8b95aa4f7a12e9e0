import Glibc

/// Numbers as people read them. Screens only: files hold every digit.
enum Figures {
  private static func formatted(_ format: String, _ digits: Int, _ value: Double) -> String {
    withVaList([Int32(digits), value]) { list in
      var buffer = [CChar](repeating: 0, count: 512)
      let count = vsnprintf(&buffer, buffer.count, format, list)
      return String(decoding: buffer.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// With a fixed number of decimals, thousands set apart, and a true minus sign.
  static func decimals(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return symbol(value) }
    let text = formatted("%.*f", digits, abs(value))
    let isZero = !text.contains { $0 != "0" && $0 != "." }
    return (value < 0 && !isZero ? "−" : "") + grouped(text)
  }

  /// To so many significant digits: `0.00123`, `1.92`, `63 000`, `1.3e−9`.
  static func significant(_ value: Double, _ digits: Int = 4) -> String {
    guard value.isFinite else { return symbol(value) }
    if value == 0 { return "0" }
    // The exponent after rounding to the digits wanted.
    let scientific = formatted("%.*e", digits - 1, abs(value))
    let mark = scientific.firstIndex(of: "e")!
    let exponent = Int(scientific[scientific.index(after: mark)...])!
    if exponent < -5 || exponent > 8 {
      let sign = exponent < 0 ? "−" : ""
      return (value < 0 ? "−" : "") + "\(scientific[..<mark])e\(sign)\(abs(exponent))"
    }
    return decimals(value, max(0, digits - 1 - exponent))
  }

  /// The value with as many decimals as its error bears (two digits of the error), `812.4 ± 0.6`.
  static func measured(_ value: Double, _ error: Double) -> String {
    guard error.isFinite, error > 0 else { return significant(value, 5) }
    // Rounding left over from amounts that cancel.
    if abs(value) < roundingResidue, error < roundingResidue { return "0" }
    let places = decimalPlaces(for: error)
    return "\(decimals(value, places)) ± \(decimals(error, places))"
  }

  /// To the digits that an error bears, without it.
  static func plain(_ value: Double, _ error: Double) -> String {
    guard error > 0, error.isFinite else { return significant(value, 5) }
    return decimals(value, decimalPlaces(for: error))
  }

  private static let roundingResidue = 1e-9

  /// Decimals that show an error to two digits.
  static func decimalPlaces(for error: Double) -> Int {
    guard error.isFinite, error > 0 else { return 4 }
    return min(12, max(0, 1 - Int(log10(error).rounded(.down))))
  }

  static func percent(_ fraction: Double, _ digits: Int = 1) -> String { decimals(100 * fraction, digits) + " %" }

  /// A percentage that always carries its sign.
  static func signedPercent(_ fraction: Double, _ digits: Int = 1) -> String {
    let text = percent(fraction, digits)
    return text.hasPrefix("−") ? text : "+" + text
  }

  /// Seconds in the unit a person would use: `45 s`, `12 min`, `4.2 h`, `3.5 d`, `1.2 y`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return seconds > 0 ? "never" : symbol(seconds) }
    let size = abs(seconds)
    let (amount, unit): (Double, String) =
      switch size {
      case ..<1: (seconds * 1000, "ms")
      case ..<minute: (seconds, "s")
      case ..<(2 * hour): (seconds / minute, "min")
      case ..<(2 * day): (seconds / hour, "h")
      case ..<(2 * year): (seconds / day, "d")
      default: (seconds / year, "y")
      }
    return significant(amount, abs(amount) < 10 ? 2 : abs(amount) < 100 ? 3 : 4).trimmedZeros + " " + unit
  }

  private static let minute = 60.0
  private static let hour = 3600.0
  static let day = 86_400.0
  static let year = 365 * 86_400.0

  private static func symbol(_ value: Double) -> String { value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }

  /// Thousands set apart by a blank from five digits on (ISO 80000-1, 7.3.1).
  private static func grouped(_ text: String) -> String {
    let whole = text.prefix { $0 != "." }
    guard whole.count > 4 else { return text }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { result += " " }
      result.append(digit)
    }
    return result + text.dropFirst(whole.count)
  }
}

extension String {
  /// Without the zeros that end a decimal fraction.
  fileprivate var trimmedZeros: String {
    guard contains("."), !contains("e") else { return self }
    var text = self
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }
}

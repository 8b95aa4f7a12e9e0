import Glibc

// Decimal text to the nearest Double, quickly.

/// Decimal numbers read from bytes, correctly rounded.
enum Decimal64 {
  /// Integers below 2⁵³ and powers of ten up to 10²² are exact doubles, so one multiplication or division of such a
  /// pair is correctly rounded (W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990).
  private static let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
  /// Fifteen decimal digits always fit below 2⁵³.
  private static let exactDigits = 15

  /// The number, or nil when the bytes are not one decimal number (`NaN` and `inf` are numbers here).
  static func parse(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
    var position = 0
    var negative = false
    guard !field.isEmpty else { return nil }
    if field[0] == UInt8(ascii: "-") || field[0] == UInt8(ascii: "+") {
      negative = field[0] == UInt8(ascii: "-")
      position = 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var decimals = 0
    var seenPoint = false
    while position < field.count {
      let byte = field[position]
      if byte >= 48 && byte <= 57 {
        if digits == exactDigits { return slowly(field) }
        mantissa = mantissa * 10 + UInt64(byte - 48)
        // Leading zeros carry no digits; the number of decimals still grows.
        if mantissa > 0 { digits += 1 }
        if seenPoint { decimals += 1 }
      } else if byte == UInt8(ascii: ".") && !seenPoint {
        seenPoint = true
      } else {
        return slowly(field)
      }
      position += 1
    }
    let first = negative || field[0] == UInt8(ascii: "+") ? 1 : 0
    let characters = field.count - first - (seenPoint ? 1 : 0)
    guard characters > 0 else { return nil }
    guard decimals < exactPowers.count else { return slowly(field) }
    let value = Double(mantissa) / exactPowers[decimals]
    return negative ? -value : value
  }

  /// Everything the fast path leaves: exponents, many digits, NaN. Hexadecimal is refused.
  private static func slowly(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
    var text = [CChar](repeating: 0, count: field.count + 1)
    for (index, byte) in field.enumerated() {
      if byte == UInt8(ascii: "x") || byte == UInt8(ascii: "X") || byte == 0 || byte <= UInt8(ascii: " ") {
        return nil
      }
      text[index] = CChar(bitPattern: byte)
    }
    return text.withUnsafeBufferPointer { buffer -> Double? in
      guard let start = buffer.baseAddress else { return nil }
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(start, &end)
      return end.map { UnsafePointer($0) } == start + field.count ? value : nil
    }
  }
}

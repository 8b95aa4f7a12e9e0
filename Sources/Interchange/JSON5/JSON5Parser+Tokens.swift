/// Words, numbers and strings.
extension JSON5Parser {
  // MARK: Words

  /// An identifier name, in which `\uXXXX` stands for the character it names.
  mutating func identifier() throws(ModelFileError) -> String {
    var name = String.UnicodeScalarView()
    while let scalar = cursor.current {
      if scalar == "\\" {
        let position = cursor.position
        cursor.advance()
        guard cursor.current == "u" else { throw broken(.escape) }
        cursor.advance()
        let code = try hexadecimalDigits(4)
        guard let named = Unicode.Scalar(code), name.isEmpty ? named.startsIdentifier : named.continuesIdentifier
        else { throw .syntax(position: position, found: .character("\\"), expected: .key) }
        name.append(named)
      } else if name.isEmpty ? scalar.startsIdentifier : scalar.continuesIdentifier {
        name.append(scalar)
        cursor.advance()
      } else {
        break
      }
    }
    return String(name)
  }

  /// `true`, `false`, `null`, `Infinity` or `NaN`.
  mutating func wordValue() throws(ModelFileError) -> JSON5Value {
    let position = cursor.position
    let word = plainWord()
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    default:
      guard let value = Self.namedNumber(word) else {
        throw .syntax(position: position, found: .word(word), expected: .value)
      }
      return .number(JSON5Number(value: value, text: word))
    }
  }

  private mutating func plainWord() -> String {
    let start = cursor.index
    while let scalar = cursor.current, scalar.continuesIdentifier { cursor.advance() }
    return cursor.text(from: start)
  }

  private static func namedNumber(_ word: String) -> Double? {
    switch word {
    case "Infinity": .infinity
    case "NaN": .nan
    default: nil
    }
  }

  // MARK: Numbers

  /// A decimal or hexadecimal number, `Infinity` or `NaN`, after an optional sign.
  mutating func number() throws(ModelFileError) -> JSON5Number {
    let start = cursor.index
    let isNegative = cursor.current == "-"
    if isNegative || cursor.current == "+" { cursor.advance() }
    let magnitudeStart = cursor.index
    let magnitude: Double
    if cursor.current == "0", cursor.next == "x" || cursor.next == "X" {
      cursor.advance()
      cursor.advance()
      guard cursor.current?.hexadecimalValue != nil else { throw broken(.hexadecimalDigit) }
      while cursor.current?.hexadecimalValue != nil { cursor.advance() }
      magnitude = try converted(cursor.text(from: magnitudeStart))
    } else if cursor.current?.startsIdentifier ?? false {
      let position = cursor.position
      let word = plainWord()
      guard let value = Self.namedNumber(word) else {
        throw .syntax(position: position, found: .word(word), expected: .digit)
      }
      magnitude = value
    } else {
      try passDecimal()
      magnitude = try converted(cursor.text(from: magnitudeStart))
    }
    if let scalar = cursor.current, scalar.continuesIdentifier || scalar == "." || scalar == "\\" {
      throw broken(.endOfNumber)
    }
    return JSON5Number(value: isNegative ? -magnitude : magnitude, text: cursor.text(from: start))
  }

  /// Passes digits with an optional point and exponent. A zero may not be followed by a digit: it is not octal.
  private mutating func passDecimal() throws(ModelFileError) {
    let startsWithPoint = cursor.current == "."
    if !startsWithPoint {
      guard cursor.current?.isDigit ?? false else { throw broken(.digit) }
      if cursor.current == "0" {
        cursor.advance()
      } else {
        passDigits()
      }
    }
    if cursor.current == "." {
      cursor.advance()
      if startsWithPoint {
        guard cursor.current?.isDigit ?? false else { throw broken(.digit) }
      }
      passDigits()
    }
    if cursor.current == "e" || cursor.current == "E" {
      cursor.advance()
      if cursor.current == "+" || cursor.current == "-" { cursor.advance() }
      guard cursor.current?.isDigit ?? false else { throw broken(.digit) }
      passDigits()
    }
  }

  private mutating func passDigits() {
    while cursor.current?.isDigit ?? false { cursor.advance() }
  }

  /// The nearest double of a text that already has the form of a number; infinite when it is too large.
  private func converted(_ text: String) throws(ModelFileError) -> Double {
    // The standard library wants a digit on both sides of a point.
    var digits = text.hasPrefix(".") ? "0" + text : text
    if let point = digits.firstIndex(of: ".") {
      let after = digits.index(after: point)
      if after == digits.endIndex || !(digits.unicodeScalars[after].isDigit) { digits.insert("0", at: after) }
    }
    guard let value = Double(digits) else { throw broken(.digit) }
    return value
  }

  // MARK: Strings

  /// A string in either quotes.
  mutating func string() throws(ModelFileError) -> String {
    guard let quote = cursor.current else { throw broken(.value) }
    cursor.advance()
    var content = String.UnicodeScalarView()
    while cursor.current != quote {
      guard let scalar = cursor.current, scalar != "\n", scalar != "\r" else { throw broken(.closingQuote(quote)) }
      if scalar == "\\" {
        if let escaped = try escape() { content.append(escaped) }
      } else {
        content.append(scalar)
        cursor.advance()
      }
    }
    cursor.advance()
    return String(content)
  }

  /// The character an escape stands for; nil for a line continuation.
  private mutating func escape() throws(ModelFileError) -> Unicode.Scalar? {
    let position = cursor.position
    cursor.advance()
    guard let scalar = cursor.current else { throw broken(.escape) }
    switch scalar {
    case "u":
      cursor.advance()
      return try unicodeEscape(from: position)
    case "x":
      cursor.advance()
      return Unicode.Scalar(try hexadecimalDigits(2))
    case "1"..."9":
      throw broken(.escape)
    case "0":
      // JSON5 has no octal escapes: a digit may not follow.
      cursor.advance()
      if cursor.current?.isDigit ?? false { throw broken(.escape) }
      return "\0"
    case "\r":
      cursor.advance()
      if cursor.current == "\n" { cursor.advance() }
      return nil
    default:
      cursor.advance()
      if scalar.isLineTerminator { return nil }
      return Self.singleEscapes[scalar] ?? scalar
    }
  }

  /// Section 5.1 of the specification, table 1.
  private static let singleEscapes: [Unicode.Scalar: Unicode.Scalar] = [
    "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
  ]

  /// The character of `\uXXXX`, or of two of them that form a surrogate pair (Unicode Standard, section 3.9, D91).
  private mutating func unicodeEscape(from position: SourcePosition) throws(ModelFileError) -> Unicode.Scalar {
    let first = try hexadecimalDigits(4)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(UInt16(first)) else {
      throw .syntax(position: position, found: .character("\\"), expected: .scalarValue)
    }
    let secondPosition = cursor.position
    guard cursor.current == "\\", cursor.next == "u" else { throw broken(.lowSurrogate) }
    cursor.advance()
    cursor.advance()
    let second = try hexadecimalDigits(4)
    guard UTF16.isTrailSurrogate(UInt16(second)) else {
      throw .syntax(position: secondPosition, found: .character("\\"), expected: .lowSurrogate)
    }
    return UTF16.decode(UTF16.EncodedScalar([UInt16(first), UInt16(second)]))
  }

  private mutating func hexadecimalDigits(_ count: Int) throws(ModelFileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = cursor.current?.hexadecimalValue else { throw broken(.hexadecimalDigit) }
      value = value << 4 | digit
      cursor.advance()
    }
    return value
  }
}

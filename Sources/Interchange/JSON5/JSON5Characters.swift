/// The character classes of JSON5 (sections 3, 5.1 and 8 of the specification, which take the first from
/// ECMAScript 5.1, sections 7.3 and 7.6).
extension Unicode.Scalar {
  var isLineTerminator: Bool {
    self == "\n" || self == "\r" || self == "\u{2028}" || self == "\u{2029}"
  }

  var isJSON5Blank: Bool {
    switch self {
    case "\t", "\n", "\u{0B}", "\u{0C}", "\r", " ", "\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}": true
    default: !isASCII && properties.generalCategory == .spaceSeparator
    }
  }

  var isDigit: Bool { ("0"..."9").contains(self) }

  var hexadecimalValue: UInt32? {
    switch self {
    case "0"..."9": value - ("0" as Unicode.Scalar).value
    case "a"..."f": value - ("a" as Unicode.Scalar).value + 10
    case "A"..."F": value - ("A" as Unicode.Scalar).value + 10
    default: nil
    }
  }

  var startsIdentifier: Bool {
    if self == "$" || self == "_" { return true }
    if isASCII { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber:
      return true
    default: return false
    }
  }

  var continuesIdentifier: Bool {
    if startsIdentifier || isDigit { return true }
    // Zero-width non-joiner and joiner.
    if self == "\u{200C}" || self == "\u{200D}" { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}

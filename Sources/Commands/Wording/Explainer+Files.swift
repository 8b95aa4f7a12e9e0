import Interchange

extension Explainer {
  // MARK: Model files

  static func message(_ error: ModelFileError) -> String {
    let place = error.position.description
    switch error {
    case .syntax(_, let found, let expected):
      return sentence(place, "found \(words(found))", allowed: "expected \(words(expected))")
    case .duplicateKey(_, let path, let key, let first):
      return sentence(
        place, "\(quoted(key)) stands twice in \(container(path))",
        allowed: "it stands first at line \(first.line), column \(first.column)")
    case .missingNode(_, let regime, let seconds, let spot):
      return sentence(
        place,
        "there is no row for the regime \(quoted(regime)), \(number(seconds)) s to the horizon, spot \(number(spot))",
        allowed: "every regime needs every time and every spot of the table")
    case .unknownKey(_, let path, let key, let allowed, let suggestion):
      return sentence(
        place, "\(container(path)) has no key \(quoted(key))",
        allowed: allowed.isEmpty ? "it has none" : "its keys are " + allowed.joined(separator: ", "),
        suggestion: suggestion)
    case .missingKey(_, let path, let key, let similar):
      let hint = similar.map {
        "; did you mean it by \(quoted($0.key)) at line \($0.position.line), column \($0.position.column)?"
      }
      return sentence(place, "\(container(path)) lacks \(quoted(key))", allowed: "it must be there") + (hint ?? "")
    case .wrongType(_, let path, let found, let expected):
      return sentence(
        place, "\(value(path)) is \(words(found))", allowed: "allowed is " + alternatives(expected.map(words)))
    case .outOfRange(_, let path, let found, let allowed):
      return sentence(place, "\(value(path)) is \(found)", allowed: "allowed is \(words(allowed))")
    case .noEntry(_, let path, let index, let count):
      return sentence(
        place, "\(value(path)) has no entry \(index)",
        allowed: count == 0 ? "it is empty" : "its entries are 0 to \(count - 1)")
    case .wrongCount(_, let path, let found, let allowed):
      let count =
        allowed.lowerBound == allowed.upperBound
        ? "\(allowed.lowerBound)"
        : allowed.upperBound == Int.max
          ? "at least \(allowed.lowerBound)" : "\(allowed.lowerBound) to \(allowed.upperBound)"
      return sentence(
        place, "\(value(path)) has \(found) \(found == 1 ? "entry" : "entries")", allowed: "allowed is \(count)")
    case .wrongUnit(_, let path, let found, let allowed):
      return sentence(
        place, "\(value(path)) is in \(quoted(found))", allowed: "its units are " + allowed.joined(separator: ", "))
    case .unknownChoice(_, let path, let found, let allowed, let suggestion):
      return sentence(
        place, "\(value(path)) is \(quoted(found))", allowed: "allowed is " + alternatives(allowed.map(quoted)),
        suggestion: suggestion)
    case .malformed(_, let path, let found, let expected):
      return sentence(place, "\(value(path)) is \(quoted(found))", allowed: "expected \(words(expected))")
    case .unreadable(let file, let reason):
      return sentence(file, "the file cannot be read", allowed: reason)
    case .unreadableReference(_, let path, let file, let reason):
      return sentence(place, "\(value(path)) names \(quoted(file)), which cannot be read", allowed: reason)
    case .notSolved(_, let path, let feature):
      return sentence(place, "\(value(path)) asks for \(words(feature))", allowed: "this version does not solve it")
    case .formulation(_, let error):
      return message(error, place: place)
    case .grid(_, let error):
      return message(error, place: place)
    case .spotOutsideGrid(_, let path, let spot, let lowest, let highest):
      return sentence(place, "\(path) is \(number(spot))", allowed: reach(from: lowest, to: highest))
    case .historyWithHoles(_, let path, let holes, let returns):
      return sentence(
        place, "\(path) has \(returns) returns of one step, and \(holes) that skip bars",
        allowed: "a file without weekends wants clock: \"tradingDays\"; one with holes a stretch without them")
    case .calibration(let position, _, let error):
      // The position of a fact inside the price file is already one in that file.
      if case .file(let name) = position.source { return message(error, file: name, place: place) }
      return message(error, file: place)
    }
  }

  private static func words(_ feature: UnsolvedFeature) -> String {
    switch feature {
    case .kind(let name): "a problem of the kind \(quoted(name))"
    case .impactCost: "price impact"
    }
  }

  private static func container(_ path: String) -> String { path.isEmpty ? "the file" : quoted(path) }

  private static func value(_ path: String) -> String { path.isEmpty ? "the value" : path }

  static func words(_ range: NumberRange) -> String {
    if range == .finite { return "any finite number" }
    if range.upper == .infinity { return (range.includesLower ? "≥ " : "> ") + number(range.lower) }
    if range.lower == -.infinity { return (range.includesUpper ? "≤ " : "< ") + number(range.upper) }
    let from = (range.includesLower ? "from " : "more than ") + number(range.lower)
    return from + (range.includesUpper ? " to " : " and less than ") + number(range.upper)
  }

  /// The fewest digits that read back, without the `.0` of a whole number.
  static func number(_ value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func words(_ kind: ValueKind) -> String {
    switch kind {
    case .object: "an object { … }"
    case .array: "a list [ … ]"
    case .string: "a text"
    case .number: "a number"
    case .integer: "a whole number"
    case .boolean: "true or false"
    case .null: "null"
    }
  }

  private static func words(_ format: TextFormat) -> String {
    switch format {
    case .quantity: "a number, with a unit if need be, such as \"25 bps\""
    case .number: "a decimal number"
    case .timestamp: "an instant in UTC such as 2021-10-21T08:00:00Z"
    case .autoOrBlockLength: "“auto”, or a number of returns ≥ 1"
    case .historyOrDrift: "“history”, or a drift per year as a number"
    case .secondsOrInstant: "seconds to the horizon, or an instant in UTC such as 2021-10-21T08:00:00Z"
    case .instantOfHorizon: "an instant from the valuation to the horizon"
    case .notEmpty: "at least one character"
    case .fileName: "a name of letters, digits, dots, dashes and underscores"
    }
  }

  private static func words(_ found: SyntaxFound) -> String {
    switch found {
    case .end: "the end of the text"
    case .character(let scalar): scalar == "\n" || scalar == "\r" ? "the end of the line" : quoted(String(scalar))
    case .word(let word): "the word \(quoted(word))"
    case .byte(let byte): "the byte 0x" + String(byte, radix: 16, uppercase: true)
    case .nesting(let depth): "a value nested \(depth) deep"
    case .fields(let count): "\(count) \(count == 1 ? "field" : "fields")"
    }
  }

  private static func words(_ expected: SyntaxExpected) -> String {
    switch expected {
    case .value: "a value"
    case .key: "a key"
    case .colon: "a colon"
    case .commaOrClosingBrace: "a comma or a closing brace"
    case .commaOrClosingBracket: "a comma or a closing bracket"
    case .digit: "a digit"
    case .hexadecimalDigit: "a hexadecimal digit"
    case .endOfNumber: "a comma, a bracket or a blank after the number"
    case .closingQuote(let quote): "the closing \(String(quote)) before the line ends"
    case .escape: "a character that may follow a backslash"
    case .lowSurrogate: "the second half of a surrogate pair, \\uDC00 to \\uDFFF"
    case .scalarValue: "a character that is no half of a surrogate pair"
    case .commentEnd: "the end of the comment, */"
    case .commentStart: "a second / or a * to begin a comment"
    case .end: "nothing more"
    case .utf8: "text in UTF-8"
    case .nesting(let most): "at most \(most) levels"
    case .equals: "= and a value"
    case .closingBracket: "a closing bracket"
    case .commaOrLineEnd: "a comma or the end of the line"
    case .fields(let count): "\(count) \(count == 1 ? "field" : "fields"), as in the header"
    }
  }

  // MARK: Results

  static func message(_ error: InterchangeError) -> String {
    switch error {
    case .cannotWrite(let path, let reason): sentence(path, "cannot be written", allowed: reason)
    case .notFinite(let path):
      sentence(path, "the number is not finite, and JSON holds none such", allowed: "nothing was written")
    case .duplicateKey(let path, let key):
      sentence(path.isEmpty ? nil : path, "the key \(quoted(key)) would stand twice", allowed: "nothing was written")
    case .netCDF(let path, let subject, let reason): sentence(path, "NetCDF refused \(subject)", allowed: reason)
    case .wrongShape(let variable, let expected, let found):
      sentence(variable, "has \(found) values", allowed: "its dimensions hold \(expected)")
    }
  }
}

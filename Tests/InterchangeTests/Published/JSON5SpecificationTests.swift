import Interchange
import Testing

/// The JSON5 specification, version 1.0.0 (https://spec.json5.org): its examples and the rules of its grammar.
@Suite("JSON5 specification")
struct JSON5SpecificationTests {
  /// Section 1.2, "Short example".
  @Test("the specification's short example")
  func shortExample() throws {
    let text = #"""
      {
        // comments
        unquoted: 'and you can quote me on that',
        singleQuotes: 'I can use "double quotes" here',
        lineBreaks: "Look, Mom! \
      No \\n's!",
        hexadecimal: 0xdecaf,
        leadingDecimalPoint: .8675309, andTrailing: 8675309.,
        positiveSign: +1,
        trailingComma: 'in objects', andIn: ['arrays',],
        "backwardsCompatible": "with JSON",
      }
      """#
    let expected: JSONValue = [
      "unquoted": "and you can quote me on that",
      "singleQuotes": "I can use \"double quotes\" here",
      "lineBreaks": "Look, Mom! No \\n's!",
      "hexadecimal": 912_559,
      "leadingDecimalPoint": 0.8675309, "andTrailing": 8_675_309.0,
      "positiveSign": 1,
      "trailingComma": "in objects", "andIn": ["arrays"],
      "backwardsCompatible": "with JSON",
    ]
    #expect(JSONValue(try JSON5Document(parsing: text).root) == expected)
  }

  /// Sections 2 to 8: literals, numbers, strings, white space, comments.
  @Test(
    "values",
    arguments: [
      ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null),
      ("{}", .object([])), ("[]", .array([])), ("[[],{},]", [.array([]), .object([])]),
      // Section 6, numbers.
      ("123", 123), ("123.456", 123.456), (".456", 0.456), ("123e-456", .number(0)), ("0xDECAF", 912_559),
      ("-0xC0FFEE", -12_648_430), ("0", 0), ("-0", .number(-0.0)), ("5.", 5.0), ("5.e2", 500.0), ("0.5E+2", 50.0),
      ("-.5", -0.5), ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
      ("+Infinity", .number(.infinity)), ("1e400", .number(.infinity)),
      ("9007199254740993.0", .number(9_007_199_254_740_992)),
      // Section 5, strings.
      (#"'\b\f\n\r\t\v\0'"#, "\u{08}\u{0C}\n\r\t\u{0B}\0"), (#"'\'\"\\\a\/'"#, #"'"\a/"#), (#""\x7F\x41""#, "\u{7F}A"),
      (#""\u00e9\u20AC""#, "é€"), (#""\uD83C\uDFBC""#, "🎼"), ("'a\u{2028}b'", "a\u{2028}b"), ("'\u{1}'", "\u{1}"),
      ("'a\\\nb\\\r\nc\\\rd\\\u{2028}e\\\u{2029}f'", "abcdef"), ("'🎼'", "🎼"),
      // Sections 7 and 8, comments and white space.
      ("/* a * / b **/ 1 // c", 1), ("\u{FEFF}\u{A0}\t\u{0B}\u{0C}\r\n\u{2003}1\u{2029}", 1), ("//a\u{2028}1", 1),
      // Section 3, keys.
      (
        #"{ $_a1: 1, 'b c': 2, ünïcödé: 3, \u0061b: 4, c\u0064: 5, a‌b: 6, true: 7 }"#,
        ["$_a1": 1, "b c": 2, "ünïcödé": 3, "ab": 4, "cd": 5, "a\u{200C}b": 6, "true": 7]
      ),
    ] as [(String, JSONValue)])
  func values(text: String, expected: JSONValue) throws {
    #expect(JSONValue(try JSON5Document(parsing: text).root) == expected, "\(text)")
  }

  @Test("NaN, and the text of numbers")
  func notANumber() throws {
    for text in ["NaN", "-NaN", "+NaN"] {
      guard case .number(let number) = try JSON5Document(parsing: text).root.value else {
        Issue.record("no number: \(text)")
        continue
      }
      #expect(number.value.isNaN && number.text == text, "\(text)")
    }
  }

  /// One row per way to break the grammar: text, line, column, what is there, what could be.
  @Test(
    "refusals",
    arguments: [
      ("", 1, 1, .end, .value), ("  // a\n", 2, 1, .end, .value), ("{", 1, 2, .end, .key), ("[", 1, 2, .end, .value),
      ("{a}", 1, 3, .character("}"), .colon), ("{a:}", 1, 4, .character("}"), .value),
      ("{a:1 b:2}", 1, 6, .character("b"), .commaOrClosingBrace), ("{,}", 1, 2, .character(","), .key),
      ("{a:1,,}", 1, 6, .character(","), .key), ("{1:1}", 1, 2, .character("1"), .key),
      ("[1 2]", 1, 4, .character("2"), .commaOrClosingBracket), ("[,]", 1, 2, .character(","), .value),
      ("[1}", 1, 3, .character("}"), .commaOrClosingBracket), ("1 2", 1, 3, .character("2"), .end),
      ("yes", 1, 1, .word("yes"), .value), ("True", 1, 1, .word("True"), .value), ("-yes", 1, 2, .word("yes"), .digit),
      ("010", 1, 2, .character("1"), .endOfNumber), ("1a", 1, 2, .character("a"), .endOfNumber),
      ("1.2.3", 1, 4, .character("."), .endOfNumber), ("0x", 1, 3, .end, .hexadecimalDigit),
      ("0xg", 1, 3, .character("g"), .hexadecimalDigit), ("0x1p4", 1, 4, .character("p"), .endOfNumber),
      ("1e", 1, 3, .end, .digit), ("1e+", 1, 4, .end, .digit), (".", 1, 2, .end, .digit), ("-", 1, 2, .end, .digit),
      ("+-1", 1, 2, .character("-"), .digit), (".e1", 1, 2, .character("e"), .digit),
      ("--1", 1, 2, .character("-"), .digit), ("'a", 1, 3, .end, .closingQuote("'")),
      ("\"a\nb\"", 1, 3, .character("\n"), .closingQuote("\"")), ("'a\rb'", 1, 3, .character("\r"), .closingQuote("'")),
      (#"'\1'"#, 1, 3, .character("1"), .escape), (#"'\01'"#, 1, 4, .character("1"), .escape),
      (#"'\"#, 1, 3, .end, .escape), (#"'\x1g'"#, 1, 5, .character("g"), .hexadecimalDigit),
      (#"'\u12'"#, 1, 6, .character("'"), .hexadecimalDigit), (#"'a\uDC00'"#, 1, 3, .character("\\"), .scalarValue),
      (#"'\uD800'"#, 1, 8, .character("'"), .lowSurrogate), (#"'\uD800\u0041'"#, 1, 8, .character("\\"), .lowSurrogate),
      (#"{\u0031a:1}"#, 1, 2, .character("\\"), .key), (#"{a\x:1}"#, 1, 4, .character("x"), .escape),
      ("/", 1, 2, .end, .commentStart), ("1 /a", 1, 4, .character("a"), .commentStart),
      ("/* a *", 1, 7, .end, .commentEnd), ("#", 1, 1, .character("#"), .value),
      ("{a:1}}", 1, 6, .character("}"), .end),
    ] as [(String, Int, Int, SyntaxFound, SyntaxExpected)])
  func refusals(text: String, line: Int, column: Int, found: SyntaxFound, expected: SyntaxExpected) {
    let position = SourcePosition(line: line, column: column)
    #expect(throws: ModelFileError.syntax(position: position, found: found, expected: expected), "\(text)") {
      try JSON5Document(parsing: text)
    }
  }
}

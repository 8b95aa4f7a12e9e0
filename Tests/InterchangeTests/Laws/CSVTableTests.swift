import Interchange
import Testing

/// Tables of positions: what is read, and every refusal with its place.
@Suite("CSV tables")
struct CSVTableTests {
  private static func read(_ text: String) throws -> [PositionTable.Entry] {
    try PositionTable(parsing: Array(text.utf8), source: .file("p.csv")).entries
  }

  private static func at(_ line: Int, _ column: Int) -> SourcePosition {
    SourcePosition(source: .file("p.csv"), line: line, column: column)
  }

  @Test("rows in any column order, with quotes, blanks, blank lines and either line end")
  func rows() throws {
    let text =
      "\u{FEFF}quantity, instrument ,\"impliedVolatility\"\r\n\r\n-50,BTC-29OCT21-70000-C,0.82\r\n"
      + " 1e2 ,\"a \"\"b\"\", c\",\n   \n+0.5,x\u{20}\u{20}, 1.05"
    let entries = try Self.read(text)
    #expect(entries.map { $0.instrument } == ["BTC-29OCT21-70000-C", "a \"b\", c", "x"])
    #expect(entries.map { $0.quantity } == [-50, 100, 0.5])
    #expect(entries.map { $0.impliedVolatility } == [0.82, nil, 1.05])
    #expect(entries.map { $0.position } == [Self.at(3, 1), Self.at(4, 2), Self.at(6, 1)])
    #expect(entries.map { $0.instrumentPosition } == [Self.at(3, 5), Self.at(4, 7), Self.at(6, 6)])
    #expect(try Self.read("instrument,quantity").isEmpty)
  }

  @Test("a quoted field may hold a line end, and positions count it")
  func lineEndInQuotes() throws {
    let entries = try Self.read("instrument,quantity\n\"a\nb\",1\nc,2")
    #expect(entries.map { $0.instrument } == ["a\nb", "c"] && entries[1].position == Self.at(4, 1))
  }

  @Test(
    "refusals",
    arguments: [
      ("", .missingKey(position: at(1, 1), path: "", key: "instrument", similar: nil)),
      ("instrument\na", .missingKey(position: at(1, 1), path: "", key: "quantity", similar: nil)),
      (
        "instrument,quantty\n",
        .unknownKey(
          position: at(1, 12), path: "", key: "quantty", allowed: ["instrument", "quantity", "impliedVolatility"],
          suggestion: "quantity")
      ),
      (
        "instrument,quantity,\n",
        .unknownKey(
          position: at(1, 21), path: "", key: "", allowed: ["instrument", "quantity", "impliedVolatility"],
          suggestion: nil)
      ),
      (
        "instrument,quantity,instrument\n",
        .duplicateKey(position: at(1, 21), path: "", key: "instrument", first: at(1, 1))
      ),
      ("instrument,quantity\na,1,2", .syntax(position: at(2, 1), found: .fields(3), expected: .fields(2))),
      ("instrument,quantity\na,1\nb\n", .syntax(position: at(3, 1), found: .fields(1), expected: .fields(2))),
      (
        "instrument,quantity\na\"b,1", .syntax(position: at(2, 2), found: .character("\""), expected: .commaOrLineEnd)
      ),
      (
        "instrument,quantity\n\"a\"b,1", .syntax(position: at(2, 4), found: .character("b"), expected: .commaOrLineEnd)
      ),
      ("instrument,quantity\n\"a,1", .syntax(position: at(2, 5), found: .end, expected: .closingQuote("\""))),
      (
        "instrument,quantity\n,1",
        .malformed(position: at(2, 1), path: "[0].instrument", found: "", expected: .notEmpty)
      ),
      (
        "instrument,quantity\na,1\nb, 5%",
        .malformed(position: at(3, 4), path: "[1].quantity", found: "5%", expected: .number)
      ),
      (
        "instrument,quantity\na,nan",
        .malformed(position: at(2, 3), path: "[0].quantity", found: "nan", expected: .number)
      ),
      (
        "instrument,quantity\na,1e999",
        .outOfRange(position: at(2, 3), path: "[0].quantity", found: "1e999", allowed: .finite)
      ),
      (
        "instrument,quantity,impliedVolatility\na,1,0",
        .outOfRange(position: at(2, 5), path: "[0].impliedVolatility", found: "0", allowed: .positive)
      ),
    ] as [(String, ModelFileError)])
  func refusals(text: String, expected: ModelFileError) {
    #expect(throws: expected, "\(text)") { try Self.read(text) }
  }

  @Test("bytes that are not UTF-8, and a file that is not there")
  func unreadable() {
    #expect(throws: ModelFileError.syntax(position: Self.at(2, 2), found: .byte(0xFF), expected: .utf8)) {
      try PositionTable(parsing: Array("a\nb".utf8) + [0xFF], source: .file("p.csv"))
    }
    #expect(throws: ModelFileError.unreadable(file: "no/p.csv", reason: "No such file or directory")) {
      try PositionTable(contentsOf: "no/p.csv")
    }
  }

  @Test("no damage traps")
  func mutations() {
    let original = Array("instrument,quantity,impliedVolatility\r\n\"a, b\",-50,0.8\nc,1e2,\n\n\"d\"\"e\",3,1.5\n".utf8)
    var generator = SplitMix(state: 11)
    var accepted = 0
    for _ in 0..<10_000 where (try? PositionTable(parsing: generator.damage(original))) != nil { accepted += 1 }
    #expect((500..<8_000).contains(accepted), "\(accepted) of 10000 accepted")
  }
}

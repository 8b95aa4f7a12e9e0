import Interchange
import Testing

/// `--set` arguments, each with the literal outcome.
@Suite("Overrides")
struct ModelValueOverrideTests {
  static let model = "{ name: 'a', market: { spot: 1, regimes: [ { volatility: 0.5 }, { volatility: 1.2 } ] } }"

  private static func apply(_ arguments: String...) throws -> JSONValue {
    let overrides = try arguments.map { try ModelValueOverride($0) }
    return JSONValue(try JSON5Document(parsing: model).applying(overrides).root)
  }

  private static func at(_ argument: String, _ column: Int) -> SourcePosition {
    SourcePosition(source: .setOption(argument), line: 1, column: column)
  }

  @Test("values are replaced, in the order given, and a last key may be new")
  func replaces() throws {
    let expected: JSONValue = [
      "name": "b", "market": ["spot": 3, "regimes": [["volatility": 0.9], ["volatility": 1.2, "drift": 0]]],
      "grid": ["spots": 400],
    ]
    #expect(
      try Self.apply(
        "market.regimes[0].volatility=0.9", "name=b", "market.spot=2", "market.spot=3", "grid={}", "grid.spots=400",
        "market.regimes[1].drift= 0 ") == expected)
  }

  @Test("objects all of whose members have defaults need not be there")
  func optionalObjects() throws {
    #expect(
      try Self.apply("grid.spots=500", "grid.steps=9", "execution.lot=1", "outputs.spots=[2]")
        == [
          "name": "a", "market": ["spot": 1, "regimes": [["volatility": 0.5], ["volatility": 1.2]]],
          "grid": ["spots": 500, "steps": 9], "execution": ["lot": 1], "outputs": ["spots": [2]],
        ])
    #expect(throws: ModelFileError.self) { try Self.apply("grid[0].spots=500") }
  }

  @Test(
    "the value is JSON5, and what is not is a text",
    arguments: [
      ("0.9", 0.9), ("-2", -2), ("true", true), ("null", nil), ("'a b'", "a b"), ("25 bps", "25 bps"), ("80%", "80%"),
      ("2021-10-21T08:00:00Z", "2021-10-21T08:00:00Z"), ("cash", "cash"), ("{ a: [1, 'x'] }", ["a": [1, "x"]]),
      ("a=b", "a=b"), ("results/market.json5", "results/market.json5"), ("12h", "12h"),
    ] as [(String, JSONValue)])
  func values(text: String, expected: JSONValue) throws {
    #expect(JSONValue(try ModelValueOverride("market.spot=\(text)").node) == expected)
  }

  @Test("positions point into the argument")
  func positions() throws {
    let argument = "market.spot= [ 1 ]"
    let node = try ModelValueOverride(argument).node
    #expect(node.position == Self.at(argument, 14))
    #expect(node.position.description == "--set market.spot= [ 1 ]:1:14")
    var object = try StrictObject(
      try JSON5Document(parsing: "{ spot: 1 }").applying([ModelValueOverride("spt=2")]).root)
    _ = try object.required("spot")
    #expect(
      throws: ModelFileError.unknownKey(
        position: Self.at("spt=2", 1), path: "", key: "spt", allowed: ["spot"], suggestion: "spot")
    ) { try object.finish() }
  }

  @Test("paths that lead nowhere")
  func unknownPaths() {
    var argument = "markt.spot=1"
    #expect(
      throws: ModelFileError.unknownKey(
        position: Self.at(argument, 1), path: "", key: "markt", allowed: ["name", "market"], suggestion: "market")
    ) { try Self.apply(argument) }
    argument = "market.regime[0].volatility=1"
    #expect(
      throws: ModelFileError.unknownKey(
        position: Self.at(argument, 8), path: "market", key: "regime", allowed: ["spot", "regimes"],
        suggestion: "regimes")
    ) { try Self.apply(argument) }
    argument = "market.regimes[2].volatility=1"
    #expect(
      throws: ModelFileError.noEntry(
        position: Self.at(argument, 15), path: "market.regimes", index: 2, count: 2)
    ) { try Self.apply(argument) }
    argument = "market.regimes[9223372036854775807]=1"
    #expect(throws: ModelFileError.self) { try Self.apply(argument) }
    argument = "market.spot.x=1"
    #expect(
      throws: ModelFileError.wrongType(
        position: Self.at(argument, 13), path: "market.spot", found: .number, expected: [.object])
    ) { try Self.apply(argument) }
    argument = "market[0]=1"
    #expect(
      throws: ModelFileError.wrongType(
        position: Self.at(argument, 7), path: "market", found: .object, expected: [.array])
    ) { try Self.apply(argument) }
  }

  @Test(
    "broken arguments",
    arguments: [
      ("", 1, .end, .key), ("a", 2, .end, .equals), ("=1", 1, .character("="), .key),
      ("a.=1", 3, .character("="), .key),
      ("a.[0]=1", 3, .character("["), .key), ("[0]=1", 1, .character("["), .key), ("a[=1", 3, .character("="), .digit),
      ("a[x]=1", 3, .character("x"), .digit), ("a[99999999999999999999]=1", 23, .character("]"), .digit),
      ("a[0=1", 4, .character("="), .closingBracket), ("a[0]b=1", 5, .character("b"), .equals),
      ("a]=1", 2, .character("]"), .equals), ("a=", 3, .end, .value), ("a={b:}", 6, .character("}"), .value),
      ("a='x", 5, .end, .closingQuote("'")),
    ] as [(String, Int, SyntaxFound, SyntaxExpected)])
  func broken(argument: String, column: Int, found: SyntaxFound, expected: SyntaxExpected) {
    #expect(
      throws: ModelFileError.syntax(position: Self.at(argument, column), found: found, expected: expected),
      "\(argument)"
    ) { try ModelValueOverride(argument) }
  }

  @Test("no damage traps")
  func mutations() throws {
    let original = Array("market.regimes[0].jumps={ mean: -0.03, name: 'a' }".utf8)
    let document = try JSON5Document(parsing: Self.model)
    var generator = SplitMix(state: 7)
    var applied = 0
    for _ in 0..<10_000 {
      let argument = String(decoding: generator.damage(original), as: UTF8.self)
      if let override = try? ModelValueOverride(argument), (try? document.applying([override])) != nil { applied += 1 }
    }
    #expect((1_000..<9_000).contains(applied), "\(applied) of 10000 applied")
  }
}

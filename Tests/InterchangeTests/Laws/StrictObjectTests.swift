import Interchange
import Testing

/// Every refusal of the strict decoder, as the literal error a hand-counted text must give.
@Suite("Strict decoding")
struct StrictObjectTests {
  static let text = """
    {
      name: 'calm', volatility: 0.55, drfit: 0,
      jumps: [ { mean: -0.03 }, 7 ],
      switching: [[-6, 6], [24]],
      check: '60 sec', fee: '25 bps', empty: '', none: null, huge: 1e400, whole: 2.0, when: '2021-10-21T08:00:00Z',
    }
    """

  static func object() throws -> StrictObject {
    try StrictObject(JSON5Document(parsing: text).root, path: ModelPath.root.appending("market").appending(1))
  }

  private static func at(_ line: Int, _ column: Int) -> SourcePosition { SourcePosition(line: line, column: column) }

  @Test("what is there is returned")
  func values() throws {
    var object = try Self.object()
    #expect(try object.required("name").name() == "calm")
    #expect(try object.required("volatility").number(in: .positive) == 0.55)
    #expect(try object.required("fee").fraction() == 0.0025)
    #expect(try object.required("whole").integer(in: 0...5) == 2)
    #expect(try object.required("when").instant().seconds == 1_634_803_200)
    #expect(object.optional("none") == nil && object.optional("absent") == nil)
    var jump = try object.required("jumps").array()[0].object()
    #expect(try jump.required("mean").number() == -0.03)
    try jump.finish()
    #expect(jump.path.description == "market[1].jumps[0]" && jump.position == Self.at(3, 12))
    let square = try StrictValue(JSON5Document(parsing: "[[1, 2], [3, 4]]").root).matrix(rows: 2, columns: 2)
    #expect(square == [[1, 2], [3, 4]])
  }

  @Test("an unread key is refused with the keys that were asked for")
  func unknownKey() throws {
    var object = try Self.object()
    for key in ["name", "volatility", "jumps", "switching", "check"] { _ = try object.required(key) }
    _ = object.optional("drift")
    #expect(
      throws: ModelFileError.unknownKey(
        position: Self.at(2, 35), path: "market[1]", key: "drfit",
        allowed: ["name", "volatility", "jumps", "switching", "check", "drift"], suggestion: "drift")
    ) { try object.finish() }
  }

  @Test("a missing key is refused with the unread key that looks like it")
  func missingKey() throws {
    var object = try Self.object()
    #expect(
      throws: ModelFileError.missingKey(
        position: Self.at(1, 1), path: "market[1]", key: "drift",
        similar: SimilarKey(key: "drfit", position: Self.at(2, 35)))
    ) { try object.required("drift") }
    #expect(
      throws: ModelFileError.missingKey(position: Self.at(1, 1), path: "market[1]", key: "spot", similar: nil)
    ) { try object.required("spot") }
  }

  @Test("exactly one of several keys")
  func single() throws {
    func read(_ text: String) throws -> String {
      var object = try StrictObject(JSON5Document(parsing: text).root)
      return try object.single(of: ["quadratic", "exponential"]).key
    }
    #expect(try read("{ exponential: {} }") == "exponential")
    #expect(throws: ModelFileError.wrongCount(position: Self.at(1, 1), path: "", found: 0, allowed: 1...1)) {
      try read("{}")
    }
    #expect(throws: ModelFileError.wrongCount(position: Self.at(1, 1), path: "", found: 2, allowed: 1...1)) {
      try read("{ quadratic: 1, exponential: 2 }")
    }
    #expect(
      throws: ModelFileError.unknownKey(
        position: Self.at(1, 3), path: "", key: "quadratc", allowed: ["quadratic", "exponential"],
        suggestion: "quadratic")
    ) { try read("{ quadratc: 1 }") }
  }

  enum Settlement: String, CaseIterable { case cash, physical, none }

  /// One row per refusal: the key, what is asked of it, the error.
  static let refusals: [(String, @Sendable (StrictValue) throws -> Void, ModelFileError)] = [
    (
      "name", { _ = try $0.number() },
      .wrongType(position: at(2, 9), path: "market[1].name", found: .string, expected: [.number])
    ),
    (
      "none", { _ = try $0.object() },
      .wrongType(position: at(5, 52), path: "market[1].none", found: .null, expected: [.object])
    ),
    (
      "name", { _ = try $0.array() },
      .wrongType(position: at(2, 9), path: "market[1].name", found: .string, expected: [.array])
    ),
    (
      "name", { _ = try $0.boolean() },
      .wrongType(position: at(2, 9), path: "market[1].name", found: .string, expected: [.boolean])
    ),
    (
      "whole", { _ = try $0.string() },
      .wrongType(position: at(5, 78), path: "market[1].whole", found: .number, expected: [.string])
    ),
    (
      "volatility", { _ = try $0.integer(in: 0...9) },
      .wrongType(position: at(2, 29), path: "market[1].volatility", found: .number, expected: [.integer])
    ),
    (
      "jumps", { _ = try $0.array()[1].object() },
      .wrongType(position: at(3, 29), path: "market[1].jumps[1]", found: .number, expected: [.object])
    ),
    (
      "jumps", { _ = try $0.fraction() },
      .wrongType(position: at(3, 10), path: "market[1].jumps", found: .array, expected: [.number, .string])
    ),
    (
      "volatility", { _ = try $0.number(in: .closed(1, 2)) },
      .outOfRange(position: at(2, 29), path: "market[1].volatility", found: "0.55", allowed: .closed(1, 2))
    ),
    (
      "huge", { _ = try $0.number() },
      .outOfRange(position: at(5, 64), path: "market[1].huge", found: "1e400", allowed: .finite)
    ),
    (
      "whole", { _ = try $0.integer(in: 3...4) },
      .outOfRange(position: at(5, 78), path: "market[1].whole", found: "2.0", allowed: .closed(3, 4))
    ),
    (
      "fee", { _ = try $0.fraction(in: .closed(0.01, 1)) },
      .outOfRange(position: at(5, 25), path: "market[1].fee", found: "25 bps", allowed: .closed(100, 10_000))
    ),
    (
      "switching", { _ = try $0.matrix(rows: 2, columns: 2) },
      .wrongCount(position: at(4, 24), path: "market[1].switching[1]", found: 1, allowed: 2...2)
    ),
    (
      "switching", { _ = try $0.matrix(rows: 3, columns: 2) },
      .wrongCount(position: at(4, 14), path: "market[1].switching", found: 2, allowed: 3...3)
    ),
    (
      "check", { _ = try $0.seconds() },
      .wrongUnit(
        position: at(5, 10), path: "market[1].check", found: "sec", allowed: ["ms", "s", "min", "h", "d", "y"])
    ),
    (
      "fee", { _ = try $0.seconds() },
      .wrongUnit(
        position: at(5, 25), path: "market[1].fee", found: "bps", allowed: ["ms", "s", "min", "h", "d", "y"])
    ),
    (
      "check", { _ = try $0.fraction() },
      .wrongUnit(position: at(5, 10), path: "market[1].check", found: "sec", allowed: ["bps", "%"])
    ),
    (
      "name", { _ = try $0.fraction() },
      .malformed(position: at(2, 9), path: "market[1].name", found: "calm", expected: .quantity)
    ),
    (
      "empty", { _ = try $0.name() },
      .malformed(position: at(5, 42), path: "market[1].empty", found: "", expected: .notEmpty)
    ),
    (
      "name", { _ = try $0.instant() },
      .malformed(position: at(2, 9), path: "market[1].name", found: "calm", expected: .timestamp)
    ),
    (
      "name", { _ = try $0.choice(Settlement.self) },
      .unknownChoice(
        position: at(2, 9), path: "market[1].name", found: "calm", allowed: ["cash", "physical", "none"],
        suggestion: nil)
    ),
    (
      "name", { _ = try $0.string(oneOf: ["wild", "clam"]) },
      .unknownChoice(
        position: at(2, 9), path: "market[1].name", found: "calm", allowed: ["wild", "clam"], suggestion: "clam")
    ),
  ]

  @Test("refusals", arguments: refusals.indices)
  func refusal(row: Int) throws {
    let (key, decode, expected) = Self.refusals[row]
    var object = try Self.object()
    let value = try object.required(key)
    #expect(throws: expected, "row \(row): \(key)") { try decode(value) }
    #expect(expected.position == value.position || key == "jumps" || key == "switching")
    #expect(expected.path?.hasPrefix("market[1].\(key)") == true)
  }

  @Test("the root must be an object")
  func root() {
    #expect(throws: ModelFileError.wrongType(position: Self.at(1, 2), path: "", found: .array, expected: [.object])) {
      try StrictObject(JSON5Document(parsing: " []").root)
    }
  }
}

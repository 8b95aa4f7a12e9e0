import Foundation
import Interchange
import Testing

/// The writer's text as literals.
@Suite("JSON writer")
struct JSONWriterTests {
  static let value: JSONValue = .object([
    JSONMember("schema", "deadband.parameters/1", comment: "what this is"),
    JSONMember("count", 3), JSONMember("spot", 63000.0), JSONMember("a key", -0.0),
    JSONMember(
      "regimes", [["band": [-1.92, 2.03, nil, true]], [:], []], comment: "first line\nsecond line\r\n\u{2028}end"),
    JSONMember("text", "\"\\\n\r\t\u{1}\u{2028}é🎼/"),
  ])

  @Test("JSON")
  func json() throws {
    let expected = #"""
      {
        "schema": "deadband.parameters/1",
        "count": 3,
        "spot": 63000.0,
        "a key": -0.0,
        "regimes": [
          {
            "band": [-1.92, 2.03, null, true]
          },
          {},
          []
        ],
        "text": "\"\\\n\r\t\u0001\u2028é🎼/"
      }

      """#
    #expect(try JSONWriter.text(of: Self.value, heading: "left out") == expected)
  }

  @Test("JSON5 with comments")
  func commented() throws {
    let expected = #"""
      // calibrated
      {
        // what this is
        schema: "deadband.parameters/1",
        count: 3,
        spot: 63000.0,
        "a key": -0.0,
        // first line
        // second line
        //
        // end
        regimes: [
          {
            band: [-1.92, 2.03, null, true],
          },
          {},
          [],
        ],
        text: "\"\\\n\r\t\u0001\u2028é🎼/",
      }

      """#
    #expect(try JSONWriter.text(of: Self.value, dialect: .commentedJSON5, heading: "calibrated") == expected)
  }

  @Test("numbers JSON cannot hold are refused with their path")
  func notFinite() {
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(throws: InterchangeError.notFinite(path: "a.b[1]")) {
        try JSONWriter.text(of: ["a": ["b": [0.0, .number(number)]]])
      }
    }
  }

  @Test("a key that would stand twice is refused")
  func duplicateKey() {
    #expect(throws: InterchangeError.duplicateKey(path: "a[0]", key: "b")) {
      try JSONWriter.text(of: ["a": [["b": 1, "b": 2]]])
    }
  }
}

/// Reading what was written gives the value back, for our reader and for Foundation's.
@Suite("JSON round trips")
struct JSONRoundTripTests {
  @Test("random values survive both dialects", arguments: [JSONWriter.Dialect.json, .commentedJSON5])
  func values(dialect: JSONWriter.Dialect) throws {
    var generator = SplitMix(state: 1)
    for round in 0..<2_000 {
      let value = Self.random(depth: 0, &generator)
      let text = try JSONWriter.text(of: value, dialect: dialect, heading: "a\nb */ {")
      let back = JSONValue(try JSON5Document(parsing: text).root)
      // Comments are not content: the text without them is compared, which distinguishes -0.0 from 0.0 as well.
      guard try JSONWriter.text(of: back) == JSONWriter.text(of: value) else {
        Issue.record("round \(round): \(text)")
        return
      }
    }
  }

  @Test("doubles of every magnitude come back bit for bit")
  func doubles() throws {
    var generator = SplitMix(state: 2)
    var doubles = [0.0, -0.0, 0.1, 1e15, 1e16, 123_456_789_012_345_680, .leastNonzeroMagnitude, .leastNormalMagnitude]
    doubles.append(contentsOf: [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e23])
    while doubles.count < 20_000 {
      let double = Double(bitPattern: generator.next())
      if double.isFinite { doubles.append(double) }
    }
    let text = try JSONWriter.text(of: .numbers(doubles))
    guard case .array(let nodes) = try JSON5Document(parsing: text).root.value else {
      Issue.record("no array")
      return
    }
    let foundation = try JSONDecoder().decode([Double].self, from: Data(text.utf8))
    try #require(nodes.count == doubles.count && foundation.count == doubles.count)
    for (index, double) in doubles.enumerated() {
      guard case .number(let number) = nodes[index].value, number.value.bitPattern == double.bitPattern,
        foundation[index].bitPattern == double.bitPattern
      else {
        Issue.record("\(double) came back as \(nodes[index].value) and \(foundation[index])")
        return
      }
    }
  }

  /// Two readers that share no code agree on every random JSON text.
  @Test("our reader agrees with Foundation's")
  func foundation() throws {
    var generator = SplitMix(state: 3)
    for round in 0..<500 {
      let value = Self.random(depth: 0, &generator)
      let text = try JSONWriter.text(of: value)
      let theirs = try JSONDecoder().decode(Foreign.self, from: Data(text.utf8))
      guard theirs == Foreign(try JSON5Document(parsing: text).root) else {
        Issue.record("round \(round): \(text)")
        return
      }
    }
  }

  /// What Foundation's decoder sees: numbers are doubles, members have no order.
  private enum Foreign: Decodable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([Foreign])
    case object([String: Foreign])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .boolean(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else if let value = try? container.decode(String.self) {
        self = .string(value)
      } else if let value = try? container.decode([Foreign].self) {
        self = .array(value)
      } else {
        self = .object(try container.decode([String: Foreign].self))
      }
    }

    init(_ node: JSON5Node) {
      switch node.value {
      case .null: self = .null
      case .boolean(let value): self = .boolean(value)
      case .number(let number): self = .number(number.value)
      case .string(let text): self = .string(text)
      case .array(let nodes): self = .array(nodes.map { Foreign($0) })
      case .object(let members):
        self = .object(Dictionary(members.map { ($0.key, Foreign($0.node)) }) { first, _ in first })
      }
    }
  }

  private static func random(depth: Int, _ generator: inout SplitMix) -> JSONValue {
    let kinds = depth < 4 ? 7 : 5
    switch Int.random(in: 0..<kinds, using: &generator) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &generator))
    case 2: return .integer(Int.random(in: -9_007_199_254_740_992...9_007_199_254_740_992, using: &generator))
    case 3: return .number(Double.random(in: -1e3...1e3, using: &generator))
    case 4: return .string(text(&generator))
    case 5:
      return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth: depth + 1, &generator) })
    default:
      var members: [JSONMember] = []
      for index in 0..<Int.random(in: 0...4, using: &generator) {
        let comment = Bool.random(using: &generator) ? text(&generator) : nil
        members.append(
          JSONMember("\(text(&generator))\(index)", random(depth: depth + 1, &generator), comment: comment))
      }
      return .object(members)
    }
  }

  private static func text(_ generator: inout SplitMix) -> String {
    let letters = Array("ab_$ \"'\\/*{}:,\n\r\t\u{0}\u{1F}\u{7F}\u{85}\u{2028}\u{2029}é🎼".unicodeScalars)
    var view = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...8, using: &generator) {
      view.append(letters[Int.random(in: 0..<letters.count, using: &generator)])
    }
    return String(view)
  }
}

import Interchange
import Testing

/// Positions counted by hand. Columns count Unicode scalars from one.
@Suite("JSON5 positions")
struct JSON5PositionTests {
  @Test("every key and value")
  func everyKeyAndValue() throws {
    let text = "\u{FEFF}// first\n{ spot: 63000,\r\n  'ä🎼': [ true,\r   null ], /* x\n */ last: { inner: 'a' } }"
    let document = try JSON5Document(parsing: text, source: .file("m.json5"))
    let expected: [String] = [
      "m.json5:2:1 object",
      "m.json5:2:3 spot m.json5:2:9 number",
      "m.json5:3:3 ä🎼 m.json5:3:9 array",
      "m.json5:3:11 boolean", "m.json5:4:4 null",
      "m.json5:5:5 last m.json5:5:11 object",
      "m.json5:5:13 inner m.json5:5:20 string",
    ]
    #expect(Self.listing(document.root) == expected)
  }

  @Test("descriptions name the source")
  func descriptions() {
    #expect(SourcePosition(line: 3, column: 7).description == "3:7")
    #expect(SourcePosition(source: .file("a b.json5"), line: 3, column: 7).description == "a b.json5:3:7")
    #expect(SourcePosition(source: .setOption("x=1"), line: 1, column: 3).description == "--set x=1:1:3")
  }

  @Test("a duplicate key names both places and its path")
  func duplicateKey() {
    let text = "{ market: { regimes: [ {},\n { name: 1, \"name\": 2 } ] } }"
    #expect(
      throws: ModelFileError.duplicateKey(
        position: SourcePosition(line: 2, column: 13), path: "market.regimes[1]", key: "name",
        first: SourcePosition(line: 2, column: 4))
    ) { try JSON5Document(parsing: text) }
  }

  @Test("nesting is limited where it exceeds the limit")
  func nesting() throws {
    let limit = JSON5Document.nestingLimit
    let deepest = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
    _ = try JSON5Document(parsing: deepest)
    #expect(
      throws: ModelFileError.syntax(
        position: SourcePosition(line: 1, column: limit + 1), found: .nesting(limit + 1),
        expected: .nesting(atMost: limit))
    ) { try JSON5Document(parsing: String(repeating: "[", count: 1_000_000)) }
  }

  /// Bytes that are not UTF-8 (Unicode Standard, table 3-7): the first byte of the broken sequence is named.
  @Test(
    "invalid UTF-8",
    arguments: [
      ([0x80], 0x80), ([0xC3], 0xC3), ([0xC3, 0x22], 0xC3), ([0xC0, 0xAF], 0xC0), ([0xED, 0xA0, 0x80], 0xED),
      ([0xF5, 0x80, 0x80, 0x80], 0xF5), ([0xFF], 0xFF), ([0xE2, 0x82], 0xE2),
    ] as [([UInt8], UInt8)])
  func invalidBytes(bytes: [UInt8], named: UInt8) {
    let text = Array("\n'ä".utf8) + bytes + Array("'".utf8)
    #expect(
      throws: ModelFileError.syntax(
        position: SourcePosition(line: 2, column: 3), found: .byte(named), expected: .utf8), "\(bytes)"
    ) { try JSON5Document(parsing: text) }
  }

  @Test("a file that is not there")
  func missingFile() {
    #expect(
      throws: ModelFileError.unreadable(file: "no/such/file.json5", reason: "No such file or directory")
    ) { try JSON5Document(contentsOf: "no/such/file.json5") }
  }

  /// Positions, keys and kinds in the order of the text.
  private static func listing(_ node: JSON5Node, key: String = "") -> [String] {
    let line = key + "\(node.position) \(node.kind)"
    switch node.value {
    case .object(let members):
      return [line] + members.flatMap { listing($0.node, key: "\($0.keyPosition) \($0.key) ") }
    case .array(let nodes): return [line] + nodes.flatMap { listing($0) }
    default: return [line]
    }
  }
}

import Formulation
import Foundation
import Interchange
import Testing

/// Laws of the reader over damaged texts: it returns a document or throws, whatever the bytes.
@Suite("JSON5 mutations")
struct JSON5MutationTests {
  static let model = """
    { schema: "deadband.model/1", /* a */ name: 'bt\\u00e9c', market: { spot: 63000, rate: -0.0e1, // b
      regimes: [ { volatility: .55, drift: +0, jumps: { merton: { mean: -3e-2, } } }, { volatility: 0x1F } ],
      "switching": { perYear: [[-6, 6], [24, -24]] }, more: [null, true, Infinity, NaN, 'ä🎼\\\n'] } }
    """

  /// Changes, removals, insertions and doublings of one to four bytes, ten thousand times.
  @Test("no damage traps, and every error stands inside the text or at its end")
  func mutations() throws {
    let original = Array(Self.model.utf8)
    var generator = SplitMix(state: 20_211_021)
    var refused = 0
    for round in 0..<10_000 {
      let bytes = generator.damage(original)
      do {
        _ = try JSON5Document(parsing: bytes)
      } catch {
        refused += 1
        let lines = Self.lineLengths(bytes)
        let position = error.position
        guard position.line >= 1, position.column >= 1, position.line <= lines.count,
          position.column <= lines[position.line - 1] + 1
        else {
          Issue.record("round \(round): \(error) is outside the text")
          return
        }
      }
    }
    // Most damage breaks the text, some only changes a letter: a reader that accepts or refuses all would show here.
    #expect((5_000..<9_900).contains(refused), "\(refused) of 10000 refused")
  }

  @Test("every proper beginning of a document is refused at its end or before")
  func beginnings() {
    let original = Array(Self.model.utf8)
    for count in 0..<original.count {
      #expect(throws: ModelFileError.self, "the first \(count) bytes") {
        try JSON5Document(parsing: Array(original[..<count]))
      }
    }
  }

  /// Quantities and timestamps are the texts a model holds beside names.
  @Test("no damaged quantity or timestamp traps")
  func texts() {
    var generator = SplitMix(state: 5)
    var accepted = 0
    for _ in 0..<10_000 {
      for original in ["25.5e-1 bps", "12h", "2021-10-21T08:00:00Z"] {
        let text = String(decoding: generator.damage(Array(original.utf8)), as: UTF8.self)
        let value = StrictValue(JSON5Node(.string(text), at: SourcePosition(line: 1, column: 1)))
        if (try? value.fraction()) != nil || (try? value.seconds()) != nil { accepted += 1 }
        if let instant = try? value.instant() {
          accepted += 1
          // The text is to the nearest second.
          let again = Instant(instant.text)
          #expect(again.map { abs($0.seconds - instant.seconds) <= 0.5 } == true, "\(text)")
        }
      }
    }
    #expect((1_000..<29_000).contains(accepted), "\(accepted) of 30000 accepted")
  }

  /// Objects in lists in objects to the limit, parsed, compared, written and freed on half a megabyte of stack.
  @Test("the deepest nesting fits in a small stack")
  func smallStack() {
    let pairs = JSON5Document.nestingLimit / 2
    let text = String(repeating: "{a:[", count: pairs) + String(repeating: "]}", count: pairs)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      if let document = try? JSON5Document(parsing: text), document == (try? JSON5Document(parsing: text)),
        (try? JSONWriter.text(of: JSONValue(document.root))) != nil
      {
        done.signal()
      }
    }
    thread.stackSize = 1 << 19
    thread.start()
    #expect(done.wait(timeout: .now() + .seconds(60)) == .success)
  }

  /// Bytes per line: an upper bound of the scalars per line.
  private static func lineLengths(_ bytes: [UInt8]) -> [Int] {
    var lengths = [0]
    for (index, byte) in bytes.enumerated() {
      lengths[lengths.count - 1] += 1
      let followedByLineFeed = index + 1 < bytes.count && bytes[index + 1] == 10
      if byte == 10 || (byte == 13 && !followedByLineFeed) { lengths.append(0) }
    }
    return lengths
  }
}

/// The generator of G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators" (2014),
/// figure 19; for choosing test cases only.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A copy with one to four bytes changed, removed, inserted or doubled.
  mutating func damage(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    // Characters of the grammar are inserted as often as arbitrary bytes, so that the damage reaches deep rules.
    let marks = Array("{}[]:,'\"\\/*+-.0xeuINn \n\r".utf8)
    for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &self)
      let byte =
        Bool.random(using: &self)
        ? UInt8.random(in: 0...255, using: &self) : marks[Int.random(in: 0..<marks.count, using: &self)]
      switch Int.random(in: 0..<4, using: &self) {
      case 0: bytes[index] = byte
      case 1: bytes.remove(at: index)
      case 2: bytes.insert(byte, at: index)
      default: bytes.insert(bytes[index], at: index)
      }
    }
    return bytes
  }
}

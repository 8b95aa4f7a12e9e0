import Formulation
import Foundation
import Interchange
import Testing

@testable import struct Interchange.QuantityText
@testable import enum Interchange.Suggestion

/// Quantities whose values are exact by the definition of their units, and dates with published second counts.
@Suite("Quantities")
struct QuantityTests {
  /// The doubles must be those nearest to the decimal value, not products rounded twice.
  @Test(
    "fractions",
    arguments: [
      ("25 bps", 0.0025), ("25bps", 0.0025), ("3 bp", 0.0003), ("7 basisPoints", 0.0007), ("80%", 0.8), ("0.8", 0.8),
      (" 0.1 percent ", 0.001), ("-3e-2", -0.03), ("+1.5", 1.5), ("1e4bps", 1), ("29%", 0.29), ("5.5 %", 0.055),
    ] as [(String, Double)])
  func fractions(text: String, expected: Double) throws {
    #expect(try value(text).fraction() == expected, "\(text)")
  }

  /// The year is 365 × 86 400 s.
  @Test(
    "durations",
    arguments: [
      ("3600s", 3600), ("12h", 43_200), ("30d", 2_592_000), ("5min", 300), ("500ms", 0.5), ("1y", 31_536_000),
      ("0.1 ms", 0.0001), ("60", 60), ("0s", 0),
    ] as [(String, Double)])
  func durations(text: String, expected: Double) throws {
    #expect(try value(text).seconds() == expected, "\(text)")
  }

  @Test("a bare number has the unit its key documents, a written unit wins")
  func bareUnit() throws {
    #expect(try value("5").quantity(bare: .basisPoint) == 0.0005)
    #expect(try value("5%").quantity(bare: .basisPoint) == 0.05)
    let number = StrictValue(try JSON5Document(parsing: "5").root)
    #expect(try number.quantity(bare: .basisPoint) == 0.0005)
    #expect(try number.quantity(bare: .hour) == 18_000)
  }

  @Test(
    "texts that are no quantities",
    arguments: ["", " ", "bps", "-", "+", ".", ".5", "5.", "5.s", "e5", "--5", "Infinity", "nan", "0x10s", "٣ s"])
  func malformed(text: String) {
    // "0x10s" begins with the number 0: it is refused for its unit, the others for their form.
    #expect(throws: ModelFileError.self, "\(text)") { try value(text).seconds() }
    #expect((QuantityText(text) == nil) == (text != "0x10s"), "\(text)")
  }

  /// The billionth second and the last of signed 32-bit time are well known; leap days around century years follow the
  /// Gregorian rule.
  @Test(
    "timestamps",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2001-09-09T01:46:40Z", 1_000_000_000), ("2038-01-19T03:14:07Z", 2_147_483_647),
      ("2000-02-29T00:00:00Z", 951_782_400), ("2021-10-21T08:00:00Z", 1_634_803_200),
    ] as [(String, Double)])
  func timestamps(text: String, expected: Double) throws {
    let instant = try value(text).instant()
    #expect(instant.seconds == expected)
    #expect(instant.text == text)
  }

  /// Agreement with Foundation's calendar on every 1 000 003rd second until the year 2200 or so.
  @Test("timestamps agree with Foundation")
  func foundationCalendar() {
    let formatter = ISO8601DateFormatter()
    for seconds in stride(from: 0.0, to: 7.3e9, by: 1_000_003) {
      let text = formatter.string(from: Date(timeIntervalSince1970: seconds))
      guard Instant(text)?.seconds == seconds, Instant(seconds: seconds).text == text
      else {
        Issue.record("\(text) is not \(seconds)")
        return
      }
    }
  }

  @Test(
    "dates that do not exist or have another form",
    arguments: [
      "2021-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-00-01T00:00:00Z",
      "2021-04-31T00:00:00Z", "2021-04-00T00:00:00Z", "2021-04-01T24:00:00Z", "2021-04-01T00:60:00Z",
      "2021-04-01T00:00:60Z", "2021-04-01T", "2021-04-01T00:00:00", "2021-04-01 00:00:00Z",
      "2021-04-01T00:00:00+00:00", "2021-04-01T00:00:00Zz", "2021-4-01T00:00:00Z", "",
    ])
  func wrongDates(text: String) {
    #expect(throws: ModelFileError.self, "\(text)") { try value(text).instant() }
  }

  /// Distances with known values; "ca" to "abc" is 3 in the restricted form and 2 in the full one.
  @Test(
    "edit distances",
    arguments: [
      ("kitten", "sitting", 3), ("saturday", "sunday", 3), ("ca", "abc", 3), ("drfit", "drift", 1), ("", "abc", 3),
      ("abc", "", 3), ("same", "same", 0), ("ab", "ba", 1), ("abcd", "acbd", 1),
    ])
  func distances(a: String, b: String, expected: Int) {
    let (first, second) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    #expect(Suggestion.distance(first, second) == expected)
    #expect(Suggestion.distance(second, first) == expected)
  }

  @Test(
    "suggestions",
    arguments: [
      ("volatlity", "volatility"), ("RISKAVERSION", "riskAversion"), ("spott", "spot"), ("drift", nil), ("x", nil),
      ("vol", "volatility"), ("s", nil), ("pot", "spot"),
      ("", nil), (String(repeating: "volatility", count: 1000), nil),
    ] as [(String, String?)])
  func suggestions(word: String, expected: String?) {
    #expect(Suggestion.nearest(to: word, among: ["volatility", "riskAversion", "spot", "name"]) == expected)
  }

  private func value(_ text: String) -> StrictValue {
    StrictValue(JSON5Node(.string(text), at: SourcePosition(line: 1, column: 1)))
  }
}

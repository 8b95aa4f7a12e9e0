import Testing

@testable import Commands

/// What `--policy` understands, and what it says to what it does not.
@Suite struct PolicyRequestTests {
  static let understood: [(String, PolicyRequest)] = [
    ("optimal", .named("optimal")), ("hybridAny", .named("hybridAny")), ("leland", .named("leland")),
    ("band:0.1", .band(half: 0.1, target: 0.1)), ("band:4:0", .band(half: 4, target: 0)),
    ("band:1e-3:5e-4", .band(half: 1e-3, target: 5e-4)), ("every:4h", .every(seconds: 14_400)),
    ("every:90", .every(seconds: 90)), ("every:1d", .every(seconds: 86_400)),
    ("desk/bands.csv", .table(file: "desk/bands.csv")),
  ]

  @Test func reads() throws {
    for (text, request) in Self.understood { #expect(try PolicyRequest(text) == request, "\(text)") }
  }

  static let refused: [(String, String?)] = [
    ("optmal", "optimal"), ("bnd:0.1", "band"), ("evry:4h", "every"), ("band:-1", "band"), ("band:0.1:0.2", "band"),
    ("band:", "band"), ("every:4 bps", "every"), ("every:0", "every"), ("band:0.1:0:0", "band"), ("nothing", nil),
    ("bands.tsv", nil),
  ]

  @Test func refuses() {
    for (text, suggestion) in Self.refused {
      #expect(throws: UsageError.notAPolicy(found: text, suggestion: suggestion), "\(text)") {
        try PolicyRequest(text)
      }
    }
  }
}

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
    ("optmal", "optimal"), ("bnd:0.1", "band"), ("evry:4h", "every"), ("band:0.1:0:0", "band"), ("nothing", nil),
    ("bands.tsv", nil),
  ]

  /// A known form with a part that is no such number: which part, and what it may be.
  static let refusedParts: [(String, String, String, UsageError.PolicyPart)] = [
    ("band:-1", "HALF", "-1", .number(.positive)), ("band:", "HALF", "", .number(.positive)),
    ("band:0.1:0.2", "TARGET", "0.2", .number(.closed(0, 0.1))), ("band:1:-1", "TARGET", "-1", .number(.closed(0, 1))),
    ("every:0", "TIME", "0", .positiveTime), ("every:4 bps", "TIME", "4 bps", .positiveTime),
  ]

  @Test func refuses() {
    for (text, suggestion) in Self.refused {
      #expect(throws: UsageError.notAPolicy(found: text, suggestion: suggestion), "\(text)") {
        try PolicyRequest(text)
      }
    }
    for (text, part, found, allowed) in Self.refusedParts {
      #expect(
        throws: UsageError.notAPolicyPart(policy: text, part: part, found: found, allowed: allowed), "\(text)"
      ) { try PolicyRequest(text) }
    }
  }
}

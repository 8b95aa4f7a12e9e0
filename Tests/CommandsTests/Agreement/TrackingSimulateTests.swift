import Foundation
import Testing

@testable import Commands

/// `simulate` of a tracking problem: every class against what the equations say it costs.
@Suite(.serialized) struct TrackingSimulateTests {
  struct Number: Decodable { let mean, standardError: Double }
  struct Solved: Decodable { let value, error: Double }
  struct Policy: Decodable {
    let policy: String
    let regime: String?
    let extrapolated: Number
    let solved: Solved
    let moreThanOptimal: Number?
  }
  struct Answer: Decodable {
    let policies: [Policy]
    let omittedClasses: [Omitted]
  }
  struct Omitted: Decodable { let `class`, reason: String }

  private static func model(_ criterion: String) -> String {
    """
    { schema: "deadband.model/1", name: "two", kind: "tracking",
      tracking: { criterion: \(criterion),
        regimes: [ { name: "a", volatility: 1, runningCost: { quadratic: 1 } },
                   { name: "b", volatility: 1.5, runningCost: { quadratic: 1 } } ],
        switching: { perYear: [[-1, 1], [0.5, -0.5]] } },
      costs: [ { fixed: { amount: [0.3, 0.5] } }, { proportional: { perUnit: 0.1 } } ] }
    """
  }

  private func run(_ criterion: String, _ arguments: [String] = []) throws -> (isDone: Bool, record: RecordingConsole) {
    try withTemporaryFolder { folder in
      let path = folder + "/two.json5"
      try Self.model(criterion).write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      return (record.run(["simulate", path, "--json"] + arguments) == .done, record)
    }
  }

  @Test(arguments: ["\"longRunAverage\"", "{ discounted: 0.5 }"])
  func classes(_ criterion: String) throws {
    let (isDone, record) = try run(criterion)
    #expect(isDone, "\(record.words)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
    let names = ["optimal", "recentre", "inner", "interval", "hybridAny", "hybridAll", "constantBand"]
    // Averages are those of all regimes, discounted costs those of each start.
    let isAverage = criterion.contains("long")
    #expect(answer.policies.map(\.policy) == (isAverage ? names : names + names))
    #expect(
      answer.policies.map(\.regime)
        == (isAverage ? names.map { _ in nil } : names.map { _ in "a" } + names.map { _ in "b" }))
    #expect(answer.omittedClasses.map(\.class) == ["edge"])
    for policy in answer.policies {
      let found = policy.extrapolated
      // Looking every δ leaves less than half a per cent after extrapolation.
      let allowed = 4 * found.standardError + 0.005 * policy.solved.value
      #expect(abs(found.mean - policy.solved.value) < allowed, "\(policy)")
      guard let excess = policy.moreThanOptimal else { continue }
      #expect(excess.mean > -4 * excess.standardError, "\(policy.policy)")
    }
  }

  @Test func chosen() throws {
    let (isDone, record) = try run("\"longRunAverage\"", ["--policy", "hybridAny"])
    #expect(isDone, "\(record.words)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
    #expect(answer.policies.map(\.policy) == ["optimal", "hybridAny"] && answer.omittedClasses.isEmpty)
    let (isOther, refused) = try run("\"longRunAverage\"", ["--policy", "priceMove"])
    #expect(!isOther && refused.words.contains("found “priceMove”"), "\(refused.words)")
  }
}

import Foundation
import Testing

@testable import Commands

/// `frontier`, and the commands under a risk budget.
@Suite(.serialized) struct FrontierCommandTests {
  struct Figure: Decodable { let value, error: Double }
  struct Point: Decodable { let riskAversion: Double, total, tradingAndCarry, risk, deviation: Figure }
  struct Answer: Decodable {
    let own: Int
    let problemDigest: String
    let points: [Point]
  }

  private static let quadratic = "{ quadratic: { riskAversion: 1e-4 } }"

  /// Runs a command on the small vault with another preference.
  private func run(
    _ command: String, preference: String = quadratic, _ arguments: [String] = [], in folder: String
  ) throws -> (status: Commands.ExitStatus, record: RecordingConsole) {
    let path = folder + "/vault.json5"
    try smallVault.replacingOccurrences(of: Self.quadratic, with: preference)
      .write(toFile: path, atomically: true, encoding: .utf8)
    let record = RecordingConsole()
    return (record.run([command, path] + arguments), record)
  }

  private func answer(_ record: RecordingConsole) throws -> Answer {
    try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
  }

  @Test func budgetFindsThePointOfTheFrontier() throws {
    try withTemporaryFolder { folder in
      let (status, record) = try run("frontier", ["--points", "3", "--span", "4", "--json"], in: folder)
      #expect(status == .done, "\(record.words)")
      let frontier = try answer(record)
      #expect(frontier.points.count == 3)
      let own = frontier.points[frontier.own]
      #expect(own.riskAversion == 1e-4)
      let budget = try run(
        "frontier", preference: "{ riskBudget: { deviation: \(own.deviation.value) } }", ["--points", "2", "--json"],
        in: folder)
      #expect(budget.status == .done, "\(budget.record.words)")
      let met = try answer(budget.record)
      let point = met.points[met.own]
      #expect(abs(point.deviation.value / own.deviation.value - 1) < 0.001)
      #expect(abs(point.riskAversion / own.riskAversion - 1) < 0.01)
    }
  }

  /// The screen keeps to its width and marks the model's own row.
  @Test func screenFits() throws {
    try withTemporaryFolder { folder in
      let (status, record) = try run("frontier", in: folder)
      #expect(status == .done, "\(record.words)")
      let lines = record.output.split(separator: "\n", omittingEmptySubsequences: false)
      for line in lines { #expect(line.count <= Screen.width, "\(line)") }
      #expect(lines.filter { $0.contains("▸ 0.0001") }.count == 1)
      #expect(lines.filter { $0.contains("◆") }.count == 1)
    }
  }

  @Test func sameBytesForAnyThreads() throws {
    try withTemporaryFolder { folder in
      let texts = try ["1", "3"].map {
        try run("frontier", ["--points", "2", "--json", "--threads", $0], in: folder).record.output
      }
      #expect(texts[0] == texts[1])
    }
  }

  /// What the budget was and what it became is in the files, and the policy simulated deviates by as much.
  @Test func solveRecordsTheBudget() throws {
    try withTemporaryFolder { folder in
      let out = folder + "/out"
      let (status, record) = try run(
        "solve", preference: "{ riskBudget: { deviation: 9000 } }", ["--out", out, "--paths", "4096"], in: folder)
      let run = try String(contentsOfFile: out + "/run.json", encoding: .utf8)
      // The small grid may be refused its certificate, never its budget.
      #expect([.done, .refused].contains(status), "\(record.words)")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(run.utf8)) as? [String: Any])
      let preference = try #require(object["preference"] as? [String: Any])
      let given = try #require((preference["given"] as? [String: Any])?["riskBudget"] as? [String: Any])
      #expect(given["deviation"] as? Double == 9000)
      let used = try #require((preference["used"] as? [String: Any])?["quadratic"] as? [String: Any])
      #expect(used["riskAversion"] as? Double ?? 0 > 0)
      let deviation = try #require((preference["deviation"] as? [String: Any])?["value"] as? Double)
      #expect(abs(deviation / 9000 - 1) < 0.001)
      #expect(record.output.contains("risk budget 9000 USD"), "\(record.output)")
    }
  }

  /// A cap on what hedging costs is spent, and the files say so.
  @Test func solveSpendsACostBudget() throws {
    try withTemporaryFolder { folder in
      let out = folder + "/out"
      let (status, record) = try run(
        "solve", preference: "{ riskBudget: { expectedCost: 600 } }",
        ["--out", out, "--paths", "4096", "--classes", "none"], in: folder)
      let run = try String(contentsOfFile: out + "/run.json", encoding: .utf8)
      #expect([.done, .refused].contains(status), "\(record.words)")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(run.utf8)) as? [String: Any])
      let preference = try #require(object["preference"] as? [String: Any])
      let given = try #require((preference["given"] as? [String: Any])?["riskBudget"] as? [String: Any])
      #expect(given["expectedCost"] as? Double == 600)
      let cost = try #require((preference["expectedCost"] as? [String: Any])?["value"] as? Double)
      #expect(abs(cost / 600 - 1) < 0.001)
      #expect(record.output.contains("cost budget 600 USD"), "\(record.output)")
    }
  }

  /// Budgets that ask for nothing or for the impossible, and a preference without a frontier.
  @Test(arguments: [
    ("{ riskBudget: { deviation: 1e7 } }", "solve", "within the budget: the answer is never to trade"),
    ("{ riskBudget: { deviation: 1e7 } }", "frontier", "within the budget: the answer is never to trade"),
    ("{ riskBudget: { deviation: 1 } }", "simulate", "the jumps of the marks when regimes switch deviate by"),
    (
      "{ exponential: { riskAversion: 1e-4 } }", "frontier", "exponential utility, which is no sum of a cost and a risk"
    ),
  ])
  func refusals(_ preference: String, _ command: String, _ words: String) throws {
    try withTemporaryFolder { folder in
      let arguments = command == "solve" ? ["--out", folder + "/out"] : []
      let (status, record) = try run(command, preference: preference, arguments, in: folder)
      #expect(status == .refused)
      #expect(record.words.contains(words), "\(record.words)")
      #expect(record.output == "")
      #expect(!FileManager.default.fileExists(atPath: folder + "/out/parameters.json"))
    }
  }

  @Test func checkStatesTheBudget() throws {
    try withTemporaryFolder { folder in
      let budget = "{ riskBudget: { deviation: 9000 } }"
      let (status, record) = try run("check", preference: budget, in: folder)
      #expect(status == .done)
      #expect(record.output.contains("risk budget, deviation 9000.0 USD"), "\(record.output)")
      #expect(!record.output.contains("Orientation"))
      let encoded = try run("check", preference: budget, ["--json"], in: folder).record.output
      #expect(!encoded.contains("riskAversion"))
      #expect(encoded.contains("riskBudget"))
    }
  }
}

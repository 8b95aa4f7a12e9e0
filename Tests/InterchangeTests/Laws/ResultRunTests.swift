import Certification
import Formulation
import Foundation
import Interchange
import Testing

/// What is in the directory before, after and instead of a certified run.
@Suite("Result directories of runs")
struct ResultRunTests {
  private static let started = Instant(seconds: 1_634_803_200)

  private static func record(_ model: ModelFile) -> RunRecord {
    RunRecord(
      model: model, arguments: ["deadband", "solve", "model.json5"], programVersion: "0", settingsGiven: [:], seed: 1,
      started: started)
  }

  private static func status(_ scratch: Scratch) throws -> String {
    let text = try #require(scratch.text("out/run.json"))
    guard case .string(let word)? = JSONValue(try JSON5Document(parsing: text).root)["status"] else { return "" }
    return word
  }

  @Test("running, then certified with everything; a refusal and a failure leave it as it was")
  func life() throws {
    let solved = try Solved.tracking.get()
    let scratch = try Scratch()
    let directory = scratch.path("out")
    let run = try ResultRun(directory: directory, model: solved.model, record: Self.record(solved.model))
    #expect(try Self.status(scratch) == "running")
    #expect(try scratch.listing("out") == ["run.json"])
    let ended = Self.started.adding(seconds: 2)
    #expect(try run.finish(solved.certificate, ended: ended, wallSeconds: 2))
    #expect(try Self.status(scratch) == "certified")
    #expect(
      try scratch.listing("out") == ["certificate.json", "parameters.json", "policy.nc", "run.json"])
    let parameters = try #require(scratch.text("out/parameters.json"))
    let record = try #require(scratch.text("out/run.json"))
    #expect(record.contains(Digest.sha256(of: parameters)))

    let second = try ResultRun(directory: directory, model: solved.model, record: Self.record(solved.model))
    #expect(try !second.finish(Refusal.of(solved.certificate), ended: ended, wallSeconds: 2))
    #expect(try Self.status(scratch) == "refused")
    #expect(scratch.text("out/parameters.json") == parameters)
    let refusal = JSONValue(try JSON5Document(parsing: try #require(scratch.text("out/run.json"))).root)
    #expect(
      refusal["failedChecks"] == [
        ["kind": "rollOut", "measured": 2.0, "threshold": 1.0, "unit": "USD", "passed": false]
      ])

    let third = try ResultRun(directory: directory, model: solved.model, record: Self.record(solved.model))
    try third.fail("the disk is full", ended: ended, wallSeconds: 2)
    #expect(try Self.status(scratch) == "failed")
    #expect(scratch.text("out/parameters.json") == parameters)
    #expect(try scratch.listing() == ["out"])
  }

  @Test("the same run writes the same parameters, byte for byte")
  func deterministic() throws {
    let solved = try Solved.book.get()
    let first = try Parameters(solved.certificate, model: solved.model, programVersion: "0").text()
    let again = try Parameters(solved.certificate, model: solved.model, programVersion: "0").text()
    #expect(first == again)
    // What is written can be read back by the reader of this program.
    #expect(try JSONValue(JSON5Document(parsing: first).root)["schema"] == "deadband.parameters/1")
  }

  @Test("an option book's result has a table that the NetCDF library reads back")
  func book() throws {
    let solved = try Solved.book.get()
    let scratch = try Scratch()
    let run = try ResultRun(directory: scratch.path("out"), model: solved.model, record: Self.record(solved.model))
    #expect(try run.finish(solved.certificate, ended: Self.started, wallSeconds: 1))
    let size = try #require(scratch.size("out/policy.nc"))
    // Four edges and a delta on two regimes, some eighty times and 120 spots.
    #expect(size > 100_000, "\(size) bytes")
  }
}

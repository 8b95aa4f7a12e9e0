import Certification
import Formulation
import Foundation
import Interchange
import Testing

// Inside the suite of the NetCDF library, which runs one test at a time.
extension NetCDFFileTests {
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
        try scratch.listing("out") == ["certificate.json", "parameters.json", "policy.nc", "problem.json", "run.json"])
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

    /// The model's own, wider grid reaches the spot, the certificate's does not.
    @Test("a spot that the certificate's grid does not reach fails the run and says so")
    func spotOutsideGrid() throws {
      let solved = try Solved.book.get()
      let model = try ModelFile(
        bytes: Array(Solved.bookText.utf8), overrides: ["outputs.spots=[40]", "grid.deviations=12"])
      guard case .optionBook(let answer) = solved.certificate.answer else { return }
      let spots = answer.solution.grid.logSpots
      let scratch = try Scratch()
      let run = try ResultRun(directory: scratch.path("out"), model: model, record: Self.record(model))
      var found: ResultRunError?
      do throws(ResultRunError) {
        _ = try run.finish(solved.certificate, ended: Self.started, wallSeconds: 1)
      } catch { found = error }
      #expect(
        found
          == .parameters(
            .spotOutsideGrid(spot: 40, lowest: exp(spots[0]), highest: exp(spots[spots.count - 1]))))
      #expect(try Self.status(scratch) == "failed")
      #expect(try scratch.listing("out") == ["run.json"])
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
      guard case .optionBook(let answer) = solved.certificate.answer else { return }
      let policy = answer.solution.policy
      let reader = try NetCDFReader(scratch.path("out/policy.nc"))
      let (slices, spots) = (min(policy.times.count, 120), policy.logSpots.count)
      #expect(reader.dimensions(of: "upper") == ["class": 1, "regime": 2, "time": slices, "spot": spots])
      #expect(
        reader.labels("regime", count: 2) == ["calm", "stressed"] && reader.labels("class", count: 1) == ["optimal"])
      #expect(
        reader.text("Conventions", of: nil) == "CF-1.8" && reader.text("delta_convention", of: nil) == "blackScholes")
      #expect(reader.text("problem_digest", of: nil) == solved.model.problemDigest)
      #expect(reader.text("units", of: "time") == "seconds since 2026-01-01T08:00:00Z")
      let times = reader.values("time", count: slices)
      let year = answer.problem.dayCount.secondsPerYear
      #expect(times.first == policy.times.first.map { $0 * year } && times.last == policy.times.last.map { $0 * year })
      // Today's bands at today's spot are those of the answer, and inventory is band minus the book's delta.
      let row = answer.solution.grid.reference
      for (name, edge) in [("lower", \Band.lower), ("targetUpper", \Band.targetUpper)] {
        let bands = reader.values(name, count: 2 * slices * spots)
        let deltas = reader.values("bookDelta", count: slices * 2 * spots)
        for e in 0..<2 {
          let band = bands[e * slices * spots + row]
          #expect(band == answer.regimes[e].band[keyPath: edge])
          #expect(abs(band - deltas[e * spots + row] - answer.regimes[e].holding[keyPath: edge]) <= 1e-9)
        }
      }
      let values = reader.values("value", count: 2 * spots)
      let least = reader.values("leastValue", count: 2 * spots)
      #expect(zip(least, values).allSatisfy { $0 <= $1 * (1 + 1e-9) })
    }
  }
}

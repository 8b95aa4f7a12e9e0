import Certification
import Formulation
import Foundation
import Testing

@testable import Interchange

// Inside the suite of the NetCDF library, which runs one test at a time.
extension NetCDFFileTests {
  /// What a run wrote, read back from the files alone.
  @Suite("Results read back")
  struct EmittedResultTests {
    private static let ended = Instant(seconds: 1_634_803_202)

    private func written(_ solved: Solved.Case) throws -> (Scratch, String) {
      let scratch = try Scratch()
      let directory = scratch.path("out")
      let run = try ResultRun(
        directory: directory, model: solved.model,
        record: RunRecord(
          model: solved.model, arguments: ["deadband"], programVersion: "7", settingsGiven: [:], seed: 5,
          started: Instant(seconds: 1_634_803_200)))
      #expect(try run.finish(solved.certificate, ended: Self.ended, wallSeconds: 2))
      return (scratch, directory)
    }

    @Test("an option book: the table, the values and bands, the decisions")
    func book() throws {
      let solved = try Solved.book.get()
      let (scratch, directory) = try written(solved)
      defer { withExtendedLifetime(scratch) {} }
      let result = try EmittedResult(directory: directory)
      guard case .optionBook(let answer) = solved.certificate.answer,
        case .optionBook(let problem, let policy) = result.statement
      else { return }
      #expect(
        result.problemDigest == solved.model.problemDigest && Problem.optionBook(problem).digest == result.problemDigest
      )
      #expect(result.seed == 5 && result.programVersion == "7" && result.ended == Self.ended)
      #expect(result.paths == 2048 && result.checksPerPath == 512)
      #expect(result.grid?.spots == answer.solution.grid.logSpots.count)
      #expect(policy.values.map(\.value) == answer.regimes.map(\.value.value))
      #expect(policy.bands == answer.regimes.map(\.band))
      let slices = PolicySlices(answer.policy.times, expiries: answer.problem.book.expiries).indices
      #expect(policy.table.times.count == slices.count && slices.count > 2)
      for (time, slice) in slices.enumerated() {
        #expect(abs(policy.table.times[time] - answer.policy.times[slice]) < 1e-15)
        for e in 0..<2 {
          for row in answer.policy.logSpots.indices {
            #expect(
              policy.table.band(time: time, regime: e, spot: row)
                == answer.policy.band(time: slice, regime: e, spot: row))
          }
        }
      }
      let vectors = try Parameters(solved.certificate, model: solved.model, programVersion: "7").decisionVectors
      #expect(policy.decisions.map(\.trade) == vectors.map(\.trade))
      #expect(policy.decisions.map(\.inventory) == vectors.map(\.inventory))
    }

    @Test("slices beside an expiry are among those that are stored")
    func slices() {
      let times = (0...1000).map { 0.001 * Double($0) }
      for expiry in [0.2, 0.5555, 0.0004, 1.0] {
        let kept = PolicySlices(times, expiries: [expiry]).indices
        #expect(kept.count <= PolicySlices.most + 3 && kept.first == 0 && kept.last == 1000)
        let (before, after) = (times.lastIndex { $0 < expiry - 1e-9 }!, times.firstIndex { $0 >= expiry - 1e-9 }!)
        // The last before it is the one just before it, and the one before leads there.
        #expect(kept.contains(max(0, before - 1)) && kept.contains(before) && kept.contains(after))
      }
    }

    @Test("a tracking problem")
    func tracking() throws {
      let solved = try Solved.tracking.get()
      let (scratch, directory) = try written(solved)
      defer { withExtendedLifetime(scratch) {} }
      guard case .tracking(let answer) = solved.certificate.answer,
        case .tracking(let problem, let stated) = try EmittedResult(directory: directory).statement
      else {
        Issue.record("not read back")
        return
      }
      #expect(problem == answer.problem)
      #expect(stated.map(\.band) == answer.solution.regimes.map(\.band))
      #expect(stated.map(\.value.value) == answer.solution.regimes.map(\.cost.total.value))
    }

    @Test("a file that has changed, is missing, or is of another run")
    func changed() throws {
      let (scratch, directory) = try written(Solved.tracking.get())
      func refusal() -> EmittedResultError? {
        do {
          _ = try EmittedResult(directory: directory)
          return nil
        } catch { return error }
      }
      let parameters = try #require(scratch.text("out/parameters.json"))
      try AtomicFile.write(parameters + "\n", to: scratch.path("out/parameters.json"))
      #expect(
        refusal()
          == .changed(
            file: scratch.path("out/parameters.json"), stated: Digest.sha256(of: parameters),
            found: Digest.sha256(of: parameters + "\n")))
      try AtomicFile.write(parameters, to: scratch.path("out/parameters.json"))
      #expect(refusal() == nil)
      try FileManager.default.removeItem(atPath: scratch.path("out/policy.nc"))
      #expect(
        refusal()
          == .file(.unreadable(file: scratch.path("out/policy.nc"), reason: "No such file or directory")))
      let record = try #require(scratch.text("out/run.json"))
      for word in ["refused", "failed", "running"] {
        try AtomicFile.write(
          record.replacingOccurrences(of: "\"status\": \"certified\"", with: "\"status\": \"\(word)\""),
          to: scratch.path("out/run.json"))
        #expect(refusal() == .notCertified(status: word))
      }
      try AtomicFile.write(
        record.replacingOccurrences(of: "\"problem.json\"", with: "\"other.json\""), to: scratch.path("out/run.json"))
      #expect(refusal() == .unrecorded(file: scratch.path("out/problem.json")))
    }
  }
}

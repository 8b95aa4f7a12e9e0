import Foundation
import Testing

@testable import Interchange

/// Shares of a simulation as files.
@Suite struct ShardFileTests {
  private static func study(_ change: (inout ShardFile.Study) -> Void = { _ in }) -> ShardFile.Study {
    var study = ShardFile.Study(
      programVersion: "1", problemDigest: "sha256:ab", worldDigest: nil, seed: .max, paths: 1024, scramblings: nil,
      checkEvery: 3600, shards: 2,
      policies: [
        ShardFile.Policy(name: "reference", rule: "the “table”", hasBand: true, sha256: "00"),
        ShardFile.Policy(name: "never", rule: "no trade", hasBand: false, sha256: "01"),
      ], omissions: [ShardFile.Omission(classes: ["edge", "inner"], reason: "why")])
    change(&study)
    return study
  }

  /// Numbers of every kind, to the last bit.
  private static let rows = [[0.1, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, 1.7e308], [3]]

  private func folder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "shards-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test func roundTrip() throws {
    try folder { folder in
      let shard = ShardFile(study: Self.study(), number: 2, rows: Self.rows)
      // The directory is made.
      let path = try shard.write(to: folder + "/a/b")
      #expect(path == folder + "/a/b/2-of-2.shard")
      let read = try ShardFile(contentsOf: path)
      #expect(read == shard)
      #expect(read.rows.map { $0.map(\.bitPattern) } == Self.rows.map { $0.map(\.bitPattern) })
      let other = ShardFile(
        study: Self.study { ($0.worldDigest, $0.scramblings, $0.omissions) = ("cd", 8, []) }, number: 1,
        rows: [[], [.nan]])
      let again = try ShardFile(bytes: try other.bytes(), path: "x")
      #expect(again.study == other.study && again.rows[0].isEmpty && again.rows[1][0].isNaN)
    }
  }

  /// A changed bit anywhere behind the first line, a missing byte, or no shard at all.
  @Test func damage() throws {
    let bytes = try ShardFile(study: Self.study(), number: 1, rows: Self.rows).bytes()
    func error(_ bytes: [UInt8]) -> ShardError? {
      do { _ = try ShardFile(bytes: bytes, path: "f") } catch { return error }
      return nil
    }
    let start = bytes.firstIndex(of: UInt8(ascii: "\n"))! + 1
    for place in stride(from: start, to: bytes.count, by: 7) + [bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(error(damaged) == .changed(file: "f"), "\(place)")
    }
    #expect(error(Array(bytes.dropLast())) == .changed(file: "f"))
    #expect(error(Array(bytes.prefix(start + 3))) == .notAShard(file: "f"))
    #expect(error([]) == .notAShard(file: "f"))
    #expect(error(Array("{ schema: 1 }\n".utf8)) == .notAShard(file: "f"))
  }

  /// Every share once, all of one simulation, from any directories.
  @Test func sets() throws {
    try folder { folder in
      func write(_ number: Int, _ place: String, _ change: (inout ShardFile.Study) -> Void = { _ in }) throws -> String
      {
        try ShardFile(study: Self.study(change), number: number, rows: Self.rows).write(to: "\(folder)/\(place)")
      }
      func error(_ places: String...) -> ShardError? {
        do { _ = try ShardSet(directories: places.map { "\(folder)/\($0)" }) } catch { return error }
        return nil
      }
      let first = try write(1, "a")
      let second = try write(2, "b")
      let set = try ShardSet(directories: ["\(folder)/b", "\(folder)/a"])
      #expect(set.shards.map(\.number) == [1, 2] && set.study == Self.study())
      #expect(error("a") == .missing(numbers: [2], count: 2))
      #expect(error("a", "b", "a") == .duplicate(number: 1, first: first, second: first))
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
      #expect(error("empty") == .none(directories: ["\(folder)/empty"]))
      guard case .file = error("nowhere") else {
        Issue.record("a directory that is not there")
        return
      }
      let changes: [(ShardError.Part, (inout ShardFile.Study) -> Void)] = [
        (.version, { $0.programVersion = "2" }), (.model, { $0.problemDigest = "sha256:ac" }),
        (.world, { $0.worldDigest = "ab" }), (.seed, { $0.seed = 1 }), (.paths, { $0.paths = 2048 }),
        (.sampling, { $0.scramblings = 4 }), (.looks, { $0.checkEvery = 60 }), (.shardCount, { $0.shards = 3 }),
        (
          .policies,
          { $0.policies[1] = ShardFile.Policy(name: "never", rule: "no trade", hasBand: false, sha256: "02") }
        ),
      ]
      for (index, (part, change)) in changes.enumerated() {
        let file = try write(2, "c\(index)", change)
        guard case .otherStudy(file, part, _, _, first)? = error("a", "c\(index)") else {
          Issue.record("\(part): \(String(describing: error("a", "c\(index)")))")
          continue
        }
      }
      _ = second
    }
  }
}

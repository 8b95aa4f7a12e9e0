import Foundation
import Testing

@testable import Commands

/// `simulate --shard` and `--merge` from the command line.
@Suite(.serialized) struct ShardCommandTests {
  private static let arguments = ["--paths", "3008", "--policy", "optimal", "--policy", "hourly", "--policy", "never"]

  private func model(_ folder: String) throws -> String {
    let path = folder + "/vault.json5"
    try smallVault.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func run(
    _ arguments: [String]
  ) -> (status: Commands.ExitStatus, output: String, words: String) {
    let record = RecordingConsole()
    let status = record.run(["simulate"] + arguments)
    return (status, record.output, record.words)
  }

  /// One process on one thread, on two, and shares of eight on either, merged on either: the same bytes, for people and machines.
  @Test(arguments: [
    Self.arguments, ["--paths", "8192", "--sobol", "4", "--policy", "never", "--policy", "frictionless"],
  ])
  func sameBytes(_ arguments: [String]) throws {
    try withTemporaryFolder { folder in
      let path = try model(folder)
      for number in 1...8 {
        let written = run(
          [path, "--shard", "\(number)/8", "--out", folder + "/s\(number % 2)", "--threads", "\(1 + number % 2)"]
            + arguments)
        #expect(written.status == .done, "\(written.words)")
        #expect(written.output.contains("\(folder)/s\(number % 2)/\(number)-of-8.shard"))
      }
      let merge = [path, "--merge", folder + "/s0", "--merge", folder + "/s1"]
      for form in [["--json"], []] {
        let one = run([path, "--threads", "1"] + arguments + form)
        #expect(one.status == .done, "\(one.words)")
        #expect(one.output == run([path, "--threads", "2"] + arguments + form).output)
        let merged = run(merge + form)
        #expect(merged.status == .done, "\(merged.words)")
        #expect(merged.output == one.output)
        #expect(run(merge + form + ["--threads", "2"]).output == one.output)
      }
    }
  }

  /// A share that is missing, there twice, changed, or of another seed, model or policy is refused, with the reason.
  @Test func refusals() throws {
    try withTemporaryFolder { folder in
      let path = try model(folder)
      let few = ["--paths", "512", "--policy", "never"]
      func write(_ number: Int, _ place: String, _ others: [String] = []) -> String {
        let policies = others.contains("--policy") ? ["--paths", "512"] : few
        let written = run([path, "--shard", "\(number)/2", "--out", "\(folder)/\(place)"] + policies + others)
        #expect(written.status == .done, "\(written.words)")
        return "\(folder)/\(place)/\(number)-of-2.shard"
      }
      func refused(_ places: [String], _ status: Commands.ExitStatus, _ words: String, _ others: [String] = []) {
        let merged = run([path] + places.flatMap { ["--merge", "\(folder)/\($0)"] } + others)
        #expect(merged.status == status && merged.output.isEmpty, "\(places): \(merged.output)")
        #expect(merged.words.contains(words), "\(places): \(merged.words)")
      }
      let first = write(1, "a")
      let second = write(2, "b")
      refused(["a"], .refused, "of 2 shares 2 is missing; roll out with --shard 2/2")
      refused(["a", "b", "a"], .refused, "share 1 stands in \(first) too; each share counts once")
      _ = write(2, "seed", ["--seed", "5"])
      refused(["a", "seed"], .refused, "the share is of another seed, 5; \(first) is of 1")
      _ = write(2, "model", ["--set", "market.spot=3901"])
      refused(["a", "model"], .refused, "the share is of another problem,")
      refused(["a", "b"], .refused, "\(first): the share is of another problem,", ["--set", "market.spot=3901"])
      _ = write(2, "policy", ["--policy", "frictionless"])
      refused(["a", "policy"], .refused, "other policies, or other numbers of theirs: reference, frictionless; ")
      // The solution of another grid is another table of the same name.
      _ = write(2, "grid", ["--set", "grid.spots=100"])
      refused(["a", "grid"], .refused, "other policies, or other numbers of theirs: reference, never; ")
      var bytes = try Data(contentsOf: URL(filePath: second))
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: URL(filePath: second))
      refused(["a", "b"], .refused, "\(second): the file is not as it was written; roll that share out again")
      try "nothing\n".write(toFile: second, atomically: true, encoding: .utf8)
      refused(["a", "b"], .badData, "\(second): the file is no share of a simulation")
      try FileManager.default.removeItem(atPath: second)
      refused(["b"], .badData, "\(folder)/b: there is no share of a simulation; their files are called K-of-N.shard")
      refused(["nowhere"], .badData, "\(folder)/nowhere: the file cannot be read; No such file or directory")
    }
  }

  /// What the options say against each other is found before anything is solved.
  @Test(arguments: [
    (["--shard", "9/8"], "--shard: found “9/8”; allowed is K/N with K from 1 to N"),
    (["--shard", "3"], "--shard: found “3”; "), (["--shard", "0/4"], "--shard: found “0/4”; "),
    (["--shard", "1/3", "--paths", "512"], "--shard: found 3 shares; the paths make 2 blocks"),
    (["--shard", "1/2", "--merge", "x"], "--merge: stands beside --shard; give one of them"),
    (["--merge", "x", "--seed", "3"], "--merge: stands beside --seed; give one of them"),
    (["--merge", "x", "--out", "y"], "--merge: stands beside --out; give one of them"),
    (
      ["--sobol", "32", "--paths", "10000"],
      "--sobol: 10000 paths cannot be 32 scramblings; allowed are --paths of 32 times a power of two from 256 on, such as 8192"
    ),
    (["--sobol", "64"], "--sobol: 8192 paths cannot be 64 scramblings; "),
    (["--sobol", "3"], "--sobol: found “3”; allowed is a whole number from 4 to 1024"),
  ])
  func usage(_ arguments: [String], _ words: String) throws {
    try withTemporaryFolder { folder in
      let found = run([try model(folder)] + arguments)
      #expect(found.status == .usage && found.output.isEmpty)
      #expect(found.words.hasPrefix("deadband: " + words), "\(found.words)")
    }
  }

  @Test(arguments: [["--shard", "1/2"], ["--sobol", "32"], ["--merge", "x"], ["--out", "y"]])
  func trackingIsRefused(_ arguments: [String]) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/one.json5"
      try closedFormDeviation.write(toFile: path, atomically: true, encoding: .utf8)
      let found = run([path] + arguments)
      #expect(found.status == .usage && found.words.contains("\(arguments[0]) is for option books"), "\(found.words)")
    }
  }

  /// How long a deviation is followed is a matter of its time scales: paths change no byte, and that is said.
  @Test func pathsOfTrackingAreNone() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/one.json5"
      try closedFormDeviation.write(toFile: path, atomically: true, encoding: .utf8)
      let (plain, asked) = (run([path]), run([path, "--paths", "512"]))
      #expect(plain.status == .done && asked.status == .done)
      #expect(plain.output == asked.output && !plain.words.contains("--paths"))
      #expect(asked.words.contains("--paths is for option books"), "\(asked.words)")
    }
  }
}

import Foundation
import Interchange
import TestKit
import Testing

@testable import Commands

/// Distributions that `simulate --out` writes, against what it prints.
@Suite(.serialized) struct DistributionCommandTests {
  struct Number: Decodable, Equatable { let mean, standardError: Double }
  struct Histogram: Decodable {
    let edges: [Double]
    let shares: [Number]
  }
  struct Policy: Decodable {
    let policy: String
    let profit, conditionalValueAtRisk95: Number
    let profitHistogram: Histogram
  }
  struct Answer: Decodable { let policies: [Policy] }

  private func number(_ row: CSVRow, _ column: String) throws -> Double {
    try #require(Double(row.required(column).text))
  }

  private func table(_ path: String, _ columns: [String]) throws -> CSVTable {
    try CSVTable(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))), required: columns)
  }

  @Test func files() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/vault.json5"
      try smallVault.write(toFile: path, atomically: true, encoding: .utf8)
      func run(_ form: [String]) -> String {
        let record = RecordingConsole()
        let rules = ["--policy", "optimal", "--policy", "band:20", "--policy", "every:4h"]
        let status = record.run(["simulate", path, "--paths", "4096", "--quiet"] + rules + form)
        #expect(status == .done, "\(record.words)")
        return record.output
      }
      let answer = try JSONDecoder().decode(Answer.self, from: Data(run(["--json", "--out", folder + "/one"]).utf8))
      let screen = run(["--out", folder + "/two", "--threads", "1"])
      #expect(screen.contains("Written: \(folder)/two/histogram.csv, \(folder)/two/fan.csv"))
      for name in ["histogram.csv", "fan.csv"] {
        let (one, two) = (
          try Data(contentsOf: URL(fileURLWithPath: "\(folder)/one/\(name)")),
          try Data(contentsOf: URL(fileURLWithPath: "\(folder)/two/\(name)"))
        )
        #expect(one == two && !one.isEmpty)
      }
      let bins = try table(folder + "/one/histogram.csv", ["policy", "from", "to", "share", "standardError", "unit"])
      let quantiles = try table(
        folder + "/one/fan.csv", ["policy", "seconds", "quantity", "level", "value", "standardError", "unit"])
      #expect(answer.policies.map(\.policy) == ["optimal", "band:20", "every:4h"])
      for policy in answer.policies {
        let rows = bins.rows.filter { (try? $0.required("policy").text) == policy.policy }
        let shares = try rows.map {
          Number(mean: try number($0, "share"), standardError: try number($0, "standardError"))
        }
        #expect(shares == policy.profitHistogram.shares && rows.allSatisfy { (try? $0.required("unit").text) == "USD" })
        #expect(rows.dropFirst().map { $0["from"]?.text } == policy.profitHistogram.edges.map { "\($0)" })
        #expect(abs(shares.reduce(0) { $0 + $1.mean } - 1) < 1e-12)
        // The mean by bins is that of the paths but for half a bin, the open ones by their edge.
        let edges = policy.profitHistogram.edges
        let middles = [edges[0]] + zip(edges, edges.dropFirst()).map { 0.5 * ($0 + $1) } + [edges[edges.count - 1]]
        let mean = zip(middles, shares).reduce(0) { $0 + $1.0 * $1.1.mean }
        #expect(abs(mean - policy.profit.mean) < edges[1] - edges[0], "\(mean) for \(policy.profit.mean)")
        let own = quantiles.rows.filter {
          (try? $0.required("policy").text) == policy.policy && (try? $0.required("quantity").text) == "profit"
        }
        let last = try own.map { try number($0, "seconds") }.max()!
        #expect(abs(last - 7 * 86_400) < 1)
        let final = try own.filter { try number($0, "seconds") == last }
        let levels = try final.map { try number($0, "level") }
        #expect(levels == DistributionFiles.levels)
        let values = try final.map { try number($0, "value") }
        #expect(values == values.sorted())
        // The worst twentieth begins at the quantile, and its mean lies beyond.
        #expect(-policy.conditionalValueAtRisk95.mean < values[1])
      }
      let record = RecordingConsole()
      let status = record.run(["simulate", path, "--paths", "512", "--policy", "band:20", "--out", path, "--quiet"])
      #expect(status == .failed && record.words.contains(path), "\(record.words)")
    }
  }
}

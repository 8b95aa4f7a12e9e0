import Foundation
import Testing

@testable import Commands

/// `simulate --sobol` from the command line.
@Suite(.serialized) struct SobolCommandTests {
  struct Number: Decodable { let mean, standardError: Double }
  struct Policy: Decodable {
    let policy: String
    let criterion, gammaRisk, trades, profit, profitDeviation, gammaThetaProfit: Number
    let excess: Excess?
  }
  struct Excess: Decodable { let mean, standardError, z, p: Double }
  struct Sampling: Decodable {
    let sequence: String
    let scramblings, samples: Int?
  }
  struct Answer: Decodable {
    let sampling: Sampling
    let policies: [Policy]
  }

  /// One call in one regime, whose price is one Brownian motion.
  private static let smooth = """
    { schema: "deadband.model/1", name: "smooth", kind: "optionBook", valuation: "2024-03-08T08:00:00Z",
      market: { underlying: "ETH", quote: "USD", spot: 3900, regimes: [ { name: "only", volatility: 0.6 } ] },
      book: [ { instrument: "ETH-29MAR24-4000-C", quantity: -200, impliedVolatility: 0.65 } ],
      costs: [ { proportional: { basisPoints: 20 } } ], preference: { quadratic: { riskAversion: 1e-4 } },
      execution: { checkEvery: "6h" }, grid: { spots: 120, holdings: 81, steps: 120 } }
    """

  private func simulate(_ model: String, _ arguments: [String]) throws -> Answer {
    try withTemporaryFolder { folder in
      let path = folder + "/model.json5"
      try model.write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(
        ["simulate", path, "--json", "--policy", "optimal", "--policy", "never", "--policy", "band:40"] + arguments)
      #expect(status == .done, "\(record.words)")
      return try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
    }
  }

  /// On a smooth case the errors are smaller than those of as many antithetic paths, and every mean is theirs within what both errors
  /// explain: five standard errors, of which a few dozen scramblings say what they are to an eighth.
  @Test func errors() throws {
    let paths = ["--paths", "16384"]
    let sobol = try simulate(Self.smooth, paths + ["--sobol", "32", "--seed", "3"])
    let plain = try simulate(Self.smooth, paths + ["--seed", "4"])
    #expect(sobol.sampling.sequence == "sobol" && sobol.sampling.scramblings == 32)
    #expect(plain.sampling.sequence == "antithetic" && plain.sampling.samples == 8192)
    for (found, wanted) in zip(sobol.policies, plain.policies) {
      let columns: [(String, KeyPath<Policy, Number>)] = [
        ("criterion", \.criterion), ("risk", \.gammaRisk), ("trades", \.trades), ("profit", \.profit),
        ("deviation", \.profitDeviation), ("gamma and theta", \.gammaThetaProfit),
      ]
      for (name, path) in columns {
        let (own, other) = (found[keyPath: path], wanted[keyPath: path])
        let error = (own.standardError * own.standardError + other.standardError * other.standardError).squareRoot()
        #expect(abs(own.mean - other.mean) <= 5 * error, "\(found.policy) \(name): \(own) for \(other)")
      }
      // What the coarse course decides; the profit of gamma is made in the small steps, and gains nothing.
      #expect(found.criterion.standardError < 0.7 * wanted.criterion.standardError, "\(found) \(wanted)")
    }
    let never = (sobol.policies[1], plain.policies[1])
    #expect(never.0.criterion.standardError < 0.1 * never.1.criterion.standardError)
    #expect(never.0.excess!.standardError < 0.2 * never.1.excess!.standardError)
  }

  /// A history has no normals to replace.
  @Test func historyIsRefused() throws {
    try withTemporaryFolder { folder in
      try Self.smooth.write(toFile: folder + "/model.json5", atomically: true, encoding: .utf8)
      let rows = (0..<200).map { "\(1_704_067_200 + 21600 * $0),\(3900 + 10 * sin(Double($0 * $0)))" }
      try (["unix,close"] + rows).joined(separator: "\n").write(
        toFile: folder + "/p.csv", atomically: true, encoding: .utf8)
      try #"{ schema: "deadband.world/1", name: "h", bootstrap: { prices: "p.csv", blockLength: 8 } }"#.write(
        toFile: folder + "/w.json5", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(
        ["simulate", folder + "/model.json5", "--world", folder + "/w.json5", "--sobol", "32"])
      #expect(
        status == .usage && record.words.contains("--sobol: a history is drawn again in blocks"), "\(record.words)")
    }
  }
}

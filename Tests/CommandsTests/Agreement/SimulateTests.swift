import Foundation
import Testing

@testable import Commands

/// `simulate` against what must hold between its own numbers.
@Suite(.serialized) struct SimulateTests {
  struct Number: Decodable { let mean, standardError: Double }
  struct Policy: Decodable {
    let policy: String
    let criterion, gammaRisk, carry, fixedCosts, variableCosts, settlementCost, trades, profit, gammaThetaProfit: Number
    let hedgingProfit, fundingPaid, gas, fees, impact, failures, worstDrawdown: Number
    let excess: Difference?
  }
  struct Difference: Decodable {
    let mean, standardError, z, p, adjustedP: Double
    let isSignificant: Bool
  }
  struct Answer: Decodable {
    let checkEvery: Double
    let policies: [Policy]
    let omittedClasses: [Omitted]
  }
  struct Omitted: Decodable {
    let `class`: String
  }

  private func simulate(_ arguments: [String], model: String = smallVault) throws -> String {
    try withTemporaryFolder { folder in
      let path = folder + "/vault.json5"
      try model.write(toFile: path, atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      #expect(record.run(["simulate", path, "--json"] + arguments) == .done, "\(record.words)")
      return record.output
    }
  }

  /// Parts add up, all policies meet the same paths, and none is better than the optimal one.
  @Test func accounts() throws {
    let text = try simulate(["--paths", "4096"])
    let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
    let omitted = answer.omittedClasses.map(\.class)
    // Without a fixed cost no inner target is better than the edge.
    #expect(omitted.contains("inner") && !omitted.contains("edge"))
    // The formula for a fixed cost alone says nothing about this model, nor do those for one regime.
    let silent = ["smallFixedCost", "leland", "hoggardWhalleyWilmott", "sepp"] + omitted
    #expect(answer.policies.map(\.policy) == CommandTable.policies.filter { !silent.contains($0) })
    // A rule of the clock trades at looks.
    #expect(abs((3600 / answer.checkEvery).rounded() * answer.checkEvery - 3600) < 1e-9)
    let optimal = answer.policies[0]
    for policy in answer.policies {
      let parts = [policy.gammaRisk, policy.carry, policy.fixedCosts, policy.variableCosts, policy.settlementCost]
      let total = parts.reduce(0) { $0 + $1.mean }
      #expect(abs(total - policy.criterion.mean) < 1e-9 * policy.criterion.mean, "\(policy.policy)")
      let costs = policy.fixedCosts.mean + policy.variableCosts.mean + policy.settlementCost.mean
      let profit = policy.gammaThetaProfit.mean + policy.hedgingProfit.mean - policy.fundingPaid.mean - costs
      #expect(abs(profit - policy.profit.mean) < 1e-9 * (abs(costs) + abs(policy.gammaThetaProfit.mean)))
      // What the book earns beyond its delta is a fact of the paths, not of the policy.
      #expect(policy.gammaThetaProfit.mean == optimal.gammaThetaProfit.mean, "\(policy.policy)")
      let told = [policy.gas, policy.fees, policy.impact, policy.failures, policy.settlementCost]
      #expect(abs(told.reduce(0) { $0 + $1.mean } - costs) <= 1e-9 * abs(costs), "\(policy.policy)")
      // Whoever loses something has fallen at least as far.
      #expect(policy.worstDrawdown.mean >= -policy.profit.mean)
      guard let excess = policy.excess else { continue }
      let difference = policy.criterion.mean - optimal.criterion.mean
      #expect(abs(excess.mean - difference) < 1e-9 * policy.criterion.mean, "\(policy.policy)")
      #expect(excess.mean >= -3 * excess.standardError, "\(policy.policy) beats the optimal policy: \(excess)")
    }
    #expect(optimal.excess == nil)
    // The optimum trades to the edge where nothing is fixed; what is ten standard errors away is no chance, what is adjusted is larger.
    let edge = try #require(answer.policies.first { $0.policy == "edge" }?.excess)
    #expect(edge.mean == 0 && edge.p == 1 && !edge.isSignificant)
    for excess in answer.policies.compactMap(\.excess) {
      #expect(excess.adjustedP >= excess.p && excess.isSignificant == (excess.adjustedP <= 0.05))
      if abs(excess.z) > 10 { #expect(excess.isSignificant) }
    }
    #expect(answer.policies.first { $0.policy == "never" }?.trades.mean == 0)
  }

  /// How often a market may be looked at is nothing to whoever looks once a day, or never: neither the risk nor the worst fall of what
  /// they hold depends on it.
  @Test func looksAreNotThePath() throws {
    func policies(every: String) throws -> [Policy] {
      let vault = smallVault.replacingOccurrences(of: "grid:", with: "execution: { checkEvery: \"\(every)\" }, grid:")
      let text = try simulate(["--paths", "16384", "--policy", "never", "--policy", "every:1d"], model: vault)
      return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).policies
    }
    for (often, rarely) in zip(try policies(every: "2h"), try policies(every: "1d")) {
      for part in [\Policy.gammaRisk, \.worstDrawdown, \.trades] {
        let (a, b) = (often[keyPath: part], rarely[keyPath: part])
        let error = (a.standardError * a.standardError + b.standardError * b.standardError).squareRoot()
        #expect(abs(a.mean - b.mean) <= 4 * error, "\(often.policy): \(a) \(b)")
      }
    }
  }

  @Test func sameBytesForAnyThreads() throws {
    let arguments = ["--paths", "512", "--policy", "hourly", "--policy", "never"]
    #expect(try simulate(arguments + ["--threads", "1"]) == simulate(arguments + ["--threads", "3"]))
    #expect(try simulate(arguments) != simulate(arguments + ["--seed", "2"]))
  }
}

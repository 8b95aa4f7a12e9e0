import Control
import Formulation
import Glibc
import Simulation
import Testing

@testable import Certification

/// A cap on the mean of the worst losses.
@Suite struct TailBudgetTests {
  static let level = 0.9

  static func search(_ amount: Double, fixed: Double = 0.02) throws -> TailBudgetSearch {
    TailBudgetSearch(
      problem: try FrontierRollOutTests.problem(fixed: fixed, riskAversion: 1),
      budget: try RiskBudget(.conditionalValueAtRisk, amount, level: level), grid: FrontierRollOutTests.grid,
      settings: CertificationSettings(paths: 4096, checksPerPath: 512))
  }

  /// The mean of the worst losses on other paths, by sorting them.
  static func tail(riskAversion: Double, fixed: Double, seed: UInt64) throws -> Simulation.Estimate {
    let problem = try FrontierRollOutTests.problem(fixed: fixed, riskAversion: riskAversion)
    let solution = try FiniteHorizon(settings: FrontierRollOutTests.grid).solve(problem)
    let check = problem.horizon * problem.dayCount.secondsPerYear / 512
    let profits = try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: check, pathCount: 16_384, seed: seed, antithetic: false, detailed: true, threads: 2)
    ).run(.table(solution.policy), keeping: [.profit]).kept[0]
    return try SampleLaw(profits, grouping: .paths).estimate(.worstMean(level: level))
  }

  /// Policies of the whole grid lose on other paths what the budget says, and those of less risk aversion lose more: nothing
  /// cheaper keeps to it.
  @Test(arguments: [0.02, 0.0]) func isMetFirst(fixed: Double) throws {
    let amount = 6.0
    let answer = try Self.search(amount, fixed: fixed).run()
    #expect(abs(answer.tail.mean / amount - 1) < 2 * TailBudgetSearch.tolerance, "\(answer.tail)")
    let own = try Self.tail(riskAversion: answer.point.riskAversion, fixed: fixed, seed: 77)
    // The grids: 1 %.
    #expect(
      abs(own.mean - amount) < 3.5 * hypot(own.standardError, answer.tail.standardError) + 0.01 * amount, "\(own)")
    for factor in [0.5, 0.1] {
      let less = try Self.tail(riskAversion: factor * answer.point.riskAversion, fixed: fixed, seed: 77)
      #expect(less.mean > own.mean + 2 * own.standardError, "\(factor): \(less) for \(own)")
    }
  }

  /// What cannot be had is refused with what can.
  @Test func refusals() throws {
    let idle = try RollOut(
      problem: FrontierRollOutTests.problem(fixed: 0.02, riskAversion: 1),
      settings: RollOutSettings(checkEvery: 5062.5, pathCount: 16_384, seed: 8, antithetic: false, detailed: true)
    ).run(.never, keeping: [.profit]).kept[0]
    let unhedged = try SampleLaw(idle, grouping: .paths).estimate(.worstMean(level: Self.level))
    #expect {
      _ = try Self.search(2 * unhedged.mean).run()
    } throws: { thrown in
      guard case .needless(let found) = thrown as? TailBudgetError else { return false }
      return abs(found - unhedged.mean) < 6 * unhedged.standardError
    }
    #expect {
      _ = try Self.search(0.05 * unhedged.mean).run()
    } throws: { thrown in
      guard case .notReached(let least) = thrown as? TailBudgetError else { return false }
      // The least of a family: what some of its members lose on other paths is more, but for the noise.
      let members = try? [0.3, 1, 3, 10].map { try Self.tail(riskAversion: $0, fixed: 0.02, seed: 78) }
      return members!.allSatisfy { $0.mean > least - 4 * $0.standardError }
        && members!.contains { $0.mean < 1.1 * least }
    }
  }
}

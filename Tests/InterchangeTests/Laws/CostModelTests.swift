import Formulation
import Foundation
import Interchange
import Testing

/// The cost algebra and execution as a model file states them.
@Suite("Costs and execution in model files")
struct CostModelTests {
  private func problem(costs: String, execution: String = "{ checkEvery: '1h' }") throws -> OptionBookProblem? {
    let bytes = ModelText.replacing(
      "[{ proportional: { basisPoints: 5 } }, { fixed: { amount: [1, 2] } }]", with: costs)
    let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(
      of: "{ checkEvery: '60s', delay: '0s', failure: 0, lot: 0.001, maximumTrade: null }", with: execution)
    guard case .optionBook(let problem) = try ModelFile(bytes: Array(text.utf8)).problem else { return nil }
    return problem
  }

  @Test("impact, in units of the regime's volatility where it is a square root")
  func impact() throws {
    let found = try problem(costs: "[{ impact: { quadratic: [1e-6, 2e-6] } }, { impact: { squareRoot: 0.01 } }]")
    #expect(
      found?.costs == [
        TradeCost(quadraticImpact: 1e-6, squareRootImpact: 0.01 * 0.55),
        TradeCost(quadraticImpact: 2e-6, squareRootImpact: 0.01 * 1.2),
      ])
  }

  @Test("pools and venues")
  func venues() throws {
    let found = try problem(
      costs: """
        [{ fixed: { amount: 1 } }, { venues: [
          { name: 'pool', costs: [{ concentrated: { liquidity: 5e4, feeBasisPoints: [5, 30], rangeBasisPoints: '1 %' } }] },
          { name: 'deep', costs: [{ constantProduct: { liquidity: 9e5, feeBasisPoints: 30 } }] },
          { name: 'exchange', costs: [{ proportional: 0.001 }], bridging: [3, 4], delay: '30s' } ] }]
        """)
    func expected(fee: Double, bridging: Double) -> TradeCost {
      TradeCost(
        fixed: 1,
        venues: [
          Venue(name: "pool", cost: TradeCost(pools: [LiquidityPool(liquidity: 5e4, fee: fee, range: 0.01)])),
          Venue(name: "deep", cost: TradeCost(pools: [LiquidityPool(liquidity: 9e5, fee: 0.003)])),
          Venue(name: "exchange", cost: .proportional(0.001), bridging: bridging, delay: 30),
        ])
    }
    #expect(found?.costs == [expected(fee: 0.0005, bridging: 3), expected(fee: 0.003, bridging: 4)])
  }

  @Test("execution")
  func execution() throws {
    let found = try problem(
      costs: "[{ proportional: 0.001 }]",
      execution: """
        { checkEvery: '1h', lot: 0.5, maximumTrade: 20, failure: '5 %', delay: '90s',
          turnoverBudget: { unitsPerYear: 5000 } }
        """)
    #expect(
      found?.execution
        == Execution(
          checkEvery: 3600, lot: 0.5, maximumTrade: 20, failure: 0.05, delay: 90, turnoverBudget: .units(5000)))
  }

  /// What cannot be is refused where it stands.
  @Test(arguments: [
    ("[{ constantProduct: { liquidity: 0, feeBasisPoints: 5 } }]", "{}", "costs[0].constantProduct.liquidity"),
    ("[{ concentrated: { liquidity: 1, feeBasisPoints: 5 } }]", "{}", "costs[0].concentrated"),
    ("[{ venues: [{ name: 'a', costs: [{ venues: [] }] }] }]", "{}", "costs[0].venues[0].costs[0]"),
    ("[{ proportional: 0.001 }]", "{ delay: '1s' }", "execution.delay"),
    ("[{ proportional: 0.001 }]", "{ checkEvery: '1s', delay: '2s' }", "execution.delay"),
    ("[{ proportional: 0.001 }]", "{ failure: 1 }", "execution.failure"),
    ("[{ proportional: 0.001 }]", "{ lot: 2, maximumTrade: 1 }", "execution.maximumTrade"),
    ("[{ proportional: 0.001 }]", "{ turnoverBudget: { perYear: 1 } }", "execution.turnoverBudget"),
  ]) func refuses(_ costs: String, _ execution: String, _ path: String) throws {
    do {
      _ = try problem(costs: costs, execution: execution)
      Issue.record("\(costs) \(execution) was taken")
    } catch let error as ModelFileError { #expect(error.path == path, "\(error)") }
  }

  /// A part that costs nothing is not a part: digests of plain problems stay, others differ by every part.
  @Test("the digest depends on every part")
  func digest() throws {
    let base = "{ constantProduct: { liquidity: 1000, feeBasisPoints: 5 } }"
    var digests: Set<String> = []
    let costs = [
      "[\(base)]", "[{ constantProduct: { liquidity: 1001, feeBasisPoints: 5 } }]",
      "[{ concentrated: { liquidity: 1000, feeBasisPoints: 5, rangeBasisPoints: 50 } }]",
      "[{ venues: [{ name: 'a', costs: [\(base)] }] }]", "[{ venues: [{ name: 'b', costs: [\(base)] }] }]",
      "[{ venues: [{ name: 'a', costs: [\(base)], delay: 1 }] }]", "[{ impact: { squareRoot: 0.1 } }]",
    ]
    for text in costs { digests.insert(Problem.optionBook(try #require(try problem(costs: text))).digest) }
    for text in ["failure: 0.1", "maximumTrade: 3", "delay: 5", "turnoverBudget: { notionalPerYear: 1 }"] {
      let found = try problem(costs: "[\(base)]", execution: "{ checkEvery: '1h', \(text) }")
      digests.insert(Problem.optionBook(try #require(found)).digest)
    }
    #expect(digests.count == costs.count + 4)
  }
}

import Formulation
import Testing

@testable import Simulation

/// Where net delta stands still, one trade is enough.
@Suite struct TradeRoundingTests {
  /// A forward's delta never moves: the trade to the edge is the only one, wherever its rounding leaves net delta, and pays once.
  @Test(arguments: [Execution(), Execution(failure: 1e-12)])
  func onlyTheFirstTradePays(_ execution: Execution) throws {
    for number in 1...40 {
      let quantity = 1 + 0.037 * Double(number)
      let problem = try Fixture.plain(
        positions: [Position(name: "forward", instrument: .forward, quantity: quantity)], cost: .fixed(1),
        settlement: .none, horizonDays: 30
      ).replacing(execution: execution)
      let edge = 0.013 * Double(number)
      let result = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: 256, seed: 5)
      ).run(.constantBand([Band(lower: -edge, upper: edge, targetLower: -edge, targetUpper: edge)]))
      #expect(result[.tradeCount].mean == 1 && result[.fixedCosts].mean == 1, "\(quantity), \(edge)")
    }
  }
}

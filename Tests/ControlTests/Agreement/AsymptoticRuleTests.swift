import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The formulas against the solved bands of exponential utility, where they were made for, and where they break.
@Suite struct AsymptoticRuleTests {
  private func bands(_ example: EntropicCase) throws -> (solved: Band, whalleyWilmott: Band, zakamouline: Band) {
    let problem = try example.problem()
    let solved = try example.solution(spots: 320).band(regime: 0)
    func rule(_ rule: AsymptoticRule) -> Band { rule.band(problem, time: 0, spot: example.spot, regime: 0) }
    return (solved, rule(.whalleyWilmott), rule(.zakamouline))
  }

  /// Half-widths within a tenth at the money for costs of 1 to 10 bp; Zakamouline's stays near at 100 bp, where Whalley and
  /// Wilmott's does as well only by chance of the money.
  @Test(arguments: [1e-4, 1e-3]) func widthsAtTheMoney(_ cost: Double) throws {
    let found = try bands(EntropicCase(cost: cost))
    #expect(relativeDifference(found.whalleyWilmott.width, found.solved.width) < 0.1, "\(found)")
    #expect(relativeDifference(found.zakamouline.width, found.solved.width) < 0.15, "\(found)")
  }

  /// A writer hedges with the delta at a higher volatility: the middle of the solved band moves up below the money and down
  /// above it, by what Zakamouline's fit says to 0.003, at 50 bp.
  @Test(arguments: [90.0, 110]) func writersCentre(_ spot: Double) throws {
    let found = try bands(EntropicCase(spot: spot, cost: 0.005))
    func middle(_ band: Band) -> Double { 0.5 * (band.lower + band.upper) }
    #expect(abs(middle(found.solved)) > 0.015, "\(found)")
    #expect(abs(middle(found.solved) - middle(found.zakamouline)) < 0.003, "\(found)")
  }

  /// Far from the money gamma vanishes and so does Whalley and Wilmott's band, which the true one does not.
  @Test func narrowWhereGammaVanishes() throws {
    let found = try bands(EntropicCase(spot: 70))
    #expect(found.whalleyWilmott.width < 0.3 * found.solved.width, "\(found)")
    #expect(relativeDifference(found.zakamouline.width, found.solved.width) < 0.5, "\(found)")
  }

  @Test func refusals() throws {
    #expect(
      AsymptoticRule.whalleyWilmott.obstacle(to: try EntropicCase(fixed: 1).problem())
        == .unsupported(method: "whalleyWilmott", feature: "costs other than proportional ones"))
    #expect(
      AsymptoticRule.smallFixedCost.obstacle(to: try EntropicCase().problem())
        == .unsupported(method: "smallFixedCost", feature: "costs other than a fixed one"))
    #expect(AsymptoticRule.smallFixedCost.obstacle(to: try EntropicCase(cost: 0, fixed: 1).problem()) == nil)
    #expect(AsymptoticRule.zakamouline.obstacle(to: try EntropicCase().problem()) == nil)
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What must hold of any book whose price jumps.
@Suite struct JumpLawTests {
  private static let settings = GridSettings(spots: 160, holdings: 81, steps: 120)

  /// Clocks that stand still are no jumps, to the last bit.
  @Test(arguments: [0.0, 0.003]) func zeroIntensityIsNoJump(fixed: Double) throws {
    let method = FiniteHorizon(settings: Self.settings)
    let still = PriceJumps(intensity: 0, law: JumpStraddle.kou)
    let plain = try method.solve(JumpStraddle.onlyMerton(nil, fixed: fixed))
    let frozen = try method.solve(JumpStraddle.onlyMerton(still, fixed: fixed))
    #expect(plain.values == frozen.values && plain.policy == frozen.policy)
    func chain(_ jumps: [[Double]]) throws -> OptionBookProblem {
      try JumpStraddle.problem(
        regimes: [Regime(name: "a", volatility: 0.5), Regime(name: "b", volatility: 0.9)],
        switching: [[0, 0], [24, -24]], switchJumps: jumps, fixed: fixed)
    }
    let unmoved = try method.solve(chain([]))
    let never = try method.solve(chain([[0, -0.3], [0, 0]]))
    #expect(unmoved.values == never.values && unmoved.policy == never.policy)
  }

  /// Jumps of deviation δ at intensity ν are a diffusion of variance νδ² as δ → 0. Ten thousand a year, in steps of half a
  /// jump; and in steps of fourteen, where what is left explicit costs accuracy but does not grow.
  @Test(arguments: [0.0, 0.003]) func smallJumpsDiffuse(fixed: Double) throws {
    let jumps = PriceJumps(intensity: 1e4, law: .merton(mean: 0, deviation: 0.003))
    for (steps, tolerance, bandTolerance) in [(60, 0.6, 0.006), (1600, 0.001, 0.001)] {
      let method = FiniteHorizon(settings: GridSettings(spots: 200, holdings: 121, steps: steps))
      let jumping = try method.solve(JumpStraddle.onlyMerton(jumps, fixed: fixed, volatility: 0.4))
      let diffusing = try method.solve(JumpStraddle.onlyMerton(nil, fixed: fixed, volatility: 0.5))
      let values = [jumping, diffusing].map { $0.value(regime: 0, inventory: 0) }
      #expect(relativeDifference(values[0], values[1]) < tolerance, "\(steps) steps: \(values)")
      let bands = [jumping, diffusing].map { $0.band(regime: 0) }
      #expect(
        abs(bands[0].lower - bands[1].lower) < bandTolerance && abs(bands[0].upper - bands[1].upper) < bandTolerance,
        "\(steps) steps: \(bands)")
    }
  }

  /// The same with a law that leans to one side, which moves mass downwind of the drift that compensates it.
  @Test(arguments: [0.0, 0.003]) func manyLopsidedJumpsStayStable(fixed: Double) throws {
    let jumps = PriceJumps(intensity: 1e4, law: .kou(scaleUp: 0.002, scaleDown: 0.002, probabilityUp: 0.3))
    let variance = 1e4 * jumps.logarithm.secondMoment
    let method = FiniteHorizon(settings: GridSettings(spots: 200, holdings: 121, steps: 800))
    let jumping = try method.solve(JumpStraddle.onlyMerton(jumps, fixed: fixed, volatility: 0.4))
    let diffusing = try method.solve(
      JumpStraddle.onlyMerton(nil, fixed: fixed, volatility: (0.16 + variance).squareRoot()))
    let values = [jumping, diffusing].map { $0.value(regime: 0, inventory: 0) }
    #expect(relativeDifference(values[0], values[1]) < 0.003, "\(values)")
  }

  @Test func exponentialUtilityIsRefused() throws {
    let problem = try JumpStraddle.problem(
      regimes: [Regime(name: "only", volatility: 0.5, jumps: JumpStraddle.merton)],
      preference: .exponential(riskAversion: 0.1))
    #expect(
      FiniteHorizon.obstacle(to: problem)
        == .unsupported(method: FiniteHorizon.name, feature: "jumps of the price under exponential utility"))
  }

  /// With jumps most of which leave the band, and little diffusion, the time to the next trade is about that to the next jump.
  @Test func timeToTradeIsTheJumps() throws {
    let jumps = PriceJumps(intensity: 60, law: .merton(mean: -0.125, deviation: 0.5))
    let problem = try JumpStraddle.onlyMerton(jumps, fixed: 20, volatility: 0.1)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 161, steps: 800)).solve(problem)
    let start = solution.band(regime: 0).targetLower - solution.bookDeltas[solution.grid.reference]
    let time = TimeToTrade(solution).expected(regime: 0, inventory: start)
    // Or the horizon, whichever comes first. Small jumps stay inside; κ = 0, so that there is no drift between them.
    let expected = (1 - exp(-60 * problem.horizon)) / 60
    #expect(time > 0.98 * expected && time < 1.5 * expected, "\(time) \(expected)")
    let calm = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 161, steps: 800)).solve(
      JumpStraddle.onlyMerton(nil, fixed: 20, volatility: 0.1))
    let quiet = calm.band(regime: 0).targetLower - calm.bookDeltas[calm.grid.reference]
    #expect(TimeToTrade(calm).expected(regime: 0, inventory: quiet) > 2 * time)
  }

  /// Risk left alone is J with trading forbidden: at costs beyond reason nothing is traded.
  @Test func unhedgedRiskIsThatOfNoTrade() throws {
    let problem = try JumpStraddle.twoKou(proportional: 0, fixed: 1e9)
    let grid = try FiniteHorizonGrid(problem: problem, settings: Self.settings)
    let risk = pow(UnhedgedRisk(problem: problem).deviation(on: grid), 2) / 2
    let solution = try FiniteHorizon(settings: Self.settings).solve(problem)
    #expect(relativeDifference(solution.value(regime: 0, inventory: 0), 0.09 * risk) < 1e-3)
  }
}

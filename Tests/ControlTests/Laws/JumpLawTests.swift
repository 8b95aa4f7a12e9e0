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

  /// The time to the next trade against paths drawn step by step and looked up in the same policy: many jumps leave the band,
  /// some stay inside. The seed is fixed; four standard errors, and one per cent for looking only once a step.
  @Test func timeToTradeAgreesWithPaths() throws {
    let jumps = PriceJumps(intensity: 60, law: .merton(mean: -0.125, deviation: 0.5))
    let problem = try JumpStraddle.onlyMerton(jumps, fixed: 3, volatility: 0.3)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 161, steps: 800)).solve(problem)
    let start = solution.band(regime: 0).targetLower - solution.bookDeltas[solution.grid.reference]
    let expected = TimeToTrade(solution).expected(regime: 0, inventory: start)
    var generator = SplitMix(state: 7)
    let times = solution.grid.times
    let drift = problem.environment.driftBetweenJumps(0) - 0.5 * 0.3 * 0.3
    var (sum, squares) = (0.0, 0.0)
    let paths = 3000
    for _ in 0..<paths {
      var x = log(100.0)
      var end = problem.horizon
      for level in 0..<(times.count - 1) {
        let spot = exp(x)
        let net = problem.book.greeks(time: times[level], spot: spot, regime: 0).delta + start
        let band = solution.band(time: level, regime: 0, logSpot: x)
        if net <= band.lower || net >= band.upper {
          end = times[level]
          break
        }
        let step = times[level + 1] - times[level]
        x += drift * step + 0.3 * step.squareRoot() * generator.normal()
        if generator.uniform() < 1 - exp(-60 * step) { x += -0.125 + 0.5 * generator.normal() }
      }
      sum += end
      squares += end * end
    }
    let mean = sum / Double(paths)
    let error = ((squares / Double(paths) - mean * mean) / Double(paths)).squareRoot()
    #expect(abs(mean - expected) < 4 * error + 0.01 * mean, "\(expected) for \(mean) ± \(error)")
    #expect(expected > 1.2 / 60 && expected < 0.8 * problem.horizon, "the case tests nothing: \(expected)")
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

/// SplitMix64 (Steele, Lea and Flood 2014), for paths of a test.
private struct SplitMix {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
  }

  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
}

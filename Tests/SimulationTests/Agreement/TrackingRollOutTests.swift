import Formulation
import Glibc
import Testing

@testable import Simulation

/// Long-run averages against the closed forms of a band on Brownian motion.
///
/// A band watched every δ acts like a continuously watched one whose edges lie `β = 0.5826 η√δ` further out (Siegmund 1985;
/// Chernoff 1965; −ζ(½)/√(2π) = 0.58260), up to O(δ). Comparisons allow 4 standard errors and `λη²δ`, the size of that
/// remainder: `E x²` moves by η²δ in one step.
@Suite struct TrackingRollOutTests {
  static let overshoot = 0.582_597

  func problem(
    volatility: Double = 1, running: Double = 2, cost: TradeCost, drift: Double = 0
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "one", criterion: .longRunAverage,
      regimes: [TrackingRegime(name: "only", drift: drift, volatility: volatility, runningCost: running)],
      generator: .frozen(count: 1), costs: [cost])
  }

  let settings = TrackingSettings(
    step: 1.0 / 1024, burnIn: 5, batchLength: 25, batchCount: 8, replicaCount: 32, seed: 41)

  /// Reflected at ±h: the law is uniform, so `λh²/3 + kη²/(2h)`; at the optimum `h³ = 3kη²/(4λ)` that is `λh²`.
  @Test func edgePolicy() throws {
    let (volatility, running, cost) = (1.2, 2.0, 0.3)
    let half = cbrt(3 * cost * volatility * volatility / (4 * running))
    let step = settings.step
    let effective = half + TrackingRollOutTests.overshoot * volatility * step.squareRoot()
    let result = try TrackingRollOut(
      problem: problem(volatility: volatility, running: running, cost: .proportional(cost)), settings: settings
    ).run(bands: [Band(lower: -half, upper: half, targetLower: -half, targetUpper: half)])
    let expectedRunning = running * effective * effective / 3
    let expectedTrading = cost * volatility * volatility / (2 * effective)
    let slack = running * volatility * volatility * step
    for (name, found, expected) in [
      ("running", result.runningCost, expectedRunning), ("trading", result.tradingCost, expectedTrading),
      ("average", result.averageCost, expectedRunning + expectedTrading),
    ] {
      #expect(abs(found.mean - expected) < 4 * found.standardError + slack, "\(name): \(found) for \(expected)")
    }
    // Watched every δ the cost exceeds the continuous optimum λh² only at first order in δ.
    let optimum = running * half * half
    #expect(
      abs(result.averageCost.mean - optimum) < 4 * result.averageCost.standardError + 2 * slack,
      "\(result.averageCost) for \(optimum)")
  }

  /// Discounted at ρ from 0: never traded `λη²/ρ²`; back to 0 from ±h for K, with θ = √(2ρ)/η and c = cosh θh,
  ///
  ///     V = R + (K + V)/c,   R = λη²/ρ² (1 − 1/c) − λh²/(ρc).
  @Test(arguments: [Double.infinity, 0.7]) func discounted(_ half: Double) throws {
    let (volatility, running, cost, rate) = (0.8, 1.5, 0.2, 2.0)
    let problem = try TrackingProblem(
      name: "one", criterion: .discounted(rate: rate),
      regimes: [TrackingRegime(name: "only", drift: 0, volatility: volatility, runningCost: running)],
      generator: .frozen(count: 1), costs: [.fixed(cost)])
    let settings = TrackingSettings(
      step: 1.0 / 512, burnIn: 0, batchLength: 20 / rate, batchCount: 1, replicaCount: 8192, seed: 5)
    let result = try TrackingRollOut(problem: problem, settings: settings).run(
      bands: [half.isFinite ? Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0) : .unbounded])
    let effective = half + TrackingRollOutTests.overshoot * volatility * settings.step.squareRoot()
    let left = running * volatility * volatility / (rate * rate)
    var expected = left
    if half.isFinite {
      let c = cosh((2 * rate).squareRoot() / volatility * effective)
      expected = (left * (1 - 1 / c) - running * effective * effective / (rate * c) + cost / c) / (1 - 1 / c)
    }
    let slack = running * volatility * volatility * settings.step
    #expect(
      abs(result.averageCost.mean - expected) < 4 * result.averageCost.standardError + slack,
      "\(result.averageCost) for \(expected)")
    #expect(result.averageCost.standardError < 0.02 * expected)
  }

  /// Fixed cost, back to 0 from ±h: mean time h²/η², running cost λh²/6.
  @Test func fixedCost() throws {
    let (volatility, running, cost) = (0.8, 1.5, 0.2)
    let half = (6 * cost * volatility * volatility / running).squareRoot().squareRoot()
    let effective = half + TrackingRollOutTests.overshoot * volatility * settings.step.squareRoot()
    let result = try TrackingRollOut(
      problem: problem(volatility: volatility, running: running, cost: .fixed(cost)), settings: settings
    ).run(bands: [Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0)])
    let time = effective * effective / (volatility * volatility)
    let slack = running * volatility * volatility * settings.step
    let gap = try #require(result.meanTimeBetweenTrades)
    #expect(abs(gap.mean - time) < 4 * gap.standardError + settings.step, "\(gap) for \(time)")
    let expectedRunning = running * effective * effective / 6
    let found = result.runningCost
    #expect(abs(found.mean - expectedRunning) < 4 * found.standardError + slack, "\(found) for \(expectedRunning)")
    #expect(
      abs(result.tradingCost.mean - cost * result.tradeRate.mean) < 1e-12,
      "\(result.tradingCost) \(result.tradeRate)")
  }

  /// Fixed and proportional cost, from ±b to ±a: mean time `(b² − a²)/η²`.
  @Test func innerTargets() throws {
    let (inner, outer) = (0.3, 0.9)
    let cost = TradeCost(fixed: 0.05, proportionalBuy: 0.1, proportionalSell: 0.1)
    let shift = TrackingRollOutTests.overshoot * settings.step.squareRoot()
    let result = try TrackingRollOut(problem: problem(cost: cost), settings: settings)
      .run(bands: [Band(lower: -outer, upper: outer, targetLower: -inner, targetUpper: inner)])
    let time = (outer + shift) * (outer + shift) - inner * inner
    let gap = try #require(result.meanTimeBetweenTrades)
    #expect(abs(gap.mean - time) < 4 * gap.standardError + settings.step, "\(gap) for \(time)")
    // Each trade moves b + overshoot to a.
    let charge = 0.05 + 0.1 * (outer + shift - inner)
    let ratio = result.tradingCost.mean / result.tradeRate.mean
    #expect(abs(ratio - charge) < 1e-3, "\(ratio) for \(charge)")
  }

  /// With drift and edges ±h the stationary law is `∝ e^{2mx/η²}`.
  @Test func drift() throws {
    let (speed, half) = (0.7, 0.8)
    let result = try TrackingRollOut(problem: problem(cost: .proportional(0.1), drift: speed), settings: settings)
      .run(bands: [Band(lower: -half, upper: half, targetLower: -half, targetUpper: half)])
    let effective = half + TrackingRollOutTests.overshoot * settings.step.squareRoot()
    let tilt = 2 * speed
    // E x² under e^{tilt·x} on ±effective.
    let (sine, cosine) = (sinh(tilt * effective), cosh(tilt * effective))
    let second = effective * effective - 2 * effective * cosine / (tilt * sine) + 2 / (tilt * tilt)
    let found = result.runningCost
    #expect(abs(found.mean - 2 * second) < 4 * found.standardError + 2 * settings.step, "\(found) for \(2 * second)")
  }

  /// Two regimes that differ in η and λ alike, λ ∝ η²: time runs at the regime's pace, so long-run costs are the single
  /// regime's, weighted by the pace (control.md §7).
  @Test func pureClockRegimes() throws {
    let paces = [1.0, 4.0]
    let generator = try Generator([[-0.5, 0.5], [1.5, -1.5]])
    let twoRegimes = try TrackingProblem(
      name: "clock", criterion: .longRunAverage,
      regimes: paces.map {
        TrackingRegime(name: "pace \($0)", volatility: $0.squareRoot(), runningCost: 2 * $0)
      }, generator: generator, costs: [.fixed(0.2), .fixed(0.2)])
    var fine = settings
    fine.step = 1.0 / 4096
    let half = 0.9
    let band = Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0)
    let result = try TrackingRollOut(problem: twoRegimes, settings: fine).run(bands: [band])
    let law = [0.75, 0.25]
    for regime in 0..<2 {
      #expect(distance(result.occupancy[regime], law[regime]) < 4, "\(result.occupancy[regime])")
    }
    let pace = law[0] * paces[0] + law[1] * paces[1]
    // The shift of the edge is the average over where breaches happen: in proportion to pace.
    let shift =
      TrackingRollOutTests.overshoot * fine.step.squareRoot()
      * (law[0] * paces[0] + law[1] * paces[1] * paces[1].squareRoot()) / pace
    let effective = half + shift
    let expected = pace * (2 * effective * effective / 6 + 0.2 / (effective * effective))
    let found = result.averageCost
    #expect(
      abs(found.mean - expected) < 4 * found.standardError + 2 * 4 * fine.step * 4, "\(found) for \(expected)")
  }

  /// The same bytes on one thread and on two.
  @Test func threads() throws {
    var few = settings
    few.batchCount = 1
    few.replicaCount = 64
    few.threads = 1
    let band = Band(lower: -0.5, upper: 0.5, targetLower: -0.2, targetUpper: 0.2)
    let one = try TrackingRollOut(problem: problem(cost: .fixed(0.1)), settings: few).run(bands: [band])
    few.threads = 2
    #expect(try TrackingRollOut(problem: problem(cost: .fixed(0.1)), settings: few).run(bands: [band]) == one)
  }
}

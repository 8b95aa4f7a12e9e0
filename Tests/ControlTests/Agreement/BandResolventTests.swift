import Formulation
import LinearAlgebra
import Testing

@testable import Control

/// Sums up to exponential times of complex rates by one reduction, against a system in twice as many real numbers for each rate.
struct BandResolventTests {
  private static let jumps = DeviationJumps(intensity: 1.5, law: .laplace(up: 0.5, down: 0.3, probabilityUp: 0.4))

  private static func problem() throws -> ScaledTracking {
    let problem = try TrackingProblem(
      name: "jumping", criterion: .longRunAverage,
      regimes: [(0.2, 0.8), (0, 1.3)].enumerated().map { e, motion in
        TrackingRegime(
          name: "\(e)", drift: motion.0, volatility: motion.1, runningCost: DeviationCost(below: 1, above: 1.5),
          jumps: jumps)
      },
      generator: Generator([[-0.7, 0.7], [0.4, -0.4]]),
      costs: [0.2, 0.3].map { TradeCost(fixed: $0, proportionalBuy: 0.2, proportionalSell: 0.15) })
    return ScaledTracking(problem, members: [0, 1])
  }

  /// Edges of two regimes may be as near as you like: an element between them has coefficients of one over the square of its length,
  /// which must not cost the digits of all others. What is lost is what slopes between two near points lose, ε p² over their distance.
  @Test(arguments: [0.3, 1e-2, 1e-4, 1e-6]) func agreesWithRealSystems(apart: Double) throws {
    let problem = try Self.problem()
    let bands = [0, apart].map { Band(lower: -1 - $0, upper: 1.2 + $0, targetLower: 0.1, targetUpper: 0.1) }
    let fixedTime = FixedTime(
      problem: problem, bands: bands, basis: ChebyshevBasis(degree: 20), nodes: 40, threads: 1, mostElements: 100)
    var functional = BandFunctional.empty(2)
    functional.running = 1
    functional.constant = [0.3, 0.1]
    functional.perTrade = [[0.5, 0.7], [0.4, 0.2]]
    functional.stopsAtTrade = true
    let sum = FixedTime.Sum(functional: functional) { e, x in x * x + Double(e) }
    let points = [(regime: 0, deviation: 0.1), (regime: 1, deviation: -0.4)]
    let reduced = try fixedTime.resolvent([sum], time: 1.5, at: points)
    for (a, b) in [(3.4, 0.7), (1.2, 5), (-11, 13)] {
      let found = try reduced.values(a, b)[0]
      let expected = try fixedTime.transforms([sum], a, b, at: points)[0]
      for (here, there) in zip(found, expected) {
        for (x, y) in [
          (here.value.0, there.value.0), (here.value.1, there.value.1), (here.slope.0, there.slope.0),
          (here.slope.1, there.slope.1),
        ] {
          #expect(abs(x - y) < 4e-12 + 2e-15 / apart, "\(x) \(y) at \(a) + \(b)i")
        }
      }
    }
  }
}

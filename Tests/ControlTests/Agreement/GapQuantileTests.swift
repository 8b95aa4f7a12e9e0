import Formulation
import Glibc
import Testing

@testable import Control

/// The exit of a Brownian motion from ±b after a start at a:
/// `P(τ > t) = (4/π) Σ (−1)^n/(2n + 1) e^{−(2n+1)²π²η²t/(8b²)} cos((2n + 1)πa/(2b))`.
@Suite struct GapQuantileTests {
  private func survival(_ time: Double, outer b: Double, inner a: Double, volatility: Double) -> Double {
    (0..<200).reduce(0.0) { sum, n in
      let odd = Double(2 * n + 1)
      let decay = exp(-odd * odd * Double.pi * Double.pi * volatility * volatility * time / (8 * b * b))
      return sum + (n.isMultiple(of: 2) ? 1 : -1) * 4 / (Double.pi * odd) * decay * cos(odd * Double.pi * a / (2 * b))
    }
  }

  @Test("One gap in a hundred is shorter, and one longer", arguments: [(0.3, 1.0), (0.05, 1), (0.3, 0)])
  func quantiles(_ fixed: Double, _ proportional: Double) throws {
    let volatility = 0.8
    let problem = try StationaryExamples.problem(
      running: [1.5], volatility: [volatility], costs: [StationaryExamples.both(fixed, proportional)])
    let solver = StationarySolver()
    let classes = try solver.classes(of: problem, optimum: solver.solve(problem))
    for policyClass in [TrackingClass.optimal, .inner] {
      let regime = try #require(classes[policyClass]).regimes[0]
      let band = try #require(regime.band)
      func survives(_ time: Double) -> Double {
        survival(time, outer: band.upper, inner: band.targetUpper, volatility: volatility)
      }
      let (least, most) = (try #require(regime.minGap), try #require(regime.maxGap))
      // Fourteen terms in double precision leave about 10⁻⁴ of probability.
      #expect(abs(survives(least.value) - 0.99) < 2e-4, "\(policyClass) \(least)")
      #expect(abs(survives(most.value) - 0.01) < 2e-4, "\(policyClass) \(most)")
    }
  }

  /// The transform of 1 is 1/s, of t is 1/s²: the weights return 1 and t.
  @Test(arguments: [10, 12, 14]) func weights(_ count: Int) {
    let weights = GapQuantiles.weights(count)
    let (constant, linear) = weights.enumerated().reduce((0.0, 0.0)) { sum, entry in
      let k = Double(entry.offset + 1)
      return (sum.0 + entry.element / k, sum.1 + entry.element / (k * k))
    }
    // Rounding of weights up to 3·10⁶.
    #expect(abs(constant - 1) < 1e-8 && abs(linear / M_LN2 - 1) < 1e-3, "\(constant), \(linear)")
  }
}

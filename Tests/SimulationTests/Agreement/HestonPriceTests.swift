import Glibc
import Testing

@testable import Simulation

/// What a Heston world's paths are worth, against the characteristic function and the closed forms of the variance.
@Suite struct HestonPriceTests {
  /// Standard errors beyond which a fixed seed does not lie: five comparisons of two tails at 4 are missed once in 3000 seeds.
  static let bound = 4.0

  /// At 64 steps a year the scheme's error is well below the standard error of 2¹⁸ paths.
  @Test func europeanPrices() throws {
    let reference = HestonReference.lewis
    let sampler = try WorldSampler(reference.world, days: 365, steps: 64, paths: 1 << 18, seed: 3)
    let strikes = [80.0, 90, 100, 110, 120]
    let discount = exp(-reference.rate)
    let found = sampler.moments(
      strikes.map { strike in { spot, _ in discount * max(0, strike - spot) } } + [{ spot, _ in spot }])
    for (strike, moments) in zip(strikes, found) {
      let price = moments.estimate
      #expect(distance(price, reference.put(strike)) < Self.bound, "\(strike): \(price) for \(reference.put(strike))")
      // The test sees an error of a hundredth of the price.
      #expect(price.standardError < 0.01 * price.mean)
    }
    #expect(distance(found[5].estimate, reference.forward) < Self.bound)
  }

  /// The forward is met exactly whatever the step, and so are mean and variance of the variance: here with few long steps, where
  /// most are taken by the law with a mass at zero.
  @Test(arguments: [HestonReference.first, .second, .lewis], [2, 10])
  func momentsWithLongSteps(reference: HestonReference, steps: Int) throws {
    let sampler = try WorldSampler(
      reference.world, days: 365 * reference.years, steps: steps, paths: 1 << 18, seed: 4)
    let found = sampler.moments([{ spot, _ in spot }, { _, variance in variance }])
    #expect(distance(found[0].estimate, reference.forward) < Self.bound, "\(found[0].estimate)")
    #expect(distance(found[1].estimate, reference.meanVariance) < Self.bound, "\(found[1].estimate)")
    #expect(
      distance(found[1].varianceEstimate, reference.varianceOfVariance) < Self.bound, "\(found[1].varianceEstimate)")
  }

  /// The error at steps of 1, ½, ¼ and ⅛ of a year falls by nearly four with each halving, 1.36, 0.38, 0.10, 0.027: second order,
  /// which is what central discretisation gives where the law of the variance is smooth. (On Andersen's first case, whose variance is
  /// most often next to zero, the error at 2, 1, ½ and ¼ years is −0.46, 0.23, 0.12, 0.001 ± 0.009: no order to speak of.)
  @Test func orderInTheStep() throws {
    let reference = HestonReference.lewis
    let exact = exp(reference.rate) * reference.put(100)
    let errors = try [1, 2, 4, 8].map { steps in
      let sampler = try WorldSampler(
        reference.world, days: 365, steps: steps, paths: 1 << 22, seed: 5, antithetic: true)
      // A share of the parity is a control of known mean.
      let share = 0.4
      let found = sampler.moments([{ spot, _ in max(0, 100 - spot) + share * (spot - reference.forward) }])[0]
      return abs(found.mean - exact)
    }
    let slopes = [log2(errors[0] / errors[1]), log2(errors[1] / errors[2]), 0.5 * log2(errors[1] / errors[3])]
    // The last error has a standard error of a fifth.
    for slope in slopes { #expect(slope > 1.7 && slope < 2.3, "\(errors)") }
  }
}

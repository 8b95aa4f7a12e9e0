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

  /// The error of a put at steps of so many a year.
  @Test func orderInTheStep() throws {
    let mild = HestonReference(
      initial: 0.04, reversion: 2, longRun: 0.09, volatility: 0.4, correlation: -0.6, years: 1)
    for (name, reference) in [("mild", mild), ("lewis", .lewis)] {
      let exact = exp(reference.rate) * reference.put(100)
      for steps in [1, 2, 4, 8, 16] {
        let sampler = try WorldSampler(
          reference.world, days: 365, steps: steps, paths: 1 << 22, seed: 5, antithetic: true)
        // Half of the parity is a control of known mean.
        let found = sampler.moments([{ spot, _ in max(0, 100 - spot) + 0.4 * (spot - reference.forward) }])[0].estimate
        print("ORDER", name, steps, found.mean - exact, found.standardError)
      }
    }
  }
}

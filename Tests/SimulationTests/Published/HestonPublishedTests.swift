import Testing

@testable import Simulation

/// The reference that the simulation is held against, against digits that others have published.
@Suite struct HestonPublishedTests {
  /// A. Lewis, reference prices posted on 30 May 2012 (Wilmott forum, "Heston – Reference Prices"): r = 0.01, q = 0.02, T = 1,
  /// S = 100, v₀ = 0.04, dv = (1 − 4v) dt + √v dB, ρ = −½; to the rounding of double arithmetic.
  @Test(arguments: [
    (80.0, 7.958878113256768285, 26.774758743998854221), (90, 12.017966707346304988, 20.933349000596710388),
    (100, 17.055270961270109414, 16.070154917028834278), (110, 23.017825898442800538, 12.132211516709844868),
    (120, 29.811026202682471843, 9.024913483457835637),
  ])
  func lewis(strike: Double, put: Double, call: Double) {
    let reference = HestonReference.lewis
    #expect(abs(reference.call(strike) - call) < 5e-12, "\(reference.call(strike))")
    #expect(abs(reference.put(strike) - put) < 5e-12, "\(reference.put(strike))")
  }

  /// L. Andersen (2008), cases I and II: exact prices of ten- and fifteen-year calls, to the paper's three decimals.
  @Test(arguments: [
    (HestonReference.first, [44.330, 13.085, 0.296]), (.second, [45.287, 16.649, 5.138]),
  ])
  func andersen(reference: HestonReference, prices: [Double]) {
    for (strike, price) in zip([60.0, 100, 140], prices) {
      #expect(abs(reference.call(strike) - price) <= 0.0005, "\(strike): \(reference.call(strike))")
    }
  }
}

extension HestonReference {
  static let lewis = HestonReference(
    initial: 0.04, reversion: 4, longRun: 0.25, volatility: 1, correlation: -0.5, years: 1, rate: 0.01, dividend: 0.02)
  /// Andersen's cases: long-dated currency and interest-rate options.
  static let first = HestonReference(
    initial: 0.04, reversion: 0.5, longRun: 0.04, volatility: 1, correlation: -0.9, years: 10)
  static let second = HestonReference(
    initial: 0.04, reversion: 0.3, longRun: 0.04, volatility: 0.9, correlation: -0.5, years: 15)

  /// The world of this law.
  var world: World {
    .heston(
      HestonWorld(
        initialVariance: initial, reversion: reversion, longRunVariance: longRun, volatilityOfVariance: volatility,
        correlation: correlation, drift: rate - dividend))
  }
}

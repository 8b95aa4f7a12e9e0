import Formulation
import Glibc
import Testing

@testable import Simulation

/// Roll-outs of simple policies against closed forms and numerical integrals.
@Suite struct RollOutAgreementTests {
  static let bound = 4.0

  /// Simpson's rule with 2n intervals.
  func integral(_ from: Double, _ to: Double, _ halves: Int, _ function: (Double) -> Double) -> Double {
    let width = (to - from) / Double(2 * halves)
    var sum = function(from) + function(to)
    for node in 1..<(2 * halves) { sum += (node & 1 == 1 ? 4 : 2) * function(from + Double(node) * width) }
    return sum * width / 3
  }

  /// Never hedged: `½a ∫ σ² E[S²Δ(t, S)²] dt`, the expectation by quadrature over the lognormal law, time by Simpson in
  /// √(T − t), in which the integrand is smooth up to expiry.
  @Test func riskOfNeverHedging() throws {
    let (volatility, implied, aversion) = (0.6, 0.7, 0.02)
    let problem = try Fixture.plain(
      volatility: volatility, positions: [Fixture.option(strike: 110, implied: [implied])], settlement: .none,
      riskAversion: aversion)
    let horizon = problem.horizon
    let exact =
      0.5 * aversion * volatility * volatility
      * integral(0, horizon.squareRoot(), 100) { root in
        let time = horizon - root * root
        let deviation = volatility * time.squareRoot()
        let expectation = integral(-8, 8, 400) { normal in
          let spot = 100 * exp(deviation * normal - 0.5 * deviation * deviation)
          let delta = problem.book.greeks(time: time, spot: spot, regime: 0).delta
          return NormalLaw.density(normal) * spot * spot * delta * delta
        }
        return 2 * root * expectation
      }
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: Fixture.day / 4, pathCount: 1 << 17, seed: 31, antithetic: true, detailed: false))
    let found = try rollOut.run(.never)[.gammaRisk]
    #expect(distance(found, exact) < RollOutAgreementTests.bound, "\(found) for \(exact)")
  }

  /// Trading to zero net delta N times leaves a variance of `½σ⁴δ∫E[S⁴Γ²]dt` to leading order (Boyle and Emanuel 1980;
  /// Bertsimas, Kogan and Lo 2000), which at the money is `(π/4)(vega σ)²/N` (Kamal and Derman 1999) `= S²σ²T/(8N)`.
  /// The next term is of order N^{−1/2} relative, from the last steps before expiry; one extrapolation in it leaves O(1/N)
  /// and O(σ²T), each below 2 % here.
  @Test func varianceOfDiscreteHedging() throws {
    let volatility = 0.2
    let problem = try Fixture.plain(
      volatility: volatility, positions: [Fixture.option(days: 32, implied: [volatility])],
      cost: .proportional(0), settlement: .none)
    let leading = 100 * 100 * volatility * volatility * problem.horizon / 8
    var ratios: [Estimate] = []
    for count in [64, 256] {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: 32 * Fixture.day / Double(count), pathCount: 1 << 17, seed: 32))
      let result = try rollOut.run(.frictionless)
      let mean = result[.profit]
      #expect(distance(mean, 0) < RollOutAgreementTests.bound, "N = \(count): mean \(mean)")
      ratios.append(result.distribution(.profit).varianceEstimate.scaled(by: Double(count) / leading))
    }
    let extrapolated = 2 * ratios[1].mean - ratios[0].mean
    let error = 2 * ratios[1].standardError + ratios[0].standardError
    #expect(abs(extrapolated - 1) < 3 * error + 0.02, "ratios \(ratios), extrapolated \(extrapolated)")
  }

  /// With μ = r = 0 the hedging profit is a martingale and `½a E[(Σ D dS)²] = E[gammaRisk]`: on the same paths, with net
  /// delta left alone so that `D dS` is sampled as often as the risk (difference O(δ), here 1/2000 of it).
  @Test func riskIsTheVarianceOfTheHedgingProfit() throws {
    let problem = try Fixture.switching(
      drifts: [0, 0], fundings: [0, 0], rate: 0, settlement: .none, riskAversion: 0.02)
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 30 * Fixture.day / 1000, pathCount: 1 << 14, seed: 33))
    let band = Band(lower: -0.2, upper: 0.2, targetLower: -0.1, targetUpper: 0.1)
    for policy in [HedgingPolicy.never, .constantBand([band])] {
      let result = try rollOut.run(policy, keeping: [.hedgingProfit, .gammaRisk])
      let squares = result.kept[0].map { 0.5 * 0.02 * $0 * $0 }
      let gap = Moments(zip(squares, result.kept[1]).map { $0 - $1 }).estimate
      #expect(distance(gap, 0) < RollOutAgreementTests.bound, "\(policy): \(gap) of \(result[.gammaRisk])")
      #expect(distance(result[.hedgingProfit], 0) < RollOutAgreementTests.bound, "\(policy)")
    }
  }

  /// The book's risk beyond delta at implied = realised volatility earns nothing on average; at other volatilities
  /// `½(σ̂² − σ²)∫E[S²Γ]dt` (control.md §10's carry identity), which for a never-settled value is
  /// `E[V_T] − V_0` of the other model: the difference of two Black prices.
  @Test func gammaProfitIsTheDifferenceOfTwoPrices() throws {
    let (realised, implied) = (0.4, 0.55)
    let problem = try Fixture.plain(
      volatility: realised, positions: [Fixture.option(implied: [implied])], cost: .proportional(0),
      settlement: .none)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: Fixture.day / 2, pathCount: 1 << 15, seed: 34))
    let formula = BlackFormula(kind: .call, strike: 100, rate: 0, carry: 0)
    func price(_ volatility: Double) -> Double {
      formula.greeks(spot: 100, remaining: problem.horizon, volatility: volatility).value
    }
    let found = try rollOut.run(.frictionless)[.profit]
    let expected = price(implied) - price(realised)
    #expect(distance(found, expected) < RollOutAgreementTests.bound, "\(found) for \(expected)")
  }

  /// The regime's mean jump of the mark: `½a Σ q E∫(V_{e'} − V_e)²dt`, at the money with no time value lost: a straddle so
  /// long that its value difference is nearly constant would hide errors, so the integral is done by quadrature in t at
  /// constant spot volatility (both regimes σ alike).
  @Test func jumpOfTheMark() throws {
    let volatility = 0.5
    let aversion = 0.05
    let problem = try Fixture.switching(
      volatilities: [volatility, volatility], drifts: [0, 0], fundings: [0, 0], rate: 0, settlement: .none,
      riskAversion: aversion)
    let (out, back) = (30.0, 60.0)
    let speed = out + back
    let horizon = problem.horizon
    let exact =
      0.5 * aversion
      * integral(0, horizon.squareRoot(), 60) { root in
        let time = horizon - root * root
        let storm = out / speed * (1 - exp(-speed * time))
        let rate = (1 - storm) * out + storm * back
        let deviation = volatility * time.squareRoot()
        let expectation = integral(-8, 8, 200) { normal in
          let spot = 100 * exp(deviation * normal - 0.5 * deviation * deviation)
          let jump =
            problem.book.greeks(time: time, spot: spot, regime: 1).value
            - problem.book.greeks(time: time, spot: spot, regime: 0).value
          return NormalLaw.density(normal) * jump * jump
        }
        return 2 * root * rate * expectation
      }
    // First order in the step: extrapolate from one hour and two.
    var means: [Estimate] = []
    for hours in [1.0, 2.0] {
      let rollOut = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: hours * 3600, pathCount: 1 << 14, seed: 35))
      means.append(try rollOut.run(.never)[.markJumpRisk])
    }
    let extrapolated = 2 * means[0].mean - means[1].mean
    let error = 2 * means[0].standardError + means[1].standardError
    #expect(abs(extrapolated - exact) < 3 * error, "\(means) extrapolated \(extrapolated) for \(exact)")
  }

  /// A constant band in a table is the constant band.
  @Test func constantTable() throws {
    let problem = try Fixture.switching()
    let band = Band(lower: -0.1, upper: 0.1, targetLower: -0.05, targetUpper: 0.1)
    let table = PolicyTable(
      times: [0, 0.05], logSpots: [4, 4.5, 5], regimeCount: 2, bands: Array(repeating: band, count: 12))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 512, seed: 36))
    #expect(try rollOut.run(.table(table)) == rollOut.run(.constantBand([band])))
  }

  /// Costs of trading to zero before a long horizon: mean time between trades of a K-only policy from the roll-out.
  /// A forward book of log-normal spot and a band around a delta that moves: at gaps short against the horizon the
  /// occurrence–exposure estimate is horizon·paths/trades.
  @Test func timeBetweenTrades() throws {
    let problem = try Fixture.switching()
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 3600, pathCount: 1024, seed: 37))
    let band = Band(lower: -0.05, upper: 0.05, targetLower: 0, targetUpper: 0)
    let result = try rollOut.run(.constantBand([band]), keeping: [.tradeCount])
    let seconds = problem.horizon * problem.dayCount.secondsPerYear
    // Years at risk in both regimes are the horizon, and trades after the first end them.
    var (rates, years) = (0.0, 0.0)
    for regime in 0..<2 {
      let gap = try #require(result.meanSecondsBetweenTrades(regime: regime))
      #expect(gap.mean > 3600 && gap.mean < seconds && gap.standardError < 0.1 * gap.mean, "\(regime) \(gap)")
      let share = result.yearsAtRisk(regime: regime)
      years += share.mean
      rates += share.mean * problem.dayCount.secondsPerYear / gap.mean
    }
    #expect(abs(years - problem.horizon) < 1e-12, "\(years)")
    // The first trade, at the valuation, ends no gap.
    #expect(abs(rates - (result[.tradeCount].mean - 1)) < 1e-9, "\(rates) for \(result[.tradeCount].mean - 1)")
  }
}

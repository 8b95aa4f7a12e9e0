import Formulation
import Glibc
import Testing

@testable import Simulation

/// The sampled dynamics against closed forms. Bounds are in standard errors of the sample: 4, which one comparison in
/// 16 000 exceeds by chance, with the seed fixed.
@Suite struct DynamicsTests {
  static let bound = 4.0

  /// `E S_T = S₀e^{μT}`, `E ln S_T`, `Var ln S_T = σ²T`, and `E[e^{−rT}(S_T − K)⁺]` by Black's formula.
  @Test(arguments: [(0.6, 0.04), (0.25, -0.1)])
  func geometricBrownianMotion(volatility: Double, drift: Double) throws {
    let option = Fixture.option(strike: 105, implied: [volatility])
    let problem = try Fixture.plain(volatility: volatility, drift: drift, rate: drift, positions: [option])
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 10 * Fixture.day, pathCount: 40_000, seed: 21))
    let horizon = problem.horizon
    var (spots, logs, payoffs): ([Double], [Double], [Double]) = ([], [], [])
    for index in 0..<rollOut.settings.pathCount {
      let path = rollOut.path(index)
      spots.append(path.spots[3])
      logs.append(path.logSpots[3])
      payoffs.append(exp(-drift * horizon) * max(0, path.spots[3] - 105))
    }
    let price = BlackFormula(kind: .call, strike: 105, rate: drift, carry: drift)
      .greeks(spot: 100, remaining: horizon, volatility: volatility).value
    let variance = volatility * volatility * horizon
    let rows: [(String, Estimate, Double)] = [
      ("E S", Moments(spots).estimate, 100 * exp(drift * horizon)),
      ("E ln S", Moments(logs).estimate, log(100) + drift * horizon - 0.5 * variance),
      ("Var ln S", Moments(logs).varianceEstimate, variance),
      ("skewness", Moments(logs).skewness, 0),
      ("call", Moments(payoffs).estimate, price),
    ]
    for (name, found, expected) in rows {
      #expect(distance(found, expected) < DynamicsTests.bound, "\(name): \(found) for \(expected)")
    }
  }

  /// Two states, rates α out of 0 and β out of 1, s = α + β, started in 0. With `p₁(t) = (α/s)(1 − e^{−st})`,
  /// the time A in state 1 has
  ///
  ///     E A = (α/s)(T − (1 − e^{−sT})/s),
  ///     E A² = 2∫₀ᵀ∫₀ᵗ p₁(u) P₁₁(t − u) du dt,   P₁₁(t) = (α + βe^{−st})/s,
  ///
  /// and `∫σ²dt = σ₀²T + (σ₁² − σ₀²)A`. The double integral is done in closed form below.
  @Test func integratedVarianceOfTwoStates() throws {
    let (out, back) = (30.0, 60.0)
    let problem = try Fixture.switching(rates: [[-out, out], [back, -back]])
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * Fixture.day, pathCount: 40_000, seed: 22))
    let horizon = problem.horizon
    let speed = out + back
    let decay = exp(-speed * horizon)
    let meanTime = out / speed * (horizon - (1 - decay) / speed)
    // ∫∫ over u < t of (α/s)(1 − e^{−su})·(α + βe^{−s(t−u)})/s, term by term.
    let square = horizon * horizon / 2
    let ramp = horizon / speed - (1 - decay) / (speed * speed)
    let mixed = (1 - decay) / (speed * speed) - horizon * decay / speed
    let secondTime = 2 * out / (speed * speed) * (out * square + back * ramp - out * ramp - back * mixed)
    let gap = 0.9 * 0.9 - 0.3 * 0.3
    let expected = 0.3 * 0.3 * horizon + gap * meanTime
    let spread = gap * gap * (secondTime - meanTime * meanTime)
    var (integrals, stays, ends): ([Double], [Double], [Double]) = ([], [], [])
    for index in 0..<rollOut.settings.pathCount {
      let path = rollOut.path(index)
      integrals.append(path.integratedVariances.reduce(0, +))
      stays.append(path.occupation[1])
      ends.append(path.regimes.last == 1 ? 1 : 0)
    }
    let rows: [(String, Estimate, Double)] = [
      ("E ∫σ²", Moments(integrals).estimate, expected),
      ("Var ∫σ²", Moments(integrals).varianceEstimate, spread),
      ("occupation", Moments(stays).estimate, meanTime),
      ("P(storm at T)", Moments(ends).estimate, out / speed * (1 - decay)),
    ]
    for (name, found, wanted) in rows {
      #expect(distance(found, wanted) < DynamicsTests.bound, "\(name): \(found) for \(wanted)")
    }
  }

  /// Three states in a ring, long after the start: the occupation is the stationary law of the generator.
  @Test func occupationOfThreeStates() throws {
    let generator = try Generator([[-200, 150, 50], [100, -300, 200], [400, 100, -500]])
    let regimes = ["a", "b", "c"].enumerated().map {
      Regime(name: $0.element, volatility: 0.2 + 0.3 * Double($0.offset))
    }
    let problem = try OptionBookProblem(
      name: "ring", valuation: Fixture.valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: try EnvironmentChain(regimes: regimes, generator: generator), currentRegime: 0),
      positions: [Fixture.option(days: 365)], costs: Array(repeating: .proportional(0.001), count: 3),
      preference: .quadratic(riskAversion: 0.01))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 73 * Fixture.day, pathCount: 4000, seed: 23))
    let law = try #require(generator.stationaryLaw)
    var last = [[Double]](repeating: [], count: 3)
    for index in 0..<4000 {
      let end = rollOut.path(index).regimes.last!
      for regime in 0..<3 { last[regime].append(regime == end ? 1 : 0) }
    }
    for regime in 0..<3 {
      let found = Moments(last[regime]).estimate
      #expect(distance(found, law[regime]) < DynamicsTests.bound, "regime \(regime): \(found) for \(law[regime])")
    }
  }
}

import Formulation
import Glibc
import Testing

@testable import Simulation

/// Exact jumps of the price and the running risk that they bring. Bounds in standard errors, as in `DynamicsTests`.
@Suite struct PriceJumpRollOutTests {
  static let kou = PriceJumps.Law.kou(scaleUp: 0.04, scaleDown: 0.06, probabilityUp: 0.35)
  static let merton = PriceJumps.Law.merton(mean: -0.04, deviation: 0.07)

  private func problem(
    _ laws: [PriceJumps?], switching: [[Double]] = [[0]], switchJumps: [[Double]] = [], drift: Double = 0.2,
    settlement: Settlement = .none, horizonDays: Double = 20
  ) throws -> OptionBookProblem {
    let regimes = laws.enumerated().map {
      Regime(name: "regime \($0.offset)", volatility: 0.4 + 0.3 * Double($0.offset), drift: drift, jumps: $0.element)
    }
    let chain = try EnvironmentChain(
      regimes: regimes, generator: try Generator(switching), switchJumps: switchJumps)
    let implied = laws.count == 1 ? [0.6] : [0.6, 0.8]
    return try OptionBookProblem(
      name: "jumps", valuation: Fixture.valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0.02, environment: chain),
      positions: [Fixture.option(strike: 105, days: 50, implied: implied)],
      costs: laws.map { _ in .proportional(0.001) }, preference: .quadratic(riskAversion: 0.02),
      settlement: settlement, inventory: 0.4, horizon: Fixture.valuation.adding(seconds: horizonDays * Fixture.day))
  }

  /// `E S_T = S₀e^{μT}` however the price jumps, and `E ln S`, `Var ln S` of a compound Poisson process.
  @Test(arguments: [merton, kou]) func moments(_ law: PriceJumps.Law) throws {
    let jumps = PriceJumps(intensity: 30, law: law)
    let problem = try problem([jumps])
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 4 * Fixture.day, pathCount: 40_000, seed: 41))
    let (logs, spots) = (0..<40_000).reduce(into: ([Double](), [Double]())) { found, index in
      let path = rollOut.path(index)
      found.0.append(path.logSpots.last!)
      found.1.append(path.spots.last!)
    }
    let years = problem.horizon
    let variance = (0.16 + 30 * jumps.logarithm.secondMoment) * years
    let mean = log(100) + (0.2 - 30 * jumps.meanMove - 0.08 + 30 * jumps.logarithm.mean) * years
    for (name, found, expected) in [
      ("E S", Moments(spots).estimate, 100 * exp(0.2 * years)), ("E ln S", Moments(logs).estimate, mean),
      ("Var ln S", Moments(logs).varianceEstimate, variance),
    ] { #expect(distance(found, expected) < DynamicsTests.bound, "\(name): \(found) for \(expected)") }
  }

  /// A switch that moves the price leaves its mean growth alone.
  @Test func switchesAreCompensated() throws {
    let problem = try problem(
      [nil, PriceJumps(intensity: 20, law: Self.kou)], switching: [[-30, 30], [60, -60]],
      switchJumps: [[0, -0.08], [0.05, 0]])
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 4 * Fixture.day, pathCount: 40_000, seed: 42))
    let spots = Moments((0..<40_000).map { rollOut.path($0).spots.last! })
    #expect(distance(spots.estimate, 100 * exp(0.2 * problem.horizon)) < DynamicsTests.bound)
  }

  /// Never hedged: `½a ∫ E v(t, S_t, y₀) dt`, the expectation over the Poisson mixture of lognormal laws by quadrature and v by
  /// `hedgedVariance`.
  @Test func riskOfNeverHedging() throws {
    let jumps = PriceJumps(intensity: 30, law: Self.merton)
    let problem = try problem([jumps])
    let drift = problem.environment.driftBetweenJumps(0) - 0.08
    func expected(_ time: Double) -> Double {
      guard time > 0 else { return problem.hedgedVariance(time: 0, spot: 100, regime: 0).rate(inventory: 0.4) }
      var (total, probability) = (0.0, exp(-30 * time))
      for count in 0...12 {
        if count > 0 { probability *= 30 * time / Double(count) }
        let deviation = (0.16 * time + Double(count) * 0.07 * 0.07).squareRoot()
        let mean = drift * time - 0.04 * Double(count)
        for node in -20...20 {
          let normal = 0.3 * Double(node)
          let spot = 100 * exp(mean + deviation * normal)
          let rate = problem.hedgedVariance(time: time, spot: spot, regime: 0).rate(inventory: 0.4)
          total += probability * 0.3 * NormalLaw.density(normal) * rate
        }
      }
      return total
    }
    let width = problem.horizon / 8
    // Simpson's rule.
    var exact = 0.0
    for index in 0...8 {
      let weight: Double = index == 0 || index == 8 ? 1 : index % 2 == 1 ? 4 : 2
      exact += 0.01 * width / 3 * weight * expected(Double(index) * width)
    }
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: Fixture.day / 2, pathCount: 1 << 15, seed: 43, detailed: false))
    let found = try rollOut.run(.never)[.gammaRisk]
    #expect(distance(found, exact) < DynamicsTests.bound, "\(found) for \(exact)")
    #expect(found.standardError < 0.01 * exact)
  }

  /// The running risk of jumps is what the jumps do, in the mean: realised squares of the changes of the hedged book at jumps
  /// alone, without drift or diffusion to speak of between them.
  @Test func riskIsRealised() throws {
    let law = PriceJumps(intensity: 200, law: Self.kou)
    let chain = try EnvironmentChain(
      regimes: [
        Regime(name: "a", volatility: 1e-4, jumps: law), Regime(name: "b", volatility: 1e-4, jumps: law),
      ], generator: try Generator([[-60, 60], [90, -90]]), switchJumps: [[0, -0.05], [0.04, 0]])
    let problem = try OptionBookProblem(
      name: "pure", valuation: Fixture.valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain),
      positions: [Position(name: "forward", instrument: .forward, quantity: 1)],
      costs: [.proportional(0), .proportional(0)], preference: .quadratic(riskAversion: 2), settlement: .none,
      horizon: Fixture.valuation.adding(seconds: 5 * Fixture.day))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 900, pathCount: 1 << 13, seed: 44))
    let result = try rollOut.run(.never, keeping: [.hedgingProfit])
    // S is a martingale: its mean square change is the mean of its quadratic variation.
    let squares = Moments(result.kept[0].map { $0 * $0 }).estimate
    let risk = result[.gammaRisk]
    let spread = hypot(squares.standardError, risk.standardError)
    #expect(abs(squares.mean - risk.mean) < DynamicsTests.bound * spread, "\(squares) \(risk)")
  }

  /// The kernel's paths are those of the scalar code, and any number of threads gives the same bytes.
  @Test func sameBytes() throws {
    let problem = try problem(
      [PriceJumps(intensity: 40, law: Self.merton), PriceJumps(intensity: 90, law: Self.kou)],
      switching: [[-30, 30], [60, -60]], switchJumps: [[0, -0.08], [0.05, 0]], settlement: .cash)
    func rollOut(_ threads: Int) throws -> RollOut {
      try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 1024, seed: 45, antithetic: true, threads: threads))
    }
    let band = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: 0, targetUpper: 0)])
    let columns: [RollOutColumn] = [.hedgingProfit, .turnoverNotional, .tradeCount]
    let one = try rollOut(1).run(band, keeping: columns)
    #expect(try one == rollOut(3).run(band, keeping: columns))
    let reference = ScalarReference(rollOut: try rollOut(1)) { _, _, _ in
      Band(lower: -0.1, upper: 0.1, targetLower: 0, targetUpper: 0)
    }
    for path in stride(from: 0, to: 1024, by: 37) {
      let expected = reference.columns(path: path)
      for (index, column) in columns.enumerated() {
        #expect(
          abs(one.kept[index][path] - expected[column]!) < 1e-8 * (1 + abs(expected[column]!)), "\(path) \(column)")
      }
    }
  }

  /// An inventory that nobody touches under exponential utility: `J = ln E e^{−γ y (X_T − X_0)}/γ` over the mixture of lognormal
  /// laws that a number of Merton's jumps leaves, by Simpson's rule.
  @Test func inventoryUnderUtility() throws {
    let (aversion, inventory, volatility, rate) = (0.02, 1.5, 0.4, 3.0)
    let (mean, deviation) = (-0.05, 0.1)
    let jumps = PriceJumps(intensity: rate, law: .merton(mean: mean, deviation: deviation))
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "a", volatility: volatility, jumps: jumps)], generator: .frozen(count: 1))
    let problem = try Fixture.plain(
      positions: [], settlement: .none, inventory: inventory, horizonDays: 90,
      preference: .exponential(riskAversion: aversion)
    ).replacing(environment: chain)
    let horizon = problem.horizon
    let halves = 1000
    let width = 16.0 / Double(2 * halves)
    var (sum, chance) = (0.0, exp(-rate * horizon))
    for count in 0..<20 {
      let variance = volatility * volatility * horizon + Double(count) * deviation * deviation
      let centre =
        -rate * jumps.meanMove * horizon - 0.5 * volatility * volatility * horizon + Double(count) * mean
      for node in 0...(2 * halves) {
        let normal = -8 + Double(node) * width
        let wealth = inventory * 100 * expm1(centre + variance.squareRoot() * normal)
        let weight: Double = node == 0 || node == 2 * halves ? 1 : node & 1 == 1 ? 4 : 2
        sum += chance * weight * width / 3 * NormalLaw.density(normal) * exp(-aversion * wealth)
      }
      chance *= rate * horizon / Double(count + 1)
    }
    let exact = log(sum) / aversion
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 10 * Fixture.day, pathCount: 1 << 16, seed: 52, detailed: false))
    let found = try rollOut.run(.never)[.criterion]
    #expect(distance(found, exact) < 4, "\(found) for \(exact)")
  }
}

import Formulation
import Glibc
import Testing

@testable import Simulation

/// Terminal wealth under exponential utility against closed forms, quadrature and the laws it obeys.
@Suite struct CertaintyEquivalentTests {
  static let bound = 4.0

  /// An inventory that nobody touches and no book: `J = e^{−rT} ln E e^{−γ(y(X_T − X_0) − charge)}/γ`, the expectation over the
  /// lognormal law by Simpson's rule.
  @Test(arguments: [Settlement.none, .cash])
  func inventoryAlone(settlement: Settlement) throws {
    let (volatility, drift, rate, aversion, inventory) = (0.7, 0.3, 0.08, 0.03, 1.5)
    let cost = TradeCost(fixed: 0.4, proportionalBuy: 0.002, proportionalSell: 0.003)
    let problem = try Fixture.plain(
      volatility: volatility, drift: drift, rate: rate, positions: [], cost: cost, settlement: settlement,
      inventory: inventory, horizonDays: 120, preference: .exponential(riskAversion: aversion))
    let horizon = problem.horizon
    let deviation = volatility * horizon.squareRoot()
    let halves = 2000
    let width = 16.0 / Double(2 * halves)
    var sum = 0.0
    for node in 0...(2 * halves) {
      let normal = -8 + Double(node) * width
      let spot = 100 * exp(drift * horizon + deviation * normal - 0.5 * deviation * deviation)
      let charge = settlement == .cash ? cost.fixed + cost.proportionalSell * spot * inventory : 0
      let wealth = inventory * (spot - 100 * exp(rate * horizon)) - charge
      let weight: Double = node == 0 || node == 2 * halves ? 1 : node & 1 == 1 ? 4 : 2
      sum += weight * width / 3 * NormalLaw.density(normal) * exp(-aversion * wealth)
    }
    let exact = exp(-rate * horizon) * log(sum) / aversion
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 10 * Fixture.day, pathCount: 1 << 17, seed: 41, detailed: false))
    let result = try rollOut.run(.never)
    #expect(result.doubt == nil)
    #expect(distance(result[.criterion], exact) < Self.bound, "\(result[.criterion]) for \(exact)")
  }

  /// A forward sold against the book's forward leaves the cost of that trade and nothing else, on every path.
  @Test func hedgedForward() throws {
    let cost = TradeCost(fixed: 0.3, proportionalBuy: 0.002, proportionalSell: 0.004)
    let forward = Position(name: "forward", instrument: .forward, quantity: 0.7)
    let problem = try Fixture.plain(
      drift: 0.4, rate: 0.1, positions: [forward], cost: cost, settlement: .none, horizonDays: 90,
      preference: .exponential(riskAversion: 2))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: Fixture.day, pathCount: 512, seed: 42))
    let result = try rollOut.run(.frictionless, keeping: [.excessWealth])
    let charge = cost.charge(price: 100, trade: -0.7)
    for wealth in result.kept[0] { #expect(abs(wealth + charge * exp(0.1 * problem.horizon)) < 1e-11) }
    #expect(abs(result[.criterion].mean - charge) < 1e-11)
  }

  /// With hardly any volatility funding is an integral in closed form, `f y S₀ e^{rT} (e^{(μ−r)T} − 1)/(μ − r)`, and halving
  /// the step divides the error by four.
  @Test func fundingIsOfSecondOrder() throws {
    let (drift, funding, rate, inventory) = (3.0, 0.8, 0.05, 2.0)
    let problem = try Fixture.plain(
      volatility: 1e-9, drift: drift, funding: funding, rate: rate, positions: [], settlement: .none,
      inventory: inventory, horizonDays: 64, preference: .exponential(riskAversion: 0.01))
    let horizon = problem.horizon
    let excess = drift - rate
    let paid = funding * inventory * 100 * exp(rate * horizon) * (exp(excess * horizon) - 1) / excess
    let exact = inventory * 100 * (exp(drift * horizon) - exp(rate * horizon)) - paid
    let errors = try [8.0, 4.0].map { days in
      let rollOut = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: days * Fixture.day, pathCount: 256, seed: 43))
      return try rollOut.run(.never)[.excessWealth].mean - exact
    }
    #expect(abs(errors[0] / errors[1] - 4) < 0.05, "\(errors)")
  }

  /// A short call is a short put and a unit sold forward: the same wealth on every path, whatever the policy does in net delta.
  @Test func putAndCall() throws {
    let band = Band(lower: -0.07, upper: 0.07, targetLower: -0.05, targetUpper: 0.05)
    let wealth = try [(OptionKind.call, 0.2), (.put, -0.8)].map { kind, inventory in
      let problem = try Fixture.plain(
        drift: 0.2, rate: 0.06, positions: [Fixture.option(kind, strike: 104)], settlement: .none, inventory: inventory,
        preference: .exponential(riskAversion: 0.1))
      let rollOut = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: 7200, pathCount: 256, seed: 44))
      return try rollOut.run(.constantBand([band]), keeping: [.excessWealth]).kept[0]
    }
    for (call, put) in zip(wealth[0], wealth[1]) { #expect(abs(call - put) < 1e-9) }
  }

  /// Money in another unit: (S, K, γ) → (cS, cK, γ/c) multiplies the criterion and its error by c. At c a power of two the
  /// numbers differ by the logarithm's rounding alone.
  @Test func unitOfMoney() throws {
    func criterion(_ unit: Double) throws -> Estimate {
      let problem = try Fixture.plain(
        drift: 0.1, rate: 0.03, positions: [Fixture.option(strike: 97 * unit)], settlement: .cash,
        preference: .exponential(riskAversion: 0.2 / unit), spot: 100 * unit)
      let rollOut = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: 7200, pathCount: 1024, seed: 45))
      return try rollOut.run(.whalleyWilmott)[.criterion]
    }
    let (one, large) = (try criterion(1), try criterion(1024))
    #expect(abs(large.mean / 1024 - one.mean) < 1e-9 * one.mean)
    #expect(abs(large.standardError / 1024 - one.standardError) < 1e-9 * one.standardError)
  }

  /// The centred gains change no mean and take most of the variance: against the disutility of the same paths' wealth.
  @Test func gainsOfMeanZero() throws {
    let aversion = 0.02
    let problem = try Fixture.switching(
      positions: Fixture.ladder, drifts: [0.03, 0.03], rate: 0.03, preference: .exponential(riskAversion: aversion))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 1 << 15, seed: 48))
    let result = try rollOut.run(.whalleyWilmott, keeping: [.criterion, .excessWealth])
    let gains = zip(result.kept[0], result.kept[1]).map {
      $0 - CriterionScale.disutility(excessWealth: $1, riskAversion: aversion)
    }
    #expect(distance(Moments(gains).estimate, 0) < Self.bound, "\(Moments(gains).estimate)")
    let plain = Moments(result.kept[1].map { CriterionScale.disutility(excessWealth: $0, riskAversion: aversion) })
    #expect(result.distribution(.criterion).variance < 0.3 * plain.variance)
  }

  /// Standard errors of the criterion, of its extrapolation and of a difference, against the spread over 200 independent
  /// samples: the ratio of variances is χ²₁₉₉/199, with deviation √(2/199) = 0.1, and four of them are allowed.
  @Test(arguments: [0.1, 0.05])
  func standardErrors(drift: Double) throws {
    let problem = try Fixture.plain(
      drift: drift, rate: 0.05, cost: .proportional(0.005), preference: .exponential(riskAversion: 0.4))
    var found: [[Estimate]] = []
    for seed in 0..<200 {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 512, seed: UInt64(seed), antithetic: true))
      let estimate = try rollOut.estimate(.whalleyWilmott)
      let day = HedgingPolicy.interval(everySeconds: Fixture.day, target: 0)
      found.append([
        estimate.criterion, estimate.extrapolated, estimate.discretisationError,
        try rollOut.compare(day, .whalleyWilmott).difference(.criterion),
      ])
    }
    for index in found[0].indices {
      let spread = Moments(found.map { $0[index].mean }).variance
      let claimed = Moments(found.map { $0[index].standardError * $0[index].standardError }).mean
      #expect(abs(spread / claimed - 1) < 4 * (2.0 / 199).squareRoot(), "estimate \(index): \(spread / claimed)")
    }
  }

  /// `J(δ) + (J(δ) − J(2δ))` and differences are those of the criteria themselves.
  @Test func combinations() throws {
    let problem = try Fixture.plain(preference: .exponential(riskAversion: 0.3))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 1024, seed: 46))
    let estimate = try rollOut.estimate(.whalleyWilmott)
    #expect(abs(estimate.extrapolated.mean - (2 * estimate.mean - estimate.coarse.mean)) < 1e-12)
    let (first, second) = (try rollOut.run(.frictionless)[.criterion], try rollOut.run(.whalleyWilmott)[.criterion])
    #expect(second == estimate.criterion)
    let difference = try rollOut.compare(.frictionless, .whalleyWilmott).difference(.criterion)
    #expect(abs(difference.mean - (first.mean - second.mean)) < 1e-12)
  }

  /// γ·S = 10⁴ and no hedge: a few paths decide, and beyond that exponentials end; either is said and neither is a number
  /// with a standard error.
  @Test(arguments: [(1.0, CriterionScale.Doubt.fewPathsDecide), (100, .overflow)])
  func losesBeyondEstimation(aversion: Double, doubt: CriterionScale.Doubt) throws {
    let problem = try Fixture.plain(settlement: .none, preference: .exponential(riskAversion: aversion))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: Fixture.day, pathCount: 4096, seed: 47))
    let result = try rollOut.run(.never)
    #expect(result.doubt == doubt)
    #expect(result[.criterion].mean > 0 && result[.criterion].standardError == .infinity)
    let estimate = try rollOut.estimate(.never)
    #expect(!estimate.extrapolated.mean.isNaN && estimate.extrapolated.standardError == .infinity)
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The formulas for hedging at equal intervals against closed forms and against the exact moments.
@Suite struct DiscreteHedgingTests {
  /// One option sold at an implied volatility while the underlying moves at σ = 0.2; S = 100.
  static func problem(
    kind: OptionKind = .call, strike: Double = 100, implied: Double = 0.2, fraction: Double = 0.002,
    years: Double = 0.25,
    quantity: Double = -1, riskAversion: Double = 0.1, rate: Double = 0, horizon: Double? = nil
  ) throws -> OptionBookProblem {
    try EntropicCase(
      kind: kind, quantity: quantity, strike: strike, volatilities: [0.2], years: years, cost: fraction, rate: rate,
      preference: .quadratic(riskAversion: riskAversion), implied: implied, horizon: horizon
    ).problem()
  }

  /// `S²Γ` of one option is Gaussian in log-spot, and so is its square: with `v = σ_h²(T − t)` and `w = σ²t`, E over
  /// `ln S ~ N(m, w)` of `S φ(d₁)/√v` and of its square in closed form. The time integral by a fine midpoint rule in the root of
  /// the time left.
  @Test(arguments: [(100.0, 0.2), (90, 0.3), (115, 0.15)])
  func integralsOfOneOption(_ strike: Double, _ implied: Double) throws {
    let problem = try Self.problem(strike: strike, implied: implied)
    let found = GammaIntegrals(problem: problem, book: problem.book)
    let (years, volatility) = (0.25, 0.2)
    var (turnover, square) = (0.0, 0.0)
    let steps = 20_000
    for step in 0..<steps {
      let root = (Double(step) + 0.5) / Double(steps)
      let time = years * (1 - root * root)
      let share = years * 2 * root / Double(steps)
      let (v, w) = (implied * implied * (years - time), volatility * volatility * time)
      let mean = log(100) - 0.5 * w
      // d₁ = (x − c)/√v with c = ln K − v/2; `S φ(d₁)/√v` is a normal density at x around c, of variance v, times S.
      let c = log(strike) - 0.5 * v
      func density(_ distance: Double, _ variance: Double) -> Double {
        exp(-0.5 * distance * distance / variance) / (2 * Double.pi * variance).squareRoot()
      }
      // E[e^x n(x − c; v)] = e^{m + w/2} n(m + w − c; v + w).
      turnover += share * exp(mean + 0.5 * w) * density(mean + w - c, v + w)
      // The square of a normal density is one of variance v/2 over 2√(πv).
      square +=
        share * exp(2 * mean + 2 * w) * density(mean + 2 * w - c, 0.5 * v + w) / (2 * (Double.pi * v).squareRoot())
    }
    #expect(relativeDifference(found.turnover, turnover) < 1e-6, "\(found.turnover) \(turnover)")
    #expect(relativeDifference(found.square, square) < 1e-5, "\(found.square) \(square)")
  }

  /// The mean cost of one option at equal intervals in closed form: `E S|N(a) − N(b)|` is a sum of bivariate normal
  /// probabilities (Toft 1996), and Leland's leading term approaches it as √(δ/T) falls.
  @Test func order() throws {
    var (costs, deviations): ([Double], [Double]) = ([], [])
    for reviews in [8, 32, 128] {
      let interval = 0.25 / Double(reviews)
      let problem = try Self.problem()
      let hedge = try LelandHedge(problem: problem, interval: interval)
      let marked = problem.replacing(book: problem.book.marked(at: [hedge.hedgeVolatility]))
      let exact = try #require(HedgeMoments(marked, interval: interval))
      let free = problem.replacing(
        book: problem.book.marked(at: [hedge.hedgeVolatility]), costs: [.proportional(0)])
      let gross = try #require(HedgeMoments(free, interval: interval))
      // Without costs the mean is what the premium exceeds the value by.
      #expect(abs(gross.mean - (hedge.frictionless - hedge.price)) < 2e-5, "\(reviews): \(gross), \(hedge)")
      let first = 0.002 * 100 * abs(marked.book.greeks(time: 0, spot: 100, regime: 0).delta)
      costs.append(abs(hedge.expectedCost / (gross.mean - exact.mean - first) - 1))
      deviations.append(abs(hedge.deviation / exact.deviation - 1))
    }
    #expect(costs[2] < 0.05 && costs[1] < 0.7 * costs[0] && costs[2] < 0.7 * costs[1], "\(costs)")
    #expect(deviations[2] < 0.03 && deviations[2] < 0.7 * deviations[0], "\(deviations)")
  }

  /// Leland's numbers by hand: Λ = √(2/π)·2·0.002/(0.2·√(1/52)) = 0.115073, σ_h = 0.2 √1.115073.
  @Test func lelandsNumber() throws {
    let hedge = try LelandHedge(problem: Self.problem(), interval: 1.0 / 52)
    #expect(abs(hedge.number - 0.115_073) < 1e-6)
    #expect(abs(hedge.hedgeVolatility - 0.211_194) < 1e-6)
    let long = try LelandHedge(problem: Self.problem(quantity: 1), interval: 1.0 / 52)
    #expect(abs(long.hedgeVolatility - 0.2 * (1 - 0.115_073).squareRoot()) < 1e-6)
    #expect(
      throws: ControlError.unsupported(
        method: "leland", feature: "long gamma whose hedge costs more than it earns")
    ) { try LelandHedge(problem: Self.problem(fraction: 0.02, quantity: 1), interval: 1.0 / 52) }
  }

  /// The interval is the minimum of the sum it is derived from, whatever the units.
  @Test func bestIntervalIsAMinimum() throws {
    let problem = try Self.problem()
    let best = try LelandHedge.best(problem: problem)
    let marked = problem.book.marked(at: [best.hedgeVolatility])
    let integrals = GammaIntegrals(problem: problem, book: marked)
    func total(_ interval: Double) -> Double {
      0.002 * 0.2 * LelandHedge.meanMagnitude / interval.squareRoot() * integrals.turnover
        + 0.25 * 0.1 * pow(0.2, 4) * interval * integrals.square
    }
    for factor in [0.8, 0.95, 1.05, 1.25] { #expect(total(best.interval * factor) > total(best.interval)) }
  }

  /// The Sharpe ratio of the exact moments is flat at Sepp's interval and lower at a quarter and at four times of it; the formula's
  /// mean and deviation are right to a tenth.
  @Test func seppsInterval() throws {
    let problem = try Self.problem(implied: 0.24, fraction: 0.002)
    let hedge = try SeppHedge(problem: problem)
    func ratio(_ factor: Double) throws -> Double {
      let moments = try #require(HedgeMoments(problem, interval: factor * hedge.timed.step))
      return moments.mean / moments.deviation
    }
    let best = try ratio(1)
    for factor in [0.25, 4.0] { #expect(try ratio(factor) < best, "\(factor)") }
    for factor in [0.7, 1.4] { #expect(try ratio(factor) < best + 0.01 * abs(best), "\(factor)") }
    let moments = try #require(HedgeMoments(problem, interval: hedge.timed.step))
    let first = 0.002 * 100 * abs(problem.book.greeks(time: 0, spot: 100, regime: 0).delta)
    #expect(relativeDifference(moments.mean + first, hedge.timed.profit) < 0.1, "\(moments) \(hedge)")
    #expect(relativeDifference(moments.deviation, hedge.timed.deviation) < 0.1, "\(moments) \(hedge)")
    #expect(hedge.moved.sharpeRatio > hedge.timed.sharpeRatio)
  }
}

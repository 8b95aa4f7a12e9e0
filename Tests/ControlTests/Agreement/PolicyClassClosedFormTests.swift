import Formulation
import Glibc
import Testing

@testable import Control

/// Policy classes of one regime without drift against the closed forms of control.md §7.
@Suite struct PolicyClassClosedFormTests {
  private func solve(
    fixed: Double, proportional: Double, running: Double = 1, volatility: Double = 1
  ) throws -> (optimum: StationarySolution, classes: TrackingClasses) {
    let problem = try StationaryExamples.problem(
      running: [running], volatility: [volatility], costs: [StationaryExamples.both(fixed, proportional)])
    let solver = StationarySolver()
    let optimum = try solver.solve(problem)
    return (optimum, try solver.classes(of: problem, optimum: optimum))
  }

  @Test(
    "Recentring: λh⁴ = 6Kη² + 3kη²h and its cost", arguments: StationaryClosedFormTests.rows)
  func recentre(_ row: StationaryClosedFormTests.Row) throws {
    let (_, classes) = try solve(
      fixed: row.fixed, proportional: row.proportional, running: row.running, volatility: row.volatility)
    let regime = try #require(classes[.recentre]).regimes[0]
    let expected = row.form.recentre
    #expect(relative(regime.cost.total.value, expected.cost) < 1e-9)
    let band = try #require(regime.band)
    // The cost is flat at the optimum: an error of 10⁻¹⁴ of it lets an edge move by 10⁻⁷.
    #expect(abs(band.upper / expected.outer - 1) < 1e-6 && abs(band.lower / expected.outer + 1) < 1e-6, "\(band)")
    #expect(abs(band.targetUpper) < 1e-6 * expected.outer && band.targetUpper == band.targetLower)
    #expect(relative(try #require(regime.meanBetweenTrades).value, expected.meanTime) < 1e-6)
    #expect(relative(try #require(regime.tradesPerTime).value, 1 / expected.meanTime) < 1e-6)
  }

  @Test("The best blind interval", arguments: StationaryClosedFormTests.rows)
  func interval(_ row: StationaryClosedFormTests.Row) throws {
    let (_, classes) = try solve(
      fixed: row.fixed, proportional: row.proportional, running: row.running, volatility: row.volatility)
    let regime = try #require(classes[.interval]).regimes[0]
    let expected = row.form.interval
    #expect(relative(regime.cost.total.value, expected.cost) < 1e-9, "\(regime.cost)")
    let interval = try #require(regime.interval)
    #expect(relative(interval.time, expected.time) < 1e-4, "\(interval)")
    #expect(abs(interval.target) < 1e-4 * row.volatility * expected.time.squareRoot())
    #expect(relative(try #require(regime.tradesPerTime).value, 1 / interval.time) < 1e-9)
    let turnover = row.volatility * (2 / (Double.pi * interval.time)).squareRoot()
    #expect(relative(try #require(regime.turnover).value, turnover) < 1e-9)
  }

  @Test(
    "Proportional cost alone: recentring 2^(1/3), intervals 1.563185, an edge band sent to a recentring consumer 3/2")
  func proportionalAlone() throws {
    let (optimum, classes) = try solve(fixed: 0, proportional: 1)
    let best = optimum.regimes[0].cost.total.value
    func ratio(_ policyClass: TrackingClass) throws -> Double {
      try #require(classes[policyClass]).regimes[0].cost.total.value / best
    }
    #expect(try abs(ratio(.recentre) - cbrt(2)) < 1e-8)
    // ¼·√2·(9/π)^{…} in closed form: `interval.cost/optimum.cost` of the closed forms, 1.563185 to its digits.
    #expect(try abs(ratio(.interval) - 1.563185) < 5e-7)
    #expect(try abs(ratio(.edge) - 1) < 1e-12)
    #expect(try abs(ratio(.inner) - 1) < 1e-9)
    #expect(try abs(ratio(.constantBand) - 1) < 1e-9)
    let width = try #require(classes[.recentre]?.regimes[0].band).width / optimum.regimes[0].band.width
    #expect(abs(width - cbrt(4)) < 1e-6)
    // The optimal edges, used by a consumer that trades to the centre.
    let edge = optimum.regimes[0].band.upper
    let problem = try StationaryExamples.problem(running: [1], volatility: [1], costs: [.proportional(1)])
    var scaled = ScaledTracking(problem, members: [0])
    scaled.reflects = [false]
    let half = edge / scaled.units.deviation
    let statistics = try StationaryStatistics(
      scaled, bands: [Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0)],
      basis: ChebyshevBasis(degree: 20), mergeTolerance: 1e-5, hasLongRun: true)
    let wrong = statistics.regimes[0].total * scaled.units.cost / scaled.units.time
    #expect(abs(wrong / best - 1.5) < 1e-8)
  }

  @Test("Fixed cost alone: recentring and inner targets are optimal, intervals cost √3, edges are out of the question")
  func fixedAlone() throws {
    let (optimum, classes) = try solve(fixed: 0.3, proportional: 0)
    let best = optimum.regimes[0].cost.total.value
    for policyClass in [TrackingClass.recentre, .inner, .constantBand] {
      let regime = try #require(classes[policyClass]).regimes[0]
      #expect(abs(regime.cost.total.value / best - 1) < 1e-9, "\(policyClass)")
      #expect(abs(regime.loss.value) < 1e-9)
    }
    let interval = try #require(classes[.interval]).regimes[0]
    #expect(abs(interval.cost.total.value / best - 3.0.squareRoot()) < 1e-8)
    #expect(classes[.edge] == nil)
    #expect(classes.omitted.contains(.init(policyClass: .edge, reason: .fixedCost(regime: 0))))
  }

  /// K = 0.05, k = λ = η = 1 (control.md §7: h = 1.205, target 0.665, cost 0.900). The digits are the root of
  /// `Aa − Ba³ = k = Ab − Bb³`, `∫_a^b (Ax − Bx³ − k) dx = K` with B = 2/3, found with fifty digits apart from this program.
  @Test("Both costs, to all digits")
  func bothCosts() throws {
    let (optimum, classes) = try solve(fixed: 0.05, proportional: 1)
    let inner = try #require(classes[.inner]).regimes[0]
    let band = try #require(inner.band)
    #expect(abs(inner.cost.total.value - Self.cost) < 1e-9)
    #expect(abs(band.upper - Self.outer) < 1e-6 && abs(band.targetUpper - Self.target) < 1e-6, "\(band)")
    let best = optimum.regimes[0]
    #expect(abs(best.cost.total.value - Self.cost) < 1e-9)
    #expect(abs(best.band.upper - Self.outer) < 1e-8 && abs(best.band.targetUpper - Self.target) < 1e-8)
    #expect(
      abs(try #require(best.meanBetweenTrades).value - (Self.outer * Self.outer - Self.target * Self.target)) < 1e-8)
  }

  static let cost = 0.89997921930453157
  static let outer = 1.2072440991569868
  static let target = 0.66399734191943225
}

@Suite struct BlindIntervalTests {
  /// Two regimes that differ in nothing are one.
  @Test func equalRegimes() throws {
    let solver = StationarySolver()
    let problem = try StationaryExamples.problem(
      running: [1, 1], volatility: [1, 1], switching: [[-0.7, 0.7], [1.9, -1.9]],
      costs: Array(repeating: StationaryExamples.both(0.1, 0.5), count: 2))
    let classes = try solver.classes(of: problem, optimum: solver.solve(problem))
    let expected = StationaryClosedForm(runningCost: 1, volatility: 1, fixed: 0.1, proportional: 0.5).interval
    for regime in try #require(classes[.interval]).regimes {
      #expect(relative(regime.cost.total.value, expected.cost) < 1e-9)
      #expect(relative(try #require(regime.interval).time, expected.time) < 1e-3)
    }
  }

  /// Mean distance of a Gaussian mixture: two regimes, no drift, the chain held fast, so that each start has its own law.
  @Test func heldChain() throws {
    let problem = try StationaryExamples.problem(
      running: [1, 1], volatility: [0.3, 2], drift: [0.4, -0.1], switching: [[-1e-12, 1e-12], [1e-12, -1e-12]],
      costs: Array(repeating: StationaryExamples.both(0.1, 0.5), count: 2))
    let scaled = ScaledTracking(problem, members: [0, 1])
    let h = 0.7
    for e in 0..<2 {
      let stretch = try BlindStretch(scaled, from: e, time: h)
      let deviation = (2 * scaled.halfVariance(e, 0) * h).squareRoot()
      for (z, target) in [(0.0, 0.0), (0.4, -0.3), (1, 2)] {
        let offset = z + scaled.drift[e] * h - target
        let ratio = offset / deviation
        let expected =
          2 * deviation * NormalLaw.density(ratio) + offset * (2 * NormalLaw.cumulative(ratio) - 1)
        let found = stretch.distance(e, from: z, target: target)
        #expect(abs(found - expected) < 1e-10, "regime \(e): \(found), \(expected)")
      }
    }
  }

  /// Under mean reversion x is normal about z e^{−κh} with variance η²(1 − e^{−2κh})/(2κ), however long nobody looks.
  @Test(arguments: [0.01, 0.7, 5, 40, 700, 1e5]) func reversion(_ h: Double) throws {
    let problem = try TrackingProblem(
      name: "reverting", criterion: .longRunAverage,
      regimes: [TrackingRegime(name: "a", reversion: 1, volatility: 1, runningCost: .quadratic(1))],
      generator: .frozen(count: 1), costs: [StationaryExamples.both(0.1, 0.3)])
    let scaled = ScaledTracking(problem, members: [0])
    let (x, t) = (scaled.units.deviation, scaled.units.time)
    let stretch = try BlindStretch(scaled, from: 0, time: h / t)
    let deviation = (0.5 * -expm1(-2 * h)).squareRoot()
    for (z, target) in [(0.0, 0.0), (0.4, -0.3), (1, 2)] {
      let offset = z * exp(-h) - target
      let ratio = offset / deviation
      let expected = 2 * deviation * NormalLaw.density(ratio) + offset * (2 * NormalLaw.cumulative(ratio) - 1)
      let found = stretch.distance(0, from: z / x, target: target / x) * x
      #expect(abs(found - expected) < 1e-10, "\(h): \(found), \(expected)")
    }
  }

  /// Under mean reversion intervals from 0 cost `λη²/(2κ) + (K + kσ√(2/π) − λσ²/(2κ))/h` per unit time, σ² the variance after
  /// h: where `K + kη/√(πκ) ≥ λη²/(4κ²)` the longer the better, and where it is less there is a best one.
  @Test(arguments: [0.04, 0.07, 0.08, 0.0815, 0.1, 1]) func neverTrading(_ fixed: Double) throws {
    let solver = StationarySolver()
    let problem = try TrackingProblem(
      name: "reverting", criterion: .longRunAverage,
      regimes: [TrackingRegime(name: "a", reversion: 1, volatility: 1, runningCost: .quadratic(1))],
      generator: .frozen(count: 1), costs: [StationaryExamples.both(fixed, 0.3)])
    let optimum = try solver.solve(problem)
    let classes = try solver.classes(of: problem, optimum: optimum)
    let isUseless = fixed + 0.3 / Double.pi.squareRoot() >= 0.25
    #expect(
      classes.omitted.contains { $0.policyClass == .interval && $0.reason == .neverTrading } == isUseless,
      "\(classes.omitted)")
    guard !isUseless else { return }
    let regime = try #require(classes[.interval]).regimes[0]
    func cost(_ h: Double) -> Double {
      let variance = 0.5 * -expm1(-2 * h)
      return 0.5 + (fixed + 0.3 * (2 * variance / Double.pi).squareRoot() - 0.5 * variance) / h
    }
    let found = try #require(regime.interval).time
    #expect(relative(regime.cost.total.value, cost(found)) < 1e-10)
    for other in stride(from: 0.05, to: 20, by: 0.05) { #expect(regime.cost.total.value <= cost(other) + 1e-10) }
  }

  /// The distance of a sum of jumps: intensity so low that two jumps do not count, against the sum over their number.
  @Test func jumps() throws {
    let (intensity, mean, spread, volatility, h) = (0.3, 0.4, 0.5, 0.6, 0.8)
    let problem = try TrackingProblem(
      name: "jumps", criterion: .longRunAverage,
      regimes: [
        TrackingRegime(
          name: "a", volatility: volatility, runningCost: .quadratic(1),
          jumps: StationaryJumpTests.normal(intensity, mean, spread))
      ], generator: .frozen(count: 1), costs: [.fixed(0.1)])
    let scaled = ScaledTracking(problem, members: [0])
    let (x, t) = (scaled.units.deviation, scaled.units.time)
    let found = try BlindStretch(scaled, from: 0, time: h / t).distance(0, from: 0.1 / x, target: 0) * x
    var (expected, probability) = (0.0, exp(-intensity * h))
    for n in 0..<40 {
      let deviation = (volatility * volatility * h + Double(n) * spread * spread).squareRoot()
      let offset = 0.1 + Double(n) * mean
      let ratio = offset / deviation
      expected +=
        probability * (2 * deviation * NormalLaw.density(ratio) + offset * (2 * NormalLaw.cumulative(ratio) - 1))
      probability *= intensity * h / Double(n + 1)
    }
    #expect(relative(found, expected) < 1e-10, "\(found), \(expected)")
  }
}

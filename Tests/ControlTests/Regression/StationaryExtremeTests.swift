import Formulation
import Glibc
import Testing

@testable import Control

/// Tracking problems at the ends of their ranges: verified, with small errors, classes in order.
@Suite struct StationaryExtremeTests {
  private func solve(_ problem: TrackingProblem) throws -> (StationarySolution, TrackingClasses) {
    let solver = StationarySolver()
    let optimum = try solver.solve(problem)
    let classes = try solver.classes(of: problem, optimum: optimum)
    #expect(optimum.isVerified, "\(optimum.residual) \(optimum.stop)")
    for regime in optimum.regimes {
      #expect(regime.cost.total.error < 1e-6 * abs(regime.cost.total.value), "\(regime.name) \(regime.cost.total)")
      #expect(regime.bandError < 1e-6 * regime.band.width, "\(regime.name) \(regime.band) \(regime.bandError)")
    }
    for solution in classes.solved {
      for regime in solution.regimes { #expect(regime.loss.value > -1e-7, "\(solution.policyClass) \(regime.loss)") }
    }
    return (optimum, classes)
  }

  /// K so small that edge and target are a three-hundredth of the band apart: Newton's steps, each edge for itself, stopped
  /// a quarter off.
  @Test(arguments: [1e-6, 1e-8, 1e-10]) func tinyFixedCost(_ fixed: Double) throws {
    let (optimum, _) = try solve(
      StationaryExamples.problem(running: [1], volatility: [1], costs: [StationaryExamples.both(fixed, 1)]))
    let expected = StationaryClosedForm(runningCost: 1, volatility: 1, fixed: fixed, proportional: 1).optimum
    #expect(relative(optimum.regimes[0].cost.total.value, expected.cost) < 1e-9)
    #expect(abs(optimum.regimes[0].band.upper - expected.outer) < 1e-5 * expected.outer, "\(optimum.regimes[0].band)")
  }

  @Test func tinyProportionalCost() throws {
    let (optimum, classes) = try solve(
      StationaryExamples.problem(running: [1], volatility: [1], costs: [StationaryExamples.both(0.3, 1e-9)]))
    let expected = StationaryClosedForm(runningCost: 1, volatility: 1, fixed: 0.3, proportional: 1e-9).optimum
    #expect(relative(optimum.regimes[0].cost.total.value, expected.cost) < 1e-10)
    #expect(abs(try #require(classes[.recentre]).regimes[0].loss.value) < 1e-8)
  }

  /// No switching: every regime alone. So fast that the chain is its average.
  @Test func switching() throws {
    let costs = [StationaryExamples.both(0.1, 0.3), StationaryExamples.both(0.1, 0.3)]
    let alone = try solve(
      StationaryExamples.problem(running: [1, 2], volatility: [1, 0.5], switching: [[0, 0], [0, 0]], costs: costs))
    for (e, (running, volatility)) in [(1.0, 1.0), (2, 0.5)].enumerated() {
      let form = StationaryClosedForm(runningCost: running, volatility: volatility, fixed: 0.1, proportional: 0.3)
      for (policyClass, expected) in [
        (TrackingClass.optimal, form.optimum.cost), (.recentre, form.recentre.cost), (.interval, form.interval.cost),
        (.constantBand, form.optimum.cost),
      ] {
        let cost = try #require(alone.1[policyClass]).regimes[e].cost.total.value
        #expect(relative(cost, expected) < 1e-8, "\(policyClass) \(e)")
      }
    }
    let (_, classes) = try solve(
      StationaryExamples.problem(
        running: [1, 2], volatility: [1, 0.5], switching: [[-1e4, 1e4], [2e4, -2e4]], costs: costs))
    let averaged = StationaryClosedForm(
      runningCost: 4.0 / 3, volatility: ((2 + 0.25) / 3).squareRoot(), fixed: 0.1, proportional: 0.3)
    for (policyClass, expected) in [
      (TrackingClass.optimal, averaged.optimum.cost), (.interval, averaged.interval.cost),
      (.constantBand, averaged.optimum.cost),
    ] {
      let cost = try #require(classes[policyClass], "\(policyClass)").regimes[0].cost.total.value
      // What is left is of the order of the layers, 1/√q.
      #expect(relative(cost, expected) < 1e-3, "\(policyClass): \(cost), \(expected)")
    }
  }

  @Test func eightRegimes() throws {
    let regimes = (0..<8).map { e in
      TrackingRegime(
        name: "\(e)", drift: 0.1 * Double(e - 4), volatility: 0.3 * pow(1.5, Double(e)),
        runningCost: 1 + 0.2 * Double(e))
    }
    let rates = (0..<8).map { from in (0..<8).map { from == $0 ? -2.1 : 0.3 } }
    let (_, classes) = try solve(
      try TrackingProblem(
        name: "eight", criterion: .longRunAverage, regimes: regimes, generator: Generator(rates),
        costs: (0..<8).map { StationaryExamples.both(0.1 + 0.02 * Double($0), 0.3) }))
    for policyClass in [TrackingClass.recentre, .inner, .interval, .constantBand] {
      #expect(classes[policyClass] != nil, "\(policyClass): \(classes.omitted)")
    }
  }

  /// Drift that crosses the band in a hundredth of the time of diffusion, one way and from both sides.
  @Test func strongDrift() throws {
    let (optimum, _) = try solve(
      StationaryExamples.problem(
        running: [1], volatility: [0.1], drift: [5], costs: [StationaryExamples.both(0.1, 0.3)]))
    // Without noise: from a to b at speed m, `(λ(b³ − a³)/3 + (K + k(b − a)) m)/(b − a)`, best for a = −b at
    // `b³ = 3Km/(4λ)`: cost `λb² + km`. The noise counts at first order in η².
    let half = cbrt(3 * 0.1 * 5 / 4)
    #expect(relative(optimum.regimes[0].cost.total.value, half * half + 0.3 * 5) < 0.01)
    _ = try solve(
      StationaryExamples.problem(
        running: [1, 1], volatility: [0.1, 0.2], drift: [5, -3], switching: [[-1, 1], [1, -1]],
        costs: Array(repeating: StationaryExamples.both(0.1, 0.3), count: 2)))
  }

  /// Selling ten thousand times as dear as buying, with and without a ticket.
  @Test(arguments: [0.0, 0.1]) func lopsidedCosts(_ fixed: Double) throws {
    let cost = TradeCost(fixed: fixed, proportionalBuy: 1e-3, proportionalSell: 10)
    let (optimum, _) = try solve(StationaryExamples.problem(running: [1], volatility: [1], costs: [cost]))
    // Without drift what is bought is sold: costs of 5.0005 a side, and a band moved sideways.
    let mirrored = TradeCost(fixed: fixed, proportionalBuy: 5.0005, proportionalSell: 5.0005)
    let (other, _) = try solve(StationaryExamples.problem(running: [1], volatility: [1], costs: [mirrored]))
    #expect(relative(optimum.regimes[0].cost.total.value, other.regimes[0].cost.total.value) < 1e-9)
  }

  /// Jumps of nearly one size, jumps far wider than the band, and a deviation that runs away.
  @Test func jumpsAndFlight() throws {
    func one(_ regime: TrackingRegime) throws -> TrackingProblem {
      try TrackingProblem(
        name: "one", criterion: .longRunAverage, regimes: [regime], generator: .frozen(count: 1),
        costs: [StationaryExamples.both(0.1, 0.3)])
    }
    _ = try solve(
      one(
        TrackingRegime(
          name: "a", volatility: 0.5, runningCost: .quadratic(1), jumps: StationaryJumpTests.normal(2, 0.3, 0.003))))
    let wide = try solve(
      one(
        TrackingRegime(
          name: "a", volatility: 0.05, runningCost: .quadratic(1),
          jumps: StationaryJumpTests.laplace(2, 3000, 2000, 0.5))
      )
    ).0
    // Nearly every jump is a trade of its own size: 2 jumps of 2500 on average at 0.3 per unit, and 2 tickets.
    #expect(relative(wide.regimes[0].cost.total.value, 2 * 2500 * 0.3) < 1e-3)
    let (running, _) = try solve(
      one(TrackingRegime(name: "a", reversion: -2, volatility: 0.5, runningCost: .quadratic(1))))
    let still = StationaryClosedForm(runningCost: 1, volatility: 0.5, fixed: 0.1, proportional: 0.3).optimum
    #expect(running.regimes[0].cost.total.value > still.cost)
  }
}

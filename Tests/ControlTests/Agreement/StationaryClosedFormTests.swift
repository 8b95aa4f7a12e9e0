import Formulation
import Testing

@testable import Control

@Suite struct StationaryClosedFormTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var running: Double
    var volatility: Double
    var fixed: Double
    var proportional: Double
    var testDescription: String { "λ \(running), η \(volatility), K \(fixed), k \(proportional)" }
    var form: StationaryClosedForm {
      StationaryClosedForm(
        runningCost: running, volatility: volatility, fixed: fixed, proportional: proportional)
    }
    var problem: TrackingProblem {
      get throws {
        try StationaryExamples.problem(
          running: [running], volatility: [volatility], costs: [StationaryExamples.both(fixed, proportional)])
      }
    }
  }

  /// Proportional, fixed and both, from units near 1 to units twelve orders apart.
  static let rows = [
    Row(running: 0.7, volatility: 1.3, fixed: 0, proportional: 0.9),
    Row(running: 0.7, volatility: 1.3, fixed: 0.4, proportional: 0),
    Row(running: 0.7, volatility: 1.3, fixed: 0.4, proportional: 0.9),
    Row(running: 2, volatility: 0.7, fixed: 1e-4, proportional: 0.02),
    Row(running: 2, volatility: 0.7, fixed: 3, proportional: 0.001),
    Row(running: 1e-9, volatility: 1e5, fixed: 1e4, proportional: 0.3),
    Row(running: 1e9, volatility: 1e-6, fixed: 0, proportional: 1e-5),
  ]

  @Test("The solver finds the closed form", arguments: rows)
  func solver(_ row: Row) throws {
    let solution = try StationarySolver().solve(row.problem)
    let regime = solution.regimes[0]
    let expected = row.form.optimum
    let band = Band(
      lower: -expected.outer, upper: expected.outer, targetLower: -expected.inner, targetUpper: expected.inner)
    #expect(regime.band.distance(to: band) < 1e-8, "\(regime.band) against \(band)")
    #expect(relative(regime.cost.total.value, expected.cost) < 1e-8)
    let running =
      row.fixed == 0
      ? row.running * expected.outer * expected.outer / 3
      : row.running * (expected.outer * expected.outer + expected.inner * expected.inner) / 6
    #expect(relative(regime.cost.running.value, running) < 1e-8)
    let turnover =
      row.fixed == 0
      ? row.volatility * row.volatility / (2 * expected.outer)
      : (expected.outer - expected.inner) / expected.meanTime
    #expect(relative(try #require(regime.turnover).value, turnover) < 1e-8)
    let variance = row.volatility * row.volatility
    #expect(relative(regime.timeFromCentre.value, expected.outer * expected.outer / variance) < 1e-8)
    if row.fixed == 0 {
      #expect(regime.tradesPerTime == nil && regime.timeFromUpperTarget == nil)
    } else {
      #expect(relative(try #require(regime.timeFromUpperTarget).value, expected.meanTime) < 1e-8)
      #expect(relative(try #require(regime.timeFromLowerTarget).value, expected.meanTime) < 1e-8)
      #expect(relative(try #require(regime.tradesPerTime).value, 1 / expected.meanTime) < 1e-8)
    }
    #expect(solution.isVerified, "\(solution.residual)")
  }

  @Test("Each closed-form optimum is the minimum of its own cost", arguments: rows)
  func minimum(_ row: Row) {
    let form = row.form
    // A relative shift s of a minimum costs O(s²): both sides must lie above, and by less than s.
    let shift = 1e-3
    func check(_ cost: (Double) -> Double, _ optimum: Double, _ best: Double, _ label: Comment) {
      #expect(relative(cost(optimum), best) < 1e-12, label)
      for factor in [1 - shift, 1 + shift] {
        let excess = cost(optimum * factor) / best - 1
        #expect(excess > 0 && excess < shift, label)
      }
    }
    check(form.recentreCost, form.recentre.outer, form.recentre.cost, "recentre")
    check(form.intervalCost, form.interval.time, form.interval.cost, "interval")
    let optimum = form.optimum
    if row.fixed == 0 {
      check(form.edgeCost, optimum.outer, optimum.cost, "edge")
    } else {
      check({ form.innerCost(outer: $0, inner: optimum.inner) }, optimum.outer, optimum.cost, "outer")
      if row.proportional > 0 {
        // The inner target moves the cost little when it is near zero: only the sign is asserted.
        #expect(form.innerCost(outer: optimum.outer, inner: optimum.inner * 1.01) > optimum.cost, "inner")
        #expect(form.innerCost(outer: optimum.outer, inner: optimum.inner * 0.99) > optimum.cost, "inner")
      }
    }
  }
}

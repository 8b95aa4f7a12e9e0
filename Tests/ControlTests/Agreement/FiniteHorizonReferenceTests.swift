import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The straddle against an independent program (numpy: double obstacle by policy iteration for each inventory, policy
/// iteration on the plane for fixed costs, uniform log-spot grids extrapolated in every spacing), whose own error is
/// below 0.04 % of the values and 0.0015 of the edges given here.
///
/// Short straddle, spot and strike 100, 30 days, implied volatility 80 %, a = 0.09, no settlement cost.
@Suite struct FiniteHorizonReferenceTests {
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let volatilities: [Double]
    let proportional: Double
    let fixed: Double
    /// J at zero inventory, per regime.
    let values: [Double]
    /// Share of J that is risk, per regime.
    let risks: [Double]
    /// Net delta: spot, regime, lower edge, lower target, upper target, upper edge, today.
    let bands: [(Double, Int, Double, Double, Double, Double)]
    var description: String { name }
  }

  static let rows = [
    Row(
      name: "one regime, k", volatilities: [0.8], proportional: 0.0005, fixed: 0, values: [0.266878],
      risks: [0.087663],
      bands: [
        (80, 0, -0.08487, -0.08487, 0.08477, 0.08477), (90, 0, -0.10017, -0.10017, 0.10013, 0.10013),
        (100, 0, -0.10012, -0.10012, 0.10016, 0.10016), (110, 0, -0.08868, -0.08868, 0.08869, 0.08869),
        (125, 0, -0.06289, -0.06289, 0.06295, 0.06295),
      ]),
    Row(
      name: "one regime, K", volatilities: [0.8], proportional: 0, fixed: 0.003, values: [0.174927],
      risks: [0.087130],
      bands: [
        (80, 0, -0.13634, -0.00588, -0.00588, 0.13993), (90, 0, -0.15282, -0.00211, -0.00211, 0.15123),
        (100, 0, -0.14957, -0.00015, -0.00015, 0.14645), (110, 0, -0.13398, 0.00119, 0.00119, 0.12979),
        (125, 0, -0.1009, 0.00266, 0.00266, 0.09607),
      ]),
    Row(
      name: "one regime, k and K", volatilities: [0.8], proportional: 0.0005, fixed: 0.003, values: [0.368046],
      risks: [0.142786],
      bands: [
        (90, 0, -0.1812, -0.05076, 0.04602, 0.1816), (100, 0, -0.17954, -0.04945, 0.05022, 0.17634),
        (110, 0, -0.16081, -0.04192, 0.04589, 0.15566),
      ]),
    Row(
      name: "two regimes, k", volatilities: [0.5, 1.2], proportional: 0.0005, fixed: 0, values: [0.193555, 0.293512],
      risks: [0.062562, 0.096539],
      bands: [
        (80, 0, -0.09327, -0.09327, 0.07857, 0.07857), (80, 1, -0.08222, -0.08222, 0.087, 0.087),
        (90, 0, -0.10504, -0.10504, 0.09703, 0.09703), (90, 1, -0.09853, -0.09853, 0.10122, 0.10122),
        (100, 0, -0.10163, -0.10163, 0.10017, 0.10017), (100, 1, -0.0996, -0.0996, 0.1001, 0.1001),
        (110, 0, -0.08754, -0.08754, 0.09122, 0.09122), (110, 1, -0.08896, -0.08896, 0.08784, 0.08784),
        (125, 0, -0.05943, -0.05943, 0.06755, 0.06755), (125, 1, -0.06412, -0.06412, 0.06135, 0.06135),
      ]),
    Row(
      name: "two regimes, k and K", volatilities: [0.5, 1.2], proportional: 0.0005, fixed: 0.003,
      values: [0.263678, 0.410807], risks: [0.100810, 0.160581],
      bands: [
        (80, 0, -0.16984, -0.0572, 0.02138, 0.15635), (80, 1, -0.1562, -0.03983, 0.03696, 0.16492),
        (90, 0, -0.18765, -0.05766, 0.04098, 0.17838), (90, 1, -0.17912, -0.04809, 0.04863, 0.18176),
        (100, 0, -0.18176, -0.05138, 0.0498, 0.17699), (100, 1, -0.17878, -0.04884, 0.05012, 0.17623),
        (110, 0, -0.1601, -0.03962, 0.04946, 0.15903), (110, 1, -0.16111, -0.0426, 0.04475, 0.15465),
        (125, 0, -0.11646, -0.01967, 0.04054, 0.11858), (125, 1, -0.12107, -0.02799, 0.03082, 0.11041),
      ]),
  ]

  /// Edges at the default grid within 0.005 of delta, targets too; the value extrapolated as a certificate does, within
  /// 0.1 %, and on the default grid itself within 0.2 %.
  @Test(arguments: rows) func agrees(_ row: Row) throws {
    let problem = try Straddle.problem(
      proportional: row.proportional, fixed: row.fixed, riskAversion: 0.09, volatilities: row.volatilities)
    let method = FiniteHorizon()
    let solution = try method.solve(problem)
    let half = try FiniteHorizon(settings: method.settings.refined(by: 0.5, of: solution.grid)).solve(problem)
    for regime in row.volatilities.indices {
      let value = solution.value(regime: regime, inventory: 0)
      let limit = value + (value - half.value(regime: regime, inventory: 0)) / 3
      #expect(relativeDifference(value, row.values[regime]) < 0.002, "\(row), regime \(regime): \(value)")
      #expect(relativeDifference(limit, row.values[regime]) < 0.001, "\(row), regime \(regime): \(limit)")
    }
    for (spot, regime, lower, targetLower, targetUpper, upper) in row.bands {
      let band = solution.band(time: 0, regime: regime, logSpot: log(spot))
      for (mine, theirs) in [
        (band.lower, lower), (band.targetLower, targetLower), (band.targetUpper, targetUpper), (band.upper, upper),
      ] { #expect(abs(mine - theirs) < 0.005, "\(row), spot \(spot), regime \(regime): \(band), expected \(theirs)") }
    }
  }

  /// The share of trading, by homogeneity, against the policy evaluation of the other program.
  @Test(arguments: rows) func costShareAgrees(_ row: Row) throws {
    let problem = try Straddle.problem(
      proportional: row.proportional, fixed: row.fixed, riskAversion: 0.09, volatilities: row.volatilities)
    let share = try CostShare(
      problem: problem, method: FiniteHorizon(settings: GridSettings(spots: 400, holdings: 201, steps: 500)))
    for regime in row.volatilities.indices {
      let expected = row.values[regime] - row.risks[regime]
      #expect(
        relativeDifference(share.trading[regime], expected) < 0.015,
        "\(row), \(regime): \(share.trading[regime]), \(expected)")
    }
  }

  /// Settlement at cost: the whole inventory is unwound at expiry. Values of the same program, within 0.025 %.
  @Test(arguments: [
    (0.0005, 0.0, [0.2353247, 0.3378319]), (0.0, 0.003, [0.1245888, 0.2037055]),
    (0.0005, 0.003, [0.3076863, 0.4575333]),
  ]) func cashSettlementAgrees(_ proportional: Double, _ fixed: Double, _ values: [Double]) throws {
    let problem = try Straddle.problem(
      proportional: proportional, fixed: fixed, riskAversion: 0.09, settlement: .cash)
    let solution = try FiniteHorizon().solve(problem)
    let half = try FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: solution.grid)).solve(problem)
    for regime in 0..<2 {
      let value = solution.value(regime: regime, inventory: 0)
      let limit = value + (value - half.value(regime: regime, inventory: 0)) / 3
      #expect(relativeDifference(limit, values[regime]) < 0.0015, "k \(proportional) K \(fixed), \(regime): \(limit)")
    }
  }

  /// Implied volatilities of 60 % and 110 % by regime: bands differ through delta and gamma, and marks jump on switching.
  @Test func impliedVolatilityPerRegime() throws {
    let problem = try Straddle.problem(riskAversion: 0.09, implied: [0.6, 1.1])
    let solution = try FiniteHorizon().solve(problem)
    let values = [0.2094586, 0.2574286]
    let jumps = [1.4207694, 2.7045372]
    let edges = [(-0.12087, 0.12188), (-0.08138, 0.08067)]
    for regime in 0..<2 {
      let value = solution.value(regime: regime, inventory: 0)
      #expect(relativeDifference(value, values[regime]) < 0.002, "regime \(regime): \(value)")
      let jump = solution.markJumpRisk[solution.grid.reference * 2 + regime]
      #expect(relativeDifference(jump, jumps[regime]) < 0.0005, "regime \(regime): \(jump)")
      let band = solution.band(regime: regime)
      #expect(abs(band.lower - edges[regime].0) < 0.003 && abs(band.upper - edges[regime].1) < 0.003, "\(band)")
    }
  }
}

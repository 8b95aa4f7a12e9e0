import Formulation
import Testing

@testable import Control

/// Reversion so strong that hardly a path reaches the edges: mean times to them up to e³¹⁹ of the model's units.
///
/// One regime, λ = η = 1, no drift but −κx. V′ is known, `V′ = λx/κ − D e^{z²} erf z` with `z = x√κ/η`, so that D and the edges
/// follow from `V′(a) = V′(b) = k` and `∫_a^b (V′ − k) dx = K` (K = 0: V′ = k and V″ = 0 at the edge); the cost is
/// `λη²/(2κ) − Dη√κ/√π`. Solved by bisection with thirty digits in other code; the digits printed.
@Suite struct StrongReversionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let reversion: Double
    let fixed: Double
    let proportional: Double
    let inner: Double
    let outer: Double
    let cost: Double

    var testDescription: String { "κ \(reversion), K \(fixed), k \(proportional)" }

    var problem: TrackingProblem {
      get throws {
        try TrackingProblem(
          name: "reverting", criterion: .longRunAverage,
          regimes: [TrackingRegime(name: "a", reversion: reversion, volatility: 1, runningCost: .quadratic(1))],
          generator: .frozen(count: 1), costs: [StationaryExamples.both(fixed, proportional)])
      }
    }
  }

  static let rows = [
    Row(
      reversion: 0.5, fixed: 0.1, proportional: 0.3, inner: 0.35685545886, outer: 1.13373991668, cost: 0.444528847106785
    ),
    Row(
      reversion: 3, fixed: 0.1, proportional: 0.3, inner: 0.900723906887, outer: 1.78041850364, cost: 0.166645406730844),
    Row(
      reversion: 5, fixed: 0.1, proportional: 0.3, inner: 1.50000000077, outer: 2.5407977914, cost: 0.0999999999999975),
    Row(reversion: 8, fixed: 0.1, proportional: 0.3, inner: 2.4, outer: 3.68207947703, cost: 0.0625),
    Row(reversion: 12, fixed: 0.1, proportional: 0.3, inner: 3.6, outer: 5.15730634063, cost: 0.0416666666666667),
    Row(reversion: 5, fixed: 0.01, proportional: 0, inner: 0, outer: 0.520552409562, cost: 0.0623625086121976),
    Row(reversion: 5, fixed: 0.1, proportional: 0, inner: 0, outer: 1.10524483992, cost: 0.099379120652655),
    Row(reversion: 5, fixed: 1, proportional: 0, inner: 0, outer: 3.19406028145, cost: 0.1),
    Row(
      reversion: 5, fixed: 0.01, proportional: 0.01, inner: 0.0698204198576, outer: 0.56923727449,
      cost: 0.0720705864600619),
    Row(reversion: 8, fixed: 0, proportional: 0.3, inner: 2.42576506721, outer: 2.42576506721, cost: 0.0625),
    Row(
      reversion: 8, fixed: 0, proportional: 0.05, inner: 0.515656052186, outer: 0.515656052186, cost: 0.0596387432818229
    ),
    Row(
      reversion: 20, fixed: 0.01, proportional: 0.01, inner: 0.200000395057, outer: 0.863222018991,
      cost: 0.0249999717993719),
  ]

  @Test(arguments: rows) func edges(_ row: Row) throws {
    let solution = try StationarySolver().solve(row.problem)
    #expect(solution.isVerified, "\(solution.residual)")
    let regime = solution.regimes[0]
    #expect(abs(regime.cost.total.value - row.cost) < 1e-14 + regime.cost.total.error, "\(regime.cost.total)")
    #expect(regime.bandError < 1e-8 * row.outer)
    let digits = 1e-11 * row.outer + regime.bandError
    for (found, expected) in zip(regime.band.numbers, [-row.outer, -row.inner, row.inner, row.outer]) {
      #expect(abs(found - expected) < digits, "\(found), \(expected)")
    }
  }

  /// Beyond the range of numbers: z² = 2400 and 180 000.
  @Test func neverTrades() throws {
    for (reversion, cost) in [(25.0, 0.3), (50, 1)] {
      let row = Row(reversion: reversion, fixed: 0.1, proportional: cost, inner: 0, outer: 0, cost: 0.5 / reversion)
      let solution = try StationarySolver().solve(row.problem)
      #expect(solution.isVerified, "\(solution.residual)")
      let regime = solution.regimes[0]
      #expect(abs(regime.cost.total.value - row.cost) < 1e-12 * row.cost)
      // Without the layers at the edges V′ = λx/κ: the targets are κk/λ, and `(b − a)²λ/(2κ) = K`.
      let inner = reversion * cost
      #expect(abs(regime.band.targetUpper - inner) < 1e-9 * inner)
      #expect(relative(regime.band.upper, inner + (2 * reversion * 0.1).squareRoot()) < 1e-3, "\(regime.band)")
      #expect(abs(regime.band.upper + regime.band.lower) < 1e-9 * regime.band.width)
      #expect(regime.meanBetweenTrades == nil && regime.timeFromCentre.value == .infinity)
    }
  }

  /// Pulled to another place than zero, with another regime that drifts, and with jumps: the anchor changes how values are
  /// found, not what they are. Where the way out is easy both ways agree.
  @Test(arguments: [nil, 0.3] as [Double?]) func anchored(_ discount: Double?) throws {
    for jumps in [nil, StationaryJumpTests.normal(0.5, 0.1, 0.4)] {
      let problem = try TrackingProblem(
        name: "two", criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage,
        regimes: [
          TrackingRegime(name: "a", reversion: 2, level: 0.4, volatility: 1, runningCost: .quadratic(1), jumps: jumps),
          TrackingRegime(name: "b", drift: -0.2, reversion: 1, volatility: 1.5, runningCost: .quadratic(2)),
        ], generator: try Generator([[-1, 1], [2, -2]]), costs: [.fixed(0.1), StationaryExamples.both(0.2, 0.1)])
      let scaled = ScaledTracking(problem, members: [0, 1])
      let x = scaled.units.deviation
      let bands = [
        Band(lower: -2 / x, upper: 2.4 / x, targetLower: -0.5 / x, targetUpper: 0.6 / x),
        Band(lower: -1.8 / x, upper: 2 / x, targetLower: -0.4 / x, targetUpper: 0.3 / x),
      ]
      let basis = ChebyshevBasis(degree: 24)
      let mesh = StationaryMesh(bands: bands, problem: scaled, discount: scaled.discount, mergeTolerance: 0)
      // Where the steeper of the two regimes pulls to.
      let anchor = try #require(mesh.anchor)
      #expect(abs(mesh.nodes[anchor] * x - 0.4) < 1e-12, "\(mesh.nodes[anchor] * x)")
      let both = try [false, true].map {
        try BandEvaluation(
          problem: scaled, mesh: mesh, basis: basis, discount: scaled.discount, functionals: [.total(scaled)],
          isAnchored: $0
        ).values()[0]
      }
      #expect(abs(both[0].rate - both[1].rate) < 1e-10 * both[0].rate, "\(both.map(\.rate))")
      for e in 0..<2 {
        for point in [-2.5, -1.9, -0.3, 0.4, 1, 2.3, 3] {
          let (left, right) = (both[0].value(e, point / x), both[1].value(e, point / x))
          #expect(abs(left - right) < 1e-9, "\(e) \(point): \(left), \(right)")
        }
      }
    }
  }
}

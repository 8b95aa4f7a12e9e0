import Formulation
import Testing

@testable import Control

/// Against a Python program written apart from this one: second-order finite differences of the inequalities on a uniform
/// grid, jump integrals of the piecewise linear value in closed form, Howard's policy iteration with dense solves. It ran on
/// spacings h, h/2 and (one regime) h/4; its values on the last two differ by less than 6·10⁻⁵ relative (under mean reversion
/// away from the centre by 2·10⁻⁴ between h and h/2), and its edges are points of the grid.
@Suite struct StationaryJumpTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var regimes: [TrackingRegime]
    var switching: [[Double]] = [[0]]
    /// K, k_buy and k_sell per regime.
    var costs: [[Double]]
    var discount: Double?
    /// On the finest grid.
    var cost: Double
    /// Lower edge, lower target, upper target, upper edge per regime.
    var bands: [[Double]]
    /// Of the finest grid.
    var spacing: Double

    var problem: TrackingProblem {
      get throws {
        try TrackingProblem(
          name: "jumps", criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage, regimes: regimes,
          generator: try Generator(switching),
          costs: costs.map { TradeCost(fixed: $0[0], proportionalBuy: $0[1], proportionalSell: $0[2]) })
      }
    }
  }

  static func normal(_ intensity: Double, _ mean: Double, _ deviation: Double) -> DeviationJumps {
    DeviationJumps(intensity: intensity, law: .normal(mean: mean, deviation: deviation))
  }

  static func laplace(_ intensity: Double, _ up: Double, _ down: Double, _ probability: Double) -> DeviationJumps {
    DeviationJumps(intensity: intensity, law: .laplace(up: up, down: down, probabilityUp: probability))
  }

  static let rows = [
    Row(
      testDescription: "normal jumps",
      regimes: [
        TrackingRegime(name: "a", volatility: 0.6, runningCost: .quadratic(1), jumps: normal(2, 0.2, 0.4))
      ], costs: [[0.1, 0.3, 0.3]], cost: 0.4275067740579873, bands: [[-0.995, -0.375, 0.135, 0.805]], spacing: 0.005),
    Row(
      testDescription: "double exponential jumps, buying cheaper than selling",
      regimes: [
        TrackingRegime(name: "a", volatility: 0.5, runningCost: .quadratic(1), jumps: laplace(3, 0.3, 0.2, 0.4))
      ], costs: [[0.05, 0.2, 0.4]], cost: 0.3116421839398825, bands: [[-0.725, -0.235, 0.28, 0.745]], spacing: 0.005),
    Row(
      testDescription: "normal jumps, proportional cost alone",
      regimes: [
        TrackingRegime(name: "a", volatility: 0.6, runningCost: .quadratic(1), jumps: normal(2, 0.2, 0.4))
      ], costs: [[0, 0.3, 0.3]], cost: 0.2976018043739903, bands: [[-0.57, -0.57, 0.4, 0.4]], spacing: 0.005),
    Row(
      testDescription: "normal jumps and mean reversion, discounted",
      regimes: [
        TrackingRegime(
          name: "a", drift: 0.1, reversion: 0.8, volatility: 0.6, runningCost: .quadratic(1),
          jumps: normal(2, -0.2, 0.4))
      ], costs: [[0.1, 0.3, 0.2]], discount: 0.5, cost: 0.5616301094953677, bands: [[-1.044, -0.318, 0.396, 1.08]],
      spacing: 0.006),
    Row(
      testDescription: "strong mean reversion away from the centre, lopsided running cost",
      regimes: [
        TrackingRegime(
          name: "a", drift: 0.2, reversion: 2, level: 0.4, volatility: 0.6,
          runningCost: DeviationCost(below: 0.7, above: 1.5, linear: 0.2, center: 0.1))
      ], costs: [[0.05, 0.3, 0.1]], cost: 0.1865625399482146, bands: [[-1.96, -1.39, -0.17, 0.54]], spacing: 0.01),
    Row(
      testDescription: "two regimes, mean reversion, both laws",
      regimes: [
        TrackingRegime(
          name: "a", reversion: 0.5, level: 0.3, volatility: 0.6, runningCost: .quadratic(1),
          jumps: normal(2, -0.2, 0.3)),
        TrackingRegime(
          name: "b", drift: -0.2, reversion: 0.3, volatility: 1.2,
          runningCost: DeviationCost(below: 0.7, above: 1.5, linear: 0.2, center: 0.1),
          jumps: laplace(1.5, 0.5, 0.3, 0.3)),
      ], switching: [[-0.5, 0.5], [1, -1]], costs: [[0.1, 0.3, 0.2], [0.2, 0.5, 0.6]], cost: 0.5029048754957024,
      bands: [[-0.8875, -0.225, 0.2875, 0.9125], [-1.8125, -0.6, 0.5625, 1.5125]], spacing: 0.0125),
    Row(
      testDescription: "four regimes",
      regimes: [
        TrackingRegime(name: "a", volatility: 0.4, runningCost: .quadratic(1)),
        TrackingRegime(
          name: "b", drift: 0.1, reversion: 0.5, volatility: 0.7, runningCost: .quadratic(1),
          jumps: normal(1, 0.1, 0.3)),
        TrackingRegime(
          name: "c", drift: -0.2, volatility: 1, runningCost: .quadratic(2), jumps: laplace(2, 0.3, 0.3, 0.5)),
        TrackingRegime(
          name: "d", reversion: 0.3, volatility: 1.5, runningCost: DeviationCost(below: 0.5, above: 1),
          jumps: normal(0.5, -0.5, 0.5)),
      ],
      switching: [[-1, 0.6, 0.3, 0.1], [0.5, -1.2, 0.5, 0.2], [0.3, 0.6, -1.5, 0.6], [0.2, 0.8, 1, -2]],
      costs: [[0.1, 0.2, 0.2], [0.1, 0.2, 0.3], [0.3, 0.4, 0.4], [0.2, 0.5, 0.3]], cost: 0.5417428048773062,
      bands: [
        [-0.625, -0.125, 0.1125, 0.6125], [-0.9, -0.25, 0.225, 0.9], [-1.1875, -0.2125, 0.3, 1.225],
        [-2.325, -0.7625, 0.375, 1.5375],
      ], spacing: 0.0125),
  ]

  @Test("Costs within 1e-4 and edges within the grid of finite differences", arguments: rows)
  func agree(_ row: Row) throws {
    let solution = try StationarySolver().solve(row.problem)
    #expect(solution.isVerified, "\(solution.residual) \(solution.stop)")
    #expect(relative(solution.regimes[0].cost.total.value, row.cost) < 1e-4, "\(solution.regimes[0].cost.total)")
    for (regime, expected) in zip(solution.regimes, row.bands) {
      // A spacing to either side for where the grid's edge is, and one for its own error.
      let distance = zip(regime.band.numbers, expected).map { abs($0 - $1) }.max()!
      #expect(distance < 2 * row.spacing, "\(regime.band), \(expected)")
      #expect(regime.cost.total.error < 1e-7 * abs(regime.cost.total.value), "\(regime.cost.total)")
    }
  }

  @Test("The dense system and the elimination by elements give the same value where nothing jumps")
  func withoutJumps() throws {
    let problem = try StationaryExamples.general()
    var jumping = problem.regimes
    // So rare that it changes no digit that is compared, and yet the dense path is taken.
    for e in jumping.indices { jumping[e].jumps = Self.normal(1e-13, 0, 0.1) }
    let plain = try StationarySolver().solve(problem).regimes
    let dense = try StationarySolver().solve(problem.replacing(regimes: jumping)).regimes
    for (a, b) in zip(plain, dense) {
      #expect(b.band.distance(to: a.band) < 1e-9)
      #expect(relative(b.cost.total.value, a.cost.total.value) < 1e-10)
      #expect(relative(b.timeFromCentre.value, a.timeFromCentre.value) < 1e-10)
    }
  }

  @Test("Many small jumps are a diffusion, to first order in their variance")
  func smallJumps() throws {
    // Of η² = 1 half comes from jumps of deviation s; the fourth cumulant of a jump makes the difference, O(s²).
    func gap(_ deviation: Double) throws -> Double {
      let regime = TrackingRegime(
        name: "a", volatility: 0.5.squareRoot(), runningCost: .quadratic(1),
        jumps: Self.normal(0.5 / (deviation * deviation), 0, deviation))
      let problem = try TrackingProblem(
        name: "small", criterion: .longRunAverage, regimes: [regime], generator: .frozen(count: 1),
        costs: [StationaryExamples.both(0.1, 0.2)])
      let solution = try StationarySolver().solve(problem)
      #expect(solution.isVerified, "\(solution.residual)")
      let limit = StationaryClosedForm(runningCost: 1, volatility: 1, fixed: 0.1, proportional: 0.2).optimum
      return abs(solution.regimes[0].cost.total.value - limit.cost)
    }
    let (coarse, fine) = (try gap(0.1), try gap(0.05))
    #expect(fine < coarse / 3 && coarse < 0.01, "\(coarse), \(fine)")
  }
}

@Suite struct JumpQuadratureTests {
  static let laws = [
    StationaryJumpTests.normal(1, 0.3, 0.5), StationaryJumpTests.normal(1, -1, 0.02),
    StationaryJumpTests.laplace(1, 0.4, 0.2, 0.3), StationaryJumpTests.laplace(1, 0.01, 2, 1),
  ]

  @Test("Gauss's rule of n nodes integrates x^(2n−1) and below", arguments: [1, 2, 5, 32])
  func gauss(_ count: Int) {
    let rule = GaussLegendre(count: count)
    for power in 0..<(2 * count) {
      var sum = 0.0
      for (x, w) in zip(rule.nodes, rule.weights) {
        var term = w
        for _ in 0..<power { term *= x }
        sum += term
      }
      #expect(abs(sum - (power.isMultiple(of: 2) ? 2 / Double(power + 1) : 0)) < 1e-13, "power \(power)")
    }
  }

  @Test("Polynomials inside and affine values outside add up to the whole law", arguments: laws)
  func completeness(_ law: DeviationJumps) {
    let basis = ChebyshevBasis(degree: 20)
    let band = Band(lower: -0.7, upper: 0.9, targetLower: 0, targetUpper: 0)
    for x in [-0.7, -0.2, 0.35, 0.9] {
      let weights = law.weights(from: x, left: -0.7, right: 0.9, basis: basis)
      var (mass, first) = (0.0, 0.0)
      if let weights {
        for j in 0...20 {
          mass += weights[j]
          first += weights[j] * (0.1 + 0.8 * basis.nodes[j] - x)
        }
      }
      for side in BandSide.allCases {
        let edge = side == .upper ? 0.9 : -0.7
        let tail = law.tail(side, from: x, band)
        mass += tail
        first += tail * (edge - x) + side.sign * law.excess(side, from: x, band)
      }
      #expect(abs(mass - 1) < 1e-13, "from \(x)")
      #expect(abs(first - law.mean) < 1e-12, "from \(x)")
    }
  }

  @Test("The tail integral of x² is the second moment less what is inside", arguments: laws)
  func tails(_ law: DeviationJumps) {
    let whole = law.mean(from: 0, -.infinity, .infinity) { $0 * $0 }
    #expect(relative(whole, law.secondMoment) < 1e-12)
    let parts =
      law.mean(from: 0, -.infinity, 0.1) { $0 * $0 } + law.mean(from: 0, 0.1, .infinity) { $0 * $0 }
    #expect(relative(parts, law.secondMoment) < 1e-12)
  }
}

import Formulation
import Glibc
import Testing

@testable import Control

/// Coefficients that are functions of the deviation, against what one can work out by hand or by quadrature.
@Suite struct VaryingCoefficientTests {
  private func problem(
    _ variation: DeviationVariation, volatility: Double = 0, weight: Double = 0, cost: TradeCost,
    discount: Double? = nil
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "one", criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage,
      regimes: [
        TrackingRegime(
          name: "a", volatility: volatility, runningCost: .quadratic(weight), variation: variation)
      ], generator: .frozen(count: 1), costs: [cost])
  }

  private static func quartic(_ factor: Double) throws -> DeviationVariation {
    DeviationVariation(runningCost: try DeviationFunction(polynomial: [0, 0, 0, 0, factor], field: ""))
  }

  /// `½η²V″ + cx⁴ = g` with V″(h) = 0, V′(h) = k: `g = ch⁴`, `k = 8ch⁵/(5η²)`.
  @Test(arguments: [(1.0, 1.0, 1.0), (3.0, 0.2, 0.01), (1e-3, 40.0, 7.0)])
  func quarticReflected(_ factor: Double, _ volatility: Double, _ proportional: Double) throws {
    let problem = try problem(
      Self.quartic(factor), volatility: volatility, cost: .proportional(proportional))
    let solution = try StationarySolver().solve(problem)
    let h = pow(5 * volatility * volatility * proportional / (8 * factor), 0.2)
    #expect(solution.isVerified)
    #expect(abs(solution.regimes[0].band.upper / h - 1) < 1e-9, "\(solution.regimes[0].band) \(h)")
    #expect(abs(solution.regimes[0].band.lower / h + 1) < 1e-9, "\(solution.regimes[0].band) \(h)")
    let cost = factor * h * h * h * h
    #expect(abs(solution.regimes[0].cost.total.value / cost - 1) < 1e-9)
  }

  /// K alone: from ±h to 0, with `E time = h²/η²` and `E ∫cx⁴ = ch⁶/(15η²)` between trades; least at `h⁶ = 7.5 Kη²/c`.
  @Test func quarticFixed() throws {
    let (factor, volatility, fixed) = (2.0, 0.7, 0.3)
    let solution = try StationarySolver().solve(
      problem(Self.quartic(factor), volatility: volatility, cost: .fixed(fixed)))
    let h = pow(7.5 * fixed * volatility * volatility / factor, 1.0 / 6)
    let cost = factor * pow(h, 4) / 15 + fixed * volatility * volatility / (h * h)
    #expect(abs(solution.regimes[0].band.upper / h - 1) < 1e-9)
    #expect(abs(solution.regimes[0].cost.total.value / cost - 1) < 1e-9)
  }

  /// Blind: `K/h + kη √(2/(πh)) + cη⁴h²`, and the class's h is where that is least.
  @Test func quarticInterval() throws {
    let (volatility, fixed, proportional) = (0.8, 0.3, 0.5)
    let problem = try problem(
      Self.quartic(1), volatility: volatility,
      cost: TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional))
    let solver = StationarySolver()
    let classes = solver.classes(of:optimum:wanted:)
    let found = try #require(
      try classes(problem, solver.solve(problem), [.interval]).solved.first { $0.policyClass == .interval })
    func cost(_ h: Double) -> Double {
      fixed / h + proportional * volatility * (2 / (Double.pi * h)).squareRoot() + pow(volatility, 4) * h * h
    }
    let h = try #require(found.regimes[0].interval).time
    #expect(abs(found.regimes[0].cost.total.value / cost(h) - 1) < 1e-8)
    #expect(cost(h) <= min(cost(0.999 * h), cost(1.001 * h)))
  }

  /// A general drift, volatility and running cost: with `s = e^{−∫2m/η²}` the value's slope is
  /// `V′ = s (c + ∫ 2(g − ℓ)/(η² s))`, by Gauss's rule on panels; the constant c is what makes it right at one edge, and the other
  /// conditions must then hold.
  @Test(arguments: [TradeCost(fixed: 0.05, proportionalBuy: 0.1, proportionalSell: 0.2), .proportional(0.1)])
  func byQuadrature(_ cost: TradeCost) throws {
    let drift = try DeviationFunction(polynomial: [0.3, -0.4, 0.2, -1], field: "")
    let volatility = try DeviationFunction(polynomial: [0.7, 0.3, 0.2], field: "")
    let running = try DeviationFunction(
      knots: [-0.25, 0.25], pieces: [[-0.75, -3], [0], [-0.5, 1, 4]], field: "")
    let problem = try problem(
      DeviationVariation(drift: drift, volatility: volatility, runningCost: running), weight: 1, cost: cost)
    let solution = try StationarySolver().solve(problem)
    #expect(solution.isVerified, "\(solution.residual)")
    let regime = problem.regimes[0]
    let (band, g) = (solution.regimes[0].band, solution.regimes[0].cost.total.value)
    /// ∫ of a function between two places, knots being ends of panels.
    func integral(_ from: Double, _ to: Double, _ f: (Double) -> Double) -> Double {
      if to < from { return -integral(to, from, f) }
      let inner = [-0.25, 0.25].filter { $0 > from && $0 < to }
      let ends = [from] + inner + [to]
      // Gauss's rule of five nodes, sixteen panels.
      let nodes = [0, 0.538_469_310_105_683_1, 0.906_179_845_938_664]
      let weights = [0.568_888_888_888_888_9, 0.478_628_670_499_366_5, 0.236_926_885_056_189_1]
      var sum = 0.0
      for (left, right) in zip(ends, ends.dropFirst()) {
        for panel in 0..<16 {
          let half = (right - left) / 32
          let middle = left + (2 * Double(panel) + 1) * half
          for (node, weight) in zip(nodes, weights) {
            sum += weight * half * (node == 0 ? f(middle) : f(middle - node * half) + f(middle + node * half))
          }
        }
      }
      return sum
    }
    func variance(_ x: Double) -> Double { regime.volatility(at: x) * regime.volatility(at: x) }
    func scale(_ x: Double) -> Double { exp(-integral(band.lower, x) { 2 * regime.drift(at: $0) / variance($0) }) }
    let buy = -cost.proportionalBuy
    func slope(_ x: Double) -> Double {
      scale(x)
        * (buy + integral(band.lower, x) { 2 * (g - regime.runningCost(at: $0)) / (variance($0) * scale($0)) })
    }
    let tolerance = 1e-9
    #expect(abs(slope(band.upper) - cost.proportionalSell) < tolerance)
    if cost.fixed > 0 {
      #expect(abs(slope(band.targetLower) - buy) < tolerance)
      #expect(abs(slope(band.targetUpper) - cost.proportionalSell) < tolerance)
      let bought = integral(band.lower, band.targetLower) { slope($0) - buy }
      let sold = integral(band.targetUpper, band.upper) { slope($0) - cost.proportionalSell }
      #expect(abs(bought + cost.fixed) < tolerance)
      #expect(abs(sold - cost.fixed) < tolerance)
    } else {
      // V″ = 0 where it reflects.
      func bend(_ x: Double, _ slope: Double) -> Double {
        2 * (g - regime.runningCost(at: x) - regime.drift(at: x) * slope) / variance(x)
      }
      #expect(abs(bend(band.lower, buy)) < 1e-7)
      #expect(abs(bend(band.upper, cost.proportionalSell)) < 1e-7)
    }
  }

  /// The parabola as a polynomial, the drift as a function and the volatility as a constant function: the usual problem, whatever way it
  /// is written.
  @Test func writtenOtherwise() throws {
    func problem(_ regimes: [TrackingRegime]) throws -> TrackingProblem {
      try TrackingProblem(
        name: "two", criterion: .longRunAverage, regimes: regimes, generator: Generator([[-1, 1], [3, -3]]),
        costs: [
          TradeCost(fixed: 0.1, proportionalBuy: 0.2, proportionalSell: 0.3),
          TradeCost(fixed: 0.2, proportionalBuy: 0.1, proportionalSell: 0.1),
        ])
    }
    let usual = [
      TrackingRegime(
        name: "a", drift: 0.1, reversion: 0.8, level: 0.2, volatility: 0.6,
        runningCost: .quadratic(1, linear: 0.2, center: 0.1)),
      TrackingRegime(
        name: "b", reversion: 2, volatility: 1.2, runningCost: .quadratic(2),
        jumps: DeviationJumps(intensity: 1, law: .normal(mean: 0.1, deviation: 0.4))),
    ]
    func polynomial(_ coefficients: [Double]) throws -> DeviationFunction {
      try DeviationFunction(polynomial: coefficients, field: "")
    }
    let other = [
      TrackingRegime(
        name: "a", volatility: 0, runningCost: .quadratic(0),
        variation: DeviationVariation(
          drift: try polynomial([0.26, -0.8]), volatility: try polynomial([0.6]),
          runningCost: try polynomial([-0.01, 0, 1]))),
      TrackingRegime(
        name: "b", reversion: 1, volatility: 1, runningCost: .quadratic(1), jumps: usual[1].jumps,
        variation: DeviationVariation(
          drift: try polynomial([0, -1]), volatility: try polynomial([0.2]), runningCost: try polynomial([0, 0, 1]))),
    ]
    let solver = StationarySolver()
    let (plain, varied) = (try problem(usual), try problem(other))
    let (first, second) = (try solver.solve(plain), try solver.solve(varied))
    // ℓ of the first regime is (x − 0.1)² + 0.2 (x − 0.1) = x² − 0.01.
    for (one, two) in zip(first.regimes, second.regimes) {
      #expect(abs(one.cost.total.value - two.cost.total.value) < 1e-10)
      #expect(
        [one.band.lower - two.band.lower, one.band.upper - two.band.upper, one.band.targetLower - two.band.targetLower]
          .map(abs).max()! < 1e-8, "\(one.band) \(two.band)")
    }
    // Classes that go by a clock reach out by another bound.
    let wanted: Set<TrackingClass> = [.recentre, .interval, .hybridAny, .hybridAll]
    let (a, b) = (
      try solver.classes(of: plain, optimum: first, wanted: wanted),
      try solver.classes(of: varied, optimum: second, wanted: wanted)
    )
    #expect(a.solved.map(\.policyClass) == b.solved.map(\.policyClass), "\(b.omitted)")
    for (one, two) in zip(a.solved, b.solved) {
      for (x, y) in zip(one.regimes, two.regimes) {
        #expect(
          abs(x.cost.total.value - y.cost.total.value) < 2e-6 * x.cost.total.value,
          "\(one.policyClass): \(x.cost.total) \(y.cost.total)")
      }
    }
  }

  /// A weight between 0 and 1 moves less and less towards either: nothing is looked for where it does not move.
  @Test func weightBetweenNothingAndAll() throws {
    let solver = StationarySolver()
    for (spread, cost) in [(0.16, 0.01), (0.8, 0.2)] {
      let problem = try TrackingProblem(
        name: "weight", criterion: .longRunAverage,
        regimes: [
          TrackingRegime(
            name: "a", volatility: 0, runningCost: .quadratic(2.5 * spread * spread, center: 0.6),
            variation: DeviationVariation(
              volatility: try DeviationFunction(polynomial: [0, spread, -spread], field: "")))
        ], generator: .frozen(count: 1), costs: [.proportional(cost)])
      let solution = try solver.solve(problem)
      #expect(solution.isVerified, "\(solution.residual)")
      let band = solution.regimes[0].band
      #expect(band.lower > 0 && band.upper < 1 && band.lower < 0.6 && band.upper > 0.6, "\(band)")
      // ½σ²w²(1 − w)²V″ = g − ℓ with V″ = 0 at both edges and V′ from −k to k between them.
      let g = solution.regimes[0].cost.total.value
      let ends = [band.lower, band.upper].map { problem.regimes[0].runningCost(at: $0) }
      #expect(abs(ends[0] / g - 1) < 1e-8 && abs(ends[1] / g - 1) < 1e-8)
      let cells = 200_000
      let step = band.width / Double(cells)
      let rise = (0..<cells).reduce(0) { sum, cell in
        let x = band.lower + (Double(cell) + 0.5) * step
        let volatility = problem.regimes[0].volatility(at: x)
        return sum + step * 2 * (g - problem.regimes[0].runningCost(at: x)) / (volatility * volatility)
      }
      #expect(abs(rise / (2 * cost) - 1) < 1e-8)
    }
  }

  @Test("a deviation that does not move where it would be held is refused") func motionless() throws {
    let variation = DeviationVariation(volatility: try DeviationFunction(polynomial: [-0.5, 1], field: ""))
    let problem = try problem(
      variation, weight: 1, cost: TradeCost(fixed: 10, proportionalBuy: 0, proportionalSell: 0))
    #expect {
      _ = try StationarySolver().solve(problem)
    } throws: { error in
      if case .motionless(0, let place)? = error as? StationaryError { return abs(place - 0.5) < 0.1 }
      return false
    }
  }
}

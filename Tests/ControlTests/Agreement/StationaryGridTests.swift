import Formulation
import Testing

@testable import Control

/// The same problem on a lattice: a Markov chain that jumps to neighbours, solved by value iteration. Shares nothing with
/// the solver. Second order in the spacing (Kushner and Dupuis 2001, chapter 5, for the chain).
struct LatticeIteration {
  let problem: TrackingProblem
  let reach: Double
  let spacing: Double

  /// Average cost (or discounted value at zero per regime), and the bands to within one spacing.
  func solve(duration: Double) -> (values: [Double], bands: [Band]) {
    let half = Int((reach / spacing).rounded())
    let n = 2 * half + 1
    let m = problem.regimes.count
    let discount: Double
    if case .discounted(let rate) = problem.criterion { discount = rate } else { discount = 0 }
    let places = (0..<n).map { Double($0 - half) * spacing }
    let diffusions = problem.regimes.map { regime in
      places.map { regime.volatility(at: $0) * regime.volatility(at: $0) / (2 * spacing * spacing) }
    }
    // Uniformisation: one clock faster than every state's total rate.
    let clock = (0..<m).map { 2 * diffusions[$0].max()! - problem.generator.rates[$0][$0] }.max()! * 1.01
    let step = 1 / clock
    let rates = problem.regimes.indices.map { e in
      zip(places, diffusions[e]).map { x, diffusion in
        let drift = problem.regimes[e].drift(at: x) / (2 * spacing)
        return (up: diffusion + drift, down: diffusion - drift)
      }
    }
    let running = problem.regimes.map { regime in places.map { regime.runningCost(at: $0) } }
    var value = [[Double]](repeating: [Double](repeating: 0, count: n), count: m)
    var held = value
    var average = 0.0
    for _ in 0..<Int(duration / step) {
      for e in 0..<m {
        for i in 0..<n {
          let up = rates[e][i].up * step
          let down = rates[e][i].down * step
          let here = value[e][i]
          var next = here + up * (value[e][min(i + 1, n - 1)] - here) + down * (value[e][max(i - 1, 0)] - here)
          for other in 0..<m where other != e {
            next += problem.generator.rates[e][other] * step * (value[other][i] - here)
          }
          held[e][i] = running[e][i] * step + next - discount * step * here
        }
      }
      for e in 0..<m { value[e] = trade(held[e], problem.costs[e]) }
      if discount == 0 {
        average = value[0][half] * clock
        let base = value[0][half]
        for e in 0..<m { for i in 0..<n { value[e][i] -= base } }
      }
    }
    // Walk outwards from zero: the artificial reflection at the ends would make holding look good there.
    let bands = (0..<m).map { e in
      let holds = { (i: Int) in value[e][i] + 1e-12 >= held[e][i] - average * step }
      var (low, high) = (half, half)
      while low > 0 && holds(low - 1) { low -= 1 }
      while high < n - 1 && holds(high + 1) { high += 1 }
      return Band(
        lower: Double(low - half) * spacing, upper: Double(high - half) * spacing, targetLower: 0, targetUpper: 0)
    }
    return (discount == 0 ? Array(repeating: average, count: m) : value.map { $0[half] }, bands)
  }

  /// The lower envelope of holding and of every single trade, in two passes.
  private func trade(_ held: [Double], _ cost: TradeCost) -> [Double] {
    var result = held
    var best = Double.infinity
    for i in held.indices {
      best = min(best + cost.proportionalSell * spacing, held[i])
      result[i] = min(result[i], best + cost.fixed)
    }
    best = .infinity
    for i in held.indices.reversed() {
      best = min(best + cost.proportionalBuy * spacing, held[i])
      result[i] = min(result[i], best + cost.fixed)
    }
    return result
  }
}

@Suite struct StationaryGridTests {
  @Test(
    "A lattice agrees within its second-order error",
    arguments: [nil, 0.8] as [Double?], [false, true])
  func lattice(_ discount: Double?, _ isProportional: Bool) throws {
    let costs =
      isProportional
      ? [TradeCost.proportional(0.1), TradeCost(proportionalBuy: 0.2, proportionalSell: 0.1)]
      : [StationaryExamples.both(0.05, 0.02), TradeCost(fixed: 0.1, proportionalBuy: 0.01, proportionalSell: 0.03)]
    let problem = try StationaryExamples.problem(
      running: [2, 5], volatility: [0.9, 1.5], drift: [0.3, -0.2], switching: [[-1, 1], [2, -2]], costs: costs,
      discount: discount)
    let solution = try StationarySolver().solve(problem)
    #expect(solution.isVerified, "\(solution.residual)")
    // Ten time units leave e^{−10} of the slowest mode or less; discounted values need e^{−0.8·30}.
    let duration = discount == nil ? 10.0 : 30
    // On the lattice E∫x²dt is short by h²/6 per unit time, exactly, and edges are rounded to the lattice, which costs
    // a multiple of h² too: λh²/3 bounds both here, λ the larger running cost.
    for spacing in [0.08, 0.04, 0.02] {
      let lattice = LatticeIteration(problem: problem, reach: 1.2, spacing: spacing).solve(duration: duration)
      let bound = 5 * spacing * spacing / 3 / (discount ?? 1)
      agree(solution, lattice, spacing: spacing, within: bound)
    }
  }

  /// Values within a bound, edges within one and a half spacings.
  private func agree(
    _ solution: StationarySolution, _ lattice: (values: [Double], bands: [Band]), spacing: Double, within bound: Double
  ) {
    for (e, regime) in solution.regimes.enumerated() {
      let row: Comment = "spacing \(spacing), regime \(e): \(lattice.values[e]), \(regime.cost.total.value)"
      #expect(abs(lattice.values[e] - regime.cost.total.value) < bound, row)
      let (band, found) = (regime.band, lattice.bands[e])
      #expect(abs(found.upper - band.upper) < 1.5 * spacing && abs(found.lower - band.lower) < 1.5 * spacing, row)
    }
  }

  /// Coefficients that vary in two regimes: a cubic drift, a volatility and a running cost of straight lines, a quartic.
  @Test(arguments: [nil, 0.8] as [Double?]) func varying(_ discount: Double?) throws {
    func lines(_ points: [(x: Double, value: Double)]) throws -> DeviationFunction {
      try DeviationFunction(through: points, field: "")
    }
    func polynomial(_ coefficients: [Double]) throws -> DeviationFunction {
      try DeviationFunction(polynomial: coefficients, field: "")
    }
    let first = TrackingRegime(
      name: "a", volatility: 0.6, runningCost: .quadratic(0),
      variation: DeviationVariation(
        drift: try polynomial([0.2, -0.5, 0, -1]), volatility: try lines([(-1, 0.4), (0.1, 0), (1, 0.5)]),
        runningCost: try polynomial([0, 0, 0, 0, 4])))
    let second = TrackingRegime(
      name: "b", drift: -0.2, reversion: 0.5, level: 0.1, volatility: 1, runningCost: .quadratic(1),
      variation: DeviationVariation(
        volatility: try polynomial([0, 0.3]), runningCost: try lines([(-1, 2), (-0.3, 0), (0.2, 0), (1, 3)])))
    let problem = try TrackingProblem(
      name: "varying", criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage,
      regimes: [first, second], generator: Generator([[-1, 1], [2, -2]]),
      costs: [
        StationaryExamples.both(0.05, 0.02), TradeCost(fixed: 0.1, proportionalBuy: 0.01, proportionalSell: 0.03),
      ])
    let solution = try StationarySolver().solve(problem)
    #expect(solution.isVerified, "\(solution.residual)")
    for spacing in [0.04, 0.02] {
      let lattice = LatticeIteration(problem: problem, reach: 1.4, spacing: spacing)
        .solve(duration: discount == nil ? 10 : 30)
      // As above, half the largest second derivative of a running cost in a band in the place of λ.
      let bound = 8 * spacing * spacing / 3 / (discount ?? 1)
      agree(solution, lattice, spacing: spacing, within: bound)
    }
  }
}

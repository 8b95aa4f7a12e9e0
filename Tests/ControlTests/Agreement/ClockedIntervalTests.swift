import Formulation
import Glibc
import Testing

@testable import Control

/// Blind intervals by Laplace transforms: their slopes, and where closed forms exist those.
struct ClockedIntervalTests {
  static func problem(
    _ criterion: TrackingCriterion = .longRunAverage, isLopsided: Bool = true
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "blind", criterion: criterion,
      regimes: [
        TrackingRegime(
          name: "a", drift: 0.3, reversion: isLopsided ? 0.4 : 0, volatility: 1,
          runningCost: DeviationCost(below: 1, above: isLopsided ? 1.5 : 1)),
        TrackingRegime(
          name: "b", drift: -0.2, reversion: isLopsided ? 0.1 : 0, volatility: 2,
          runningCost: DeviationCost(below: 2, above: isLopsided ? 1 : 2)),
      ], generator: Generator([[-0.5, 0.5], [1, -1]]),
      costs: [(1.0, 0.2), (0.5, 0.3)].map { TradeCost(fixed: $0, proportionalBuy: $1, proportionalSell: 0.5 * $1) })
  }

  private static func search(_ problem: TrackingProblem, degree: Int = 20, nodes: Int = 32) -> ClockedIntervals {
    let scaled = ScaledTracking(problem, members: [0, 1])
    return ClockedIntervals(
      problem: scaled, start: [0.3, 0.7], basis: ChebyshevBasis(degree: degree), nodes: nodes, threads: 2)
  }

  private static let criteria = [TrackingCriterion.longRunAverage, .discounted(rate: 0.3)]

  @Test(arguments: criteria)
  func slopes(_ criterion: TrackingCriterion) throws {
    let search = Self.search(try Self.problem(criterion))
    let parameters = [0.4, -0.2, 0.1, -0.15]
    func cost(_ moved: [Double]) throws -> (value: Double, gradient: [Double]) {
      try search.cost(.init(times: moved[..<2].map { exp($0) }, targets: Array(moved[2...])))
    }
    let here = try cost(parameters)
    let step = 1e-3
    for i in parameters.indices {
      var (up, down) = (parameters, parameters)
      up[i] += step
      down[i] -= step
      let difference = (try cost(up).value - cost(down).value) / (2 * step)
      // The difference's own error is of the order of the step's square.
      #expect(
        abs(here.gradient[i] - difference) < 3e-6 * abs(here.value), "\(i): \(here.gradient[i]) for \(difference)")
    }
  }

  @Test(arguments: criteria)
  func closedForm(_ criterion: TrackingCriterion) throws {
    let problem = try Self.problem(criterion, isLopsided: false)
    let scaled = ScaledTracking(problem, members: [0, 1])
    let start = [BlindIntervals.Policy(times: [1, 0.5], targets: [0, 0])]
    let known = try #require(
      BlindIntervals(problem: scaled, start: [0.3, 0.7]).search(from: start, hasLongRun: true))
    let found = try #require(try Self.search(problem).search(from: start))
    for e in 0..<2 {
      #expect(abs(found.policy.times[e] - known.policy.times[e]) < 1e-4 * known.policy.times[e])
      #expect(abs(found.policy.targets[e] - known.policy.targets[e]) < 1e-4)
    }
    let cost = try Self.search(problem, nodes: 40).cost(found.policy).value
    let least =
      criterion == .longRunAverage
      ? known.costs.total[0] : zip([0.3, 0.7], known.costs.total).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(cost / least - 1) < 1e-8, "\(cost) for \(least)")
  }

  /// Strong drifts, where searches begin far from the best: the least cost that an independent program found by Nelder and Mead's search,
  /// to the digits it gave.
  @Test func strongDrift() throws {
    let problem = try TrackingProblem(
      name: "drift", criterion: .longRunAverage,
      regimes: [
        TrackingRegime(name: "a", drift: 5, volatility: 1, runningCost: DeviationCost(below: 1, above: 2)),
        TrackingRegime(name: "b", drift: -3, volatility: 1, runningCost: .quadratic(1)),
      ], generator: Generator([[-0.5, 0.5], [1, -1]]),
      costs: [0.3, 0.3].map { TradeCost(fixed: $0, proportionalBuy: 0.5, proportionalSell: 0.5) })
    let solver = StationarySolver(settings: StationarySettings(threads: 2))
    let classes = try solver.classes(of: problem, optimum: solver.solve(problem), wanted: [.interval])
    let regimes = try #require(classes[.interval]?.regimes)
    #expect(abs(regimes[0].cost.total.value - 3.5759588) < 1e-6)
    for (e, (time, target)) in [(0.322, -0.837), (0.385, 0.094)].enumerated() {
      let interval = try #require(regimes[e].interval)
      #expect(abs(interval.time - time) < 2e-3 && abs(interval.target - target) < 2e-3)
    }
    #expect(classes.omitted.count == TrackingClass.allCases.count - 2)
  }
}

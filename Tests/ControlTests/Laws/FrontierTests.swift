import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What is proven of a frontier, and what it must agree with.
@Suite struct FrontierTests {
  static let grid = GridSettings(spots: 500, holdings: 241, steps: 800)

  /// Costs of each kind, on a straddle that marks jump on as well when its regimes have volatilities of their own.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var proportional = 0.0005
    var fixed = 0.0
    var implied = [0.8]

    func problem(riskAversion: Double = 0.1, costScale: Double = 1) throws -> OptionBookProblem {
      try Straddle.problem(
        proportional: costScale * proportional, fixed: costScale * fixed, riskAversion: riskAversion, implied: implied)
    }

    func frontier(riskAversion: Double = 0.1, costScale: Double = 1, count: Int = 9) throws -> Frontier {
      try Frontier(
        problem: problem(riskAversion: riskAversion, costScale: costScale), settings: grid, count: count, span: 10,
        threads: 2)
    }
  }

  static let cases = [
    Case(testDescription: "proportional"), Case(testDescription: "fixed", proportional: 0, fixed: 0.003),
    Case(testDescription: "both, marks jump", fixed: 0.003, implied: [0.6, 1.1]),
  ]

  /// J is a lower envelope of rising lines: it rises, every chord lies below it, its slope falls; what trading costs rises.
  @Test(arguments: cases) func isALowerEnvelopeOfLines(_ row: Case) throws {
    let points = try row.frontier().points
    for (one, two) in zip(points, points.dropFirst()) {
      let step = "\(one.riskAversion) to \(two.riskAversion)"
      #expect(one.total.value < two.total.value, "\(step)")
      #expect(one.cost.value < two.cost.value, "\(step)")
      #expect(one.deviation.value > two.deviation.value, "\(step)")
      #expect(one.risk.value < two.risk.value, "\(step)")
      // The tangent at either end lies above the other end.
      let chord = (two.total.value - one.total.value) / (two.riskAversion - one.riskAversion)
      #expect(chord < one.risk.value / one.riskAversion, "\(step)")
      #expect(chord > two.risk.value / two.riskAversion, "\(step)")
    }
    for point in points {
      #expect(relativeDifference(point.cost.value + point.risk.value, point.total.value) < 1e-12)
      #expect(
        relativeDifference(0.5 * point.riskAversion * pow(point.deviation.value, 2), point.risk.value) < 1e-12)
    }
  }

  /// J of a point beside that of solutions on grids several times as fine, extrapolated: the stated error covers it.
  @Test(arguments: cases) func valuesAreKnown(_ row: Case) throws {
    for point in try row.frontier(count: 3).points {
      let problem = try row.problem(riskAversion: point.riskAversion)
      let values = try [(400, 200, 640), (800, 400, 1280)].map { spots, holdings, steps in
        let settings = GridSettings(spots: spots, holdings: holdings, steps: steps)
        let solution = try FiniteHorizon(settings: settings, threads: 2).solve(problem)
        let node = solution.grid.reference * problem.environment.count + problem.market.currentRegime
        return solution.value(regime: problem.market.currentRegime, inventory: problem.inventory)
          + solution.markJumpRisk[node]
      }
      let limit = values[1] + (values[1] - values[0]) / 3
      let error = point.total.error + abs(values[1] - values[0]) / 3
      #expect(abs(point.total.value - limit) < error, "\(point.riskAversion): \(point.total) \(limit)")
      #expect(point.total.error < 0.03 * point.total.value)
    }
  }

  /// Costs and risk aversion times s: J, cost and risk times s, bands and deviation as they were.
  @Test(arguments: cases) func isHomogeneous(_ row: Case) throws {
    let factor = 7.3
    let small = try row.frontier(count: 3)
    let large = try row.frontier(riskAversion: 0.1 * factor, costScale: factor, count: 3)
    for (a, b) in zip(small.points, large.points) {
      #expect(relativeDifference(factor * a.total.value, b.total.value) < 1e-9)
      // Differences over 10 % of a.
      #expect(relativeDifference(factor * a.cost.value, b.cost.value) < 1e-7)
      #expect(relativeDifference(a.deviation.value, b.deviation.value) < 1e-7)
      for (one, other) in zip(a.bands, b.bands) { #expect(abs(one.upper - other.upper) < 1e-7) }
    }
  }

  /// The slope found over 10 % of risk aversion against the differences along the frontier itself, in ln a, of sixth order.
  @Test(arguments: cases) func slopesFollowTheFrontier(_ row: Case) throws {
    let frontier = try row.frontier(count: 13)
    let points = frontier.points
    let h = log(points[1].riskAversion / points[0].riskAversion)
    // (Fornberg 1988, table 1: first derivative, order 6.)
    let weights = [-1.0 / 60, 3.0 / 20, -3.0 / 4, 0, 3.0 / 4, -3.0 / 20, 1.0 / 60]
    for middle in 3..<(points.count - 3) {
      let slope = (0..<7).reduce(0.0) { $0 + weights[$1] * points[middle + $1 - 3].total.value } / h
      let point = points[middle]
      #expect(
        abs(slope - point.risk.value) < point.risk.error,
        "a = \(point.riskAversion): \(slope) along the frontier, \(point.risk)")
    }
  }

  /// Costs varied at one risk aversion, and risk aversion varied at the same costs, say the same of trading.
  @Test(arguments: cases) func agreesWithCostShare(_ row: Case) throws {
    let problem = try row.problem()
    let share = try CostShare(problem: problem, method: FiniteHorizon(settings: Self.grid)).trading[0]
    let frontier = try row.frontier(count: 2)
    let cost = frontier.points[frontier.own].cost
    #expect(relativeDifference(cost.value, share) < 0.01, "\(cost), \(share)")
  }

  @Test func ownPointIsAmongThem() throws {
    for count in [2, 3, 20] {
      let aversions = Frontier.aversions(around: 0.1, count: count, span: 30)
      #expect(aversions.count == count + (count % 2 == 0 ? 1 : 0))
      #expect(aversions.contains(0.1))
      #expect(zip(aversions, aversions.dropFirst()).allSatisfy { $0 < $1 })
      #expect(relativeDifference(aversions.first!, 0.1 / 30) < 1e-12)
      #expect(relativeDifference(aversions.last!, 3) < 1e-12)
    }
  }

  @Test func refusesExponentialUtility() throws {
    let problem = try Straddle.problem(volatilities: [0.5]).replacing(
      preference: .exponential(riskAversion: 0.1))
    #expect(throws: ControlError.self) { try Frontier(problem: problem, settings: Self.grid, threads: 1) }
  }
}

/// The risk aversion that a budget leads to.
@Suite struct RiskBudgetTests {
  static let grid = FrontierTests.grid

  private static func search(_ problem: OptionBookProblem, _ deviation: Double) throws -> RiskBudgetSearch {
    RiskBudgetSearch(problem: problem, budget: try RiskBudget(.deviation, deviation), settings: grid, threads: 2)
  }

  /// The deviation of a point of the frontier, as a budget, leads back to the point.
  @Test(arguments: FrontierTests.cases) func findsTheWayBack(_ row: FrontierTests.Case) throws {
    for aversion in [0.02, 0.3] {
      let problem = try row.problem(riskAversion: aversion)
      let frontier = try Frontier(problem: problem, settings: Self.grid, count: 2, threads: 2)
      let own = frontier.points[frontier.own]
      let found = try Self.search(problem, own.deviation.value).run()
      #expect(relativeDifference(found.deviation.value, own.deviation.value) <= RiskBudgetSearch.tolerance)
      // The deviation goes with a to a power between −1/3 and −1/4 or less: a is known four times less well, or worse
      // where the jumps of marks, which a does not move, are most of it.
      let moved = 1 - pow(own.markJumpDeviation / own.deviation.value, 2)
      #expect(
        relativeDifference(found.riskAversion, aversion) < 8 * RiskBudgetSearch.tolerance / moved,
        "\(found.riskAversion) for \(aversion)")
    }
  }

  /// The cost of a point of the frontier, as a budget, leads back to the point.
  @Test(arguments: FrontierTests.cases) func findsTheWayBackByCost(_ row: FrontierTests.Case) throws {
    for aversion in [0.02, 0.3] {
      let problem = try row.problem(riskAversion: aversion)
      let frontier = try Frontier(problem: problem, settings: Self.grid, count: 2, threads: 2)
      let own = frontier.points[frontier.own]
      let found = try RiskBudgetSearch(
        problem: problem, budget: RiskBudget(.expectedCost, own.cost.value), settings: Self.grid, threads: 2
      ).run()
      #expect(relativeDifference(found.cost.value, own.cost.value) <= RiskBudgetSearch.tolerance)
      // The cost goes with a to a power of a third to a half; what is known of J and J' is less than of the cost alone.
      let unsure = (own.cost.error + found.cost.error) / own.cost.value
      #expect(
        relativeDifference(found.riskAversion, aversion) < 8 * RiskBudgetSearch.tolerance + 4 * unsure,
        "\(found.riskAversion) for \(aversion)")
    }
  }

  /// Nobody settles for less than the settlement costs.
  @Test func costsHaveALeastValue() throws {
    let problem = try Straddle.problem(fixed: 0.05, settlement: .cash, inventory: 0.5)
    #expect {
      _ = try RiskBudgetSearch(
        problem: problem, budget: RiskBudget(.expectedCost, 0.001), settings: Self.grid, threads: 2
      ).run()
    } throws: { error in
      guard case .notReached(let amount) = error as? RiskBudgetError else { return false }
      // The ticket and five basis points of half a unit at about 100.
      return amount > 0.05 && amount < 0.12
    }
  }

  /// Without costs of holding, the book left alone deviates by √(E ∫ σ² S² Δ² dt): nothing is asked of a larger budget.
  @Test func largeBudgetsNeedNoHedge() throws {
    let problem = try Straddle.problem()
    #expect {
      try Self.search(problem, 1e4).run()
    } throws: { error in
      guard case .needless(let unhedged) = error as? RiskBudgetError else { return false }
      // Just below what was found there is something to do, with hardly any trade.
      let point = try? Self.search(problem, 0.97 * unhedged).run()
      return point.map { $0.cost.value < 0.2 * $0.total.value } ?? false
    }
  }

  @Test func marksJumpWhateverTheHedge() throws {
    let problem = try Straddle.problem(implied: [0.6, 1.1])
    let frontier = try Frontier(problem: problem, settings: Self.grid, count: 2, threads: 2)
    let jumps = frontier.points[0].markJumpDeviation
    #expect(jumps > 0)
    #expect {
      try Self.search(problem, 0.9 * jumps).run()
    } throws: { error in
      guard case .belowMarkJumps(let found) = error as? RiskBudgetError else { return false }
      return relativeDifference(found, jumps) < 0.05
    }
  }

  @Test func freeTradesLeaveNothingToBudget() throws {
    let problem = try Straddle.problem(proportional: 0)
    #expect(throws: RiskBudgetError.freeTrading) { try Self.search(problem, 1).run() }
  }
}

import Formulation
import TestKit
import Testing

@testable import Control

/// Marches and evaluations that leave out what no look needs against the same over all nodes.
@Suite struct LookStripTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var fixed: Double
    var settlement = Settlement.none
    var volatilities = [0.5, 1.2]
    var hours = 2.0

    var testDescription: String { "K \(fixed), \(settlement), \(volatilities), every \(hours) h" }

    /// A month of a short straddle.
    func problem() throws -> OptionBookProblem {
      try Straddle.problem(
        fixed: fixed, volatilities: volatilities, settlement: settlement, execution: Execution(checkEvery: hours * 3600)
      )
    }
  }

  /// A hundredth of these grids' error, which is about 10⁻³.
  private static let tolerance = 1e-5

  static let cases = [
    Case(fixed: 0.01), Case(fixed: 0.01, settlement: .cash), Case(fixed: 0), Case(fixed: 0, settlement: .cash),
    Case(fixed: 0.02, volatilities: [0.8]),
    // From one day to the next risk costs more than a trade to any line nearby, and bands move by half of the book.
    Case(fixed: 0, volatilities: [0.8], hours: 24), Case(fixed: 0.003, hours: 24),
  ]

  private static let settings = GridSettings(spots: 300, holdings: 208, steps: 400)

  /// Over all nodes, and over the strip.
  private static func marches(
    of problem: OptionBookProblem, on grid: FiniteHorizonGrid, keepsValues: Bool
  ) throws -> (all: FiniteHorizonSolution, strip: FiniteHorizonSolution) {
    let period = try #require(grid.timing.reviewPeriod)
    let table = try RouteTable(problem: problem, isReview: true)
    func solved(everywhere: Bool) throws -> FiniteHorizonSolution {
      let rest = QuadraticRest(problem: problem, grid: grid, threads: 2, keepsValues: keepsValues)
      #expect(rest.hasStrips && table.leadsToLines)
      return try ReviewMarch(rest, table: table, period: period, everywhere: everywhere).run(
        settings: settings, progress: nil)
    }
    return (try solved(everywhere: true), try solved(everywhere: false))
  }

  /// A call that expires at a review, on its strike: from the review before it on, the next decision is about what it leaves, and bands
  /// move by the whole position. A strip that is not widened there misses a sixth of the value.
  @Test(arguments: [Settlement.none, .cash]) func anExpiryAtAReview(_ settlement: Settlement) throws {
    let problem = try TwoExpiries.problem(days: 7, checkEvery: 4 * 3600, settlement: settlement)
    let grid = try FiniteHorizonGrid(problem: problem, settings: Self.settings)
    let (all, strip) = try Self.marches(of: problem, on: grid, keepsValues: false)
    for e in 0..<2 {
      let (expected, found) = (all.value(regime: e, inventory: 0), strip.value(regime: e, inventory: 0))
      #expect(abs(found / expected - 1) < Self.tolerance, "regime \(e): \(found), \(expected)")
    }
  }

  @Test(arguments: cases) func reviewsMissNothing(_ given: Case) throws {
    let problem = try given.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: Self.settings)
    let (all, strip) = try Self.marches(of: problem, on: grid, keepsValues: false)
    let spacing = grid.holdings[1] - grid.holdings[0]
    for e in problem.environment.regimes.indices {
      for inventory in [-1.0, -0.3, 0, 0.2, 0.9] {
        let (expected, found) = (
          all.value(regime: e, inventory: inventory), strip.value(regime: e, inventory: inventory)
        )
        #expect(abs(found / expected - 1) < Self.tolerance, "regime \(e), y = \(inventory): \(found), \(expected)")
      }
      let (expected, found) = (all.band(regime: e), strip.band(regime: e))
      for (one, other) in [
        (found.lower, expected.lower), (found.upper, expected.upper), (found.targetLower, expected.targetLower),
        (found.targetUpper, expected.targetUpper),
      ] {
        #expect(abs(one - other) < 0.02 * spacing, "regime \(e): \(found), \(expected)")
      }
    }
    // At all reviews, around today's spot.
    let (count, reference) = (all.policy.times.count, grid.reference)
    #expect(strip.policy.times == all.policy.times)
    for time in 0..<count {
      for e in problem.environment.regimes.indices {
        for row in [reference - 20, reference, reference + 20] {
          let (expected, found) = (
            all.policy.band(time: time, regime: e, spot: row), strip.policy.band(time: time, regime: e, spot: row)
          )
          #expect(found.lower == expected.lower || abs(found.lower - expected.lower) < 0.1 * spacing, "\(time) \(row)")
          #expect(found.upper == expected.upper || abs(found.upper - expected.upper) < 0.1 * spacing, "\(time) \(row)")
        }
      }
    }
  }

  /// V that is kept on the way, between reviews too many to keep what waiting is worth as well: on all nodes, the strip or not.
  @Test(arguments: [Case(fixed: 0.01), Case(fixed: 0.02, settlement: .cash, hours: 3)])
  func valuesAreKeptBesideToo(_ given: Case) throws {
    let problem = try given.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: Self.settings)
    let marches = try Self.marches(of: problem, on: grid, keepsValues: true)
    let (all, strip) = (try #require(marches.all.table), try #require(marches.strip.table))
    #expect(strip.times == all.times && all.times.count > 20)
    let size = all.sliceCount
    for index in all.times.indices {
      let (expected, found) = (
        all.values[(index * size)..<((index + 1) * size)], strip.values[(index * size)..<((index + 1) * size)]
      )
      let scale = expected.map { abs($0) }.max()!
      let miss = zip(found, expected).map { abs($0 - $1) }.max()!
      #expect(Double(miss) <= Self.tolerance * Double(scale), "\(index): \(miss) of \(scale)")
    }
  }

  /// Rules evaluated by their looks: J and what it is made of, of bands that follow the optimum, gamma, the price or nothing.
  @Test(arguments: cases) func evaluationsMissNothing(_ given: Case) throws {
    let problem = try given.problem()
    let regimes = problem.environment.count
    let settings = GridSettings(spots: 200, holdings: 144, steps: 300)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    let solution = try FiniteHorizon(settings: settings, threads: 2).solve(problem)
    func each(_ value: Double) -> [Double] { Array(repeating: value, count: regimes) }
    let ratio = given.fixed > 0 ? 0.4 : 1
    let rules: [BandRule] = [
      .scaled(factors: each(1.2), ratios: each(ratio)),
      .constant(centres: each(0.02), halves: each(0.2), ratios: each(ratio)),
      .gammaScaled(multiples: each(1.5), ratios: each(ratio)), .priceMove(moves: each(0.1)),
    ]
    for rule in rules {
      // Ticks are looks like others: one rule tells.
      let clocks: [BookClassCandidate.Clock] = rule.usesOptimum ? [.none, .forced] : [.none]
      for clock in clocks {
        var nodes = EvaluationNodes(problem, grid: grid, optimum: solution.policy)
        let candidate = BookClassCandidate(
          bookClass: .recentre, rule: rule, clock: clock, gaps: clock == .none ? [] : each(problem.horizon / 8))
        let functionals = [PolicyFunctional.total(problem), .risk(problem), .turnover(problem), .trades(problem)]
        var looks = try LookedEquations(problem: problem, grid: grid)
        nodes.looks = looks
        let strip = candidate.evaluate(functionals, on: nodes, leastSteps: 1).map(\.values)
        looks.everywhere = true
        nodes.looks = looks
        let all = candidate.evaluate(functionals, on: nodes, leastSteps: 1).map(\.values)
        for k in functionals.indices {
          for e in 0..<regimes {
            #expect(
              relativeDifference(strip[k][e], all[k][e]) < Self.tolerance,
              "\(rule) \(clock) functional \(k), regime \(e): \(strip[k][e]), \(all[k][e])")
          }
        }
      }
    }
  }

  /// A watched market is looked at at every time of the grid.
  @Test func watchedMarketsMissNothing() throws {
    let problem = try Straddle.problem(fixed: 0.02, volatilities: [0.5, 1.2])
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 200, holdings: 144, steps: 400))
    let none = PolicyTable(times: [0], logSpots: [0], regimeCount: 2, bands: [.unbounded, .unbounded])
    var nodes = EvaluationNodes(problem, grid: grid, optimum: none)
    let candidate = BookClassCandidate(
      bookClass: .constantBand, rule: .constant(centres: [0, 0], halves: [0.2, 0.25], ratios: [0.4, 0.3]))
    var looks = try LookedEquations(problem: problem, grid: grid)
    nodes.looks = looks
    let strip = candidate.evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values
    looks.everywhere = true
    nodes.looks = looks
    let all = candidate.evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values
    for e in 0..<2 { #expect(relativeDifference(strip[e], all[e]) < Self.tolerance, "\(strip) \(all)") }
  }
}

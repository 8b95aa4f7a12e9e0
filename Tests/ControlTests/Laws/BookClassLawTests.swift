import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

@Suite struct BookClassLawTests {
  static func classes(_ problem: OptionBookProblem) throws -> BookClasses {
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 240, holdings: 128, steps: 480))
    let solutions = try [1, 0.5, 0.25].map {
      try FiniteHorizon(settings: GridSettings().refined(by: $0, of: grid)).solve(problem)
    }
    return BookClassSearch(
      optimum: solutions[0].policy, coarse: solutions[2], fine: solutions[1], threads: 2
    ).run()
  }

  struct Row: Sendable {
    let proportional: Double
    let fixed: Double
    let volatilities: [Double]
    let quantity: Double
  }

  static let rows = [
    Row(proportional: 0.0007, fixed: 0.03, volatilities: [0.8], quantity: -1),
    Row(proportional: 0.001, fixed: 0.05, volatilities: [0.5, 1.2], quantity: 1),
    Row(proportional: 0.001, fixed: 0, volatilities: [0.6], quantity: -1),
    Row(proportional: 0, fixed: 0.04, volatilities: [0.7], quantity: 1),
  ]

  @Test("No class is below the optimum, and classes that contain others are no dearer", arguments: rows)
  func inclusions(_ row: Row) throws {
    let problem = try Straddle.problem(
      proportional: row.proportional, fixed: row.fixed, volatilities: row.volatilities, quantity: row.quantity)
    let classes = try Self.classes(problem)
    #expect(classes.solved.count >= 5, "\(classes.omitted)")
    for e in row.volatilities.indices {
      let shared = classes.sharedError(regime: e)
      for solution in classes.solved {
        let excess = solution.regimes[e].excess
        #expect(excess.value >= -excess.error - shared, "\(row) \(solution.bookClass) \(excess) \(shared)")
      }
      if let inner = classes[.inner]?.regimes[e].excess, let outer = classes[.recentre]?.regimes[e].excess {
        #expect(inner.value <= outer.value + inner.error + outer.error, "\(row) \(inner) \(outer)")
      }
    }
    if row.fixed > 0 {
      #expect(classes.omitted.contains { $0.bookClass == .edge && $0.reason == .fixedCost(regime: 0) })
    }
  }

  /// A clock that never rings forces nothing.
  @Test func endlessGap() throws {
    let problem = try Straddle.problem(fixed: 0.02, volatilities: [0.8])
    let solution = try FiniteHorizon(settings: GridSettings(spots: 120, holdings: 64, steps: 200)).solve(problem)
    let nodes = EvaluationNodes(solution)
    let rule = BandRule.scaled(factors: [1], ratios: [0.3])
    let plain = PolicyEvaluation(nodes: nodes, rule: rule, functionals: [.total(problem)]).run()[0].values[0]
    func forced(_ share: Double) -> Double {
      BookClassCandidate(bookClass: .hybridAny, rule: rule, clock: .forced, gaps: [share * problem.horizon])
        .evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values[0]
    }
    #expect(forced(1) == plain)
    let (rarely, often) = (forced(0.3), forced(0.05))
    #expect(plain < rarely && rarely < often, "\(plain) \(rarely) \(often)")
  }

  /// A class is what it is whatever else is asked for, and whatever the number of threads.
  @Test func requests() throws {
    let problem = try Straddle.problem(proportional: 0.001, fixed: 0.03, volatilities: [0.8])
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 120, holdings: 80, steps: 240))
    let solutions = try [1, 0.5, 0.25].map {
      try FiniteHorizon(settings: GridSettings().refined(by: $0, of: grid)).solve(problem)
    }
    func classes(_ wanted: Set<BookClass>, threads: Int) -> BookClasses {
      BookClassSearch(optimum: solutions[0].policy, coarse: solutions[2], fine: solutions[1], threads: threads).run(
        wanted)
    }
    let all = classes(Set(BookClass.allCases), threads: 2)
    let some = classes([.recentre, .hybridAny], threads: 1)
    #expect(some.solved.map(\.bookClass) == [.optimal, .recentre, .hybridAny])
    for bookClass in [BookClass.recentre, .hybridAny] {
      let (one, other) = (some[bookClass], all[bookClass])
      #expect(one?.regimes == other?.regimes && one?.table == other?.table)
    }
    #expect(some.omitted.contains { $0.bookClass == .inner && $0.reason == .notRequested })
    let none = classes([], threads: 1)
    #expect(none.solved.isEmpty && none.omitted.count == BookClass.allCases.count - 1)
    #expect(none.omitted.allSatisfy { $0.reason == .notRequested })
  }

  @Test("What has no numbers says why")
  func omissions() throws {
    let free = try Self.classes(try Straddle.problem(proportional: 0, volatilities: [0.8]))
    #expect(free.solved.isEmpty && free.omitted.allSatisfy { $0.reason == .freeTrading })
    let flat = try Self.classes(try Straddle.problem(volatilities: [0.8], quantity: 0))
    #expect(flat.solved.isEmpty && flat.omitted.allSatisfy { $0.reason == .costless })
    let fixed = try Self.classes(try Straddle.problem(proportional: 0, fixed: 0.05, volatilities: [0.8]))
    #expect(fixed.omitted.contains { $0.bookClass == .gammaScaled && $0.reason == .noProportionalCost(regime: 0) })
  }
}

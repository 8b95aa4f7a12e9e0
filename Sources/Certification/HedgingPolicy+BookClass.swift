import Control
import Formulation
import Glibc
import Simulation

extension HedgingPolicy {
  /// A policy class at its own optimum as roll-outs follow it: its bands as a table, its gaps as clocks.
  ///
  /// A roll-out looks every so often: a clock's trade is made at the first look at or after the ring. Nil for a class without what
  /// it takes. *Verified by* `BookClassRollOutTests`, which compares with the linear equations that the class was solved by.
  ///
  /// - Parameter optimum: the optimal table, which the classes `optimal` and `edge` are.
  public init?(_ solution: BookClassSolution, problem: OptionBookProblem, optimum: PolicyTable) {
    func clock(_ gaps: [Double?], _ effect: PolicyClock.Effect) -> PolicyClock? {
      let years = gaps.compactMap { $0 }
      guard years.count == gaps.count else { return nil }
      // A gap as long as the horizon never rings again.
      let seconds = years.map { $0 >= problem.horizon ? .infinity : $0 * problem.dayCount.secondsPerYear }
      return PolicyClock(gaps: seconds, effect: effect)
    }
    let regimes = solution.regimes
    // Where trades reflect at the edges, forced ones go to the centre.
    let forcing = problem.costs.contains { $0.fixed > 0 } ? PolicyClock.Effect.forcesToTargets : .forcesToMiddle
    switch solution.bookClass {
    case .optimal, .edge: self = .table(optimum)
    case .interval:
      let targets = regimes.compactMap(\.target)
      guard targets.count == regimes.count, let clock = clock(regimes.map(\.fixed), .permits) else { return nil }
      let points = PolicyTable(
        times: [0], logSpots: [log(problem.market.spot)], regimeCount: targets.count, bands: targets.map(Band.point))
      self = .clocked(points, clock)
    case .hybridAny:
      guard let table = solution.table, let clock = clock(regimes.map(\.maxGap), forcing) else { return nil }
      self = .clocked(table, clock)
    case .hybridAll:
      guard let table = solution.table, let clock = clock(regimes.map(\.minGap), .permits) else { return nil }
      self = .clocked(table, clock)
    default:
      guard let table = solution.table else { return nil }
      self = .table(table)
    }
  }
}

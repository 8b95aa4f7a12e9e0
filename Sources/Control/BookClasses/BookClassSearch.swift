import Formulation
import Glibc

/// Every policy class of an option book at its own optimum (control.md §7), and what it loses.
///
/// Parameters, at most two per regime, are sought on a grid rougher than two others: J is flat at its least. The best policy is
/// evaluated on those two, and its difference from the optimum's own table, evaluated by the same equations on the same nodes, is extrapolated as a
/// second-order quantity. What the optimum's table itself costs beyond the solver's value is common to all classes and
/// counts as error. Classes are worked on side by side; none depends on which thread takes it.
///
/// Best means: from today's spot and inventory, with the regime drawn from the chain's stationary law (evenly where it has
/// none). *Verified by* `BookClassLawTests`, `BookClassRollOutTests`.
public struct BookClassSearch: Sendable {
  private let optimum: PolicyTable
  private let coarse: FiniteHorizonSolution
  private let fine: FiniteHorizonSolution
  private let threads: Int

  /// A class is left out when its loss is less certain than this share of the optimum …
  public static let tolerance = 0.05
  /// … and than this share of the loss itself: of a policy that is far from the best, a rough loss says all that matters.
  public static let lossTolerance = 0.2
  /// What a gap may cost, as a share of J.
  public static let gapShare = 0.01

  /// - Parameters:
  ///   - optimum: bands of the finest solution there is, from which rules are scaled.
  ///   - coarse: the problem solved on a grid half as fine as `fine`'s.
  public init(
    optimum: PolicyTable, coarse: FiniteHorizonSolution, fine: FiniteHorizonSolution, threads: Int
  ) {
    (self.optimum, self.coarse, self.fine) = (optimum, coarse, fine)
    self.threads = max(1, threads)
  }

  private var problem: OptionBookProblem { fine.problem }

  /// - Parameter classes: those wanted; the others are listed as not requested. The optimum is always there beside any other.
  public func run(
    _ classes: Set<BookClass> = Set(BookClass.allCases), progress: (@Sendable (Double) -> Void)? = nil
  ) -> BookClasses {
    let others = BookClass.allCases.filter { $0 != .optimal }
    let reason = obstacle
    if reason != nil || classes.isDisjoint(with: others) {
      let omitted = others.compactMap { bookClass in
        (classes.contains(bookClass) ? reason : .notRequested).map {
          BookClasses.Omitted(bookClass: bookClass, reason: $0)
        }
      }
      return BookClasses(solved: [], omitted: omitted, baseline: [])
    }
    do {
      return try BookClassStudy(optimum: optimum, coarse: coarse, fine: fine, wanted: classes, threads: threads)
        .run(progress)
    } catch {
      return BookClasses(
        solved: [], omitted: others.map { .init(bookClass: $0, reason: .notConverged) }, baseline: [])
    }
  }

  /// Why no class has numbers.
  private var obstacle: BookClassOmission? {
    if problem.costs.allSatisfy(\.isZero) { return .freeTrading }
    let timing = DecisionTiming(problem)
    if timing.lot > 0, timing.reviewPeriod == nil { return .coarseLots }
    let fixed = problem.costs.map { $0.leastFixed > 0 }
    if fixed.contains(true), fixed.contains(false) { return .fixedCostInSomeRegimes }
    let values = problem.environment.regimes.indices.map { abs(fine.value(regime: $0, inventory: problem.inventory)) }
    // Rounding of one trade's cost.
    let ticket = problem.charges(units: 1).most
    if values.max()! <= BookClassSearch.nothing * ticket { return .costless }
    return nil
  }

  private static let nothing = 1e-9
}

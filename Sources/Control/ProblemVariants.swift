import Formulation

/// A solved problem beside others like it: with costs a little higher and lower, and without what tells its regimes apart.
///
/// All are solved side by side on the grid of the solution they are compared with.
public struct ProblemVariants: Sendable {
  public let share: CostShare
  /// nil where there is one regime.
  public let decomposition: RegimeDecomposition?

  /// - Parameter stated: the problem as it is, solved with that method.
  /// - Throws: what `FiniteHorizon.solve` throws for the first variant that cannot be solved.
  public init(of stated: FiniteHorizonSolution, method: FiniteHorizon) throws(ControlError) {
    let problem = stated.problem
    let scaled = CostShare.variants(problem)
    let causes = RegimeDecomposition.causes(problem)
    let found = try method.readings(scaled + causes.map { RegimeDecomposition.variant(problem, $0) }) {
      (values: CostShare.reading($0), bands: RegimeDecomposition.reading($0))
    }
    share = CostShare(found.prefix(scaled.count).map(\.values))
    decomposition =
      causes.isEmpty
      ? nil : RegimeDecomposition(stated: stated, causes: causes, bands: found.dropFirst(scaled.count).map(\.bands))
  }
}

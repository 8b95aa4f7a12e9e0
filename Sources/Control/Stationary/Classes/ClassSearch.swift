import Formulation

/// The best bands of one class on one part of a chain, and what they cost.
struct ClassSearch {
  /// With the class's own way of trading at edges.
  let problem: ScaledTracking
  let bands: [Band]
  /// The cost from the starting weights, in the part's units.
  let value: Double
  /// The decrease of the cost that the search left on the table, by its model.
  let left: Double
  let coarse: StationaryStatistics
  let fine: StationaryStatistics

  /// - Throws: `notConverged` when the search ended elsewhere than at a minimum, or no policy could be evaluated.
  init(
    _ shape: ClassShape, problem: ScaledTracking, settings: StationarySettings, start: [Double], hasLongRun: Bool
  ) throws(ClassFailure) {
    var problem = problem
    problem.reflects = shape.reflects
    self.problem = problem
    let sought = problem.returning
    let bases = [settings.degree - StationarySettings.degreeStep, settings.degree].map { ChebyshevBasis(degree: $0) }
    var parameters = shape.start
    var left = Double.infinity
    var value = Double.infinity
    for basis in bases {
      func gradient(_ parameters: [Double]) -> ClassGradient? {
        try? ClassGradient(
          sought, bands: shape.bands(parameters), basis: basis, mergeTolerance: settings.mergeTolerance, start: start)
      }
      let search = QuasiNewton(isAdmissible: shape.isAdmissible, reach: shape.reach, nonNegative: shape.nonNegative)
      var isFound = false
      // A model that went wrong on the way is given up for the one that the value itself gives.
      for _ in 0..<ClassSearch.attempts where !isFound {
        guard let first = gradient(parameters) else { throw .notConverged }
        let found = search.minimise(from: parameters, hessian: shape.hessian(first.curvatures)) { parameters in
          gradient(parameters).map { ($0.cost, shape.gradient($0.slopes)) }
        }
        guard let found else { throw .notConverged }
        parameters = found.parameters
        (left, value) = (found.predicted, found.value)
        isFound = found.converged || found.predicted <= ClassSearch.acceptable * abs(found.value)
      }
      guard isFound else { throw .notConverged }
    }
    bands = shape.bands(parameters)
    self.left = left
    self.value = value
    do {
      coarse = try StationaryStatistics(
        problem, bands: bands, basis: bases[0], mergeTolerance: settings.mergeTolerance, hasLongRun: hasLongRun)
      fine = try StationaryStatistics(
        problem, bands: bands, basis: bases[1], mergeTolerance: settings.mergeTolerance, hasLongRun: hasLongRun)
    } catch { throw .notConverged }
  }

  /// Where rounding stops the search before its tolerance, the cost is still known to this share, which counts as error.
  private static let acceptable = 1e-7
  /// A search that a fresh model does not help after so many is given up.
  private static let attempts = 4
}

/// A search that found no minimum.
enum ClassFailure: Error { case notConverged }

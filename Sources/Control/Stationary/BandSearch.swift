import Formulation
import Glibc

/// Finds the bands of one part of a chain: Newton's iteration, and continuation in drift and switching if it fails.
struct BandSearch {
  let problem: ScaledTracking
  let settings: StationarySettings
  let coarse: ChebyshevBasis
  let fine: ChebyshevBasis
  private(set) var bands: [Band] = []
  private(set) var coarseBands: [Band] = []
  private(set) var converged = false
  /// The last move of an edge, as a fraction of its band: the error left by the iteration.
  private(set) var lastStep = 0.0
  private(set) var evaluations = 0
  private(set) var stages = 1

  /// Continuation gives up when a stage would advance by less than this: a failure that close to a solved stage is not
  /// one of the starting point.
  static let smallestAdvance = 1.0 / 128
  /// Fast switching multiplies rounding, so that the steps may stop shrinking before the tolerance. Below this size, a
  /// step that is not much smaller than the one before is rounding, and is reported as error.
  static let roundingStep = 1e-7
  static let convergingRatio = 0.25
  /// How often a converged solution may be restarted from wider bands.
  static let restartLimit = 3
  /// The first stage of continuation: the coupling is turned on geometrically from here, since what matters is its size
  /// relative to the frozen problem.
  static let firstCoupling = 1e-3

  init(problem: ScaledTracking, settings: StationarySettings) {
    self.problem = problem
    self.settings = settings
    coarse = ChebyshevBasis(degree: settings.degree - StationarySettings.degreeStep)
    fine = ChebyshevBasis(degree: settings.degree)
  }

  mutating func run(from start: [Band]) {
    var found = start
    var success = attempt(problem, &found, coarse)
    if !success {
      var staged = start
      success = continuation(&staged)
      if success { found = staged }
    }
    if success { widen(&found) }
    (coarseBands, success) = settled(found, coarse, success)
    var refined = coarseBands
    if success {
      success = attempt(problem, &refined, fine)
      (bands, success) = settled(success ? refined : coarseBands, fine, success)
    } else {
      bands = refined
    }
    converged = success
  }

  /// Bands that Newton's iteration left, as they are if the cost is at its minimum there, and otherwise minimised.
  private mutating func settled(_ bands: [Band], _ basis: ChebyshevBasis, _ success: Bool) -> ([Band], Bool) {
    let (polished, predicted, distance) = polished(bands, basis)
    if success, predicted == 0 { return (bands, true) }
    // Edges that the path hardly ever meets do not show in the cost; smooth fit places them once the others are right.
    var fitted = polished
    if attempt(problem, &fitted, basis), self.polished(fitted, basis).predicted == 0 { return (fitted, true) }
    lastStep = max(predicted.squareRoot(), distance)
    return (polished, success || predicted <= BandSearch.acceptable)
  }

  /// A minimisation that ends where its model sees no more than this share of the cost left has found the minimum.
  static let acceptable = 1e-11

  /// Newton's step takes every edge for itself. Where an edge and its target nearly meet, they depend on each other, and the
  /// steps may end before the minimum: the slopes of the cost tell, and its minimisation in all edges at once finds it.
  ///
  /// - Returns: the bands, what decrease is still predicted as a share of the cost, 0 where there was none to begin with, and
  ///   then how far the slopes say that edges are off, as a fraction of their bands, however little the cost feels of it.
  private func polished(
    _ bands: [Band], _ basis: ChebyshevBasis
  ) -> (bands: [Band], predicted: Double, distance: Double) {
    let shape = ClassShape.free(bands, reflects: problem.reflects)
    let weights = problem.startWeights
    func gradient(_ parameters: [Double]) -> ClassGradient? {
      try? ClassGradient(
        problem, bands: shape.bands(parameters), basis: basis, mergeTolerance: settings.mergeTolerance, start: weights)
    }
    guard let first = gradient(shape.start) else { return (bands, .infinity, .infinity) }
    let predicted = zip(first.slopes, first.curvatures).reduce(0) { $0 + ($1.1 > 0 ? 0.5 * $1.0 * $1.0 / $1.1 : 0) }
    guard predicted > BandSearch.polishShare * abs(first.cost) else {
      let steps = first.slopes.indices.map { i in
        first.curvatures[i] > 0 ? abs(first.slopes[i] / first.curvatures[i]) / bands[i / 4].width : 0
      }
      return (bands, 0, steps.max()!)
    }
    let search = QuasiNewton(isAdmissible: shape.isAdmissible, reach: shape.reach)
    let found = search.minimise(from: shape.start, hessian: shape.hessian(first.curvatures)) { parameters in
      gradient(parameters).map { ($0.cost, shape.gradient($0.slopes)) }
    }
    guard let found else { return (bands, .infinity, .infinity) }
    return (shape.bands(found.parameters), found.predicted / abs(found.value), 0)
  }

  /// Where less than this share of the cost is left, edges that hardly matter stay where smooth fit put them.
  static let polishShare = 1e-11

  /// Smooth fit may hold at several edges. Where trading beyond an edge is worse than holding, policy improvement moves
  /// the edge out to the last such point, and the search starts again from there.
  private mutating func widen(_ bands: inout [Band]) {
    for _ in 0..<BandSearch.restartLimit {
      evaluations += 1
      guard
        let value = try? BandEvaluation.evaluate(
          problem, bands: bands, basis: coarse, discount: problem.discount, mergeTolerance: settings.mergeTolerance,
          functionals: [.total(problem)])[0],
        var trial = StationaryResidual.widened(value, tolerance: settings.verificationTolerance)
      else { return }
      guard attempt(problem, &trial, coarse) else { return }
      bands = trial
    }
  }

  /// Whether Newton's iteration converged; the bands are changed in either case.
  private mutating func attempt(
    _ problem: ScaledTracking, _ bands: inout [Band], _ basis: ChebyshevBasis
  ) -> Bool {
    var previous = Double.infinity
    for _ in 0..<settings.iterationLimit {
      evaluations += 1
      guard
        let value = try? BandEvaluation.evaluate(
          problem, bands: bands, basis: basis, discount: problem.discount, mergeTolerance: settings.mergeTolerance,
          functionals: [.total(problem)])[0]
      else { return false }
      let improvement = BandImprovement(value, previous: bands)
      guard improvement.step.isFinite else { return false }
      bands = improvement.bands
      lastStep = improvement.step
      if lastStep < settings.stepTolerance { return true }
      if lastStep < BandSearch.roundingStep && lastStep > BandSearch.convergingRatio * previous { return true }
      previous = lastStep
    }
    return false
  }

  /// From the frozen regimes to the full problem in adaptive stages of the coupling s, geometric from `firstCoupling`.
  private mutating func continuation(_ bands: inout [Band]) -> Bool {
    // Position on [0, 1]: s = firstCoupling^(1 − position).
    var position = 0.0
    var advance = 0.125
    var started = false
    while !started || position < 1 {
      let next = started ? min(1, position + advance) : 0
      let factor = next == 1 ? 1 : BandSearch.coupling(next)
      var trial = bands
      stages += 1
      if attempt(problem.coupled(by: factor), &trial, coarse) {
        bands = trial
        position = next
        started = true
        advance *= 2
      } else {
        if !started { return false }
        advance /= 2
        if advance < BandSearch.smallestAdvance { return false }
      }
    }
    return true
  }

  private static func coupling(_ position: Double) -> Double { pow(firstCoupling, 1 - position) }
}

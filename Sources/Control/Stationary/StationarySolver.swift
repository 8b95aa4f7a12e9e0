import Formulation

/// Solves the stationary tracking problem: bands per regime that minimise the long-run average or discounted cost.
///
///     min{ ½η_e(x)² V_e″ + m_e(x) V_e′ + Σ q_{ee'} (V_{e'} − V_e) + ν_e E(V_e(x + Z) − V_e) + ℓ_e(x) − g − ρV_e,  MV_e − V_e } = 0
///     MV_e(x) = min_u V_e(x + u) + K_e 1{u ≠ 0} + k_e,buy u⁺ + k_e,sell u⁻
///
/// η [deviation/√time], m [deviation/time], both and ℓ [cost/time] any functions of x (`TrackingRegime`), q [1/time], K [cost], k [cost/deviation], g
/// [cost/time] (long-run average) or ρ [1/time] (discounted).
///
/// The value under a band policy is found by collocation on elements between the edges (`BandEvaluation`), the edges by
/// Newton's method on smooth fit, which here is policy improvement (`BandImprovement`). The start is each regime alone;
/// should that fail, drift and switching are turned on in stages. Assumes that in every regime one interval is held;
/// `StationarySolution.residual` checks the inequalities everywhere and so finds out. Error: geometric in the degree.
///
/// Regimes that do not communicate are solved apart. For the long-run average each connected part must have one closed
/// class.
///
/// Source: Øksendal and Sulem, *Applied Stochastic Control of Jump Diffusions* (2007), chapters 6 and 9, for the
/// inequalities; Howard (1960) for policy improvement.
/// *Verified by* `StationaryClosedFormTests`, `StationaryLawTests`, `StationaryOrderTests`, `StationaryGridTests`.
public struct StationarySolver: Sendable, Equatable {
  /// As records name it.
  public static let name = "stationary"

  public let settings: StationarySettings

  public init(settings: StationarySettings = StationarySettings()) { self.settings = settings }

  /// - Throws: `quadraticImpact`, `freeTrading`, `severalClosedClasses`, `motionless` when the problem is outside the class,
  ///   `setting` for a bad setting, `singular` when no policy could be evaluated. A solution that does not converge or
  ///   violates the inequalities is returned, marked.
  public func solve(_ problem: TrackingProblem) throws(StationaryError) -> StationarySolution {
    try settings.validate()
    for (e, cost) in problem.costs.enumerated() {
      if cost.quadraticImpact > 0 { throw .quadraticImpact(regime: e) }
      if cost.isZero { throw .freeTrading(regime: e) }
    }
    let structure = ChainStructure(problem.generator)
    var regimes = [StationaryRegime?](repeating: nil, count: problem.regimes.count)
    var residual = StationaryResidual.none
    var (converged, evaluations, stages) = (true, 0, 0)
    for (part, closed) in zip(structure.parts, structure.closedClasses) {
      if problem.criterion == .longRunAverage, closed.count > 1 { throw .severalClosedClasses(regimes: closed) }
      let scaled = ScaledTracking(problem, members: part)
      var search = BandSearch(problem: scaled, settings: settings)
      search.run(from: scaled.frozenBands(problem))
      let hasLongRun = closed.count == 1
      let coarse = try statistics(search, search.coarseBands, search.coarse, hasLongRun)
      let fine = try statistics(search, search.bands, search.fine, hasLongRun)
      let own = StationaryResidual(fine.value)
      let isKnown = search.converged && search.lastStep <= settings.verificationTolerance
      if !isKnown || !own.holds(settings.verificationTolerance), let error = scaled.motionless(search.bands) {
        throw error
      }
      residual = residual.merged(with: own)
      converged = converged && search.converged
      evaluations += search.evaluations
      stages = max(stages, search.stages)
      for (index, e) in part.enumerated() {
        regimes[e] = StationaryReport(
          problem: scaled, band: search.bands[index], coarseBand: search.coarseBands[index],
          bandStep: search.lastStep * search.bands[index].width, fine: fine.regimes[index],
          coarse: coarse.regimes[index]
        ).regime(named: problem.regimes[e].name)
      }
    }
    let tolerance = settings.verificationTolerance
    let holds = residual.holds(tolerance)
    return StationarySolution(
      regimes: regimes.map { $0! }, residual: residual, stop: converged ? .converged : .iterationLimit,
      evaluations: evaluations, stages: stages, isVerified: converged && holds, settings: settings)
  }

  private func statistics(
    _ search: BandSearch, _ bands: [Band], _ basis: ChebyshevBasis, _ hasLongRun: Bool
  ) throws(StationaryError) -> StationaryStatistics {
    try StationaryStatistics(
      search.problem, bands: bands, basis: basis, mergeTolerance: settings.mergeTolerance, hasLongRun: hasLongRun)
  }
}

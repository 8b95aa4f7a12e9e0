import Formulation

extension StationarySolver {
  /// Each policy class at its own optimum, evaluated by the same linear equations as the optimum itself.
  ///
  /// For the long-run average a class is best on average; discounted, it is best for a start at x = 0 in a regime drawn from
  /// the chain's stationary law (drawn evenly where the chain has none, or leaves a regime for ever). Regimes that do not communicate are solved apart,
  /// apart from `constantBand`, which is one band for those that do.
  ///
  /// Without a fixed cost in any regime `edge` is the optimum. `interval` lets the regime at a review choose the time to the
  /// next review and the target; switches in between do not change it. The hybrids are made from `recentre` and the optimum.
  /// *Verified by* `PolicyClassClosedFormTests`, `PolicyClassLawTests`.
  /// - Parameter wanted: classes beside the optimum; the others are listed as not requested.
  /// - Throws: as `solve`.
  public func classes(
    of problem: TrackingProblem, optimum: StationarySolution,
    wanted: Set<TrackingClass> = Set(TrackingClass.allCases)
  ) throws(StationaryError) -> TrackingClasses {
    try settings.validate()
    let needed = wanted.union(wanted.compactMap(\.base)).union([.optimal])
    var solved: [TrackingClassSolution] = []
    var omitted: [TrackingClasses.Omitted] = []
    for policyClass in TrackingClass.allCases {
      do throws(ClassOmissionError) {
        if !needed.contains(policyClass) { throw ClassOmissionError(reason: .notRequested) }
        solved.append(
          TrackingClassSolution(
            policyClass: policyClass, regimes: try regimes(of: policyClass, problem, optimum, solved)))
      } catch { omitted.append(.init(policyClass: policyClass, reason: error.reason)) }
    }
    let unasked = solved.filter { $0.policyClass != .optimal && !wanted.contains($0.policyClass) }
    omitted += unasked.map { .init(policyClass: $0.policyClass, reason: .notRequested) }
    return TrackingClasses(
      solved: solved.filter { $0.policyClass == .optimal || wanted.contains($0.policyClass) }, omitted: omitted)
  }

  struct ClassOmissionError: Error { let reason: ClassOmission }

  private func regimes(
    of policyClass: TrackingClass, _ problem: TrackingProblem, _ optimum: StationarySolution,
    _ solved: [TrackingClassSolution]
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    if policyClass == .edge, let e = problem.costs.firstIndex(where: { $0.fixed > 0 }) {
      throw ClassOmissionError(reason: .fixedCost(regime: e))
    }
    let base = policyClass.base.flatMap { base in solved.first { $0.policyClass == base }?.regimes }
    if policyClass.base != nil, base == nil { throw ClassOmissionError(reason: .notConverged) }
    let structure = ChainStructure(problem.generator)
    var found = [TrackingClassRegime?](repeating: nil, count: problem.regimes.count)
    for (part, closed) in zip(structure.parts, structure.closedClasses) {
      let scaled = ScaledTracking(problem, members: part)
      let best = part.map { optimum.regimes[$0] }
      let regimes: [TrackingClassRegime]
      switch policyClass {
      case .optimal, .edge: regimes = unconstrained(scaled, best, hasLongRun: closed.count == 1)
      case .interval: regimes = try blind(problem, scaled, best, hasLongRun: closed.count == 1)
      case .hybridAny, .hybridAll:
        regimes = try clocked(
          policyClass, problem, scaled, base: part.map { base![$0] }, best: best, hasLongRun: closed.count == 1)
      default: regimes = try banded(policyClass, problem, scaled, best, hasLongRun: closed.count == 1)
      }
      for (index, e) in part.enumerated() { found[e] = regimes[index] }
    }
    let regimes = found.map { $0! }
    guard regimes.allSatisfy({ $0.cost.total.error <= StationarySolver.classTolerance * abs($0.cost.total.value) })
    else {
      throw ClassOmissionError(reason: .inaccurate)
    }
    return regimes
  }

  /// A class is left out when the error estimate of its cost is above this share of it.
  public static let classTolerance = 1e-6

  /// The bands of a part in its own units.
  static func scaledBands(_ bands: [Band], _ scaled: ScaledTracking) -> [Band] {
    let x = scaled.units.deviation
    return bands.map {
      Band(
        lower: $0.lower / x, upper: $0.upper / x, targetLower: $0.targetLower / x, targetUpper: $0.targetUpper / x)
    }
  }

  private func unconstrained(
    _ scaled: ScaledTracking, _ best: [StationaryRegime], hasLongRun: Bool
  ) -> [TrackingClassRegime] {
    let bands = StationarySolver.scaledBands(best.map(\.band), scaled)
    let check = self.check(scaled, bands, best.map(\.cost.total.value))
    let statistics = try? StationaryStatistics(
      scaled, bands: bands, basis: ChebyshevBasis(degree: settings.degree), mergeTolerance: settings.mergeTolerance,
      hasLongRun: hasLongRun)
    return best.enumerated().map { e, regime in
      let gaps = statistics.flatMap { self.gaps(scaled, bands, e, $0.regimes[e]) }
      return TrackingClassRegime(
        band: regime.band, interval: nil, cost: regime.cost, tradesPerTime: regime.tradesPerTime,
        turnover: regime.turnover, meanBetweenTrades: regime.meanBetweenTrades, check: check,
        minGap: gaps?.least, maxGap: gaps?.most,
        loss: Approximation(value: 0, error: 0))
    }
  }

  /// Inversions take dozens of solves per regime and class, each growing with the third power of the regimes: beyond so many, fewer
  /// with jumps, they are left out.
  private static let regimesWithGaps = 4
  private static let jumpingRegimesWithGaps = 1

  private func gaps(
    _ scaled: ScaledTracking, _ bands: [Band], _ e: Int, _ statistics: StationaryStatistics.Regime
  ) -> (least: Approximation, most: Approximation)? {
    let limit = scaled.hasJumps ? StationarySolver.jumpingRegimesWithGaps : StationarySolver.regimesWithGaps
    guard scaled.count <= limit, let mean = statistics.meanBetweenTrades else { return nil }
    let found = GapQuantiles(
      problem: scaled, bands: bands, basis: ChebyshevBasis(degree: settings.degree),
      mergeTolerance: settings.mergeTolerance
    ).find(e, lowerShare: statistics.lowerShare, mean: mean)
    guard let found, found.least.error < StationarySolver.gapTolerance * found.least.value,
      found.most.error < StationarySolver.gapTolerance * found.most.value
    else { return nil }
    func inTime(_ gap: Approximation) -> Approximation {
      Approximation(value: gap.value * scaled.units.time, error: gap.error * scaled.units.time)
    }
    return (inTime(found.least), inTime(found.most))
  }

  /// A gap is a guard for a clock: what is not known to a twentieth is left out.
  private static let gapTolerance = 0.05

  /// The share of the cost that looking now and then may lose.
  public static let lookShare = 0.01

  /// The time between looks that costs `lookShare` more; the error is the difference of two degrees, not that of the
  /// expansion.
  private func check(_ scaled: ScaledTracking, _ bands: [Band], _ costs: [Double]) -> Approximation? {
    let units = scaled.units
    let weights = scaled.startWeights
    let total = zip(weights, costs).reduce(0) { $0 + $1.0 * $1.1 }
    let cost = total / (scaled.discount == 0 ? units.cost / units.time : units.cost)
    var times: [Double] = []
    for degree in [settings.degree, settings.degree - StationarySettings.degreeStep] {
      let look = try? LookCost(
        scaled, bands: bands, basis: ChebyshevBasis(degree: degree), mergeTolerance: settings.mergeTolerance,
        start: weights)
      guard let time = look?.time(losing: StationarySolver.lookShare * abs(cost)) else { return nil }
      times.append(time * units.time)
    }
    return Approximation(value: times[0], error: abs(times[0] - times[1]))
  }

  private func banded(
    _ policyClass: TrackingClass, _ problem: TrackingProblem, _ scaled: ScaledTracking, _ best: [StationaryRegime],
    hasLongRun: Bool
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    let bands = StationarySolver.scaledBands(best.map(\.band), scaled)
    let starts = ClassStarts(scaled, of: problem, optimum: bands)
    let shapes =
      switch policyClass {
      case .recentre: starts.recentre
      case .constantBand: starts.constantBand
      default: [ClassShape.inner(bands, reflects: scaled.reflects)]
      }
    let found = shapes.compactMap { shape in
      try? ClassSearch(
        shape, problem: scaled, settings: settings, start: scaled.startWeights, hasLongRun: hasLongRun)
    }
    guard let search = found.min(by: { $0.value < $1.value }) else {
      throw ClassOmissionError(reason: .notConverged)
    }
    let reports = best.indices.map { index in
      StationaryReport(
        problem: search.problem, band: search.bands[index], coarseBand: search.bands[index], bandStep: 0,
        costStep: search.left, fine: search.fine.regimes[index], coarse: search.coarse.regimes[index]
      ).regime(named: best[index].name)
    }
    let check = self.check(search.problem, search.bands, reports.map(\.cost.total.value))
    return best.indices.map { index in
      let report = reports[index]
      let gaps = self.gaps(search.problem, search.bands, index, search.fine.regimes[index])
      return TrackingClassRegime(
        band: report.band, interval: nil, cost: report.cost, tradesPerTime: report.tradesPerTime,
        turnover: report.turnover, meanBetweenTrades: report.meanBetweenTrades, check: check,
        minGap: gaps?.least, maxGap: gaps?.most,
        loss: StationarySolver.loss(report.cost, best[index].cost))
    }
  }

  private func blind(
    _ problem: TrackingProblem, _ scaled: ScaledTracking, _ best: [StationaryRegime], hasLongRun: Bool
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    let units = scaled.units
    let centres = best.map { 0.5 * ($0.band.targetLower + $0.band.targetUpper) / units.deviation }
    let starts = ClassStarts(scaled, of: problem, optimum: StationarySolver.scaledBands(best.map(\.band), scaled))
      .intervals(centres: centres)
    let isReverting = scaled.count > 1 && scaled.reversion.contains { $0 != 0 }
    if isReverting || !scaled.isPlain || !scaled.running.allSatisfy(\.isSymmetric) {
      return try clockedIntervals(scaled, best, from: starts, hasLongRun: hasLongRun)
    }
    let search = BlindIntervals(problem: scaled, start: scaled.startWeights)
    let found = search.search(from: starts, hasLongRun: hasLongRun)
    guard let found else { throw ClassOmissionError(reason: .notConverged) }
    try requireMemory(found.policy, scaled)
    let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
    return best.indices.map { e in
      func estimate(_ value: Double, _ other: Double, _ more: Double = 0) -> Approximation {
        Approximation(value: value * unit, error: (abs(value - other) + more) * unit)
      }
      let (fine, coarse) = (found.costs, found.coarse)
      let cost = StationaryCost(
        total: estimate(fine.total[e], coarse.total[e], found.left),
        running: estimate(fine.running[e], coarse.running[e]),
        trading: estimate(fine.total[e] - fine.running[e], coarse.total[e] - coarse.running[e]))
      let time = found.policy.times[e] * units.time
      return TrackingClassRegime(
        band: nil, interval: (time, found.policy.targets[e] * units.deviation), cost: cost,
        tradesPerTime: found.trades.map { Approximation(value: $0[e] / units.time, error: 0) },
        turnover: found.turnover.map { Approximation(value: $0[e] * units.deviation / units.time, error: 0) },
        meanBetweenTrades: Approximation(value: time, error: 0), check: nil,
        loss: StationarySolver.loss(cost, best[e].cost))
    }
  }

  /// Where at the next look nothing is left of where one started a trade was for nothing.
  func requireMemory(_ policy: BlindIntervals.Policy, _ scaled: ScaledTracking) throws(ClassOmissionError) {
    if zip(policy.times, scaled.reversion).contains(where: { $0 * $1 > Self.forgotten }) {
      throw ClassOmissionError(reason: .neverTrading)
    }
  }

  /// e^{−36} is the last digit of one.
  private static let forgotten = 36.0

  /// `(J − J*)/|J*|` with the error of both.
  static func loss(_ cost: StationaryCost, _ best: StationaryCost) -> Approximation {
    let scale = max(abs(best.total.value), .leastNormalMagnitude)
    return Approximation(
      value: (cost.total.value - best.total.value) / scale, error: (cost.total.error + best.total.error) / scale)
  }
}

extension ScaledTracking {
  static let weightless = 1e-9

  /// The chain's stationary law on the part; nil where it has none.
  var stationaryLaw: [Double]? {
    let rows = (0..<count).map { from in (0..<count).map { rate(from, $0) } }
    return (try? Generator(rows))?.stationaryLaw
  }

  /// The chain's stationary law on the part, or even weights where it has none or leaves a regime out.
  var startWeights: [Double] {
    let even = [Double](repeating: 1 / Double(count), count: count)
    guard count > 1, let law = stationaryLaw else { return even }
    // A regime that is left for ever has no weight in it, and its parameters would be anybody's.
    return law.allSatisfy { $0 > ScaledTracking.weightless } ? law : even
  }
}

import Formulation
import Glibc

/// The classes that go by a clock.
extension BookClassStudy {
  /// Clocks that would ring more often than this before the horizon are not searched.
  private static let mostTicks = 2000.0
  /// A gap is sought in this many trials.
  private static let mostTrials = 7
  /// … until what it costs is this near to its share, relatively. With few ticks the cost jumps as one more or less fits in.
  private static let gapTolerance = 0.15
  /// Steps between ticks on the coarser and the finer of two grids, at least: with these the best blind interval agrees with the
  /// roll-out within two standard errors of half a per cent (`BookClassRollOutTests`).
  static let leastSteps = (coarse: 1, fine: 2)

  /// Trade to a target every h_e, blind in between.
  func blind() throws(Refusal) -> BookClassCandidate {
    let local = BookClassLocal(self)
    guard let shortest = local.intervals.min(), problem.horizon / shortest <= Self.mostTicks else {
      throw Refusal(reason: .tooFrequent)
    }
    let rule = BandRule.always(targets: local.centres)
    @Sendable func candidate(_ logarithms: [Double]) -> BookClassCandidate {
      BookClassCandidate(bookClass: .interval, rule: rule, clock: .blind, gaps: logarithms.map { reviewed(exp($0)) })
    }
    let scan = BookClassScan(
      start: local.intervals.map { log($0) }, regimes: regimes, threads: threads,
      evaluate: { weighted(total(candidate($0), on: scout)) },
      confirm: { weighted(total(candidate($0), on: coarse)) })
    guard let found = scan.run() else { throw Refusal(reason: .notConverged) }
    return candidate(found)
  }

  /// A gap as reviews allow it.
  private func reviewed(_ gap: Double) -> Double {
    guard let period = fine.looks?.period else { return gap }
    return max(1, (gap / period).rounded()) * period
  }

  /// J per regime.
  func total(_ candidate: BookClassCandidate, on nodes: EvaluationNodes) -> [Double] {
    candidate.evaluate([.total(problem)], on: nodes, leastSteps: Self.leastSteps.coarse)[0].values
  }

  func weighted(_ values: [Double]) -> Double { zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } }

  /// A band with forced trades, or a band that is looked at now and then: at the gaps that cost `gapShare` of J more than the
  /// band alone. A forced trade never helps, so that without this price the gap would be endless; nor does looking away. Gaps
  /// of the regimes are as the best blind intervals of their local problems.
  func gapped(
    _ bookClass: BookClass, _ base: Result<BookClassCandidate, Refusal>?
  ) -> Result<BookClassCandidate, Refusal> {
    Result { () throws(Refusal) in
      guard let base = try base?.get() else { throw Refusal(reason: .notConverged) }
      let plain = weighted(total(base, on: rough))
      return bookClass == .hybridAny
        ? try forced(base, plain: plain) : try looked(base, price: BookClassSearch.gapShare * abs(plain))
    }
  }

  private func forced(_ base: BookClassCandidate, plain: Double) throws(Refusal) -> BookClassCandidate {
    let intervals = BookClassLocal(self).intervals
    let horizon = problem.horizon
    func candidate(_ multiple: Double) -> BookClassCandidate {
      BookClassCandidate(
        bookClass: .hybridAny, rule: base.rule, parameters: base.parameters, clock: .forced,
        gaps: intervals.map { min(horizon, reviewed(multiple * $0)) })
    }
    return candidate(
      try gap(intervals: intervals) { (weighted(total(candidate($0), on: rough)) - plain) / abs(plain) })
  }

  /// What forced trades add is a small difference: to J it is taken between evaluations on the two coarsest grids, extrapolated, and
  /// added to what the band alone costs; to the parts of J on the coarsest.
  ///
  /// - Parameter pair: what the band alone costs.
  func incremented(
    _ candidate: Result<BookClassCandidate, Refusal>, _ pair: Pair?
  ) -> Result<BookClassCandidate, Refusal> {
    guard let pair, case .success(var found) = candidate, found.clock == .forced else { return candidate }
    let functionals = found.functionals(problem)
    let clocked = found
    // The better grid's takes longer.
    let differences = sideBySide(2, threads: threads) { job in
      let (nodes, plain) = job == 0 ? (self.coarse, pair.coarse) : (self.rough, pair.rough)
      let with = clocked.evaluate(
        job == 0 ? [functionals[0]] : functionals, on: nodes, leastSteps: Self.leastSteps.coarse)
      return zip(with, plain).map { zip($0.values, $1.values).map { $0 - $1 } }
    }
    let (better, worse) = (differences[0], differences[1])
    found.increment = BookClassCandidate.Increment(
      base: hybridBase,
      parts: [zip(worse[0], better[0]).map(Self.increment)]
        + worse.dropFirst().map { $0.map { Approximation(value: $0, error: 0) } })
    return .success(found)
  }

  /// A difference on two grids extrapolated; its error is the whole of what they differ by.
  static func increment(_ rough: Double, _ better: Double) -> Approximation {
    Approximation(
      value: Approximation.limit(halfAsFine: rough, finest: better).value, error: abs(better - rough))
  }

  /// The multiple of the local intervals whose price is `gapShare`: a secant in logarithms, the price of forced trades being
  /// about proportional to their number.
  private func gap(intervals: [Double], price: (Double) -> Double) throws(Refusal) -> Double {
    let horizon = problem.horizon
    let (shortest, longest) = (intervals.min()!, intervals.max()!)
    /// From here on no clock rings.
    let endless = horizon / shortest
    var multiple = min(endless, Self.firstGap * horizon / longest)
    var exponent = -1.0
    var best: (multiple: Double, price: Double)?
    for _ in 0..<Self.mostTrials {
      guard horizon / (multiple * shortest) <= Self.mostTicks else { throw Refusal(reason: .tooFrequent) }
      let at = price(multiple)
      if multiple >= endless { return multiple }
      guard at > 0 else {
        multiple = min(endless, multiple / Self.widestStep)
        continue
      }
      if abs(log(at / BookClassSearch.gapShare)) < Self.gapTolerance { return multiple }
      if let best, best.multiple != multiple {
        let slope = log(at / best.price) / log(multiple / best.multiple)
        if slope < -Self.leastSlope { exponent = slope }
      }
      best = (multiple, at)
      let next = multiple * pow(BookClassSearch.gapShare / at, 1 / exponent)
      multiple = min(endless, max(multiple / Self.widestStep, min(multiple * Self.widestStep, next)))
    }
    guard let best, abs(log(best.price / BookClassSearch.gapShare)) < Self.gapSlack else {
      throw Refusal(reason: .notConverged)
    }
    return best.multiple
  }

  /// Where the search for a gap of forced trades begins, as a share of the horizon.
  private static let firstGap = 0.25
  /// A gap changes by no more than this factor in one step.
  private static let widestStep = 6.0
  /// Slopes of the price, in logarithms, below this are not followed.
  private static let leastSlope = 0.25
  /// What the last trial may be away from the price, in logarithms: the gap is then still stated with what it really costs.
  private static let gapSlack = 0.5
}

import Formulation
import Glibc

/// A policy that goes by a band and a clock, which every trade starts anew (control.md §7): from one trade to the next, and what
/// follows in the long run.
///
/// The regime at a trade sets the clock to its gap. Trades are a Markov renewal process on the pairs of a regime and the target
/// traded to: with C what a gap between trades costs, D how long it is and P where it ends, and π = πP,
///
///     average = πC/πD,      discounted: v = C + Pv from a trade on, and one more gap from x = 0.
///
/// C, D and P are sums up to a fixed time (`FixedTime`). A wait is followed by a watched band, whose sums are those of
/// `BandEvaluation`. Error: that of the degree and of the integral's nodes, geometric in both.
/// *Verified by* `ClockedBandTests`.
struct ClockedBand {
  enum Clock: Sendable {
    /// A trade is made when the band is left or the clock has run out.
    case forces
    /// Nothing is traded before the clock has run out; then the band is watched.
    case permits
    /// A trade is made when the clock has run out.
    case alone
  }

  let problem: ScaledTracking
  let bands: [Band]
  let clock: Clock
  let basis: ChebyshevBasis
  /// Of the integral along the parabola.
  let nodes: Int
  let mergeTolerance: Double
  var threads = 1
  /// As in `FixedTime`.
  var mostElements = Int.max

  struct Regime {
    var total: Double
    var running: Double
    /// In the long run, by the regime of the trade; nil where no single long-run law exists.
    var trades: Double?
    var turnover: Double?
    /// From a trade in the regime to the next in any.
    var meanBetweenTrades: Double?
  }

  private var count: Int { problem.count }

  /// Sums until the next trade after a start, `[start]`: the starts are pairs of a regime and a side, or a regime at x = 0.
  private struct Gaps {
    /// What `functionals` lists, `[functional][start]`.
    var sums: [[Double]]
    let count: Int

    var total: [Double] { sums[0] }
    var length: [Double] { sums[1] }
    /// Where the next trade is, `[regime and side][start]`.
    func end(_ place: Int) -> [Double] { sums[2 + place] }
    func stay(_ e: Int) -> [Double] { sums[2 + 2 * count + e] }
    /// Of all sums only.
    var running: [Double] { sums[2 + 3 * count] }
    func turnover(_ e: Int) -> [Double] { sums[3 + 3 * count + e] }
  }

  /// The cost for each regime, as far as a search asks.
  func totals(gaps: [Double]) throws(StationaryError) -> [Double] {
    let sums = try sums(gaps, discount: problem.discount, isWhole: false)
    if problem.discount > 0 { return try discounted(sums, sums.total) }
    guard let law = stationary(sums) else { throw .singular }
    return Array(repeating: mean(sums.total, law) / mean(sums.length, law), count: count)
  }

  /// - Parameter gaps: per regime [scaled time].
  func regimes(gaps: [Double], hasLongRun: Bool) throws(StationaryError) -> [Regime] {
    let long = hasLongRun || problem.discount == 0 ? try sums(gaps, discount: 0) : nil
    let law = long.flatMap { stationary($0) }
    let costs: [(total: Double, running: Double)]
    if problem.discount == 0 {
      guard let long, let law else { throw .singular }
      func average(_ part: [Double]) -> Double { mean(part, law) / mean(long.length, law) }
      costs = Array(repeating: (average(long.total), average(long.running)), count: count)
    } else {
      let short = try sums(gaps, discount: problem.discount)
      costs = zip(try discounted(short, short.total), try discounted(short, short.running)).map { ($0, $1) }
    }
    return (0..<count).map { e in
      var regime = Regime(total: costs[e].total, running: costs[e].running)
      guard hasLongRun, let long, let law else { return regime }
      let length = mean(long.length, law)
      let sides = [2 * e, 2 * e + 1]
      let own = sides.reduce(0) { $0 + law[$1] }
      regime.trades = own / length
      regime.turnover = mean(long.turnover(e), law) / length
      regime.meanBetweenTrades =
        own > 0
        ? sides.reduce(0) { $0 + law[$1] * long.length[$1] } / own
        : 0.5 * (long.length[sides[0]] + long.length[sides[1]])
      return regime
    }
  }

  private func mean(_ part: [Double], _ law: [Double]) -> Double { zip(law, part).reduce(0) { $0 + $1.0 * $1.1 } }

  /// What is summed: the cost, time, where the next trade is, time in each regime; and where all is asked for the running cost and what is traded.
  private func functionals(_ problem: ScaledTracking, isWhole: Bool) -> [BandFunctional] {
    let ends = (0..<count).flatMap { e in
      BandSide.allCases.map { BandFunctional.trades(in: e, side: $0, count: count) }
    }
    let stays = (0..<count).map { BandFunctional.time(in: $0, count: count) }
    var list = [BandFunctional.total(problem), .timeToTrade(count: count)] + ends + stays
    if isWhole { list += [.running(problem)] + (0..<count).map { .turnover(in: $0, count: count) } }
    return list.map { one in
      var one = one
      one.stopsAtTrade = true
      return one
    }
  }

  /// - Parameter discount: of the sums, which may be without one where the problem has one.
  private func sums(_ gaps: [Double], discount: Double, isWhole: Bool = true) throws(StationaryError) -> Gaps {
    var problem = problem.discounted(at: discount)
    problem.reflects = problem.reflects.map { _ in false }
    let functionals = functionals(problem, isWhole: isWhole)
    let bands = bands
    var payoffs: [@Sendable (Int, Double) -> Double] = functionals.map { functional in
      { e, x in functional.atTrade(e, x, bands[e]) }
    }
    // A clock that has run out sends to the other target from halfway between the two on.
    problem.marks = bands.flatMap { [$0.targetLower, 0.5 * ($0.targetLower + $0.targetUpper), $0.targetUpper] }
    if clock == .permits {
      let mesh = StationaryMesh(bands: bands, problem: problem, discount: discount, mergeTolerance: mergeTolerance)
      let watched = try BandEvaluation(
        problem: problem, mesh: mesh, basis: basis, discount: discount, functionals: functionals
      ).values()
      payoffs = watched.map { value in { e, x in value.value(e, x) } }
      // In between the sums of the watched band are analytic, and a finer mesh resolves them.
      problem.marks += mesh.breakpoints
    }
    let sums = zip(functionals, payoffs).map { FixedTime.Sum(functional: $0, payoff: $1) }
    let scaled = problem
    var (atTargets, atZero) = (functionals.map { _ in [Double]() }, functionals.map { _ in [Double]() })
    let (outer, inner) = FixedTime.threads(threads, regimes: count, scaled)
    let found = sideBySide(count, threads: outer) { e in
      Result { () throws(StationaryError) in
        let stopping = clock == .forces ? bands : try FixedTime.unbounded(bands, scaled, time: gaps[e])
        return try FixedTime(
          problem: scaled, bands: stopping, basis: basis, nodes: nodes, threads: inner, mostElements: mostElements
        )
        .values(sums, time: gaps[e], at: [(e, bands[e].targetLower), (e, bands[e].targetUpper), (e, 0)])
      }
    }
    for one in found {
      let values = try one.get()
      for k in functionals.indices {
        atTargets[k] += values[k].prefix(2).map(\.value)
        atZero[k].append(values[k][2].value)
      }
    }
    // Starts at x = 0 follow the others.
    return Gaps(sums: zip(atTargets, atZero).map { $0 + $1 }, count: count)
  }

  private func stationary(_ gaps: Gaps) -> [Double]? {
    guard let shares = problem.stationaryLaw else { return RegenerationChain.law(2 * count) { gaps.end($1)[$0] } }
    return RegenerationChain.law(
      regimes: (0..<(2 * count)).map { $0 / 2 }, shares: shares, times: Array(gaps.length.prefix(2 * count)),
      stays: (0..<count).map { gaps.stay($0) }
    ) { gaps.end($1)[$0] }
  }

  /// The discounted value from x = 0 in each regime.
  private func discounted(_ gaps: Gaps, _ costs: [Double]) throws(StationaryError) -> [Double] {
    let n = 2 * count
    guard let values = RegenerationChain.values(Array(costs[..<n]), { gaps.end($1)[$0] }) else { throw .singular }
    return (0..<count).map { e in
      values.indices.reduce(costs[n + e]) { $0 + gaps.end($1)[n + e] * values[$1] }
    }
  }
}

import Formulation
import Glibc

/// Where searches for the best policy of a class begin. In several regimes the cost may have several minima: regimes that switch
/// often share the work, one that only buys and another that only sells, or one band or interval does for all. Each start leads
/// to one of them, and the cheapest counts. *Verified by* `ClassMinimaTests`.
struct ClassStarts {
  let problem: ScaledTracking
  /// The regimes alone, in the problem's own units.
  let frozen: [StationaryClosedForm]
  /// The optimum's bands.
  let optimum: [Band]
  /// The bands of the regimes alone.
  let alone: [Band]

  private var count: Int { problem.count }

  init(_ problem: ScaledTracking, of tracking: TrackingProblem, optimum: [Band]) {
    self.problem = problem
    self.optimum = optimum
    frozen = problem.members.map { FrozenRegime(tracking, regime: $0).form }
    alone = problem.frozenBands(tracking)
  }

  /// The regime that switching without end leaves: the chain's means of λ, η², K and k.
  private var averaged: StationaryClosedForm {
    let weights = problem.startWeights
    func mean(_ part: (StationaryClosedForm) -> Double) -> Double {
      zip(weights, frozen).reduce(0) { $0 + $1.0 * part($1.1) }
    }
    return StationaryClosedForm(
      runningCost: mean(\.runningCost), volatility: mean { $0.volatility * $0.volatility }.squareRoot(),
      fixed: mean(\.fixed), proportional: mean(\.proportional))
  }

  /// The middle of where the regimes alone would be.
  private var centre: Double { alone.reduce(0) { $0 + 0.5 * ($1.lower + $1.upper) } / Double(count) }

  // MARK: Bands

  var recentre: [ClassShape] {
    // One regime alone is widened by its own factor in any case.
    guard count > 1 else { return [ClassShape.recentre(optimum, frozen, evenly: false)] }
    let plain = [false, true].map { ClassShape.recentre(optimum, frozen, evenly: $0) }
    return plain
      + [optimum, alone].flatMap { bands in
        divisions.map { buys in ClassShape.recentre(shared(bands, buys: buys), frozen, evenly: true) }
      }
  }

  var constantBand: [ClassShape] {
    guard count > 1 else { return [ClassShape.constantBand(optimum, reflects: problem.reflects)] }
    let starts: [Int?] = [nil] + optimum.indices.map { $0 }
    let own = starts.map { ClassShape.constantBand(optimum, reflects: problem.reflects, from: $0) }
    let width = averaged.optimum
    let (outer, inner) = (width.outer / problem.units.deviation, width.inner / problem.units.deviation)
    let band = Band(
      lower: centre - outer, upper: centre + outer, targetLower: centre - inner, targetUpper: centre + inner)
    // One band for all is first of all that of the chain's means: where a regime leaves a side to another its own reaches far out.
    return [ClassShape.constantBand(optimum.map { _ in band }, reflects: problem.reflects)] + own
  }

  /// Up to here every way of sharing the work is tried, beyond one regime against the others.
  private static let mostDivided = 3

  /// Which regimes only buy, the others only selling: all ways but those without a buyer or a seller.
  private var divisions: [[Bool]] {
    let buyers = Array(0..<count)
    if count <= ClassStarts.mostDivided {
      return (1..<((1 << count) - 1)).map { mask in buyers.map { mask & (1 << $0) != 0 } }
    }
    return buyers.flatMap { e in [buyers.map { $0 == e }, buyers.map { $0 != e }] }
  }

  /// An edge that a regime leaves to another begins so many half-widths out.
  private static let idle = 3.0

  /// A target begins at least this part of the band inside its edge: without a fixed cost those of the optimum are the edges.
  private static let inside = 0.1

  /// Each regime with one edge of its band, trading to the target there, and the other far out.
  private func shared(_ bands: [Band], buys: [Bool]) -> [Band] {
    zip(bands, buys).map { band, buys in
      let least = ClassStarts.inside * band.width
      let target = buys ? max(band.targetLower, band.lower + least) : min(band.targetUpper, band.upper - least)
      let reach = ClassStarts.idle * (buys ? target - band.lower : band.upper - target)
      let far = max(reach, 0.5 * band.width)
      return Band(
        lower: buys ? band.lower : target - far, upper: buys ? target + far : band.upper, targetLower: target,
        targetUpper: target)
    }
  }

  // MARK: Intervals

  /// Times [units] and targets of blind intervals.
  func intervals(centres: [Double]) -> [BlindIntervals.Policy] {
    func times(_ forms: [StationaryClosedForm]) -> [Double] { forms.map { $0.interval.time / problem.units.time } }
    let own = BlindIntervals.Policy(times: times(frozen), targets: centres)
    guard count > 1 else { return [own] }
    let one = BlindIntervals.Policy(
      times: times(Array(repeating: averaged, count: count)), targets: Array(repeating: centre, count: count))
    return [own, one]
  }
}

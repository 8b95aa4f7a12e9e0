import Formulation
import Glibc

/// The nodes in time, log-spot and inventory on which a finite-horizon problem is solved.
///
/// Log-spot nodes follow a smooth map that gathers them around today's spot and the strikes, so that the usual
/// three-point differences keep second order; today's spot is a node. Inventory nodes are uniform and contain 0, where
/// settlement at cost puts a kink. Times are graded towards every expiry, where the gamma concentrates.
public struct FiniteHorizonGrid: Sendable, Equatable {
  /// ln S, ascending.
  public let logSpots: [Double]
  /// Index of today's spot.
  public let reference: Int
  /// Inventories y [units], ascending and uniform.
  public let holdings: [Double]
  /// Years from the valuation, ascending from 0 to the horizon.
  public let times: [Double]
  /// For each time, whether it is the end of a segment (an expiry or the horizon) at which time stepping starts afresh.
  public let isSegmentEnd: [Bool]
  /// For each time, whether a decision is made then; all, unless reviews are periodic.
  public let isCheck: [Bool]
  /// How decisions are treated.
  public let timing: DecisionTiming
  /// Inventories that save the settlement's ticket; each has a line of its own (`inventories`).
  public let flats: FlatInventories
  /// Inventories that settlement leaves free at one price or another [units].
  let settled: [Double]

  public var spots: [Double] { logSpots.map { exp($0) } }

  /// Exponent p of the time grading: times before an expiry are at (j/n)^p of the segment. Chosen by experiment between
  /// 1 and 2 on the straddle of `FiniteHorizonOrderTests`.
  static let timeGrading = 1.5

  /// What is left of a segment when the share `left` of its steps is.
  static func graded(_ left: Double) -> Double { pow(left, timeGrading) }

  /// - Throws: `gridSetting`.
  public init(problem: OptionBookProblem, settings: GridSettings) throws(ControlError) {
    try settings.validate()
    let counts = GridCounts(problem: problem, settings: settings)
    let rows = counts.spots * problem.environment.count
    guard rows <= GridSettings.mostSliceNodes / counts.holdings else {
      throw .gridSetting(
        name: "grid.holdings", value: Double(counts.holdings),
        allowed: "spots × holdings × regimes of at most 2·10⁸")
    }
    guard rows <= GridSettings.mostPolicyNodes / counts.steps else {
      throw .gridSetting(
        name: "grid.steps", value: Double(counts.steps), allowed: "spots × steps × regimes of at most 2·10⁸")
    }
    let spotNodes = FiniteHorizonGrid.spotNodes(problem: problem, settings: settings, count: counts.spots)
    logSpots = spotNodes.nodes
    reference = spotNodes.reference
    timing = DecisionTiming(problem)
    if let period = timing.reviewPeriod {
      let year = problem.dayCount.secondsPerYear
      let delays = problem.costs.flatMap(\.routes).map { ($0.delay + problem.execution.delay) / year }
      let review = ReviewTimes(
        problem: problem, period: period, delays: Array(Set(delays)), steps: counts.steps)
      (times, isSegmentEnd, isCheck) = (review.times, review.isEnd, review.isCheck)
    } else {
      let segments = FiniteHorizonGrid.timeNodes(problem: problem, steps: counts.steps)
      (times, isSegmentEnd) = (segments.times, segments.isEnd)
      isCheck = segments.times.map { _ in true }
    }
    holdings = FiniteHorizonGrid.holdingNodes(
      range: counts.range, count: counts.holdings,
      units: FiniteHorizonGrid.tradedUnits(problem, timing, range: counts.range, count: counts.holdings))
    guard rows <= GridSettings.mostSliceNodes / holdings.count else {
      throw .gridSetting(
        name: "grid.holdings", value: Double(holdings.count),
        allowed: "spots × holdings × regimes of at most 2·10⁸, each lot a holding")
    }
    flats = FiniteHorizonGrid.flats(problem, timing: timing, holdings: holdings)
    settled = problem.settledFree
  }

  // MARK: Times

  private static func timeNodes(problem: OptionBookProblem, steps: Int) -> (times: [Double], isEnd: [Bool]) {
    var ends = problem.book.expiries.filter { $0 < problem.horizon }
    ends.append(problem.horizon)
    var starts = [0.0]
    starts.append(contentsOf: ends.dropLast())
    // A segment gets steps in proportion to the square root of its length: short ones keep enough of them.
    let weights = zip(starts, ends).map { ($1 - $0).squareRoot() }
    let total = weights.reduce(0, +)
    let leastSteps = 4
    var times = [0.0]
    var isEnd = [false]
    for index in ends.indices {
      let share = weights[index] / total * Double(steps)
      let count = max(leastSteps, Int(share.rounded()))
      let length = ends[index] - starts[index]
      for step in 1...count {
        let remaining = graded(Double(count - step) / Double(count))
        times.append(step == count ? ends[index] : ends[index] - length * remaining)
        isEnd.append(step == count)
      }
    }
    return (times, isEnd)
  }

  // MARK: Spots

  /// Half of the log-spot nodes are spread evenly; the other half gather around the centres.
  private static let gatheredShare = 0.5
  /// Width of the gathering around a centre, in standard deviations of the calmest regime over the whole horizon.
  private static let gatheringWidth = 0.5
  /// Least width of the gathering, as a share of the grid's half-width.
  private static let leastGathering = 0.02

  /// Half of the grid's width in log-spot.
  static func halfRange(problem: OptionBookProblem, settings: GridSettings) -> Double {
    let environment = problem.environment
    let regimes = environment.regimes
    let widest = environment.widestDeviation * problem.horizon.squareRoot()
    let drift = regimes.map { abs($0.drift) }.max()! * problem.horizon
    // One jump may go farther than deviations tell.
    let reach = regimes.map { $0.jumps?.reach(over: problem.horizon) ?? 0 }.max()!
    func half(_ deviations: Double) -> Double { deviations * widest + drift + 0.5 * widest * widest + reach }
    let wanted = half(settings.deviations)
    guard problem.preference.isExponential, widest > leastWideDeviation, reach == 0,
      problem.execution.checkEvery == nil
    else { return wanted }
    // ln X/S at which the exposure is as much as the march bears.
    let bearable = log(mostExposure / (problem.preference.riskAversion * problem.market.spot))
    return min(wanted, max(half(min(settings.deviations, leastDeviations)), bearable))
  }

  /// Under exponential utility γX grows with the price, and the loss with its square: at σ√T = 1.5 and γS = 10 five deviations up γX
  /// is 5·10⁴, and the march's errors there drown what is sought. Where prices spread by more than this factor e^{…} the grid ends
  /// where γX is so large, but not before so many deviations: beyond them Λ of whoever trades is a straight line in the price, as the
  /// grid's end has it. *Verified by* `WideUtilityTests`.
  static let leastWideDeviation = 0.5
  private static let mostExposure = 2000.0
  private static let leastDeviations = 3.0

  /// Width of the bump of nodes around a centre, in log-spot.
  static func gathering(problem: OptionBookProblem, settings: GridSettings) -> Double {
    let calmest = problem.environment.regimes.map(\.volatility).min()! * problem.horizon.squareRoot()
    return max(gatheringWidth * calmest, leastGathering * halfRange(problem: problem, settings: settings))
  }

  /// Spacing at today's spot of a grid of `count` nodes, the centres of the strikes left aside.
  static func centralSpacing(problem: OptionBookProblem, settings: GridSettings, count: Int) -> Double {
    let half = halfRange(problem: problem, settings: settings)
    let width = gathering(problem: problem, settings: settings)
    let density = (1 - gatheredShare) / (2 * half) + gatheredShare / (2 * width * atan(half / width))
    return 1 / (density * Double(count))
  }

  private static func spotNodes(
    problem: OptionBookProblem, settings: GridSettings, count: Int
  ) -> (nodes: [Double], reference: Int) {
    let center = log(problem.market.spot)
    let half = halfRange(problem: problem, settings: settings)
    let width = gathering(problem: problem, settings: settings)

    var centres: [(position: Double, weight: Double)] = [(center, 1)]
    var strikeWeight = 0.0
    for leg in problem.book.legs { if leg.expiry.isFinite { strikeWeight += abs(leg.quantity) } }
    for leg in problem.book.legs {
      guard case .option(_, let strike, _) = leg.instrument, strikeWeight > 0 else { continue }
      // Nodes of a utility's grid move with the forward: at the leg's expiry they are r T higher than at the valuation.
      let growth = problem.preference.isExponential ? problem.market.rate * leg.expiry : 0
      let position = log(strike) - growth
      if abs(position - center) < half { centres.append((position, abs(leg.quantity) / strikeWeight)) }
    }
    let totalWeight = centres.reduce(0) { $0 + $1.weight }
    let bumps = centres.map { centre in
      Bump(
        position: centre.position, weight: centre.weight / totalWeight, width: width,
        atCenter: atan((center - centre.position) / width))
    }
    let normal = bumps.reduce(0) { $0 + $1.weight * ($1.angle(center + half) - $1.angle(center - half)) }
    /// The integral of the node density from today's spot: half uniform, half Cauchy bumps at the centres.
    func measure(_ x: Double) -> Double {
      let gathered = bumps.reduce(0) { $0 + $1.weight * ($1.angle(x) - $1.atCenter) }
      return (1 - gatheredShare) * (x - center) / (2 * half) + gatheredShare * gathered / normal
    }
    func density(_ x: Double) -> Double {
      let gathered = bumps.reduce(0) { $0 + $1.weight * $1.slope(x) }
      return (1 - gatheredShare) / (2 * half) + gatheredShare * gathered / normal
    }
    let below = -measure(center - half)
    let reference = max(2, min(count - 3, Int((below * Double(count - 1)).rounded())))
    let spacing = 1 / Double(count - 1)
    var nodes = [Double](repeating: center, count: count)
    for step in [-1, 1] {
      for index in stride(from: reference + step, to: step > 0 ? count : -1, by: step) {
        let before = nodes[index - step]
        nodes[index] = invert(
          measure, density, Double(index - reference) * spacing,
          start: before + Double(step) * spacing / density(before),
          within: (center - 2 * half)...(center + 2 * half))
      }
    }
    return (nodes, reference)
  }

  /// A place at which nodes gather: an arc tangent in the measure.
  private struct Bump {
    let position: Double
    let weight: Double
    let width: Double
    let atCenter: Double

    func angle(_ x: Double) -> Double { atan((x - position) / width) }

    func slope(_ x: Double) -> Double {
      let distance = (x - position) / width
      return 1 / (width * (1 + distance * distance))
    }
  }

  /// A step of Newton's method so small, in half-widths of the grid, leaves its square as an error: less than rounding.
  private static let lastStep = 1e-9

  /// Newton's method on a growing function, kept between places known to be on either side by bisection.
  private static func invert(
    _ function: (Double) -> Double, _ slope: (Double) -> Double, _ target: Double, start: Double,
    within range: ClosedRange<Double>
  ) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    var x = start
    for _ in 0..<Double.significandBitCount {
      let miss = function(x) - target
      if miss < 0 { low = x } else { high = x }
      let newton = x - miss / slope(x)
      let next = newton >= low && newton <= high ? newton : 0.5 * (low + high)
      if abs(next - x) <= lastStep * (range.upperBound - range.lowerBound) { return next }
      x = next
    }
    return x
  }

  // MARK: Holdings

  /// Uniform nodes over a range with zero among them: the grid is shifted by less than one spacing, having left room for
  /// it, and its upper end grows until the lines fill whole tiles. With units, the spacing shrinks until the first is a node
  /// as well, and a little further where the others then are nearer to one.
  private static func holdingNodes(range: ClosedRange<Double>, count: Int, units: [Double]) -> [Double] {
    let wanted = (range.upperBound - range.lowerBound) / Double(count - 2)
    var spacing = wanted
    if let unit = units.first {
      let least = (unit / wanted).rounded(.up)
      func misses(_ nodes: Double) -> Double {
        units.map { abs($0 / unit * nodes - ($0 / unit * nodes).rounded()) }.max()!
      }
      let most = units.count > 1 ? least + (mostFiner * least).rounded(.up) : least
      let nodes = stride(from: least, through: most, by: 1).min { misses($0) < misses($1) - onLine }!
      spacing = unit / nodes
    }
    // At most one node more per unit: the spacing shrinks by less than half.
    let needed = max(count, Int(((range.upperBound - range.lowerBound) / spacing).rounded(.up)) + 2)
    let tile = LineSweep.tileLines
    let below = (range.lowerBound / spacing).rounded(.down)
    return (0..<((needed + tile - 1) / tile * tile)).map { (below + Double($0)) * spacing }
  }

  /// By what share more nodes there may be so that every unit is one.
  private static let mostFiner = 0.125

  /// What trades are whole numbers of, where something is: the lot, the largest trade unless it is less than a spacing, what
  /// the options become far in the money.
  private static func tradedUnits(
    _ problem: OptionBookProblem, _ timing: DecisionTiming, range: ClosedRange<Double>, count: Int
  ) -> [Double] {
    if timing.lot > 0 { return [timing.lot] }
    let wanted = (range.upperBound - range.lowerBound) / Double(count - 2)
    if let most = problem.execution.maximumTrade, most > wanted, most < range.upperBound - range.lowerBound {
      return [most]
    }
    // A book that is far less than what one holds for the drift alone has no line: there would be millions of them.
    return deliveredUnits(problem).filter { $0 > leastUnit * wanted }
  }

  /// Spacings that a delivered unit measures at least, to be a line.
  private static let leastUnit = 0.5

  /// The units that hedge the options far in the money at either end [units], the fewer first; none of those that are a small part of
  /// the book, which other units dominate, and none where they matter little. With delivery the settlement's charge has its kink there. Under exponential utility the book is only
  /// hedged as well as the nearest line does it, and the loss of half a spacing s, `½γσ²X²(s/2)²τ`, grows with the square of the price X:
  /// five deviations up it is no longer outweighed by how seldom one gets there. *Verified by* `EntropicLawTests.farUpTheHedgeIsALine`.
  private static func deliveredUnits(_ problem: OptionBookProblem) -> [Double] {
    guard problem.settlement == .physical || problem.preference.isExponential else { return [] }
    let strikes = problem.book.legs.compactMap { leg -> Double? in
      if case .option(_, let strike, _) = leg.instrument { return strike }
      return nil
    }
    guard let lowest = strikes.min(), let highest = strikes.max() else { return [] }
    let units = [problem.assigned(spot: 0.5 * lowest), problem.assigned(spot: 2 * highest)].map { abs($0) }
    return units.filter { $0 > leastDeliveredShare * problem.book.grossQuantity }.sorted()
  }

  /// Less than this share of the book is not worth a node of its own.
  private static let leastDeliveredShare = 0.1
}

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

  public var spots: [Double] { logSpots.map { exp($0) } }

  /// Exponent p of the time grading: times before an expiry are at (j/n)^p of the segment. Chosen by experiment between
  /// 1 and 2 on the straddle of `FiniteHorizonOrderTests`.
  static let timeGrading = 1.5

  init(problem: OptionBookProblem, settings: GridSettings) throws(ControlError) {
    try settings.validate()
    let spotNodes = FiniteHorizonGrid.spotNodes(problem: problem, settings: settings)
    logSpots = spotNodes.nodes
    reference = spotNodes.reference
    let segments = FiniteHorizonGrid.timeNodes(problem: problem, steps: settings.steps)
    times = segments.times
    isSegmentEnd = segments.isEnd
    holdings = FiniteHorizonGrid.holdingNodes(problem: problem, settings: settings, logSpots: logSpots)
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
        let remaining = pow(Double(count - step) / Double(count), timeGrading)
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

  private static func spotNodes(
    problem: OptionBookProblem, settings: GridSettings
  ) -> (nodes: [Double], reference: Int) {
    let center = log(problem.market.spot)
    let root = problem.horizon.squareRoot()
    let volatilities = problem.environment.regimes.map(\.volatility)
    let widest = volatilities.max()! * root
    let drift = problem.environment.regimes.map { abs($0.drift) }.max()! * problem.horizon
    let half = settings.deviations * widest + drift + 0.5 * widest * widest
    let width = max(gatheringWidth * volatilities.min()! * root, 0.02 * half)

    var centres: [(position: Double, weight: Double)] = [(center, 1)]
    var strikeWeight = 0.0
    for leg in problem.book.legs { if leg.expiry.isFinite { strikeWeight += abs(leg.quantity) } }
    for leg in problem.book.legs {
      guard case .option(_, let strike, _) = leg.instrument, strikeWeight > 0 else { continue }
      let position = log(strike)
      if abs(position - center) < half { centres.append((position, abs(leg.quantity) / strikeWeight)) }
    }
    let totalWeight = centres.reduce(0) { $0 + $1.weight }
    /// The integral of the node density from today's spot: half uniform, half Cauchy bumps at the centres.
    func measure(_ x: Double) -> Double {
      var gathered = 0.0
      var normal = 0.0
      for centre in centres {
        let weight = centre.weight / totalWeight
        gathered += weight * (atan((x - centre.position) / width) - atan((center - centre.position) / width))
        normal +=
          weight
          * (atan((center + half - centre.position) / width) - atan((center - half - centre.position) / width))
      }
      return (1 - gatheredShare) * (x - center) / (2 * half) + gatheredShare * gathered / normal
    }
    let below = -measure(center - half)
    let count = settings.spots
    let reference = max(2, min(count - 3, Int((below * Double(count - 1)).rounded())))
    let spacing = 1 / Double(count - 1)
    var nodes = [Double](repeating: center, count: count)
    for index in 0..<count where index != reference {
      nodes[index] = invert(measure, Double(index - reference) * spacing, around: center, half: 2 * half)
    }
    return (nodes, reference)
  }

  /// Bisection on a monotone function, to the last bit that matters.
  private static func invert(
    _ function: (Double) -> Double, _ target: Double, around center: Double, half: Double
  ) -> Double {
    var low = center - half
    var high = center + half
    for _ in 0..<80 {
      let middle = 0.5 * (low + high)
      if function(middle) < target { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  // MARK: Holdings

  /// Room beyond the book's deltas, in half-widths of the band.
  private static let paddingInHalfWidths = 2.5
  /// Room beyond the book's deltas, as a share of their range.
  private static let paddingShare = 0.05

  private static func holdingNodes(
    problem: OptionBookProblem, settings: GridSettings, logSpots: [Double]
  ) -> [Double] {
    var lowest = min(0, problem.inventory)
    var highest = max(0, problem.inventory)
    let moments = [0.0, 0.5, 0.9, 0.999].map { $0 * problem.horizon } + problem.book.expiries.map { $0 * (1 - 1e-9) }
    var widest = 0.0
    var narrowest = Double.infinity
    let stride = max(1, logSpots.count / 60)
    let central = log(problem.market.spot)
    let typical = problem.environment.regimes.map(\.volatility).max()! * problem.horizon.squareRoot()
    for regime in 0..<problem.environment.count {
      let scale = BandScale(problem: problem, regime: regime)
      for moment in moments {
        var index = 0
        while index < logSpots.count {
          let spot = exp(logSpots[index])
          let greeks = problem.book.greeks(time: moment, spot: spot, regime: regime)
          let target = scale.target(spot: spot) - greeks.delta
          lowest = min(lowest, target)
          highest = max(highest, target)
          if moment == 0, abs(logSpots[index] - central) <= typical {
            widest = max(widest, scale.halfWidth(spot: spot, gamma: greeks.gamma, remaining: problem.horizon))
          }
          index += stride
        }
      }
      let here = problem.book.greeks(time: 0, spot: problem.market.spot, regime: regime)
      let width = scale.halfWidth(spot: problem.market.spot, gamma: here.gamma, remaining: problem.horizon)
      if width > 0 { narrowest = min(narrowest, width) }
    }
    let padding = max(paddingInHalfWidths * widest, paddingShare * (highest - lowest), 1e-9)
    let range = highest - lowest + 2 * padding
    var count = settings.holdings ?? GridSettings.standardHoldings
    if settings.holdings == nil, narrowest.isFinite {
      let needed = range / (narrowest / GridSettings.holdingsPerHalfWidth) + 1
      count = Int(min(Double(GridSettings.automaticHoldingsLimit), max(Double(count), needed)))
    }
    // Zero is a node: shift the uniform grid by less than one spacing, having left room for it. The upper end grows until
    // the lines fill whole tiles.
    let spacing = range / Double(count - 2)
    let tile = LineSweep.tileLines
    count = (count + tile - 1) / tile * tile
    let below = ((lowest - padding) / spacing).rounded(.down)
    return (0..<count).map { (below + Double($0)) * spacing }
  }
}

import Formulation
import Glibc

/// The expected time until the band is next left, as a linear problem of its own (control.md §8).
///
/// Between trades the inventory stands still, so that for one inventory y the expected time u(t, S, e) solves
///
///     u_t + L u + Q u + 1 = 0  inside the band,   u = 0  where D = Δ_book + y is outside it or at the horizon,
///
/// jumps included, which are taken at the later time, first order too: a first-exit problem in spot and regime alone. Implicit Euler in time; in spot, second differences whose arms end where
/// the band's edge crosses between two nodes (Shortley and Weller 1938), so the boundary is not rounded to a node. First
/// order in time, second in spot. *Verified by* `TimeToTradeTests` against `h²/η²` and by simulation.
public struct TimeToTrade: Sendable {
  let solution: FiniteHorizonSolution

  public init(_ solution: FiniteHorizonSolution) { self.solution = solution }

  /// An arm shorter than this share of its spacing is held at this share: the exit is then at the node itself within the
  /// order of the scheme, and the matrix stays well conditioned.
  private static let shortestArm = 0.05

  /// Expected years from a trade in each regime to the next: the mean over the ends of its targets; from the middle of a band whose
  /// trades end at its edges, of which the next is at once. The whole horizon where nothing is ever traded.
  public func betweenTrades(threads: Int) -> [Double] {
    let problem = solution.problem
    let starts = problem.environment.regimes.indices.flatMap { e in
      let band = solution.band(regime: e).shifted(
        by: -solution.bookDeltas[solution.grid.reference * problem.environment.count + e])
      let places =
        startsAtTargets(regime: e)
        ? [band.targetLower, band.targetUpper] : [0.5 * (band.lower + band.upper)]
      return places.filter(\.isFinite).map { (regime: e, inventory: $0) }
    }
    let times = sideBySide(starts.count, threads: threads) {
      self.expected(regime: starts[$0].regime, inventory: starts[$0].inventory)
    }
    return problem.environment.regimes.indices.map { e in
      let own = zip(starts, times).filter { $0.0.regime == e }.map(\.1)
      return own.isEmpty ? problem.horizon : own.reduce(0, +) / Double(own.count)
    }
  }

  /// Whether trades are apart, as they are under review and with a fixed cost: then time is counted from where they end.
  public func startsAtTargets(regime e: Int) -> Bool {
    solution.problem.costs[e].leastFixed > 0 || solution.grid.timing.reviewPeriod != nil
  }

  /// Expected years until the first trade or the horizon, from today's spot in a regime with an inventory [units].
  public func expected(regime start: Int, inventory y: Double) -> Double {
    let grid = solution.grid
    if grid.timing.reviewPeriod != nil { return expectedUnderReview(regime: start, inventory: y) }
    let problem = solution.problem
    let flats = solution.policy.flats
    let x = grid.logSpots
    let m = problem.environment.count
    let rows = x.count
    let table = BookTable(book: problem.book, spots: grid.spots, regimes: m)
    var delta = [Double](repeating: 0, count: rows * m)
    var time = [Double](repeating: 0, count: rows * m)
    let environment = problem.environment
    let jumps = JumpOperator(logSpots: x, environment: environment, ends: .constant)
    for level in stride(from: grid.times.count - 2, through: 0, by: -1) {
      let h = grid.times[level + 1] - grid.times[level]
      table.deltas(at: grid.times[level], into: &delta)
      /// How far inside the band a node is, in deviation; negative outside.
      func depth(_ row: Int, _ e: Int) -> Double {
        let band = solution.policy.band(time: level, regime: e, spot: row)
        if flats.holds(band.heldFlats, at: y) { return .infinity }
        let net = delta[row * m + e] + y
        return min(net - band.lower, band.upper - net)
      }
      let landed = jumps?.applied(to: time)
      var system = MaskedLine(rows: rows, regimes: m)
      for row in 1..<(rows - 1) {
        for e in 0..<m {
          let here = depth(row, e)
          guard here > 0 else { continue }
          let state = problem.environment.regimes[e]
          let half = 0.5 * state.volatility * state.volatility
          let drift = environment.driftBetweenJumps(e) - half
          let below = depth(row - 1, e)
          let above = depth(row + 1, e)
          func arm(_ full: Double, _ other: Double) -> Double {
            guard other <= 0, here.isFinite, other.isFinite else { return full }
            return full * max(TimeToTrade.shortestArm, here / (here - other))
          }
          let down = arm(x[row] - x[row - 1], below)
          let up = arm(x[row + 1] - x[row], above)
          let (toBelow, toAbove) = LineSystem.differences(
            half: half, drift: drift, down: down, up: up, most: 1)
          system.setInside(
            row: row, regime: e, lower: below > 0 ? -h * toBelow : 0, upper: above > 0 ? -h * toAbove : 0,
            diagonal: 1 + h * (toBelow + toAbove - environment.generator.rates[e][e])
              + (state.hasJumps ? h * state.jumps!.intensity : 0),
            right: time[row * m + e] + h + (landed.map { h * $0[row * m + e] } ?? 0))
          for f in 0..<m where f != e && environment.switchJump(from: e, to: f) == 0 {
            if depth(row, f) > 0 {
              system.setCoupling(row: row, from: e, to: f, value: -h * environment.generator.rates[e][f])
            }
          }
        }
      }
      time = system.solved()
    }
    return time[grid.reference * m + start]
  }
}

/// A block tridiagonal system on (row, regime) in which nodes outside a mask are held at zero.
struct MaskedLine {
  private let rows: Int
  private let m: Int
  private var lower: [Double]
  private var upper: [Double]
  private var block: [Double]
  private var right: [Double]

  init(rows: Int, regimes: Int) {
    self.rows = rows
    m = regimes
    lower = Array(repeating: 0, count: rows * regimes)
    upper = lower
    right = lower
    block = Array(repeating: 0, count: rows * regimes * regimes)
    for node in 0..<(rows * regimes) { block[node * regimes + node % regimes] = 1 }
  }

  mutating func setInside(row: Int, regime: Int, lower: Double, upper: Double, diagonal: Double, right: Double) {
    let node = row * m + regime
    self.lower[node] = lower
    self.upper[node] = upper
    self.right[node] = right
    block[node * m + regime] = diagonal
  }

  mutating func setCoupling(row: Int, from: Int, to: Int, value: Double) { block[(row * m + from) * m + to] = value }

  /// Block elimination; the blocks are diagonally dominant.
  mutating func solved() -> [Double] {
    var inverse = [Double](repeating: 0, count: rows * m * m)
    var pivot = [Double](repeating: 0, count: m * m)
    for row in 0..<rows {
      for index in 0..<(m * m) { pivot[index] = block[row * m * m + index] }
      if row > 0 {
        for e in 0..<m where lower[row * m + e] != 0 {
          for f in 0..<m {
            let factor = lower[row * m + e] * inverse[((row - 1) * m + e) * m + f]
            pivot[e * m + f] -= factor * upper[(row - 1) * m + f]
            right[row * m + e] -= factor * right[(row - 1) * m + f]
          }
        }
      }
      LineSystem.invert(&pivot, m)
      for index in 0..<(m * m) { inverse[row * m * m + index] = pivot[index] }
    }
    var result = right
    var partial = [Double](repeating: 0, count: m)
    for row in stride(from: rows - 1, through: 0, by: -1) {
      for e in 0..<m {
        partial[e] = right[row * m + e] - (row < rows - 1 ? upper[row * m + e] * result[(row + 1) * m + e] : 0)
      }
      for e in 0..<m {
        result[row * m + e] = (0..<m).reduce(0.0) { $0 + inverse[(row * m + e) * m + $1] * partial[$1] }
      }
    }
    return result
  }
}

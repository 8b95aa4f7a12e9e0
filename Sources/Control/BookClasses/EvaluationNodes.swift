import Formulation
import Glibc

/// What evaluations of policies on one grid share: the instants, the lines of inventory, the book's deltas, and the optimum's
/// bands from which rules are scaled.
///
/// Lines are those of the grid, made denser: nothing but the lines inside a band is solved, so that they cost little.
struct EvaluationNodes: Sendable {
  let problem: OptionBookProblem
  let grid: FiniteHorizonGrid
  /// Bands of the optimum, on nodes of their own: the same policy for every grid that it is evaluated on.
  let optimum: PolicyTable
  let rows: Int
  let regimes: Int
  let nodes: Int
  let spots: [Double]
  /// Inventories of the lines [units], uniform, whole groups.
  let lines: [Double]
  let spacing: Double
  /// The line of no inventory, where settlement at cost makes V jump; −1 where it does not.
  let kink: Int
  /// Years from the valuation, ascending.
  let times: [Double]
  /// Where time stepping starts afresh: expiries, the horizon, clocks.
  let isRestart: [Bool]
  /// Which regimes' clocks ring at each time, one bit per regime.
  let ringing: [UInt8]
  /// Deltas of the book, `[time × node]` [units].
  let deltas: [Double]
  /// `S Γ` likewise, by differences of delta [units].
  let exposures: [Double]
  /// Where each time lies among those of the optimum's table.
  private let places: [(index: Int, weight: Double)]
  /// … and where each spot lies among its spots.
  private let spotPlaces: [(index: Int, weight: Double)]
  let book: BookTable
  let system: LineSystem

  /// Lines per spacing of the grid, chosen so that a quarter of a standard grid has four to a half-width.
  static let density = 2

  /// A shift of ln S at which differences of delta have lost nothing: the cube root of rounding.
  private static let shift = 6e-6

  /// On the grid's own times.
  ///
  /// - Parameter optimum: a finer solution's bands; nil: the solution's own.
  init(_ solution: FiniteHorizonSolution, optimum: PolicyTable? = nil) {
    self.init(
      solution.problem, grid: solution.grid, optimum: optimum ?? solution.policy, density: EvaluationNodes.density,
      schedule: EvaluationSchedule(grid: solution.grid, clocks: [], leastSteps: 1, ringsAtOnce: false))
  }

  /// On a grid without a solution, for rules that need none.
  init(_ problem: OptionBookProblem, grid: FiniteHorizonGrid, optimum: PolicyTable) {
    self.init(
      problem, grid: grid, optimum: optimum, density: EvaluationNodes.density,
      schedule: EvaluationSchedule(grid: grid, clocks: [], leastSteps: 1, ringsAtOnce: false))
  }

  /// The same nodes at other instants.
  ///
  /// - Parameter density: lines per spacing of the grid.
  func on(_ schedule: EvaluationSchedule, density: Int = EvaluationNodes.density) -> EvaluationNodes {
    EvaluationNodes(problem, grid: grid, optimum: optimum, density: density, schedule: schedule)
  }

  private init(
    _ problem: OptionBookProblem, grid: FiniteHorizonGrid, optimum: PolicyTable, density: Int,
    schedule: EvaluationSchedule
  ) {
    self.problem = problem
    self.grid = grid
    self.optimum = optimum
    spots = grid.spots
    rows = spots.count
    regimes = problem.environment.count
    nodes = rows * regimes
    let coarse = grid.holdings
    spacing = (coarse[1] - coarse[0]) / Double(density)
    let origin = coarse[0]
    let width = LineSweep.tileLines
    let wanted = (coarse.count - 1) * density + 1
    let count = (wanted + width - 1) / width * width
    let zero = Int((-origin / spacing).rounded())
    let spacing = spacing
    lines = (0..<count).map { $0 == zero ? 0 : origin + Double($0) * spacing }
    kink = problem.settlement == .cash && problem.costs.contains { $0.fixed > 0 } ? zero : -1
    times = schedule.times
    isRestart = schedule.isRestart
    ringing = schedule.ringing
    places = schedule.times.map { EvaluationNodes.place($0, in: optimum.times) }
    spotPlaces = grid.logSpots.map { EvaluationNodes.place($0, in: optimum.logSpots) }
    book = BookTable(book: problem.book, spots: spots, regimes: regimes)
    system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var deltas = [Double](repeating: 0, count: schedule.times.count * nodes)
    var exposures = deltas
    var delta = [Double](repeating: 0, count: nodes)
    var above = delta
    let shift = EvaluationNodes.shift
    for (level, time) in schedule.times.enumerated() {
      book.deltas(at: time, into: &delta)
      for node in 0..<nodes { deltas[level * nodes + node] = delta[node] }
      book.deltas(at: time, logShift: shift, into: &above)
      book.deltas(at: time, logShift: -shift, into: &delta)
      for node in 0..<nodes { exposures[level * nodes + node] = (above[node] - delta[node]) / (2 * shift) }
    }
    self.deltas = deltas
    self.exposures = exposures
  }

  /// Levels at which a march arrives, in its order.
  var levels: StrideThrough<Int> { stride(from: times.count - 2, through: 0, by: -1) }

  func step(to level: Int) -> BackwardDifference {
    let step = times[level + 1] - times[level]
    return BackwardDifference(
      step: step, ratio: isRestart[level + 1] ? 0 : step / (times[level + 2] - times[level + 1]))
  }

  /// The last node at or before `x`, and how far `x` lies towards the next; the ends' nodes beyond them.
  private static func place(_ x: Double, in nodes: [Double]) -> (index: Int, weight: Double) {
    guard nodes.count > 1 else { return (0, 0) }
    let (index, weight) = CubicInterpolation.locate(nodes, x)
    return weight == 1 ? (index + 1, 0) : (index, weight)
  }

  /// The optimum's band at a time and spot, linear between the nodes of its table.
  func optimalBand(level: Int, row: Int, regime: Int) -> Band {
    let (time, later) = places[level]
    let (spot, higher) = spotPlaces[row]
    func across(_ time: Int) -> Band {
      let here = optimum.band(time: time, regime: regime, spot: spot)
      return higher == 0
        ? here : here.mixed(with: optimum.band(time: time, regime: regime, spot: spot + 1), weight: higher)
    }
    return later == 0 ? across(time) : across(time).mixed(with: across(time + 1), weight: later)
  }
}

/// The instants of an evaluation: the grid's own and the ticks of clocks.
struct EvaluationSchedule: Sendable {
  let times: [Double]
  let isRestart: [Bool]
  let ringing: [UInt8]

  /// A time of the grid nearer to a tick than this share of its own step is left out.
  private static let closeness = 0.3
  /// Ticks nearer to an expiry than this share of a gap are the expiry's.
  private static let coincidence = 1e-9

  /// - Parameters:
  ///   - clocks: one gap per regime [years]; none: no clocks.
  ///   - leastSteps: steps between two ticks, at least.
  ///   - ringsAtOnce: whether the clocks ring at the valuation too.
  init(grid: FiniteHorizonGrid, clocks: [Double], leastSteps: Int, ringsAtOnce: Bool) {
    guard !clocks.isEmpty else {
      times = grid.times
      isRestart = grid.isSegmentEnd
      ringing = Array(repeating: 0, count: grid.times.count)
      return
    }
    let horizon = grid.times[grid.times.count - 1]
    var events: [Double: UInt8] = [0: 0]
    for (e, gap) in clocks.enumerated() where gap < horizon {
      var tick = ringsAtOnce ? 0 : 1
      while Double(tick) * gap < horizon * (1 - EvaluationSchedule.coincidence) {
        events[Double(tick) * gap, default: 0] |= 1 << UInt8(e)
        tick += 1
      }
    }
    if ringsAtOnce { for e in clocks.indices { events[0, default: 0] |= 1 << UInt8(e) } }
    for (time, isEnd) in zip(grid.times, grid.isSegmentEnd) where isEnd { events[time, default: 0] |= 0 }
    let stops = events.keys.sorted()
    var times = [stops[0]]
    var isRestart = [false]
    var ringing = [events[stops[0]]!]
    var next = 0
    for (start, end) in zip(stops, stops.dropFirst()) {
      while next < grid.times.count, grid.times[next] <= start { next += 1 }
      var inner: [Double] = []
      while next < grid.times.count, grid.times[next] < end {
        let time = grid.times[next]
        let step = min(time - grid.times[max(0, next - 1)], grid.times[min(grid.times.count - 1, next + 1)] - time)
        let room = EvaluationSchedule.closeness * step
        if time - start > room, end - time > room { inner.append(time) }
        next += 1
      }
      if inner.count + 1 < leastSteps {
        inner = (1..<leastSteps).map { start + (end - start) * Double($0) / Double(leastSteps) }
      }
      times += inner + [end]
      isRestart += inner.map { _ in false } + [true]
      ringing += inner.map { _ in 0 } + [events[end]!]
    }
    self.times = times
    self.isRestart = isRestart
    self.ringing = ringing
  }
}

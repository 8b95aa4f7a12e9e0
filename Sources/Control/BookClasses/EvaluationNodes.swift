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
  /// Every so manieth time of the grid is taken.
  let every: Int
  /// A prediction of the values at the targets that was off by no more than this share of the largest is not taken back: its error
  /// is of second order like the step's own and acts once per trade. On the straddles of `Benchmarks classes` J of bands that follow the
  /// optimum and J with passes until 1e-6 agree to 1e-5 of it, of bands of constant width to 5e-4. Abrupt starts, at an expiry or a
  /// tick, take several passes.
  var settled = 1e-3
  /// Which regimes' clocks ring at each time, one bit per regime.
  let ringing: [UInt8]
  /// Where policies are evaluated by their looks; nil where linear equations with masks do.
  var looks: LookedEquations?
  let book: BookTable
  let system: LineSystem
  /// Where each time lies among those of the optimum's table.
  let places: [(index: Int, weight: Double)]
  /// … and where each spot lies among its spots.
  let spotPlaces: [(index: Int, weight: Double)]
  /// Terms of the first levels: of all, where many evaluations share them.
  private(set) var table: [LevelTerms] = []

  /// Lines per spacing of the grid, chosen so that a quarter of a standard grid has four to a half-width.
  static let density = 2

  /// On the grid's own times.
  ///
  /// - Parameter optimum: a finer solution's bands; nil: the solution's own.
  init(_ solution: FiniteHorizonSolution, optimum: PolicyTable? = nil) {
    self.init(solution.problem, grid: solution.grid, optimum: optimum ?? solution.policy)
  }

  /// On a grid without a solution, for rules that need none.
  ///
  /// - Parameters:
  ///   - every: every so manieth time of the grid is taken; see `EvaluationSchedule`.
  ///   - sharesLevels: whether evaluations are at these very times.
  init(
    _ problem: OptionBookProblem, grid: FiniteHorizonGrid, optimum: PolicyTable, every: Int = 1,
    sharesLevels: Bool = true
  ) {
    self.init(
      problem, grid: grid, optimum: optimum, density: EvaluationNodes.density, every: every,
      schedule: EvaluationSchedule(grid: grid, every: every, clocks: [], leastSteps: 1, ringsAtOnce: false),
      shared: sharesLevels ? .max : 1)
  }

  /// The same nodes at other instants.
  ///
  /// - Parameter density: lines per spacing of the grid.
  func on(_ schedule: EvaluationSchedule, density: Int = EvaluationNodes.density) -> EvaluationNodes {
    var nodes = EvaluationNodes(
      problem, grid: grid, optimum: optimum, density: density, every: every, schedule: schedule, shared: 0)
    nodes.settled = settled
    nodes.looks = looks
    return nodes
  }

  private init(
    _ problem: OptionBookProblem, grid: FiniteHorizonGrid, optimum: PolicyTable, density: Int, every: Int,
    schedule: EvaluationSchedule, shared: Int
  ) {
    self.every = every
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
    places = schedule.times.map { AscendingNodes.place($0, among: optimum.times) }
    spotPlaces = grid.logSpots.map { AscendingNodes.place($0, among: optimum.logSpots) }
    book = BookTable(book: problem.book, spots: spots, regimes: regimes)
    system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    table = times.indices.prefix(shared).map(computed)
  }

  /// Levels at which a march arrives, in its order.
  var levels: StrideThrough<Int> { stride(from: times.count - 2, through: 0, by: -1) }

  func step(to level: Int) -> BackwardDifference {
    let step = times[level + 1] - times[level]
    return BackwardDifference(
      step: step, ratio: isRestart[level + 1] ? 0 : step / (times[level + 2] - times[level + 1]))
  }
}

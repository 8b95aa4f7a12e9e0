import Formulation
import Glibc

/// Exponential utility where nobody trades (`EntropicMarch`'s equation), for the marches with the general operator.
///
/// A trade moves the certainty equivalent of wealth by what it costs, whatever the wealth: `Λ ≤ min_u Λ(y + u) + c(u)` is the
/// operator of quadratic risk, with the charges in money of the horizon, `e^{r(T−t)} c(S, u)` at `S = X e^{−r(T−t)}`. An attempt
/// that fails with probability p leaves `ln(p e^{γΛ(y)} + (1 − p) e^{γ(Λ(z) + c)})/γ + K` (`SolverRoute.Attempt`).
///
/// Under review Λ solves its equation for every inventory and nothing is held; watched all the time, exposures far outside
/// the band are held as in `EntropicMarch`. *Verified by* `EntropicReviewTests`, `EntropicCostLawTests`.
struct EntropicRest: RestingMarch {
  private let base: EntropicMarch
  let team: WorkerTeam
  private let sweep: EntropicSweep
  private let marks: BookTable
  private let routes: [[SolverRoute]]
  private let isReview: Bool
  private var terms: EntropicTerms
  private(set) var delta: [Double]
  private(set) var lagBounds: [Double]?
  /// The last bands, in inventory and in the frictionless net delta.
  private var inventories: [Band]
  private var nets: [Band]
  private var recorder: LossGuideRecorder

  /// - Parameter isReview: whether nobody trades between the instants at which somebody looks.
  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, table: RouteTable, isGuiding: Bool,
    isReview: Bool
  ) {
    base = EntropicMarch(problem: problem, grid: grid, threads: threads, everywhere: true)
    team = WorkerTeam(threads: threads)
    sweep = EntropicSweep(logSpots: grid.logSpots, environment: problem.environment)
    marks = BookTable(book: problem.book, spots: base.forwards, regimes: base.regimes)
    terms = EntropicTerms(
      problem: problem, book: problem.book.marked(at: problem.environment.regimes.map(\.volatility)),
      forwards: base.forwards)
    routes = table.routes
    self.isReview = isReview
    delta = Array(repeating: 0, count: base.nodes)
    inventories = Array(repeating: .unbounded, count: base.nodes)
    nets = inventories
    recorder = LossGuideRecorder(
      grid: grid, regimes: base.regimes, levels: isGuiding ? grid.levels.filter { grid.isCheck[$0] } : [])
  }

  var problem: OptionBookProblem { base.problem }
  var grid: FiniteHorizonGrid { base.grid }
  var prices: [Double] { base.forwards }
  // At a later time the same X is a dearer S.
  var logDrift: Double { -problem.market.rate }
  // What a line is worth at one node enters what it is worth elsewhere by its square.
  var hasStrips: Bool { false }
  var isJumping: Bool { base.jumps != nil }

  func kink(row: Int) -> Int { base.kink(row: row) }

  var flats: [FlatLine] { base.flats }

  func growth(at time: Double) -> Double { exp(problem.market.rate * (problem.horizon - time)) }

  func keeps(_ level: Int) -> Bool { false }

  func setTerminal(_ buffers: inout LineBuffers) { base.setSettlement(buffers) }

  mutating func prepare(time: Double, scheme: BackwardDifference, isNewMatrix: Bool) {
    terms.update(time: time)
    marks.deltas(at: time, logShift: -problem.market.rate * (problem.horizon - time), into: &delta)
    guard !isReview else { return }
    let growth = growth(at: time)
    let (routes, forwards, regimes) = (routes, base.forwards, base.regimes)
    /// What a trade of so many units costs by the cheapest route.
    func crossing(_ node: Int, _ trade: Double) -> Double {
      let price = LineGroup(repeating: forwards[node / regimes] / growth)
      return routes[node % regimes].reduce(.infinity) { least, route in
        let charge = growth * route.charge(price: price, trade: LineGroup(repeating: trade))[0]
        return min(least, charge - route.net(0, growth: growth))
      }
    }
    if base.holdsExposures {
      terms.hold(inventories, nets: nets, spacing: base.spacing, step: scheme.step, charge: crossing)
    }
    lagBounds = (0..<base.nodes).map { node in
      let width = inventories[node].width
      let charge = crossing(node, (width.isFinite ? width : 0) + EntropicRest.lagReach * base.spacing)
      return charge > 0 ? EntropicMarch.lagShare * charge : .infinity
    }
  }

  /// Room in inventory spacings for a band that they do not resolve.
  private static let lagReach = 2.0

  func step(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip) {
    base.advance(buffers, sweep: sweep, terms: terms, scheme: scheme, strip: strip, team: team)
    swap(&buffers.recent, &buffers.older)
  }

  /// Delays are refused (`DecisionTiming.obstacle`).
  func carry(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip) {
    preconditionFailure("a delayed fill has no value apart from the inventory that waits for it")
  }

  /// No values are kept: there are no bounds for a utility.
  func wait(_ buffers: LineBuffers, level: Int) {}

  mutating func learn(_ bands: ArraySlice<Band>, of buffers: LineBuffers, level: Int) {
    guard !bands.isEmpty else { return }
    for (node, band) in bands.enumerated() {
      inventories[node] = band.shifted(by: -delta[node])
      nets[node] = inventories[node].shifted(by: terms.bookDelta[node])
    }
    recorder.record(level, time: grid.times[level], buffers, inventories: inventories, nets: nets)
  }

  func solution(
    _ buffers: LineBuffers, policy: PolicyTable, settings: GridSettings
  ) throws(ControlError) -> FiniteHorizonSolution {
    try base.solution(buffers, policy: policy, delta: delta, settings: settings, recorder: recorder)
  }
}

import Formulation

/// What happens to the lines of a grid while nobody trades; the marches with the general operator (`TradeMarch`,
/// `ReviewMarch`) trade between its steps. Lines hold what an inventory costs, as money of the march's own unit.
protocol RestingMarch: Sendable {
  var problem: OptionBookProblem { get }
  var grid: FiniteHorizonGrid { get }
  /// The threads that its steps and the decisions between them are shared out to.
  var team: WorkerTeam { get }
  /// By row, in the unit of the lines [quote/unit].
  var prices: [Double] { get }
  /// By how much per year the logarithm of these prices runs ahead of ln S.
  var logDrift: Double { get }
  /// Whether a step may be of the nodes of a strip alone, with what lies beside it as it was after the last look.
  var hasStrips: Bool { get }
  /// Whether steps need room for jumps.
  var isJumping: Bool { get }
  /// The marks' deltas at the time of the last preparation, `[row × regime]` [units].
  var delta: [Double] { get }
  /// The most by which a lagged multiplier may move a value, by node; nil where nothing bounds it.
  var lagBounds: [Double]? { get }
  /// The inventory that settlement makes special; −1 where none is.
  func kink(row: Int) -> Int
  /// Lines that delivery may leave free of a ticket, none of them a kink.
  var flats: [FlatLine] { get }
  /// What money of a time is worth in the unit of the lines.
  func growth(at time: Double) -> Double
  /// Whether somebody asks for V after a level's decisions on all nodes.
  func keeps(_ level: Int) -> Bool
  /// What the settlement charges.
  func setTerminal(_ buffers: inout LineBuffers)
  /// Brings coefficients to the time of a step's end [years from the valuation].
  ///
  /// - Parameter isNewMatrix: whether the step's length or kind differs from the last one's.
  mutating func prepare(time: Double, scheme: BackwardDifference, isNewMatrix: Bool)
  /// One step of all lines at all nodes; the predictor arrives in `recent`.
  func step(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip)
  /// The same without running cost.
  func carry(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip)
  /// Takes note, at a review, of what waiting is worth right after it.
  mutating func wait(_ buffers: LineBuffers, level: Int)
  /// Takes note of a level, and of its bands in net delta after its trades; none where nobody decides.
  mutating func learn(_ bands: ArraySlice<Band>, of buffers: LineBuffers, level: Int)
  func solution(
    _ buffers: LineBuffers, policy: PolicyTable, settings: GridSettings
  ) throws(ControlError) -> FiniteHorizonSolution
}

/// Quadratic risk: V solves a linear equation for every inventory by itself (`BackwardMarch`).
struct QuadraticRest: RestingMarch {
  private let base: BackwardMarch
  let team: WorkerTeam
  private let book: BookTable
  private var system: LineSystem
  private var variance: VarianceTable
  private var markJumps: MarkJumpLine
  private var source: QuadraticSource
  private let none: QuadraticSource
  private(set) var delta: [Double]
  private var recorder: ValueRecorder?

  /// - Parameters:
  ///   - keepsValues: whether V is kept at every level that is learned.
  ///   - followsMarks: whether the solution is to say what the jumps of marks bring.
  init(
    problem: OptionBookProblem, grid: FiniteHorizonGrid, threads: Int, keepsValues: Bool, followsMarks: Bool = true
  ) {
    base = BackwardMarch(problem: problem, grid: grid, threads: threads, ofValues: true, everywhere: true)
    team = WorkerTeam(threads: threads)
    book = BookTable(book: problem.book, spots: base.spots, regimes: base.regimes)
    system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    markJumps = MarkJumpLine(
      problem: problem, book: book, jumps: base.valueJumps, count: base.nodes, isFollowed: followsMarks)
    none = QuadraticSource(count: base.nodes)
    source = none
    delta = Array(repeating: 0, count: base.nodes)
    recorder = keepsValues ? ValueRecorder(grid: grid, regimes: base.regimes) : nil
  }

  var problem: OptionBookProblem { base.problem }
  var grid: FiniteHorizonGrid { base.grid }
  var prices: [Double] { base.spots }
  var logDrift: Double { 0 }
  // What waiting is worth where one would not is known on no strip.
  var hasStrips: Bool { base.jumps == nil && recorder?.keepsWaiting != true }
  var isJumping: Bool { base.jumps != nil }
  var lagBounds: [Double]? { nil }

  func kink(row: Int) -> Int { base.kink }

  var flats: [FlatLine] { base.flats }

  func growth(at time: Double) -> Double { 1 }

  func keeps(_ level: Int) -> Bool { recorder?.keeps(level) ?? false }

  func setTerminal(_ buffers: inout LineBuffers) {
    var unused = SingleLine(count: base.nodes)
    base.setTerminal(&buffers, valueLine: &unused, reference: base.referenceHolding())
  }

  mutating func prepare(time: Double, scheme: BackwardDifference, isNewMatrix: Bool) {
    if isNewMatrix { system.factorise(scheme) }
    book.deltas(at: time, into: &delta)
    variance.fill(at: time, delta: delta, threads: base.threads)
    source = base.source(delta: delta, variance)
    markJumps.advance(to: time, system, scheme)
  }

  func step(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip) {
    sweep(&buffers, source: source, scheme: scheme, strip: strip)
  }

  func carry(_ buffers: inout LineBuffers, scheme: BackwardDifference, strip: Strip) {
    sweep(&buffers, source: none, scheme: scheme, strip: strip)
  }

  private func sweep(_ buffers: inout LineBuffers, source: QuadraticSource, scheme: BackwardDifference, strip: Strip) {
    base.sweep(
      buffers, system: system, source: source, scheme: scheme, projection: .deferred, strip: strip,
      surroundings: RestingSurroundings(buffers, regimes: base.regimes, scheme: scheme, strip: strip), team: team)
    swap(&buffers.recent, &buffers.older)
  }

  mutating func wait(_ buffers: LineBuffers, level: Int) { keep(buffers, level: level, isWaiting: true) }

  mutating func learn(_ bands: ArraySlice<Band>, of buffers: LineBuffers, level: Int) {
    keep(buffers, level: level, isWaiting: false)
  }

  private mutating func keep(_ buffers: LineBuffers, level: Int, isWaiting: Bool) {
    recorder?.keep(level: level, isWaiting: isWaiting) {
      base.presentValues(buffers, valueLine: SingleLine(count: base.nodes), reference: 0)
    }
  }

  func solution(
    _ buffers: LineBuffers, policy: PolicyTable, settings: GridSettings
  ) throws(ControlError) -> FiniteHorizonSolution {
    try base.solution(
      buffers, policy: policy, markJumps: markJumps, delta: delta, settings: settings,
      valueLine: SingleLine(count: base.nodes), reference: 0, table: recorder?.table)
  }
}

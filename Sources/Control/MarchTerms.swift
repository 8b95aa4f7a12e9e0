import Formulation

/// What a step of a march needs that does not follow from the solution: the matrix, the running cost, the book's deltas, what
/// is known where one trades. Prepared for one step while the step before sweeps, so that it takes no time of its own on
/// more than one thread.
///
/// `@unchecked Sendable`: written by one thread while nobody reads.
final class MarchTerms: @unchecked Sendable {
  private let march: BackwardMarch
  private let book: BookTable
  private(set) var time = 0.0
  private(set) var scheme = BackwardDifference(step: 1, ratio: 0)
  private(set) var system: LineSystem
  private(set) var delta: [Double]
  private(set) var source: QuadraticSource
  private(set) var variance: VarianceTable
  /// The running cost at the end of the segment that begins with this step; nil within one.
  private(set) var opening: QuadraticSource?
  /// How far the book's delta moves until the end of the segment, per node [units].
  let diffusion: NodeArray<Double>
  /// Of the game.
  let rates: PinnedRates
  private var segmentEnd = 0.0

  init(_ march: BackwardMarch, book: BookTable, system: LineSystem, variance: VarianceTable) {
    self.march = march
    self.book = book
    self.system = system
    self.variance = variance
    delta = Array(repeating: 0, count: march.nodes)
    source = QuadraticSource(count: march.nodes)
    diffusion = NodeArray(repeating: 0.0, count: march.nodes)
    rates = PinnedRates(ceiling: march.ceiling, floor: march.floor)
  }

  func deallocate() {
    diffusion.deallocate()
    rates.deallocate()
  }

  /// For the step to a level.
  ///
  /// - Parameter before: those of the step before; nil for the first.
  func prepare(level: Int, after before: MarchTerms?) {
    let grid = march.grid
    time = grid.times[level]
    scheme = grid.step(to: level)
    system.factorise(scheme)
    var known = before?.rates ?? rates
    if grid.isSegmentEnd[level + 1] {
      segmentEnd = grid.times[level + 1]
      fill(at: segmentEnd.nextDown)
      opening = source
      if march.isGame {
        rates.restart(source, system: system)
        known = rates
      }
    } else {
      segmentEnd = before!.segmentEnd
      opening = nil
    }
    fill(at: time)
    grid.diffusions(of: delta, in: march.problem.environment, remaining: segmentEnd - time, into: diffusion)
    if march.isGame { rates.advance(from: known, to: source, system: system, scheme: scheme) }
  }

  private func fill(at time: Double) {
    book.deltas(at: time, into: &delta)
    // One thread: this is one task among those of a region.
    variance.fill(at: time, delta: delta, threads: 1)
    march.fill(&source, delta: delta, variance)
  }
}

/// Lines that ride along with a march: V at the reference inventory, of the game only, and the risk of the marks' jumps. Nothing
/// else depends on them, so that they follow a step behind, beside the sweep.
///
/// `@unchecked Sendable`: as `MarchTerms`.
final class RidingLines: @unchecked Sendable {
  private let march: BackwardMarch
  var value: SingleLine
  private(set) var markJumps: MarkJumpLine
  /// Where they have arrived [years].
  private var time = Double.infinity
  private let inventory: Double
  private let excess: NodeArray<Double>

  /// - Parameters:
  ///   - reference: index of the reference inventory.
  ///   - excess: `∫ λ dy` per node, of the last step that was read.
  init(_ march: BackwardMarch, book: BookTable, reference: Int, excess: NodeArray<Double>) {
    self.march = march
    value = SingleLine(count: march.nodes)
    markJumps = MarkJumpLine(
      problem: march.problem, book: book, jumps: march.valueJumps, count: march.nodes,
      isFollowed: march.followsMarks)
    inventory = march.holdings[reference]
    self.excess = excess
  }

  /// Takes a step, unless it has been taken.
  func advance(_ terms: MarchTerms) {
    guard terms.time < time else { return }
    time = terms.time
    if march.isGame {
      let (y, excess, earned) = (inventory, excess, march.earned)
      let half = 0.5 * march.problem.preference.riskAversion
      let (source, constant, delta) = (terms.source, terms.variance.constant, terms.delta)
      value.advance(terms.system, terms.scheme, jumps: march.valueJumps) { node in
        let atZero = half * constant[node]
        return (source.constant[node] + 0.5 * source.linear[node] * y) * y + atZero - earned[node] * delta[node]
          - excess[node]
      }
    }
    markJumps.advance(to: terms.time, terms.system, terms.scheme)
  }
}

import Formulation

/// What a march remembers of its strip from step to step. Plain memory, which the owner deallocates.
struct StripMemory {
  private(set) var strip: Strip
  private var before: Strip
  /// The lines that wait, per row, as rows of the last step found them.
  let found: NodeArray<LineExtent>
  /// What the last steps found, in turn.
  private let earlier: [NodeArray<LineExtent>]
  private let lines: NodeArray<LineExtent>
  /// Whether unknowns are left out at all.
  private let isNarrow: Bool
  /// Steps since the segment began.
  private var steps = 0
  /// σ of the most volatile regime over the smallest spacing of log-spot.
  private let rowsPerRootYear: Double

  /// The first steps of a segment solve for every node: two levels are needed to extrapolate.
  private static let stepsInFull = 2
  /// A line counts as waiting for so many steps after it last did: until its multiplier has settled.
  private static let settlingSteps = 3
  /// The margin in rows: this many, or as far as a step diffuses.
  private static let leastRowMargin = 6

  init(grid: FiniteHorizonGrid, environment: EnvironmentChain, tiles: Int, isNarrow: Bool) {
    let rows = grid.logSpots.count
    strip = Strip(rows: rows, tiles: tiles)
    before = Strip(rows: rows, tiles: tiles)
    let all = strip.waiting[0]
    found = NodeArray(repeating: all, count: rows)
    lines = NodeArray(repeating: all, count: rows)
    earlier = (0..<StripMemory.settlingSteps).map { _ in NodeArray(repeating: all, count: rows) }
    self.isNarrow = isNarrow
    let spacing = zip(grid.logSpots.dropFirst(), grid.logSpots).map { $0 - $1 }.min()!
    rowsPerRootYear = environment.regimes.map(\.volatility).max()! / spacing
  }

  func deallocate() {
    strip.deallocate()
    before.deallocate()
    for array in [found, lines] + earlier { array.deallocate() }
  }

  /// All nodes again, at the start of a segment.
  mutating func restart() {
    strip.fill()
    steps = 0
  }

  /// Moves on to the strip around what was found.
  ///
  /// - Parameters:
  ///   - enter: called for each row and tile that becomes unknown.
  ///   - leave: called for each that no longer is.
  mutating func move(
    _ scheme: BackwardDifference, enter: (_ row: Int, _ tile: Int) -> Void, leave: (_ row: Int, _ tile: Int) -> Void
  ) {
    guard isNarrow else { return }
    for row in found.indices {
      var (low, high) = (found[row].lowerBound, found[row].upperBound)
      for step in 0..<min(steps, earlier.count) {
        low = min(low, earlier[step][row].lowerBound)
        high = max(high, earlier[step][row].upperBound)
      }
      lines[row] = low...high
      earlier[steps % earlier.count][row] = found[row]
    }
    steps += 1
    guard steps >= StripMemory.stepsInFull else { return }
    let diffused = rowsPerRootYear * (scheme.step / scheme.leading).squareRoot()
    swap(&strip, &before)
    strip.surround(lines, rowMargin: max(StripMemory.leastRowMargin, Int(diffused.rounded(.up))))
    for tile in 0..<strip.tiles {
      strip.forEachRow(of: tile, notIn: before) { enter($0, tile) }
      before.forEachRow(of: tile, notIn: strip) { leave($0, tile) }
    }
  }
}

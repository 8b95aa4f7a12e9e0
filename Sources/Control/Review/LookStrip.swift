import Formulation

/// The strip of a march in which one trades at looks and at no other time.
///
/// Right after a look V is a trade's line wherever one trades, known from the lines that wait. Until the next look every
/// inventory rests, so that what is beside the strip is missed by what an interval brings, and only as much of it as
/// diffuses across the strip's margin: six deviations of an interval leave less than 10⁻⁷ of that. At the look it is set
/// right by the trade. Plain memory, which the owner deallocates. *Verified by* `LookStripTests`, against marches of all
/// nodes.
struct LookStrip {
  /// What is unknown until the next look.
  private(set) var strip: Strip
  /// What was unknown until the last one.
  private(set) var before: Strip
  /// The lines of each row that the next look needs.
  let needed: NodeArray<LineExtent>
  /// The tiles of each row that a look reads or sets: those that were unknown before it, and those that must be known after.
  let touched: NodeArray<ClosedRange<Int>>
  /// σ of the most volatile regime over the smallest spacing of log-spot.
  private let rowsPerRootYear: Double
  private let lastLine: Int
  /// Whether bands are found at looks instead of given: the strip must then hold wherever they may have moved to.
  private let findsBands: Bool
  /// Rows from where a tile's unknowns end to where they are not touched by what is missed there.
  private var soundMargin = 0

  /// Rows on either side, in deviations of the price from one look to the next: its density there is 10⁻⁸ of that in the middle.
  private static let rowDeviations = 6.0
  /// … and no fewer than this many: an implicit step spreads farther than the density does, by a factor of 13 less from row to
  /// row where a deviation of a step is one row.
  private static let leastRowMargin = 6

  /// - Parameter findsBands: whether what a look needs is what the last one found.
  init(grid: FiniteHorizonGrid, environment: EnvironmentChain, tiles: Int, findsBands: Bool) {
    self.findsBands = findsBands
    let rows = grid.logSpots.count
    strip = Strip(rows: rows, tiles: tiles)
    before = Strip(rows: rows, tiles: tiles)
    lastLine = tiles * LineSweep.tileLines - 1
    needed = NodeArray(repeating: 0...lastLine, count: rows)
    touched = NodeArray(repeating: 0...(tiles - 1), count: rows)
    let spacing = zip(grid.logSpots.dropFirst(), grid.logSpots).map { $0 - $1 }.min()!
    rowsPerRootYear = environment.regimes.map(\.volatility).max()! / spacing
  }

  func deallocate() {
    strip.deallocate()
    before.deallocate()
    needed.deallocate()
    touched.deallocate()
  }

  /// Needs all lines.
  func needAll() { for row in needed.indices { needed[row] = 0...lastLine } }

  /// Needs some lines of a row, the first regime's or beside those of the regimes before it.
  @inline(__always)
  func need(_ lines: LineExtent, row: Int, isFirst: Bool) {
    needed[row] =
      isFirst
      ? lines
      : min(needed[row].lowerBound, lines.lowerBound)...max(needed[row].upperBound, lines.upperBound)
  }

  /// Moves on to the strip around what is needed after so many years.
  mutating func move(over interval: Double) {
    swap(&strip, &before)
    let reach = min(Double(strip.rows), LookStrip.rowDeviations * rowsPerRootYear * interval.squareRoot())
    let margin = max(LookStrip.leastRowMargin, Int(reach.rounded(.up)))
    soundMargin = findsBands ? margin : 0
    strip.surround(needed, rowMargin: margin + soundMargin)
    for row in touched.indices { touched[row] = before.span[row] }
    for tile in 0..<strip.tiles {
      for row in known(tile) {
        touched[row] = min(touched[row].lowerBound, tile)...max(touched[row].upperBound, tile)
      }
    }
  }

  /// Whether a tile's lines at a row are right: a decision that compares lines would take those next to where the strip ends for
  /// cheaper than they are, by what the interval costs.
  @inline(__always)
  func isSound(row: Int, tile: Int) -> Bool {
    let active = strip.active[tile]
    return active.contains(row) && (active.lowerBound == 0 || row >= active.lowerBound + soundMargin)
      && (active.upperBound == strip.rows || row < active.upperBound - soundMargin)
  }

  /// The rows of a tile whose lines must be known after a look: those of the strip, and one more on either side, where it ends.
  @inline(__always)
  private func known(_ tile: Int) -> Range<Int> {
    let active = strip.active[tile]
    return active.isEmpty ? active : max(0, active.lowerBound - 1)..<min(strip.rows, active.upperBound + 1)
  }

  /// Calls `body` for what is not among the unknowns.
  @inline(__always)
  func forEachBeside(_ body: (_ row: Int, _ tile: Int) -> Void) {
    for tile in 0..<strip.tiles {
      for row in 0..<strip.rows where !strip.span[row].contains(tile) { body(row, tile) }
    }
  }

  /// Calls `body` for what must be known and was not among the unknowns before.
  @inline(__always)
  func forEachEntering(_ body: (_ row: Int, _ tile: Int) -> Void) {
    for tile in 0..<strip.tiles {
      for row in known(tile) where !before.span[row].contains(tile) { body(row, tile) }
    }
  }
}

/// What a step of such a march knows beside the strip: what stood there after the last look.
///
/// A `TwoStageStep` has that in the older slice at its second stage; on the strip itself the recent one is nearer.
struct RestingSurroundings: StripSurroundings, @unchecked Sendable {
  private let inside: UnsafePointer<LineGroup>
  private let beside: UnsafePointer<LineGroup>
  private let nodes: Int
  private let regimes: Int
  private let strip: Strip

  init(_ buffers: LineBuffers, regimes: Int, scheme: BackwardDifference, strip: Strip) {
    inside = UnsafePointer(buffers.recent)
    beside = UnsafePointer(scheme.ratio == 0 ? buffers.recent : buffers.older)
    nodes = buffers.nodes
    self.regimes = regimes
    self.strip = strip
  }

  @inline(__always)
  func predictor(node: Int, tile: Int, group: Int, inventories: LineGroup) -> LineGroup {
    let slice = strip.isActive(row: node / regimes, tile: tile) ? inside : beside
    return slice[(tile * nodes + node) * LineSweep.tile + group]
  }
}

/// V at one (spot, regime) beyond the lines that were unknown before a look: a trade's cost from the outermost of them on.
struct OuterLines {
  /// V's lines at y = 0 [quote], and what they change by per unit [quote/unit].
  private let low: Double
  private let high: Double
  private let buy: Double
  private let sell: Double
  /// Between the two.
  private let middle: Double

  /// - Parameters:
  ///   - first, last: the outermost lines' inventories and values.
  ///   - buy, sell: `k S` of a purchase and a sale [quote/unit].
  init(first: (inventory: Double, value: Double), last: (inventory: Double, value: Double), buy: Double, sell: Double) {
    low = first.value + buy * first.inventory
    high = last.value - sell * last.inventory
    middle = 0.5 * (first.inventory + last.inventory)
    (self.buy, self.sell) = (buy, sell)
  }

  static var none: OuterLines { OuterLines(first: (0, 0), last: (0, 0), buy: 0, sell: 0) }

  @inline(__always)
  func value(_ y: LineGroup) -> LineGroup {
    let below = fused(LineGroup(repeating: -buy), y, LineGroup(repeating: low))
    let above = fused(LineGroup(repeating: sell), y, LineGroup(repeating: high))
    return below.replacing(with: above, where: y .> LineGroup(repeating: middle))
  }
}

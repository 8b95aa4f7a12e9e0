import Formulation

/// The lines of a row on which one may wait, by index.
typealias LineExtent = ClosedRange<Int>

/// Where the unknowns of a march are: for each tile of lines, the rows on which it is not known beforehand that one trades.
///
/// Where one trades at once the solution follows from the no-trade region: W is its obstacle, V a line through a trade's
/// destination. A step therefore solves for the nodes of a strip around the region only and takes its surroundings
/// (`StripSurroundings`) as given. The strip is what waited after the last steps and a margin; the region moves by less than
/// the margin in a step, and nodes at the margin's end are ones where one trades, so that an error of their surroundings is
/// cut off by the projection before it reaches the region.
///
/// A tile is the smallest piece of a row, so that all lines of a tile share their rows. Plain memory, which the owner
/// deallocates. *Verified by* `StripTests`, against marches without a strip.
struct Strip: Sendable {
  let rows: Int
  let tiles: Int
  /// The active rows of each tile.
  let active: NodeArray<Range<Int>>
  /// The lines of each row that may wait, margin included.
  let waiting: NodeArray<LineExtent>
  /// The tiles of each row that are active, and whatever lies between.
  let span: NodeArray<ClosedRange<Int>>

  /// Lines on either side of those that wait.
  private static let lineMargin = 4
  /// A tile through which the region passes in a few rows has this many all the same: where the delta runs through all of a large
  /// book's range in a few rows, fewer leave the surroundings' errors in the value (a thirtieth of it in
  /// `StripTests.narrowAgainstTheBook` with six on either side, 10⁻⁵ with twenty).
  private static let leastRows = 40

  /// All nodes.
  init(rows: Int, tiles: Int) {
    self.rows = rows
    self.tiles = tiles
    active = NodeArray(repeating: 0..<rows, count: tiles)
    waiting = NodeArray(repeating: 0...(tiles * LineSweep.tileLines - 1), count: rows)
    span = NodeArray(repeating: 0...(tiles - 1), count: rows)
  }

  func deallocate() {
    active.deallocate()
    waiting.deallocate()
    span.deallocate()
  }

  /// Takes in all nodes.
  func fill() {
    for tile in 0..<tiles { active[tile] = 0..<rows }
    for row in 0..<rows {
      waiting[row] = 0...(tiles * LineSweep.tileLines - 1)
      span[row] = 0...(tiles - 1)
    }
  }

  /// Surrounds the lines that wait.
  ///
  /// - Parameter rowMargin: rows on either side of those with waiting lines.
  func surround(_ lines: NodeArray<LineExtent>, rowMargin: Int) {
    let last = tiles * LineSweep.tileLines - 1
    for tile in 0..<tiles { active[tile] = 0..<0 }
    for row in 0..<rows {
      let extent = lines[row]
      waiting[row] = max(0, extent.lowerBound - Strip.lineMargin)...min(last, extent.upperBound + Strip.lineMargin)
      // Where the region moves by more than a tile from one row to the next, what lies between belongs to both: a row's tiles have
      // no hole, in which it would be read without having been solved.
      let near = row > 0 ? waiting[row - 1] : waiting[row]
      let first = min(waiting[row].lowerBound, near.upperBound) / LineSweep.tileLines
      let final = max(waiting[row].upperBound, near.lowerBound) / LineSweep.tileLines
      for tile in first...final {
        let start = active[tile].isEmpty ? max(0, row - (waiting[row].covers(tile) ? 0 : 1)) : active[tile].lowerBound
        active[tile] = start..<(row + 1)
      }
    }
    for tile in 0..<tiles where !active[tile].isEmpty {
      let margin = max(rowMargin, (Strip.leastRows - active[tile].count + 1) / 2)
      active[tile] = max(0, active[tile].lowerBound - margin)..<min(rows, active[tile].upperBound + margin)
    }
    // From the last tile down, the first to come is a row's last.
    for row in 0..<rows { span[row] = tiles...tiles }
    for tile in (0..<tiles).reversed() {
      for row in active[tile] { span[row] = tile...(span[row].lowerBound == tiles ? tile : span[row].upperBound) }
    }
  }

  /// Whether a node's lines in a tile are unknowns.
  @inline(__always)
  func isActive(row: Int, tile: Int) -> Bool { active[tile].contains(row) }

  /// Calls `body` for the rows of a tile that are in this strip and not in another.
  @inline(__always)
  func forEachRow(of tile: Int, notIn other: Strip, _ body: (Int) -> Void) {
    let (mine, theirs) = (active[tile], other.active[tile])
    for row in mine where !theirs.contains(row) { body(row) }
  }

  /// The share of all nodes that are unknowns.
  var share: Double {
    Double((0..<tiles).reduce(0) { $0 + active[$1].count }) / Double(rows * tiles)
  }
}

/// What a step knows of the solution outside the strip.
protocol StripSurroundings: Sendable {
  /// Ũ of the step (see `LineSweep`) for a group of lines, counted within its tile, at a node outside the strip or on its
  /// margin.
  func predictor(node: Int, tile: Int, group: Int, inventories: LineGroup) -> LineGroup
}

extension LineExtent {
  /// Whether any of a tile's lines are among these.
  fileprivate func covers(_ tile: Int) -> Bool {
    lowerBound / LineSweep.tileLines <= tile && tile <= upperBound / LineSweep.tileLines
  }
}

/// Beside a strip of all nodes there is nothing.
struct NoSurroundings: StripSurroundings {
  @inline(__always)
  func predictor(node: Int, tile: Int, group: Int, inventories: LineGroup) -> LineGroup { .zero }
}

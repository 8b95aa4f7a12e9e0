import Formulation

/// Memory of the lines: two time slices and a multiplier, whatever the number of steps, laid out for `LineSweep`.
///
/// `@unchecked Sendable`: threads write disjoint tiles in a sweep and disjoint nodes in a reading.
struct LineBuffers: @unchecked Sendable {
  var recent: UnsafeMutablePointer<LineGroup>
  var older: UnsafeMutablePointer<LineGroup>
  let multiplier: UnsafeMutablePointer<LineGroup>
  /// What jumps bring in the step at hand, for a price that jumps; see `JumpOperator`.
  let explicit: UnsafeMutablePointer<LineGroup>?
  let holdings: UnsafeMutablePointer<LineGroup>
  let nodes: Int
  let tiles: Int

  /// - Parameters:
  ///   - nodes: rows × regimes.
  ///   - holdings: the lines' inventories, a whole number of tiles.
  ///   - jumping: whether room for jumps is needed.
  init(nodes: Int, holdings values: [Double], jumping: Bool = false) {
    self.nodes = nodes
    tiles = values.count / LineSweep.tileLines
    let count = nodes * tiles * LineSweep.tile
    recent = .allocate(capacity: count)
    older = .allocate(capacity: count)
    multiplier = .allocate(capacity: count)
    explicit = jumping ? .allocate(capacity: count) : nil
    explicit?.initialize(repeating: .zero, count: count)
    holdings = .allocate(capacity: tiles * LineSweep.tile)
    for buffer in [recent, older, multiplier] { buffer.initialize(repeating: .zero, count: count) }
    holdings.initialize(repeating: .zero, count: tiles * LineSweep.tile)
    let plain = UnsafeMutableRawPointer(holdings).assumingMemoryBound(to: Double.self)
    for index in values.indices { plain[index] = values[index] }
  }

  /// Forgets the multiplier, at the start of a segment.
  func clearMultiplier() { multiplier.update(repeating: .zero, count: nodes * tiles * LineSweep.tile) }

  func deallocate() {
    recent.deallocate()
    older.deallocate()
    multiplier.deallocate()
    explicit?.deallocate()
    holdings.deallocate()
  }

  /// y by line.
  @inline(__always)
  var inventories: UnsafePointer<Double> { UnsafeRawPointer(holdings).assumingMemoryBound(to: Double.self) }

  /// One slice, addressed by node and line.
  struct Slice {
    let start: UnsafeMutablePointer<Double>
    let nodes: Int

    @inline(__always)
    subscript(node: Int, line: Int) -> Double {
      get { start[position(node, line)] }
      nonmutating set { start[position(node, line)] = newValue }
    }

    @inline(__always)
    private func position(_ node: Int, _ line: Int) -> Int {
      ((line / LineSweep.tileLines) * nodes + node) * LineSweep.tileLines + line % LineSweep.tileLines
    }
  }

  func slice(_ base: UnsafeMutablePointer<LineGroup>) -> Slice {
    Slice(start: UnsafeMutableRawPointer(base).assumingMemoryBound(to: Double.self), nodes: nodes)
  }

  /// The sum of a tile's lines at a node.
  @inline(__always)
  func sum(_ base: UnsafeMutablePointer<LineGroup>, node: Int, tile: Int) -> Double {
    let place = (tile * nodes + node) * LineSweep.tile
    var groups = base[place]
    for group in 1..<LineSweep.tile { groups += base[place + group] }
    return groups.sum()
  }

  /// Calls `body` with the node, the group among the holdings and the place in memory, for all groups of a tile at a row.
  @inline(__always)
  func forEachGroup(tile: Int, row: Int, regimes: Int, _ body: (_ node: Int, _ group: Int, _ place: Int) -> Void) {
    for node in (row * regimes)..<((row + 1) * regimes) {
      for group in 0..<LineSweep.tile {
        body(node, tile * LineSweep.tile + group, (tile * nodes + node) * LineSweep.tile + group)
      }
    }
  }

  /// The tiles of a row.
  var all: ClosedRange<Int> { 0...(tiles - 1) }

  /// Copies the lines of a node to consecutive memory.
  @inline(__always)
  func gather(_ base: UnsafeMutablePointer<LineGroup>, node: Int, into row: UnsafeMutablePointer<LineGroup>) {
    gather(base, node: node, tiles: all, into: row)
  }

  /// … of some tiles, each to the place that it has among all.
  @inline(__always)
  func gather(
    _ base: UnsafeMutablePointer<LineGroup>, node: Int, tiles: ClosedRange<Int>,
    into row: UnsafeMutablePointer<LineGroup>
  ) {
    for tile in tiles {
      for group in 0..<LineSweep.tile {
        row[tile * LineSweep.tile + group] = base[(tile * nodes + node) * LineSweep.tile + group]
      }
    }
  }

  /// The reverse of `gather`.
  @inline(__always)
  func scatter(_ row: UnsafePointer<LineGroup>, to base: UnsafeMutablePointer<LineGroup>, node: Int) {
    scatter(row, to: base, node: node, tiles: all)
  }

  @inline(__always)
  func scatter(
    _ row: UnsafePointer<LineGroup>, to base: UnsafeMutablePointer<LineGroup>, node: Int, tiles: ClosedRange<Int>
  ) {
    for tile in tiles {
      for group in 0..<LineSweep.tile {
        base[(tile * nodes + node) * LineSweep.tile + group] = row[tile * LineSweep.tile + group]
      }
    }
  }
}

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

  /// The sum over a range of a node's lines, whole tiles at a time.
  func sum(_ base: UnsafeMutablePointer<LineGroup>, node: Int, lines: ClosedRange<Int>) -> Double {
    let plain = slice(base)
    let width = LineSweep.tileLines
    // Whole tiles from the first that begins in the range to the last that ends in it.
    let first = (lines.lowerBound + width - 1) / width
    let last = (lines.upperBound + 1) / width
    guard first < last else { return lines.reduce(0.0) { $0 + plain[node, $1] } }
    var groups = LineGroup.zero
    for tile in first..<last {
      for group in 0..<LineSweep.tile { groups += base[(tile * nodes + node) * LineSweep.tile + group] }
    }
    var total = groups.sum()
    for line in lines.lowerBound..<(first * width) { total += plain[node, line] }
    for line in stride(from: last * width, through: lines.upperBound, by: 1) { total += plain[node, line] }
    return total
  }

  /// Copies the lines of a node to consecutive memory.
  @inline(__always)
  func gather(_ base: UnsafeMutablePointer<LineGroup>, node: Int, into row: UnsafeMutablePointer<LineGroup>) {
    for tile in 0..<tiles {
      for group in 0..<LineSweep.tile {
        row[tile * LineSweep.tile + group] = base[(tile * nodes + node) * LineSweep.tile + group]
      }
    }
  }

  /// The reverse of `gather`.
  @inline(__always)
  func scatter(_ row: UnsafePointer<LineGroup>, to base: UnsafeMutablePointer<LineGroup>, node: Int) {
    for tile in 0..<tiles {
      for group in 0..<LineSweep.tile {
        base[(tile * nodes + node) * LineSweep.tile + group] = row[tile * LineSweep.tile + group]
      }
    }
  }
}

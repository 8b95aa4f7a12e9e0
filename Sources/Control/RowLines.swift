/// The lines of one node where they lie in memory, tile after tile.
struct RowLines {
  private let start: UnsafeMutablePointer<LineGroup>
  /// Groups from a tile to the next.
  private let stride: Int

  /// - Parameters:
  ///   - base: one of the arrays of `buffers`.
  ///   - tile: the first that counts.
  init(_ buffers: LineBuffers, _ base: UnsafeMutablePointer<LineGroup>, node: Int, tile: Int) {
    start = base + (tile * buffers.nodes + node) * LineSweep.tile
    stride = buffers.nodes * LineSweep.tile
  }

  /// Lines that lie side by side.
  init(_ start: UnsafeMutablePointer<LineGroup>) {
    self.start = start
    stride = LineSweep.tile
  }

  /// The groups of a tile, counted from the first.
  @inline(__always)
  func groups(ofTile tile: Int) -> UnsafeMutablePointer<LineGroup> { start + tile * stride }

  @inline(__always)
  func group(_ index: Int) -> UnsafeMutablePointer<LineGroup> {
    groups(ofTile: index / LineSweep.tile) + index % LineSweep.tile
  }

  @inline(__always)
  subscript(line: Int) -> Double {
    get {
      UnsafeRawPointer(groups(ofTile: line / LineSweep.tileLines)).assumingMemoryBound(to: Double.self)[
        line % LineSweep.tileLines]
    }
    nonmutating set {
      UnsafeMutableRawPointer(groups(ofTile: line / LineSweep.tileLines)).assumingMemoryBound(to: Double.self)[
        line % LineSweep.tileLines] = newValue
    }
  }
}

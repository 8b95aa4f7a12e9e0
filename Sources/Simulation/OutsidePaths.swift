import VectorMath

/// The paths of a block that stand outside their bands at a check, gathered eight at a time. One per block state, reused.
struct OutsidePaths {
  /// Their numbers in the block, ascending; the last is repeated to fill its eight.
  private let paths: UnsafeMutablePointer<Int32>
  /// 1 above the band, 0 below.
  private let sides: UnsafeMutablePointer<Lanes>

  /// Vectors that one word has bits for.
  private static let vectorsPerWord = UInt64.bitWidth / Lanes.scalarCount

  init() {
    let lanes = Lanes.scalarCount
    paths = .allocate(capacity: BlockState.pathCount + lanes)
    paths.initialize(repeating: 0, count: BlockState.pathCount + lanes)
    sides = .allocate(capacity: BlockState.vectorCount + 1)
    sides.initialize(repeating: Lanes(), count: BlockState.vectorCount + 1)
  }

  func deallocate() {
    paths.deallocate()
    sides.deallocate()
  }

  /// Collects the paths for which `find` sets a lane of one of two masks; below counts where both are set.
  ///
  /// - Returns: how many there are.
  @inline(__always)
  func collect(_ find: (_ vector: Int) -> (above: LaneMask, below: LaneMask)) -> Int {
    let numbers = UnsafeMutableRawPointer(sides).assumingMemoryBound(to: Double.self)
    var count = 0
    for first in stride(from: 0, to: BlockState.vectorCount, by: OutsidePaths.vectorsPerWord) {
      var (above, below) = (0 as UInt64, 0 as UInt64)
      for place in 0..<OutsidePaths.vectorsPerWord {
        let found = find(first &+ place)
        above |= UInt64(maskBits(found.above)) &<< UInt64(place &* Lanes.scalarCount)
        below |= UInt64(maskBits(found.below)) &<< UInt64(place &* Lanes.scalarCount)
      }
      var outside = above | below
      above &= ~below
      while outside != 0 {
        let bit = outside.trailingZeroBitCount
        paths[count] = Int32(truncatingIfNeeded: first &* Lanes.scalarCount &+ bit)
        numbers[count] = Double(Int64(truncatingIfNeeded: (above &>> UInt64(bit)) & 1))
        count &+= 1
        outside &= outside &- 1
      }
    }
    guard count > 0 else { return 0 }
    for place in count..<(count &+ Lanes.scalarCount) {
      paths[place] = paths[count &- 1]
      numbers[place] = numbers[count &- 1]
    }
    return count
  }

  /// Eight of the collected paths from one on, and which of them are above their bands.
  @inline(__always)
  func eight(from first: Int, of count: Int) -> (paths: ScatteredPaths, isAbove: LaneMask) {
    let paths = ScatteredPaths(paths + first, count: min(Lanes.scalarCount, count &- first))
    return (paths, sides[first / Lanes.scalarCount] .> 0)
  }
}

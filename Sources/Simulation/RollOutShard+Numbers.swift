import Formulation

// A shard as a row of numbers, so that processes can hand their shards to another that merges them.

extension RollOut {
  /// Blocks of all paths: no more shards than these can be made.
  public var blockCount: Int { (settings.pathCount + RollOut.blockSize - 1) / RollOut.blockSize }

  /// The paths of one of so many shards of about equal size, numbered from 0: whole blocks, each shard beginning where the one before
  /// ends.
  ///
  /// - Throws: `outOfRange` when there are more shards than blocks, or no shard of this number.
  public func paths(ofShard number: Int, of count: Int) throws(SimulationError) -> Range<Int> {
    try require(
      Double(count), count >= 1 && count <= blockCount, "shards", "from 1 to \(blockCount), the blocks of paths")
    try require(Double(number), number >= 0 && number < count, "shard", "from 0 to \(count - 1)")
    let (first, last) = (blockCount * number / count, blockCount * (number + 1) / count)
    return first * RollOut.blockSize..<min(settings.pathCount, last * RollOut.blockSize)
  }
}

/// Block by block: per column count, mean and three central sums over paths, the same over samples, per regime the same of both
/// numbers of a renewal and the sum of their products, then the kept values of every path. Counts are whole numbers below 2⁵³, so that
/// reading back what was written gives the same shard, bit for bit. *Verified by* `ShardNumberTests`.
extension RollOutShard {
  /// All sums and kept values.
  public var numbers: [Double] {
    var numbers: [Double] = []
    for block in blocks {
      for moments in block.paths + block.samples { numbers += moments.numbers }
      for renewal in block.renewals { numbers += renewal.numbers }
      for values in block.kept { numbers += values }
    }
    return numbers
  }

  /// What another process has rolled out.
  ///
  /// - Parameters:
  ///   - numbers: as `numbers` of the other's shard.
  ///   - paths: which paths they are of.
  ///   - rollOut: the same problem and settings as there.
  ///   - keptCount: how many columns were kept path by path.
  /// - Throws: `misalignedShard`, `shardShape` when the numbers are not as many as the shard's.
  public init(
    numbers: [Double], paths: Range<Int>, of rollOut: RollOut, keptCount: Int
  ) throws(SimulationError) {
    let size = RollOut.blockSize
    guard paths.lowerBound % size == 0 else { throw .misalignedShard(first: paths.lowerBound, block: size) }
    let regimeCount = rollOut.plan.regimes.count
    let perBlock =
      2 * RollOutColumn.allCases.count * Moments.numberCount + regimeCount * PairedMoments.numberCount
    let blockCount = (paths.count + size - 1) / size
    let expected = blockCount * perBlock + keptCount * paths.count
    guard numbers.count == expected else { throw .shardShape(found: numbers.count, expected: expected) }
    var next = 0
    func take(_ count: Int) -> ArraySlice<Double> {
      next += count
      return numbers[next - count..<next]
    }
    let blocks = (0..<blockCount).map { block in
      let count = min(size, paths.count - block * size)
      var summary = BlockSummary()
      summary.paths = RollOutColumn.allCases.map { _ in Moments(take(Moments.numberCount)) }
      summary.samples = RollOutColumn.allCases.map { _ in Moments(take(Moments.numberCount)) }
      summary.renewals = (0..<regimeCount).map { _ in PairedMoments(take(PairedMoments.numberCount)) }
      summary.kept = (0..<keptCount).map { _ in Array(take(count)) }
      return summary
    }
    self = rollOut.shard(paths, blocks: blocks)
  }
}

extension HedgingPolicy {
  /// Every bit that decides what the policy does, in one order: two policies that do the same by the same numbers have equal words.
  public var words: [UInt64] {
    func bits(_ numbers: [Double]) -> [UInt64] { numbers.map(\.bitPattern) }
    func words(_ band: Band) -> [UInt64] {
      bits([band.lower, band.upper, band.targetLower, band.targetUpper, band.slopeLower, band.slopeUpper])
        + [band.heldFlats]
    }
    func words(_ table: PolicyTable) -> [UInt64] {
      [UInt64(table.times.count), UInt64(table.logSpots.count), UInt64(table.regimeCount)]
        + bits(table.times + table.logSpots) + table.bands.flatMap(words)
        + bits(table.flats.places + [table.flats.within])
    }
    switch self {
    case .table(let table): return [0] + words(table)
    case .constantBand(let bands): return [1] + bands.flatMap(words)
    case .interval(let seconds, let target): return [2] + bits([seconds, target])
    case .reviewed(let table, let seconds): return [3] + words(table) + bits([seconds])
    case .clocked(let table, let clock):
      let effect: UInt64 =
        switch clock.effect {
        case .permits: 0
        case .forcesToTargets: 1
        case .forcesToMiddle: 2
        }
      return [4] + words(table) + bits(clock.gaps) + [effect]
    case .holding(let table): return [5] + words(table)
    case .gammaScaled(let multiple): return [6] + bits([multiple])
    case .never: return [7]
    case .frictionless: return [8]
    }
  }
}

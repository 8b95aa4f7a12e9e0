import Formulation

/// A table of bands as the kernel reads it: the source's own nodes, edges apart from targets, and an index that leads from a
/// log-spot to the nodes around it. Nothing is resampled: between nodes the kernel interpolates what the source says.
///
/// A *cell* is a node and the stretch to the next one, `regime · (n + 1) + node`; the last node's stretch has no end, and
/// the entry after it repeats it, so that every cell has a right neighbour. The index divides the table's log-spots into
/// equal buckets and holds, for each regime, the last cell that begins before the bucket; from there `corrections`
/// comparisons lead to the cell, whatever the spacing.
///
/// One object per policy, shared by all variants, threads and blocks. *Verified by* `PolicyTests.tableLookUp`,
/// `PolicyTests.everySpacing`.
final class PolicyNodes: Sendable {
  let times: [Double]
  /// Entries of one time: regimes × (nodes + 1).
  let rowLength: Int
  /// `[time × cell]`: (lower, upper).
  let edges: [SIMD2<Double>]
  /// `[time × cell]`: (targetLower, targetUpper).
  let targets: [SIMD2<Double>]
  /// Whether every target is its edge: a path's targets are then the edges that were looked up for it.
  let targetsAreEdges: Bool
  /// `[time × cell]`: (slopeLower, slopeUpper); empty where no target depends on the position.
  let slopes: [SIMD2<Double>]
  /// `[cell]`: log-spot of the node and 1 / length of the stretch; (∞, 0) after the last node.
  let stretches: [SIMD2<Double>]
  /// `[regime × bucket]`.
  let firstCells: [Int32]
  let bucketCount: Int
  /// The greatest number of nodes in a bucket.
  let corrections: Int
  let origin: Double
  let end: Double
  /// Buckets per unit of log-spot.
  let density: Double
  /// Of `PolicyTable`; with some, `[time × cell]`: at which of them to wait. Empty without.
  let flats: FlatInventories
  let heldFlats: [UInt64]

  /// What stands for an infinite edge: beyond any net delta, and interpolation between it and a finite edge stays beyond
  /// any net delta, as an infinite neighbour demands, without the `∞ − ∞` of the real thing.
  static let beyond = 1e200
  /// Chosen so that the index of two regimes fills no more than 32 KiB.
  static let maximumBuckets = 4096
  /// Buckets for the shortest stretch: above 1, so that rounding does not put two nodes into one bucket.
  static let bucketsPerStretch = 1.25

  /// - Throws: `tableShape`, `regimeCount`, `band`.
  init(_ table: PolicyTable, regimeCount: Int) throws(SimulationError) {
    let nodes = table.logSpots
    guard !table.times.isEmpty, !nodes.isEmpty else { throw .tableShape("empty") }
    guard table.regimeCount == regimeCount else {
      throw .regimeCount(found: table.regimeCount, expected: regimeCount)
    }
    guard table.bands.count == table.times.count * regimeCount * nodes.count else { throw .tableShape("bands") }
    for (values, name) in [(table.times, "times"), (nodes, "logSpots")] {
      for value in values where !value.isFinite { throw .tableShape(name) }
      for index in values.indices.dropFirst() where !(values[index] > values[index - 1]) { throw .tableShape(name) }
    }
    times = table.times
    flats = table.flats
    heldFlats = table.flats.isEmpty ? [] : PolicyNodes.rows(of: table) { $0.heldFlats }
    rowLength = regimeCount * (nodes.count + 1)
    (origin, end) = (nodes[0], nodes[nodes.count - 1])
    let halves = try PolicyNodes.halves(table)
    (edges, slopes) = (halves.edges, halves.slopes)
    targetsAreEdges = halves.targets == halves.edges
    targets = targetsAreEdges ? halves.edges : halves.targets

    var shortest = end - origin
    for index in nodes.indices.dropFirst() { shortest = min(shortest, nodes[index] - nodes[index - 1]) }
    let wanted = nodes.count == 1 ? 1 : (end - origin) / shortest * PolicyNodes.bucketsPerStretch
    bucketCount = Int(min(Double(PolicyNodes.maximumBuckets), wanted.rounded(.up))) + 1
    density = nodes.count == 1 ? 0 : Double(bucketCount - 1) / (end - origin)
    // The same arithmetic places nodes and paths, and it is monotone: a node in an earlier bucket lies to the left.
    let (origin, density) = (origin, density)
    let buckets = nodes.map { Int(($0 - origin) * density) }
    var firsts: [Int32] = []
    var begun = 0
    var most = 1
    for bucket in 0..<bucketCount {
      firsts.append(Int32(max(0, begun - 1)))
      let before = begun
      while begun < nodes.count, buckets[begun] == bucket { begun += 1 }
      most = max(most, begun - before)
    }
    corrections = most
    let stride = Int32(nodes.count + 1)
    firstCells = (0..<Int32(regimeCount)).flatMap { regime in firsts.map { $0 + regime * stride } }
    let ofOneRegime =
      nodes.indices.map { index in
        SIMD2(nodes[index], index + 1 < nodes.count ? 1 / (nodes[index + 1] - nodes[index]) : 0)
      } + [SIMD2(.infinity, 0)]
    stretches = (0..<regimeCount).flatMap { _ in ofOneRegime }
  }

  /// What every band says, the last node of each row twice.
  private static func rows<Value>(of table: PolicyTable, _ value: (Band) -> Value) -> [Value] {
    table.times.indices.flatMap { time in
      (0..<table.regimeCount).flatMap { regime in
        (0...table.logSpots.count).map { spot in
          value(table.band(time: time, regime: regime, spot: min(spot, table.logSpots.count - 1)))
        }
      }
    }
  }

  /// Edges and targets, the last node of each row twice and infinities replaced.
  private static func halves(
    _ table: PolicyTable
  ) throws(SimulationError) -> (edges: [SIMD2<Double>], targets: [SIMD2<Double>], slopes: [SIMD2<Double>]) {
    func finite(_ first: Double, _ second: Double) -> SIMD2<Double> {
      SIMD2(min(beyond, max(-beyond, first)), min(beyond, max(-beyond, second)))
    }
    let count = table.logSpots.count
    let size = table.times.count * table.regimeCount * (count + 1)
    var (edges, targets, slopes): ([SIMD2<Double>], [SIMD2<Double>], [SIMD2<Double>]) = ([], [], [])
    let hasSlopes = table.bands.contains(where: \.hasSlopes)
    edges.reserveCapacity(size)
    targets.reserveCapacity(size)
    for time in table.times.indices {
      for regime in 0..<table.regimeCount {
        for spot in 0...count {
          let band = table.band(time: time, regime: regime, spot: min(spot, count - 1))
          guard band.isOrdered else { throw .band(regime: regime, time: time, spot: min(spot, count - 1)) }
          edges.append(finite(band.lower, band.upper))
          targets.append(finite(band.targetLower, band.targetUpper))
          if hasSlopes { slopes.append(SIMD2(band.slopeLower, band.slopeUpper)) }
        }
      }
    }
    return (edges, targets, slopes)
  }
}

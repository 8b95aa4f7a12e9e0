import Formulation
import VectorMath

/// A table of bands resampled to a uniform grid of log-spots, so that a look-up is arithmetic and two loads.
struct UniformPolicyTable: Sendable {
  let times: [Double]
  let regimeCount: Int
  let origin: Double
  let spacing: Double
  let nodeCount: Int
  /// `[time × regime × node]`, each (lower, upper, targetLower, targetUpper).
  let bands: [SIMD4<Double>]

  /// What stands for an infinite edge: beyond any net delta, and interpolation between it and a finite edge stays beyond
  /// any net delta, as an infinite neighbour demands, without the `∞ − ∞` of the real thing.
  static let beyond = 1e200
  /// A resampled row longer than this leaves the cache: chosen so that a row of two regimes fills 256 KiB.
  static let maximumNodes = 4096
  /// Spacings that differ by less than this fraction are one spacing: rounding of logarithms.
  static let uniformity = 1e-9

  /// - Throws: `tableShape`, `regimeCount`, `band`.
  init(_ table: PolicyTable, regimeCount: Int) throws(SimulationError) {
    let source = table.logSpots
    guard !table.times.isEmpty, !source.isEmpty else { throw .tableShape("empty") }
    guard table.regimeCount == regimeCount else {
      throw .regimeCount(found: table.regimeCount, expected: regimeCount)
    }
    guard table.bands.count == table.times.count * regimeCount * source.count else { throw .tableShape("bands") }
    for (nodes, name) in [(table.times, "times"), (source, "logSpots")] {
      for index in nodes.indices.dropFirst() where !(nodes[index] > nodes[index - 1]) { throw .tableShape(name) }
    }
    times = table.times
    self.regimeCount = regimeCount
    origin = source[0]
    let length = source[source.count - 1] - source[0]
    var smallest = length
    var largest = 0.0
    for index in source.indices.dropFirst() {
      smallest = min(smallest, source[index] - source[index - 1])
      largest = max(largest, source[index] - source[index - 1])
    }
    let isUniform = largest - smallest <= UniformPolicyTable.uniformity * length
    if source.count == 1 {
      nodeCount = 2
      spacing = 1
    } else if isUniform {
      nodeCount = source.count
      spacing = length / Double(nodeCount - 1)
    } else {
      nodeCount = min(UniformPolicyTable.maximumNodes, Int((length / smallest).rounded(.up)) + 1)
      spacing = length / Double(nodeCount - 1)
    }
    var resampled: [SIMD4<Double>] = []
    resampled.reserveCapacity(table.times.count * regimeCount * nodeCount)
    for time in table.times.indices {
      for regime in 0..<regimeCount {
        for spot in source.indices where !table.band(time: time, regime: regime, spot: spot).isOrdered {
          throw .band(regime: regime, time: time, spot: spot)
        }
        var segment = 0
        for node in 0..<nodeCount {
          if source.count == 1 || isUniform {
            let spot = min(node, source.count - 1)
            resampled.append(UniformPolicyTable.vector(table.band(time: time, regime: regime, spot: spot)))
            continue
          }
          let place = origin + Double(node) * spacing
          while segment + 2 < source.count, source[segment + 1] <= place { segment += 1 }
          let weight = min(1, (place - source[segment]) / (source[segment + 1] - source[segment]))
          let left = UniformPolicyTable.vector(table.band(time: time, regime: regime, spot: segment))
          let right = UniformPolicyTable.vector(table.band(time: time, regime: regime, spot: segment + 1))
          resampled.append(left + weight * (right - left))
        }
      }
    }
    bands = resampled
  }

  private static func vector(_ band: Band) -> SIMD4<Double> {
    func finite(_ value: Double) -> Double { min(beyond, max(-beyond, value)) }
    return SIMD4(
      finite(band.lower), finite(band.upper), finite(band.targetLower), finite(band.targetUpper))
  }

  /// Fills some nodes of `[regime × node]` for one time.
  func interpolate(time: Double, nodes: ClosedRange<Int>, into row: UnsafeMutablePointer<SIMD4<Double>>) {
    let size = regimeCount * nodeCount
    var later = 0
    while later < times.count, times[later] < time { later += 1 }
    let before = max(0, later - 1)
    let after = min(later, times.count - 1)
    let weight = before == after ? 0 : (time - times[before]) / (times[after] - times[before])
    bands.withUnsafeBufferPointer { bands in
      let left = bands.baseAddress! + before * size
      let right = bands.baseAddress! + after * size
      for regime in 0..<regimeCount {
        for index in (regime * nodeCount + nodes.lowerBound)...(regime * nodeCount + nodes.upperBound) {
          row[index] = left[index] + weight * (right[index] - left[index])
        }
      }
    }
  }
}

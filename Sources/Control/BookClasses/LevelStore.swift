import Formulation

/// Edges in inventory of one time level, `[node]`, and the values beyond them, `[node × functional]`.
///
/// Beyond an edge every value is a straight line in inventory, `constant + slope y`: the cost of the trade and the value at its
/// target; for the slope of V itself, the cost per unit. Slopes are the same at all levels (`EvaluationBuffers`).
final class LevelStore {
  let count: Int
  /// All arrays in one piece of memory.
  private let memory: UnsafeMutablePointer<Double>

  let low: UnsafeMutablePointer<Double>
  let high: UnsafeMutablePointer<Double>
  /// Inventories that trades at the lower and the upper edge end at.
  let targetLow: UnsafeMutablePointer<Double>
  let targetHigh: UnsafeMutablePointer<Double>
  let lowConstant: UnsafeMutablePointer<Double>
  let highConstant: UnsafeMutablePointer<Double>
  /// The lines strictly inside the edges, `[node]`: from the first to before the last; none where they meet.
  let firstInside: NodeArray<Int>
  let endInside: NodeArray<Int>
  /// The lowest and the highest edge of a row's regimes.
  let rowLow: NodeArray<Double>
  let rowHigh: NodeArray<Double>
  /// The rows of each group of lines whose values are in memory.
  let covered: NodeArray<Range<Int>>

  private static let arrays = 4

  init(count: Int, regimes: Int, functionals: Int, groups: Int) {
    self.count = count
    firstInside = NodeArray(repeating: 0, count: count)
    endInside = NodeArray(repeating: 0, count: count)
    rowLow = NodeArray(repeating: 0, count: count / regimes)
    rowHigh = NodeArray(repeating: 0, count: count / regimes)
    let size = (LevelStore.arrays + 2 * functionals) * count
    memory = .allocate(capacity: size)
    memory.initialize(repeating: 0, count: size)
    low = memory
    high = memory + count
    targetLow = memory + 2 * count
    targetHigh = memory + 3 * count
    lowConstant = memory + 4 * count
    highConstant = memory + (4 + functionals) * count
    covered = NodeArray(repeating: 0..<0, count: groups)
  }

  deinit {
    memory.deallocate()
    for array in [firstInside, endInside] { array.deallocate() }
    for array in [rowLow, rowHigh] { array.deallocate() }
    covered.deallocate()
  }

  /// No edges: every line counts.
  func open(_ node: Int, beyond: Double) {
    (low[node], high[node]) = (-beyond, beyond)
  }
}

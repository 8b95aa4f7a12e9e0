import Formulation

/// Edges in inventory, and the values beyond them, of one time level: `[node]` each.
///
/// Beyond an edge the value is a straight line in inventory, `constant + slope y`: the cost of the trade and the value at its
/// target; for the slope of V itself, the cost per unit.
final class LevelStore {
  let count: Int
  /// All arrays in one piece of memory.
  private let memory: UnsafeMutablePointer<Double>

  let low: UnsafeMutablePointer<Double>
  let high: UnsafeMutablePointer<Double>
  let lowConstant: UnsafeMutablePointer<Double>
  let lowSlope: UnsafeMutablePointer<Double>
  let highConstant: UnsafeMutablePointer<Double>
  let highSlope: UnsafeMutablePointer<Double>
  /// Inventories that trades at the lower and the upper edge end at.
  let targetLow: UnsafeMutablePointer<Double>
  let targetHigh: UnsafeMutablePointer<Double>

  private static let arrays = 8

  init(count: Int) {
    self.count = count
    memory = .allocate(capacity: LevelStore.arrays * count)
    memory.initialize(repeating: 0, count: LevelStore.arrays * count)
    low = memory
    high = memory + count
    lowConstant = memory + 2 * count
    lowSlope = memory + 3 * count
    highConstant = memory + 4 * count
    highSlope = memory + 5 * count
    targetLow = memory + 6 * count
    targetHigh = memory + 7 * count
  }

  deinit { memory.deallocate() }

  /// No edges: every line counts.
  func open(_ node: Int, beyond: Double) {
    (low[node], high[node]) = (-beyond, beyond)
  }

  /// No inside: every line takes the trade's value.
  func shut(_ node: Int) {
    low[node] = 0.5 * (targetLow[node] + targetHigh[node])
    high[node] = low[node]
  }

  /// The value beyond the edges.
  @inline(__always)
  func outside(_ node: Int, _ y: Double) -> Double {
    y >= high[node] ? highConstant[node] + highSlope[node] * y : lowConstant[node] + lowSlope[node] * y
  }
}

import Formulation

/// Keeps V at some of the levels of a march, for those who want more than today's.
struct ValueRecorder {
  private let grid: FiniteHorizonGrid
  private let regimes: Int
  private let isKept: [Bool]
  private var times: [Double]
  private var values: [Double]
  /// How many levels are still to come: the march goes from the horizon back.
  private var remaining: Int

  /// Levels of all slices together hold no more than this, 64 MB: V moves little from one level to the next.
  private static let mostNumbers = 8_000_000

  init(grid: FiniteHorizonGrid, regimes: Int) {
    self.grid = grid
    self.regimes = regimes
    let count = grid.times.count
    let size = grid.logSpots.count * regimes * grid.holdings.count
    let room = max(1, ValueRecorder.mostNumbers / size)
    let distance = (count + room - 1) / room
    isKept = (0..<count).map { $0 % distance == 0 || $0 == count - 1 }
    remaining = isKept.count(where: { $0 })
    times = Array(repeating: 0, count: remaining)
    values = Array(repeating: 0, count: remaining * size)
  }

  /// - Parameter slice: `[spot × regime × holding]`, asked for where the level is kept.
  mutating func keep(level: Int, _ slice: () -> [Double]) {
    guard isKept[level] else { return }
    let slice = slice()
    remaining -= 1
    times[remaining] = grid.times[level]
    values.replaceSubrange(remaining * slice.count..<(remaining + 1) * slice.count, with: slice)
  }

  /// What has been kept, from the earliest level to the horizon.
  var table: ValueTable {
    let size = grid.logSpots.count * regimes * grid.holdings.count
    return ValueTable(
      times: Array(times[remaining...]), logSpots: grid.logSpots, regimeCount: regimes, inventories: grid.holdings,
      values: remaining == 0 ? values : Array(values[(remaining * size)...]))
  }
}

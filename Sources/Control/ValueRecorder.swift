import Formulation

/// Keeps V at some of the levels of a march, for those who want more than today's.
struct ValueRecorder {
  private let grid: FiniteHorizonGrid
  private let regimes: Int
  private let isKept: [Bool]
  /// In the march's order: from the horizon back.
  private var levels: [Int] = []
  private var slices: [[Double]] = []

  /// Levels of all slices together hold no more than this, 64 MB: V moves little from one level to the next.
  private static let mostNumbers = 8_000_000

  /// - Parameter count: of the march's levels, the horizon included.
  init(grid: FiniteHorizonGrid, regimes: Int) {
    self.grid = grid
    self.regimes = regimes
    let count = grid.times.count
    let room = ValueRecorder.mostNumbers / (grid.logSpots.count * regimes * grid.holdings.count)
    let distance = max(1, (count + max(1, room) - 1) / max(1, room))
    isKept = (0..<count).map { $0 % distance == 0 || $0 == count - 1 }
  }

  /// - Parameter values: `[spot × regime × holding]`, asked for where the level is kept.
  mutating func keep(level: Int, _ values: () -> [Double]) {
    guard isKept[level] else { return }
    levels.append(level)
    slices.append(values())
  }

  var table: ValueTable {
    ValueTable(
      times: levels.reversed().map { grid.times[$0] }, logSpots: grid.logSpots, regimeCount: regimes,
      inventories: grid.holdings, values: slices.reversed().flatMap { $0 })
  }
}

import Formulation

/// Keeps V at some of the levels of a march, for those who want more than today's.
struct ValueRecorder {
  private let grid: FiniteHorizonGrid
  private let regimes: Int
  private let isKept: [Bool]
  private var times: [Double]
  private var values: [Float]
  /// How many slices are still to come: the march goes from the horizon back.
  private var remaining: Int
  /// Whether what decisions are worth at reviews is kept apart from what waiting is worth right after them: V is not
  /// continuous there.
  let keepsWaiting: Bool

  /// Levels of all slices together hold no more than this, 64 MB: V moves little from one level to the next.
  private static let mostNumbers = 16_000_000
  /// … but 192 MB where that keeps what waiting is worth apart: without it the bound from below of 180 reviews with two expiries leaves 7 %
  /// of the value open, with it 0.6 %.
  private static let mostNumbersApart = 48_000_000

  /// "Right after" a review is later by this share of a step.
  private static let later = 1e-9

  init(grid: FiniteHorizonGrid, regimes: Int) {
    self.grid = grid
    self.regimes = regimes
    let count = grid.times.count
    let size = grid.logSpots.count * regimes * grid.holdings.count
    let room = max(1, ValueRecorder.mostNumbers / size)
    let roomApart = max(1, ValueRecorder.mostNumbersApart / size)
    let isReviewed = grid.timing.reviewPeriod != nil
    let reviews = isReviewed ? grid.isCheck.dropLast().count(where: { $0 }) : 0
    // All levels, else all reviews and what follows them; else V is interpolated across reviews, between values at reviews.
    let (isComplete, isApart) = (count + reviews <= room, isReviewed && 2 * reviews < roomApart)
    keepsWaiting = isApart
    let distance = isComplete ? 1 : (count + room - 1) / room
    isKept = (0..<count).map { level in
      if level == count - 1 || isComplete { return true }
      return isReviewed ? grid.isCheck[level] && (isApart || level % distance == 0) : level % distance == 0
    }
    remaining = isKept.count(where: { $0 }) + (keepsWaiting ? reviews : 0)
    times = Array(repeating: 0, count: remaining)
    values = Array(repeating: 0, count: remaining * size)
  }

  /// Whether V is kept after a level's decisions.
  func keeps(_ level: Int) -> Bool { isKept[level] }

  /// - Parameters:
  ///   - isWaiting: whether this is what waiting is worth right after a review, which comes before what the review makes of it.
  ///   - slice: `[spot × regime × holding]`, asked for where the level is kept.
  mutating func keep(level: Int, isWaiting: Bool = false, _ slice: () -> [Double]) {
    guard isWaiting ? keepsWaiting : isKept[level] else { return }
    let slice = slice()
    remaining -= 1
    let time = grid.times[level]
    times[remaining] = isWaiting ? time + ValueRecorder.later * (grid.times[level + 1] - time) : time
    let first = remaining * slice.count
    for (index, value) in slice.enumerated() { values[first + index] = Float(value) }
  }

  /// What has been kept, from the earliest level to the horizon.
  var table: ValueTable {
    let size = grid.logSpots.count * regimes * grid.holdings.count
    return ValueTable(
      times: Array(times[remaining...]), logSpots: grid.logSpots, regimeCount: regimes, inventories: grid.holdings,
      values: remaining == 0 ? values : Array(values[(remaining * size)...]))
  }
}

import Formulation

/// The instants of an evaluation: the grid's own and the ticks of clocks.
struct EvaluationSchedule: Sendable {
  let times: [Double]
  let isRestart: [Bool]
  let ringing: [UInt8]

  /// A time of the grid nearer to a tick than this share of its own step is left out.
  private static let closeness = 0.3
  /// Ticks nearer to an expiry than this share of a gap are the expiry's.
  private static let coincidence = 1e-9

  init(times: [Double], isRestart: [Bool], ringing: [UInt8]) {
    (self.times, self.isRestart, self.ringing) = (times, isRestart, ringing)
  }

  /// Whether a regime's clock is among those that ring.
  @inline(__always)
  static func rings(_ ringing: UInt8, _ regime: Int) -> Bool { ringing & (1 << UInt8(regime)) != 0 }

  /// Of a segment's steps this share, next to its end, is kept whole: there gamma may be unbounded, and a rule whose width follows it
  /// is as narrow as the last step leaves it.
  private static let keptShare = 0.1

  /// Which times of a grid are kept: every so manieth, the ends of segments, and those shortly before.
  private static func kept(_ grid: FiniteHorizonGrid, every: Int) -> [Bool] {
    let ends = grid.times.indices.filter { grid.isSegmentEnd[$0] }
    var start = 0
    var kept = grid.times.indices.map { $0 % every == 0 }
    for end in ends {
      let last = Int(keptShare * Double(end - start))
      for index in (end - last)...end { kept[index] = true }
      start = end
    }
    return kept
  }

  /// - Parameters:
  ///   - every: every so manieth time of the grid is kept, and those shortly before an expiry.
  ///   - clocks: one gap per regime [years]; none: no clocks.
  ///   - leastSteps: steps between two ticks, at least.
  ///   - ringsAtOnce: whether the clocks ring at the valuation too.
  init(grid: FiniteHorizonGrid, every: Int = 1, clocks: [Double], leastSteps: Int, ringsAtOnce: Bool) {
    let kept = EvaluationSchedule.kept(grid, every: every)
    guard !clocks.isEmpty else {
      let indices = grid.times.indices.filter { kept[$0] }
      times = indices.map { grid.times[$0] }
      isRestart = indices.map { grid.isSegmentEnd[$0] }
      ringing = Array(repeating: 0, count: indices.count)
      return
    }
    let horizon = grid.times[grid.times.count - 1]
    var events: [Double: UInt8] = [0: 0]
    for (e, gap) in clocks.enumerated() where gap < horizon {
      var tick = ringsAtOnce ? 0 : 1
      while Double(tick) * gap < horizon * (1 - EvaluationSchedule.coincidence) {
        events[Double(tick) * gap, default: 0] |= 1 << UInt8(e)
        tick += 1
      }
    }
    if ringsAtOnce { for e in clocks.indices { events[0, default: 0] |= 1 << UInt8(e) } }
    for (time, isEnd) in zip(grid.times, grid.isSegmentEnd) where isEnd { events[time, default: 0] |= 0 }
    let stops = events.keys.sorted()
    var times = [stops[0]]
    var isRestart = [false]
    var ringing = [events[stops[0]]!]
    var next = 0
    for (start, end) in zip(stops, stops.dropFirst()) {
      while next < grid.times.count, grid.times[next] <= start { next += 1 }
      var inner: [Double] = []
      while next < grid.times.count, grid.times[next] < end {
        let time = grid.times[next]
        let step = min(time - grid.times[max(0, next - 1)], grid.times[min(grid.times.count - 1, next + 1)] - time)
        let room = EvaluationSchedule.closeness * step
        if kept[next], time - start > room, end - time > room { inner.append(time) }
        next += 1
      }
      if inner.count + 1 < leastSteps {
        inner = (1..<leastSteps).map { start + (end - start) * Double($0) / Double(leastSteps) }
      }
      times += inner + [end]
      isRestart += inner.map { _ in false } + [true]
      ringing += inner.map { _ in 0 } + [events[end]!]
    }
    self.times = times
    self.isRestart = isRestart
    self.ringing = ringing
  }
}

import Formulation

/// When a policy may trade where it is evaluated by its looks (`LookedEvaluation`): the reviews of a market that is reviewed, the
/// grid's own times where it is watched, and the ticks of a clock.
struct LookSchedule: Sendable {
  /// The instants; a regime whose bit is among `ringing` may trade then.
  let instants: EvaluationSchedule
  /// Which regimes trade to their targets wherever they are, one bit per regime.
  let forces: [UInt8]
  /// For how long nobody looked where the problem's own clock would have, per instant [years].
  let unseen: [Double]
  /// For how long nobody looks in the problem itself [years].
  let unseenByModel: Double

  /// What happens at an instant.
  private struct Event {
    var looks: UInt8 = 0
    var forces: UInt8 = 0
    var isEnd = false
  }

  /// Ticks nearer to an expiry than this share of a gap are the expiry's.
  private static let coincidence = 1e-9

  /// - Parameters:
  ///   - period: between reviews [years]; nil where the market is watched.
  ///   - every: looks at every so manieth review alone, as if there were no others.
  ///   - clock: with one gap per regime [years] unless it is `none`.
  ///   - delays: until fills [years].
  init(
    grid: FiniteHorizonGrid, regimes: Int, period: Double?, every: Int, clock: BookClassCandidate.Clock,
    gaps: [Double], delays: [Double]
  ) {
    let horizon = grid.times[grid.times.count - 1]
    let all = UInt8(truncatingIfNeeded: (1 << regimes) - 1)
    let step = period.map { $0 * Double(every) }
    let tolerance = max(ReviewTimes.coincidence * (period ?? 0), LookSchedule.coincidence * horizon)
    var looks: [Double] = []
    if let step {
      looks = (0...Int(horizon / step)).map { Double($0) * step }.filter { $0 < horizon - tolerance }
    } else {
      looks = grid.times.dropLast().enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }
    var events: [Double: Event] = [:]
    if clock == .none || clock == .forced { for time in looks { events[time, default: Event()].looks = all } }
    for (e, gap) in gaps.enumerated() where clock != .none {
      // Whoever is reviewed acts at reviews.
      let tick = step.map { max(1, (gap / $0).rounded()) * $0 } ?? gap
      for number in (clock == .forced ? 1 : 0)...max(1, Int(horizon / tick)) {
        let time = Double(number) * tick
        guard time < horizon - tolerance else { break }
        if clock == .looked {
          events[time, default: Event()].looks |= 1 << UInt8(e)
        } else {
          events[time, default: Event()].forces |= 1 << UInt8(e)
        }
      }
    }
    for time in Array(events.keys) {
      for delay in delays where delay > 0 && time + delay < horizon - tolerance {
        events[time + delay, default: Event()].looks |= 0
      }
    }
    for (time, isEnd) in zip(grid.times, grid.isSegmentEnd) where isEnd { events[time, default: Event()].isEnd = true }
    events[0, default: Event()].looks |= 0
    let marks = LookSchedule.merged(events, tolerance: tolerance)
    self.init(
      marks, grid: grid, every: every, watches: step == nil && clock != .looked && clock != .blind, step: step,
      period: period)
  }

  /// Events in their order; those that coincide are one, at the expiry's own time if it is among them.
  private static func merged(_ events: [Double: Event], tolerance: Double) -> [(time: Double, event: Event)] {
    var marks: [(time: Double, event: Event)] = []
    for time in events.keys.sorted() {
      let event = events[time]!
      guard let last = marks.last, time - last.time <= tolerance else {
        marks.append((time, event))
        continue
      }
      marks[marks.count - 1].event.looks |= event.looks
      marks[marks.count - 1].event.forces |= event.forces
      if event.isEnd { (marks[marks.count - 1].time, marks[marks.count - 1].event.isEnd) = (time, true) }
    }
    return marks
  }

  /// A time of the grid nearer to an event than this share of its own step is left out.
  private static let closeness = 0.3

  private init(
    _ marks: [(time: Double, event: Event)], grid: FiniteHorizonGrid, every: Int, watches: Bool, step: Double?,
    period: Double?
  ) {
    var times = [marks[0].time]
    var events = [marks[0].event]
    var next = 0
    for (start, end) in zip(marks, marks.dropFirst()) {
      while next < grid.times.count, grid.times[next] <= start.time { next += 1 }
      while next < grid.times.count, grid.times[next] < end.time {
        let time = grid.times[next]
        let room =
          LookSchedule.closeness
          * min(time - grid.times[max(0, next - 1)], grid.times[min(grid.times.count - 1, next + 1)] - time)
        if next % every == 0, time - start.time > room, end.time - time > room {
          times.append(time)
          events.append(Event())
        }
        next += 1
      }
      times.append(end.time)
      events.append(end.event)
    }
    let last = times.count - 1
    var unseen = [Double](repeating: 0, count: times.count)
    if watches {
      // Half of what lies on either side.
      for level in 0..<last {
        let before = level > 0 ? times[level] - times[level - 1] : times[1] - times[0]
        unseen[level] = 0.5 * (before + times[level + 1] - times[level])
      }
    } else if let step, let period, step > period {
      // What is reviewed more often than is looked here.
      unseen = unseen.map { _ in step - period }
    }
    self.unseen = unseen
    unseenByModel = period ?? 0
    forces = events.map(\.forces)
    instants = EvaluationSchedule(
      times: times, isRestart: events.map(\.isEnd), ringing: events.map { $0.looks | $0.forces })
  }
}

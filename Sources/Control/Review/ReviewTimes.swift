import Formulation

/// The instants at which a periodic review is marched: checks at multiples of δ, fills a delay later, expiries, the horizon,
/// and steps between them.
struct ReviewTimes {
  /// Years from the valuation, ascending from 0 to the horizon.
  private(set) var times = [0.0]
  private(set) var isCheck = [true]
  /// Whether a leg of the book expires then, or the horizon is there.
  private(set) var isEnd = [false]

  /// Steps per review where one is not enough. The band of a periodic review lies inside the continuous one by a constant times
  /// η√δ; with the step of `TwoStageStep` the constant is 0.558 with one step, 0.5823 with two, against 0.5826 (Spitzer's
  /// formula for the step's own transition density).
  static let stepsPerReview = 2.0
  static let shiftOfOneStep = 0.558
  /// One step is enough where the band's edges move by less than this share of its half-width for it: a tenth of what a
  /// hundred nodes across the band tell apart.
  static let leastShift = 0.002
  /// Reviews beyond which one step each is enough: the shift itself is then a small part of any band that the grid resolves.
  static let many = 2500.0
  /// Instants nearer than this share of a period are one.
  static let coincidence = 1e-6

  init(problem: OptionBookProblem, period: Double, delays: [Double], steps: Int) {
    let horizon = problem.horizon
    let tolerance = ReviewTimes.coincidence * period
    let count = Int(((horizon - tolerance) / period).rounded(.down)) + 1
    let expiries = problem.book.expiries.filter { $0 > tolerance && $0 < horizon - tolerance } + [horizon]
    var marks = [(time: 0.0, isCheck: true, isEnd: false)] + expiries.map { (time: $0, isCheck: false, isEnd: true) }
    for number in 0..<count {
      let time = Double(number) * period
      if number > 0 { marks.append((time, true, false)) }
      for delay in delays where delay > 0 && time + delay < horizon - tolerance {
        marks.append((time + delay, false, false))
      }
    }
    marks = ReviewTimes.merged(marks.sorted { $0.time < $1.time }, tolerance: tolerance)
    let isOneEnough = horizon / period > ReviewTimes.many || ReviewTimes.isShiftSmall(problem, period: period)
    let perReview = isOneEnough ? 1 : ReviewTimes.stepsPerReview
    let longest = min(period / perReview, horizon / Double(steps))
    for mark in marks.dropFirst() {
      let length = mark.time - times[times.count - 1]
      let parts = max(1, Int((length / longest - ReviewTimes.coincidence).rounded(.up)))
      let start = times[times.count - 1]
      for part in 1...parts {
        let left = Double(parts - part) / Double(parts)
        // Towards an expiry gamma concentrates: the grading of the continuous grid.
        let share = mark.isEnd ? FiniteHorizonGrid.graded(left) : left
        times.append(part == parts ? mark.time : mark.time - length * share)
        isCheck.append(part == parts && mark.isCheck)
        isEnd.append(part == parts && mark.isEnd)
        precondition(times[times.count - 1] > start)
      }
    }
  }

  private typealias Mark = (time: Double, isCheck: Bool, isEnd: Bool)

  /// Marks within the tolerance of one another are one. An expiry's own time stands: the book must have settled by then.
  private static func merged(_ marks: [Mark], tolerance: Double) -> [Mark] {
    var merged: [Mark] = []
    for mark in marks {
      guard let last = merged.last, mark.time - last.time <= tolerance else {
        merged.append(mark)
        continue
      }
      merged[merged.count - 1] = (
        mark.isEnd ? mark.time : last.time, last.isCheck || mark.isCheck, last.isEnd || mark.isEnd
      )
    }
    return merged
  }

  /// Whether in every regime one step per review moves today's edges, `(0.5826 − 0.558) η√δ` with η = |Γ|σS, by little.
  private static func isShiftSmall(_ problem: OptionBookProblem, period: Double) -> Bool {
    let spot = problem.market.spot
    return problem.environment.regimes.indices.allSatisfy { e in
      let gamma = problem.book.greeks(time: 0, spot: spot, regime: e).gamma
      let move = abs(gamma) * problem.environment.regimes[e].volatility * spot * period.squareRoot()
      let width = BandScale(problem: problem, regime: e).halfWidth(spot: spot, gamma: gamma, remaining: problem.horizon)
      return (DiscreteLooks.shift - shiftOfOneStep) * move <= leastShift * width
    }
  }
}

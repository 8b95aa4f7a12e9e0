import Glibc

// Log returns with the time that really elapsed.

/// How time passes between the rows of a price series.
public enum Clock: Equatable, Sendable {
  /// Seconds of the calendar; a year has 365 × 86 400 s.
  case calendar
  /// Each row is one step, and a year has this many (252 for equities).
  case tradingDays(perYear: Double)

  /// Seconds in a year of 365 days.
  public static let secondsPerYear = 365.0 * 86_400
}

/// Log returns between consecutive bars, on a grid of steps.
///
/// `r_n = log(S_n/S_{n−1})`, over `τ_n` steps of length Δ (the bars' interval; one row on the trading-day clock).
/// A hole of missing bars makes one return over a longer τ: nothing is interpolated.
/// Two counts describe a return: `elapsed` = τ_n as measured, and `transitions` = max(1, τ_n rounded), the number of
/// times the regime may have changed. `transitions` 0 marks a return before which the regime's memory is lost: the
/// first one, and the one after a hole longer than `longestGap` steps, whose own return is left out.
/// *Verified by* `LogReturnsTests`.
public struct LogReturns: Equatable, Sendable {
  /// Log returns r_n.
  public let values: [Double]
  /// Steps elapsed τ_n, positive.
  public let elapsed: [Double]
  /// Regime transitions before each return; 0: the regime is drawn from its stationary law.
  public let transitions: [Int]
  /// Steps in a year, 1/Δ.
  public let stepsPerYear: Double
  /// The clock used.
  public let clock: Clock
  /// Returns over more than one step that were kept.
  public let bridgedGaps: Int
  /// Holes longer than `longestGap`, whose returns were left out.
  public let droppedGaps: Int
  /// Steps for which no bar exists, bridged or dropped.
  public let missingSteps: Int
  /// Returns whose τ is not a whole number of steps.
  public let offGrid: Int
  /// The longest hole that is bridged [steps].
  public let longestGap: Int
  /// Opening instants of the first and the last bar used [s since 1970].
  public let firstOpen: Double
  public let lastOpen: Double

  /// Holes up to this many steps are bridged by default: a day of hourly bars. Holding one regime over a longer hole
  /// would stretch the approximation beyond the sojourn times that hourly data show (about ten to twenty steps).
  public static let defaultLongestGap = 24
  /// A spacing within this fraction of a whole number of steps is on the grid: half a second in an hour.
  private static let gridTolerance = 1.5e-4

  /// The number of returns.
  public var count: Int { values.count }

  /// Log returns of a series.
  ///
  /// Throws `outOfRange` for `longestGap` < 1 or a non-positive year, `tooFewObservations` when no return is left.
  public init(
    _ series: PriceSeries, clock: Clock = .calendar, longestGap: Int = LogReturns.defaultLongestGap
  ) throws(CalibrationError) {
    guard longestGap >= 1 else {
      throw .outOfRange(argument: "longestGap", value: Double(longestGap), lowest: 1, highest: .infinity)
    }
    if case .tradingDays(let perYear) = clock, !(perYear > 0 && perYear.isFinite) {
      throw .outOfRange(argument: "tradingDaysPerYear", value: perYear, lowest: 1, highest: .infinity)
    }
    var values: [Double] = []
    var elapsed: [Double] = []
    var transitions: [Int] = []
    var bridged = 0
    var dropped = 0
    var missing = 0
    var offGrid = 0
    var restart = true
    for index in 1..<series.count {
      var steps = 1.0
      if clock == .calendar {
        steps = (series.openTimes[index] - series.openTimes[index - 1]) / series.interval
      }
      let whole = max(1, steps.rounded())
      if abs(steps - steps.rounded()) > Self.gridTolerance { offGrid += 1 }
      missing += Int(whole) - 1
      if whole > Double(longestGap) {
        dropped += 1
        restart = true
        continue
      }
      if whole > 1 { bridged += 1 }
      values.append(log(series.prices[index] / series.prices[index - 1]))
      elapsed.append(steps)
      transitions.append(restart ? 0 : Int(whole))
      restart = false
    }
    guard !values.isEmpty else { throw .tooFewObservations(found: 0, needed: 1) }
    self.values = values
    self.elapsed = elapsed
    self.transitions = transitions
    self.clock = clock
    self.longestGap = longestGap
    bridgedGaps = bridged
    droppedGaps = dropped
    missingSteps = missing
    self.offGrid = offGrid
    firstOpen = series.openTimes[0]
    lastOpen = series.openTimes[series.count - 1]
    switch clock {
    case .calendar: stepsPerYear = Clock.secondsPerYear / series.interval
    case .tradingDays(let perYear): stepsPerYear = perYear
    }
  }

  /// Returns given directly, one step each unless `elapsed` says otherwise.
  ///
  /// `transitions` defaults to the elapsed steps, rounded, and 0 for the first.
  /// Throws `wrongShape`, `tooFewObservations`, and `outOfRange` for a return that is not finite, an elapsed time that
  /// is not positive, or a count of transitions below zero.
  public init(
    values: [Double], elapsed: [Double]? = nil, transitions: [Int]? = nil, stepsPerYear: Double
  ) throws(CalibrationError) {
    let elapsed = elapsed ?? [Double](repeating: 1, count: values.count)
    guard !values.isEmpty else { throw .tooFewObservations(found: 0, needed: 1) }
    guard elapsed.count == values.count else { throw .wrongShape(expected: values.count, found: elapsed.count) }
    for index in values.indices {
      guard values[index].isFinite else {
        throw .outOfRange(argument: "return", value: values[index], lowest: -.infinity, highest: .infinity)
      }
      guard elapsed[index] > 0, elapsed[index].isFinite else {
        throw .outOfRange(argument: "elapsed", value: elapsed[index], lowest: 0, highest: .infinity)
      }
    }
    var counts = transitions ?? elapsed.map { max(1, Int($0.rounded())) }
    guard counts.count == values.count else { throw .wrongShape(expected: values.count, found: counts.count) }
    counts[0] = 0
    for count in counts where count < 0 {
      throw .outOfRange(argument: "transitions", value: Double(count), lowest: 0, highest: .infinity)
    }
    self.values = values
    self.elapsed = elapsed
    self.transitions = counts
    self.stepsPerYear = stepsPerYear
    clock = .calendar
    bridgedGaps = counts.count { $0 > 1 }
    droppedGaps = counts.dropFirst().count { $0 == 0 }
    missingSteps = counts.reduce(0) { $0 + max(0, $1 - 1) }
    offGrid = elapsed.count { abs($0 - $0.rounded()) > Self.gridTolerance }
    longestGap = max(1, counts.max() ?? 1)
    firstOpen = 0
    lastOpen = 0
  }
}

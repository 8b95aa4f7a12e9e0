/// The instants of a roll-out: decision times, sub-steps of the quadrature between them, and expiries.
///
/// Checks lie at `t_n = nδ < T`; every interval between checks is divided into equal sub-steps; expiries of the book and
/// the horizon are added where they fall, so that a leg settles exactly at its expiry even when that lies inside a step. Whoever
/// watches without pause decides at once about what an expiry leaves: expiries are then checks beside those of the cadence.
struct SampleTimes: Sendable, Equatable {
  /// Years from the valuation, ascending from 0 to the horizon.
  private(set) var times: [Double] = []
  /// The number of the check at this instant, or −1. Those of the cadence are numbered first, then those at expiries.
  private(set) var checks: [Int] = []
  /// How many are of the cadence.
  private var cadenceCount = 0
  /// Whether a leg of the book expires at this instant.
  private(set) var expires: [Bool] = []
  /// Which delays' fills arrive at this instant: bit k for the k-th delay.
  private(set) var fills: [UInt32] = []

  var stepCount: Int { times.count - 1 }

  /// Instants nearer than this fraction of a step are one instant: the rounding of `nδ` at a few million steps.
  static let coincidence = 1e-6

  /// Whether an instant is a check of a policy.
  ///
  /// - Parameters:
  ///   - every: the policy's checks of the cadence are those whose number is a multiple of this.
  ///   - atExpiries: whether it decides at checks at expiries as well.
  func isCheck(_ instant: Int, every: Int, atExpiries: Bool) -> Bool {
    let number = checks[instant]
    return number < 0 ? false : number < cadenceCount ? number % every == 0 : atExpiries
  }

  init(
    horizon: Double, check: Double, substeps: Int, expiries: [Double], delays: [Double] = [],
    looksAtExpiries: Bool = false
  ) {
    let tolerance = SampleTimes.coincidence * check
    let count = Int(((horizon - tolerance) / check).rounded(.down)) + 1
    cadenceCount = count
    var pending = expiries.filter { $0 > tolerance && $0 < horizon - tolerance }
    var extra = count
    func extraCheck() -> Int {
      guard looksAtExpiries else { return -1 }
      extra += 1
      return extra - 1
    }
    func append(_ time: Double, check: Int, expires: Bool) {
      times.append(time)
      checks.append(check)
      self.expires.append(expires)
    }
    for number in 0..<count {
      for part in 0..<substeps {
        let time = check * (Double(number) + Double(part) / Double(substeps))
        guard time < horizon - tolerance else { continue }
        while let next = pending.first, next < time - tolerance {
          append(next, check: extraCheck(), expires: true)
          pending.removeFirst()
        }
        // The expiry's own instant, so that what is said for times before it is not read.
        var expiry: Double?
        while let next = pending.first, next <= time + tolerance {
          expiry = next
          pending.removeFirst()
        }
        append(
          expiry ?? time, check: part == 0 ? number : expiry != nil ? extraCheck() : -1, expires: expiry != nil)
      }
    }
    for expiry in pending { append(expiry, check: extraCheck(), expires: true) }
    append(horizon, check: -1, expires: expiries.contains { abs($0 - horizon) <= tolerance })
    fills = times.map { _ in 0 }
    insertFills(delays, horizon: horizon, tolerance: tolerance)
  }

  /// Checks that gather towards expiries, where what a check misses is largest: stretches get checks in proportion to the
  /// square root of their length.
  init(gradedOver horizon: Double, check: Double, expiries: [Double]) {
    let ends = expiries.filter { $0 > 0 && $0 < horizon * (1 - SampleTimes.coincidence) } + [horizon]
    let starts = [0] + ends.dropLast()
    let roots = zip(starts, ends).map { ($1 - $0).squareRoot() }
    let total = roots.reduce(0, +)
    var number = 0
    for index in ends.indices {
      let count = max(2, Int((roots[index] / total * horizon / check).rounded()))
      for step in 0..<count {
        let left = Double(count - step) / Double(count)
        append(
          ends[index] - (ends[index] - starts[index]) * left * left, check: number, expires: step == 0 && index > 0,
          fills: 0)
        number += 1
      }
    }
    cadenceCount = number
    append(
      horizon, check: -1, expires: expiries.contains { abs($0 - horizon) <= SampleTimes.coincidence * horizon },
      fills: 0)
  }

  /// Adds the instants at which trades decided at a check reach the market.
  private mutating func insertFills(_ delays: [Double], horizon: Double, tolerance: Double) {
    var arrivals: [(time: Double, bit: UInt32)] = []
    for (index, delay) in delays.enumerated() where delay > 0 {
      for (time, number) in zip(times, checks) where number >= 0 {
        let time = time + delay
        if time <= horizon + tolerance { arrivals.append((time, 1 << UInt32(index))) }
      }
    }
    guard !arrivals.isEmpty else { return }
    arrivals.sort { $0.time < $1.time }
    var merged = SampleTimes()
    merged.cadenceCount = cadenceCount
    var next = 0
    for index in times.indices {
      while next < arrivals.count, arrivals[next].time < times[index] - tolerance {
        if let last = merged.times.last, arrivals[next].time <= last + tolerance {
          merged.fills[merged.fills.count - 1] |= arrivals[next].bit
        } else {
          merged.append(arrivals[next].time, check: -1, expires: false, fills: arrivals[next].bit)
        }
        next += 1
      }
      var bits: UInt32 = 0
      while next < arrivals.count, arrivals[next].time <= times[index] + tolerance {
        bits |= arrivals[next].bit
        next += 1
      }
      merged.append(times[index], check: checks[index], expires: expires[index], fills: bits)
    }
    self = merged
  }

  private init() {}

  private mutating func append(_ time: Double, check: Int, expires: Bool, fills: UInt32) {
    times.append(time)
    checks.append(check)
    self.expires.append(expires)
    self.fills.append(fills)
  }
}

import Formulation
import Glibc
import VectorMath

extension DrawPurpose {
  /// Blocks of a history: stream = path, step = number of the return.
  static let bootstrap = DrawPurpose(rawValue: 33)
}

/// The stationary bootstrap: each return follows in the history upon the one before it, and with probability 1/L, or at the
/// beginning, is drawn anew from all, so that blocks have geometric lengths of mean L; after the last return comes the first.
///
/// Given the history the series is stationary, with its mean and, at lag k, `(1 − 1/L)^k` times its circular autocovariance.
/// The k-th return of a path is its own k-th draw: no step size moves it.
/// Source: D. N. Politis and J. P. Romano, "The stationary bootstrap", Journal of the American Statistical Association 89 (1994).
/// *Verified by* `BootstrapLawTests`.
struct BootstrapMotion: Sendable {
  /// As moved to the drift.
  let returns: [Double]
  /// Years from one return to the next.
  let interval: Double
  /// 1/L.
  let renewal: Double
  /// What the trailing variance keeps over a return.
  let decay: Double
  /// Mean growth of the price [1/year].
  let drift: Double
  private let draws: PhiloxStream

  init(_ world: BootstrapWorld, dayCount: DayCount, seed: UInt64) {
    interval = world.seconds(in: dayCount) / dayCount.secondsPerYear
    renewal = 1 / world.usedBlockLength
    decay = exp2(-1 / world.halfLife)
    let own = log(world.returns.reduce(0) { $0 + exp($1) } / Double(world.returns.count)) / interval
    drift = world.drift ?? own
    let shift = (drift - own) * interval
    returns = world.drift == nil ? world.returns : world.returns.map { $0 + shift }
    draws = PhiloxStream(seed: seed, purpose: .bootstrap)
  }

  /// How many returns lie up to a time [years]; an instant within a millionth of a return is at it.
  func count(upTo time: Double) -> Int { Int((time / interval + SampleTimes.coincidence).rounded(.down)) }

  /// The places in the history of the return of this number on eight consecutive paths, from those of the one before.
  @inline(__always)
  func advance(_ places: UnsafeMutablePointer<Int32>, firstPath: UInt64, number: Int) -> Lanes {
    let (luck, fresh) = draws.uniforms(firstPath: firstPath, step: UInt32(truncatingIfNeeded: number))
    let size = Double(returns.count)
    var drawn = Lanes()
    for lane in 0..<Lanes.scalarCount {
      var place = Int(places[lane]) + 1
      if number == 0 || luck[lane] < renewal { place = Int(fresh[lane] * size) }
      if place >= returns.count { place = 0 }
      places[lane] = Int32(truncatingIfNeeded: place)
      drawn[lane] = returns[place]
    }
    return drawn
  }
}

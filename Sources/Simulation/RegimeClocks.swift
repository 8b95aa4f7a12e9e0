import Formulation
import Glibc

/// The exact switching times of a Markov chain: exponential clocks, and the jump chain's law for what follows.
///
/// The k-th sojourn of a path and the choice after it are the k-th draw of the path's own stream: the chain's path depends
/// on seed and stream alone, and no step size moves a switch.
struct RegimeClocks: Sendable {
  let rates: [[Double]]
  /// Total rate at which each regime is left.
  let leaving: [Double]
  let stream: RandomStream

  init(generator: Generator, stream: RandomStream) {
    rates = generator.rates
    leaving = rates.enumerated().map { -$0.element[$0.offset] }
    self.stream = stream
  }

  /// Whether the regime can change at all.
  var isRunning: Bool { leaving.contains { $0 > 0 } }

  /// How long a regime lasts after the k-th switch: `−ln U / Σ q`.
  func sojourn(stream path: UInt64, switches: UInt32, regime: Int) -> Double {
    guard leaving[regime] > 0 else { return .infinity }
    return -log(stream.uniformPair(path: path, index: switches).0) / leaving[regime]
  }

  /// The regime that follows after the k-th sojourn.
  func successor(stream path: UInt64, switches: UInt32, regime: Int) -> Int {
    var remaining = stream.uniformPair(path: path, index: switches).1 * leaving[regime]
    var last = regime
    for (next, rate) in rates[regime].enumerated() where next != regime && rate > 0 {
      last = next
      remaining -= rate
      if remaining <= 0 { break }
    }
    return last
  }

  /// Lets the clock of one path run from `start` to `end`, and hands every spell's regime and length to `spend`.
  func advance(
    stream path: UInt64, from start: Double, to end: Double, regime: inout Int, nextSwitch: inout Double,
    switches: inout UInt32, spend: (Int, Double) -> Void
  ) {
    var time = start
    while nextSwitch <= end {
      spend(regime, nextSwitch - time)
      time = nextSwitch
      regime = successor(stream: path, switches: switches, regime: regime)
      switches += 1
      nextSwitch = time + sojourn(stream: path, switches: switches, regime: regime)
    }
    spend(regime, end - time)
  }
}

import Glibc

// Where the searches start: from the data's own quantiles, then perturbed by counted random numbers.

/// A stream of numbers that depends on a seed and a counter only.
///
/// Source: the finaliser of SplitMix64, G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014.
struct CountedStream: Sendable {
  let seed: UInt64
  private(set) var counter: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  /// A number in (0, 1), with 53 bits.
  mutating func uniform() -> Double {
    counter += 1
    var bits = seed &+ counter &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return (Double(bits >> 11) + 0.5) * 0x1p-53
  }

  /// A standard normal number (G. E. P. Box and M. E. Muller, 1958).
  mutating func normal() -> Double {
    let radius = sqrt(-2 * log(uniform()))
    return radius * cos(2 * Double.pi * uniform())
  }
}

/// Starting parameters for the searches, always the same for the same data and seed.
struct StartingValues: Sendable {
  /// Returns in one window of the smoothed variance: a day of hourly bars.
  static let window = 24
  /// The share of returns in the calmest state of the second start; the rest is split in the same way again.
  static let calmShare = 0.75
  /// Ratio of neighbouring variances in the third start: volatilities double.
  static let varianceRatio = 4.0
  /// Probability to stay of the unperturbed starts: sojourns of twenty steps.
  static let stay = 0.95
  /// Standard deviation of the perturbation of a log variance.
  static let perturbation = 0.7
  /// Bounds of the perturbed probability to leave, log-uniform: sojourns of three to three hundred steps.
  static let leaveBounds = (1.0 / 300, 1.0 / 3)

  private let sortedWindowVariances: [Double]
  private let mean: Double
  /// Variance per step of all returns.
  let variance: Double

  init(_ data: LogReturns) {
    let time = data.elapsed.reduce(0, +)
    let mean = data.values.reduce(0, +) / time
    var squares: [Double] = []
    squares.reserveCapacity(data.count)
    for index in 0..<data.count {
      let deviation = data.values[index] - mean * data.elapsed[index]
      squares.append(deviation * deviation / data.elapsed[index])
    }
    variance = squares.reduce(0, +) / Double(squares.count)
    // Short samples get a shorter window, so that a quantile still sees many windows.
    let length = max(1, min(Self.window, squares.count / 50))
    var windows: [Double] = []
    var sum = 0.0
    for index in squares.indices {
      sum += squares[index]
      if index >= length { sum -= squares[index - length] }
      if index >= length - 1 { windows.append(max(0, sum) / Double(length)) }
    }
    windows.sort()
    sortedWindowVariances = windows
    self.mean = mean
  }

  /// The start of this number for a chain of so many states.
  func start(_ number: Int, states: Int, seed: UInt64) -> RegimeParameters {
    var variances: [Double]
    switch number % 3 {
    case 0: variances = groupMeans(boundaries: (1..<max(states, 1)).map { Double($0) / Double(states) })
    case 1: variances = groupMeans(boundaries: (1..<max(states, 1)).map { 1 - pow(1 - Self.calmShare, Double($0)) })
    default:
      variances = (0..<states).map { variance * pow(Self.varianceRatio, Double($0) - 0.5 * Double(states - 1)) }
    }
    var leave = [Double](repeating: 1 - Self.stay, count: states)
    if number >= 3 {
      // Each start has its own stream: adding starts leaves the earlier ones as they were.
      var stream = CountedStream(seed: seed &+ UInt64(number) &* 0x1_0000_0001)
      for state in 0..<states {
        variances[state] *= exp(Self.perturbation * stream.normal())
        let (least, most) = Self.leaveBounds
        leave[state] = least * pow(most / least, stream.uniform())
      }
      variances.sort()
    }
    var transition = [Double](repeating: 0, count: states * states)
    for from in 0..<states {
      for to in 0..<states {
        transition[from * states + to] =
          states == 1 ? 1 : from == to ? 1 - leave[from] : leave[from] / Double(states - 1)
      }
    }
    return RegimeParameters(
      unchecked: [Double](repeating: mean, count: states), variances, transition)
  }

  /// Mean of the windows' variances between quantiles; boundaries ascending in (0, 1).
  private func groupMeans(boundaries: [Double]) -> [Double] {
    let count = sortedWindowVariances.count
    let cuts = [0] + boundaries.map { Int($0 * Double(count)) } + [count]
    return (0..<cuts.count - 1).map { group in
      let lower = min(cuts[group], count - 1)
      let upper = max(lower + 1, cuts[group + 1])
      let mean = sortedWindowVariances[lower..<upper].reduce(0, +) / Double(upper - lower)
      // A group of unchanged prices has no variance; a start needs one.
      return max(mean, Self.leastShare * variance)
    }
  }

  /// Least variance of a start, as a share of the sample's: volatility at a hundredth.
  private static let leastShare = 1e-4
}

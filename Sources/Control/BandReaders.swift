import Formulation
import Glibc

/// What a row of the game says: where W touches its obstacles, and what the optimal trades of a reference inventory cost
/// per unit time.
enum GameReader {
  /// The first index at which a monotone condition holds, `count` when it never does.
  @inline(__always)
  static func firstIndex(_ count: Int, where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// `∫ λ dy` from the band to the reference inventory: the rate at which V there exceeds what running cost alone would
  /// make it, because the inventory is really traded to the edge.
  ///
  /// The multiplier of the discrete problem is integrated by the trapezoidal rule, which keeps the balance of the discrete
  /// equations, with the end correction of Euler and Maclaurin at the reference. At the edge itself λ jumps; as the edge
  /// wanders through a cell with time and spot, the rule's error there averages out.
  static func excess(
    rate: UnsafePointer<Double>, spacing: Double, center: Int, reference: Int
  ) -> Double {
    guard reference != center else { return 0 }
    let step = reference > center ? 1 : -1
    var sum = 0.0
    for index in stride(from: center, to: reference, by: step) { sum += 0.5 * (rate[index] + rate[index + step]) }
    let endSlope = rate[reference] == 0 ? 0 : rate[reference] - rate[reference - step]
    return Double(step) * (sum - endSlope / 12) * spacing
  }

  /// How much a line leaves its obstacles, relative to them.
  static func violation(
    value: UnsafePointer<Double>, rate: UnsafePointer<Double>, upper: Double, lower: Double, _ count: Int
  ) -> Double {
    var worst = 0.0
    let scale = max(upper + lower, .leastNormalMagnitude)
    for index in 0..<count {
      worst = max(worst, (value[index] - upper) / scale, (-lower - value[index]) / scale)
    }
    return worst
  }
}

/// What a row of the impulse problem says: the interval in which V lies below the cost of intervening, and the
/// inventories that one trades to.
struct ImpulseReader {
  let value: UnsafePointer<Double>
  /// MV − V ≥ 0; zero where one trades.
  let distance: UnsafePointer<Double>
  let lines: Int
  let holdings: [Double]
  let spacing: Double
  let buy: Double
  let sell: Double
  let kink: Int

  /// The band in inventory.
  func band() -> Band {
    // The interval around the least value.
    var least = 0
    for index in 1..<lines where value[index] < value[least] { least = index }
    let reader = EdgeReader(origin: holdings[0], spacing: spacing, count: lines)
    let high = reader.edge(from: least, direction: 1) { distance[$0] }
    let low = reader.edge(from: least, direction: -1) { distance[$0] }
    return Band(lower: low, upper: high, targetLower: target(perUnit: buy), targetUpper: target(perUnit: -sell))
  }

  /// The minimiser of `V(z) + perUnit·z`, refined by a parabola.
  private func target(perUnit: Double) -> Double {
    let step = perUnit * spacing
    var best = 0
    var bestValue = Double.infinity
    for index in 0..<lines {
      let candidate = value[index] + Double(index) * step
      if candidate < bestValue {
        best = index
        bestValue = candidate
      }
    }
    var position = Double(best)
    if best > 0, best < lines - 1, best != kink {
      position += Intervention.offset(
        above: value[best + 1] - value[best] + step, below: value[best] - value[best - 1] + step)
    }
    return holdings[0] + position * spacing
  }
}

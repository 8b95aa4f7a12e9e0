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
    rate: (Int) -> Double, spacing: Double, center: Int, reference: Int
  ) -> Double {
    guard reference != center else { return 0 }
    let step = reference > center ? 1 : -1
    var sum = 0.0
    for index in stride(from: center, to: reference, by: step) { sum += 0.5 * (rate(index) + rate(index + step)) }
    let endSlope = rate(reference) == 0 ? 0 : rate(reference) - rate(reference - step)
    return Double(step) * (sum - endSlope / 12) * spacing
  }
}

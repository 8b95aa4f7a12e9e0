import Formulation

/// What the multipliers of a row of the game say: `∫ λ dy` from the band to a reference inventory, the rate at which V
/// there exceeds what running cost alone would make it, because the inventory is really traded to the edge.
struct GameReader {
  /// λ at an inventory index.
  let rate: (Int) -> Double
  /// The sum of λ over a range of inventory indices.
  let total: (ClosedRange<Int>) -> Double
  let spacing: Double

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

  /// From an index inside the band.
  ///
  /// The multiplier of the discrete problem is integrated by the trapezoidal rule, which keeps the balance of the discrete
  /// equations, with the end correction of Euler and Maclaurin at the reference. At the edge itself λ jumps; as the edge
  /// wanders through a cell with time and spot, the rule's error there averages out.
  func excess(from center: Int, to reference: Int) -> Double {
    guard reference != center else { return 0 }
    let step = reference > center ? 1 : -1
    let sum = trapezoid(center, reference)
    let endSlope = rate(reference) == 0 ? 0 : rate(reference) - rate(reference - step)
    return Double(step) * (sum - endSlope / 12) * spacing
  }

  /// From where λ crosses zero, `crossing` in spacings from the first inventory, when the band is narrower than a spacing:
  /// λ has no jump, so the trapezoidal rule from the crossing is exact for its linear parts.
  func excess(fromCrossing crossing: Double, to reference: Int) -> Double {
    let step = Double(reference) >= crossing ? 1 : -1
    let first = step > 0 ? Int(crossing.rounded(.up)) : Int(crossing.rounded(.down))
    let sum = 0.5 * rate(first) * abs(Double(first) - crossing) + trapezoid(first, reference)
    return Double(step) * sum * spacing
  }

  /// The trapezoidal rule between two indices in either order, in spacings.
  @inline(__always)
  private func trapezoid(_ a: Int, _ b: Int) -> Double {
    a == b ? 0 : total(min(a, b)...max(a, b)) - 0.5 * (rate(a) + rate(b))
  }
}

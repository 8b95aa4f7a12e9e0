import VectorMath

/// The cheapest way on, over uniform lines of inventory, when a line can be left for another at a cost per line:
///
///     E_j = min( min_{i ≥ j} v_i + b (i − j),  min_{i ≤ j} v_i + s (j − i) )
///
/// in place, by a sweep in either direction; within a vector by doubling.
enum TradeEnvelope {
  /// - Parameters:
  ///   - values: whole vectors.
  ///   - buy: b, the cost of going up one line.
  ///   - sell: s, of going down one.
  static func sweep(_ values: UnsafeMutablePointer<Lanes>, count: Int, buy: Double, sell: Double) {
    let steps = Lanes(0, 1, 2, 3, 4, 5, 6, 7)
    let width = Double(Lanes.scalarCount)
    let toAbove = (width - steps) * buy
    var carry = Lanes(repeating: .infinity)
    for index in stride(from: count - 1, through: 0, by: -1) {
      var here = values[index]
      here = laneMinimum(here, down1(here) + buy)
      here = laneMinimum(here, down2(here) + 2 * buy)
      here = laneMinimum(here, down4(here) + 4 * buy)
      here = laneMinimum(here, carry + toAbove)
      values[index] = here
      carry = Lanes(repeating: here[0])
    }
    let toBelow = (steps + 1) * sell
    carry = Lanes(repeating: .infinity)
    for index in 0..<count {
      var here = values[index]
      here = laneMinimum(here, up1(here) + sell)
      here = laneMinimum(here, up2(here) + 2 * sell)
      here = laneMinimum(here, up4(here) + 4 * sell)
      here = laneMinimum(here, carry + toBelow)
      values[index] = here
      carry = Lanes(repeating: here[7])
    }
  }

  private static let none = Double.infinity

  @inline(__always)
  private static func down1(_ x: Lanes) -> Lanes { Lanes(x[1], x[2], x[3], x[4], x[5], x[6], x[7], none) }
  @inline(__always)
  private static func down2(_ x: Lanes) -> Lanes { Lanes(x[2], x[3], x[4], x[5], x[6], x[7], none, none) }
  @inline(__always)
  private static func down4(_ x: Lanes) -> Lanes { Lanes(x[4], x[5], x[6], x[7], none, none, none, none) }
  @inline(__always)
  private static func up1(_ x: Lanes) -> Lanes { Lanes(none, x[0], x[1], x[2], x[3], x[4], x[5], x[6]) }
  @inline(__always)
  private static func up2(_ x: Lanes) -> Lanes { Lanes(none, none, x[0], x[1], x[2], x[3], x[4], x[5]) }
  @inline(__always)
  private static func up4(_ x: Lanes) -> Lanes { Lanes(none, none, none, none, x[0], x[1], x[2], x[3]) }
}

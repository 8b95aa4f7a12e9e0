/// The root of a falling function between a place where it is positive and one where it is not, by secants: an end that stays twice
/// loses half of its weight, so that both ends close in (the Illinois rule, Dowell and Jarratt, BIT 11 (1971) 168). Of order 1.44.
public struct BracketedSecant: Sendable {
  /// Where the function is positive, and where it is not.
  public private(set) var low: Double
  public private(set) var high: Double
  private var atLow: Double
  private var atHigh: Double
  /// Which end moved last: −1 for `low`, 1 for `high`.
  private var moved = 0

  public init(low: Double, _ atLow: Double, high: Double, _ atHigh: Double) {
    (self.low, self.atLow, self.high, self.atHigh) = (low, atLow, high, atHigh)
  }

  /// Where to look next: at the middle where the secant says nothing.
  public var next: Double {
    let secant = (low * atHigh - high * atLow) / (atHigh - atLow)
    return secant > min(low, high) && secant < max(low, high) ? secant : 0.5 * (low + high)
  }

  public mutating func take(_ value: Double, at place: Double) {
    if value > 0 {
      (low, atLow) = (place, value)
      if moved == -1 { atHigh *= 0.5 }
      moved = -1
    } else {
      (high, atHigh) = (place, value)
      if moved == 1 { atLow *= 0.5 }
      moved = 1
    }
  }
}

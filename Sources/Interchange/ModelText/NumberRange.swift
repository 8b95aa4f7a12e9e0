/// An interval of finite numbers whose ends may belong to it or not.
///
/// Infinite ends stand for "no bound"; infinities and NaN are never contained.
public struct NumberRange: Hashable, Sendable, CustomStringConvertible {
  public var lower: Double
  public var upper: Double
  public var includesLower: Bool
  public var includesUpper: Bool

  public init(lower: Double, upper: Double, includesLower: Bool, includesUpper: Bool) {
    self.lower = lower
    self.upper = upper
    self.includesLower = includesLower
    self.includesUpper = includesUpper
  }

  /// Every finite number.
  public static let finite = NumberRange.open(-.infinity, .infinity)
  /// Finite and greater than zero.
  public static let positive = NumberRange.open(0, .infinity)
  /// Finite and not less than zero.
  public static let nonNegative = NumberRange.from(0)
  /// From zero to one, both included.
  public static let fraction = NumberRange.closed(0, 1)

  public static func closed(_ lower: Double, _ upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: true, includesUpper: true)
  }

  public static func open(_ lower: Double, _ upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: false, includesUpper: false)
  }

  /// Not less than `lower`, without an upper bound.
  public static func from(_ lower: Double) -> NumberRange {
    NumberRange(lower: lower, upper: .infinity, includesLower: true, includesUpper: false)
  }

  /// The same range in a unit that is `unit` times as large.
  func divided(by unit: Double) -> NumberRange {
    NumberRange(lower: lower / unit, upper: upper / unit, includesLower: includesLower, includesUpper: includesUpper)
  }

  public func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    let aboveLower = includesLower ? value >= lower : value > lower
    let belowUpper = includesUpper ? value <= upper : value < upper
    return aboveLower && belowUpper
  }

  /// Interval notation: `[0, 1]`, `(0, inf)`.
  public var description: String {
    (includesLower ? "[" : "(") + "\(Self.text(lower)), \(Self.text(upper))" + (includesUpper ? "]" : ")")
  }

  private static func text(_ bound: Double) -> String {
    let text = bound.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// A number with its standard error.
public struct Estimate: Equatable, Sendable {
  /// The maximum likelihood estimate.
  public let value: Double
  /// Its asymptotic standard error; nil where none exists: a probability at its bound of zero, a variance on its
  /// floor, or a likelihood whose curvature is not negative definite.
  public let standardError: Double?

  /// A value and its standard error.
  public init(_ value: Double, standardError: Double?) {
    self.value = value
    self.standardError = standardError
  }

  /// Both multiplied by a factor that is known exactly.
  public func scaled(by factor: Double) -> Estimate {
    Estimate(value * factor, standardError: standardError.map { $0 * abs(factor) })
  }
}

/// Why a method cannot solve a problem, as facts; the sentences are in Commands.
public enum ControlError: Error, Equatable, Sendable {
  /// The method does not cover a feature of the problem.
  case unsupported(method: String, feature: String)
  /// A grid setting outside its range.
  case gridSetting(name: String, value: Double, allowed: String)
  /// The equations became singular or a number overflowed.
  case notFinite(method: String, where: String)
}

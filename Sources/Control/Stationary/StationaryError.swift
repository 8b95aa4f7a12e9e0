/// Why a stationary problem has no solution here, as facts; the sentences are in Commands.
public enum StationaryError: Error, Equatable, Sendable {
  /// A quadratic impact: trades would be a rate rather than impulses.
  case quadraticImpact(regime: Int)
  /// Neither a fixed nor a proportional cost: the deviation is kept at zero and there is no band.
  case freeTrading(regime: Int)
  /// Some regimes lead into several closed classes, so that no single long-run average exists; their regimes.
  case severalClosedClasses(regimes: [[Int]])
  /// In this regime η vanishes at a deviation that would be held.
  case motionless(regime: Int, deviation: Double)
  /// A setting outside its range.
  case setting(name: String, value: Double, allowed: String)
  /// The equations of a policy could not be solved: a pivot vanished or a number overflowed.
  case singular
  /// More elements than are solved for a policy class.
  case elements(found: Int, most: Int)
}

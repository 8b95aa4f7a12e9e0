/// A number with an estimate of its numerical error, in the same unit.
///
/// Of stationary problems the error is the difference from the solution four degrees lower, which is the error of that one
/// and bounds this one's wherever convergence is geometric; of grids see `limit`.
public struct Approximation: Sendable, Equatable {
  public let value: Double
  public let error: Double

  public init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  /// What a finest grid's difference from one half as fine is multiplied with and added: 1/(2² − 1).
  private static let extrapolation = 1.0 / 3
  /// Part of the difference between the two grids that extrapolation may leave: 1/(2^p − 1) − 1/3 is 0.21 at p = 1.5, the
  /// lowest order seen on smooth problems; ½ allows for less.
  private static let remainingShare = 0.5

  /// The error that is stated for a number that differs by so much from that of a grid half as fine.
  public static func error(ofDifference difference: Double) -> Double { remainingShare * abs(difference) }

  /// Between two halvings a second-order difference falls to a quarter; one that falls to less passes through zero by accident.
  private static let leastRatio = 1.0 / 4
  /// A coarsest grid that is wrong by more than this share of the number tells nothing of how it converges.
  private static let asymptotic = 0.1

  /// The limit of a number on three grids, each half as fine as the next. Its error is not taken from one difference alone, which
  /// may pass through zero: it is no less than the coarser pair of grids lets expect, nor than that of its neighbours, as a share of
  /// theirs where they are larger than the number, as it is where they are smaller. *Verified by* `StatedErrorTests`.
  ///
  /// - Parameter neighbours: the same quantity at states nearby, on the next grid and on the finest.
  public static func limit(
    coarsest: Double, halfAsFine: Double, finest: Double, neighbours: [(halfAsFine: Double, finest: Double)]
  ) -> Approximation {
    let before = abs(halfAsFine - coarsest)
    let expected = before <= asymptotic * abs(finest) ? leastRatio * before : 0
    let own = max(abs(finest - halfAsFine), expected)
    let largest = neighbours.filter { $0.finest != 0 }.reduce(own) {
      max($0, abs($1.finest - $1.halfAsFine) * min(1, abs(finest / $1.finest)))
    }
    return Approximation(
      value: limit(halfAsFine: halfAsFine, finest: finest).value, error: error(ofDifference: largest))
  }

  /// The limit of a second-order quantity, `Q + (Q − Q_½)/3` (Richardson), and half of the difference as its error.
  public static func limit(halfAsFine: Double, finest: Double) -> Approximation {
    let difference = finest - halfAsFine
    return Approximation(value: finest + extrapolation * difference, error: error(ofDifference: difference))
  }
}

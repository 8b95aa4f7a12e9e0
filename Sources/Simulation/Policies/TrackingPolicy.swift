import Formulation

/// What is rolled out on a deviation: bands, and a clock that every trade starts anew, the regime at the trade deciding how long it
/// runs.
public struct TrackingPolicy: Sendable, Equatable {
  public enum Effect: Sendable, Equatable {
    /// Nothing is traded before the clock has run out.
    case permits
    /// When it has run out one trades to the target, wherever the deviation is.
    case forces
  }

  /// One per regime, or one for all.
  public let bands: [Band]
  /// Per regime, in the problem's time.
  public let gaps: [Double]
  public let effect: Effect

  /// - Parameter gaps: without any the band alone decides.
  public init(bands: [Band], gaps: [Double] = [], effect: Effect = .permits) {
    (self.bands, self.gaps, self.effect) = (bands, gaps, effect)
  }

  /// To these targets every so often, blind in between.
  public static func interval(targets: [Double], times: [Double]) -> TrackingPolicy {
    TrackingPolicy(bands: targets.map(Band.point), gaps: times)
  }
}

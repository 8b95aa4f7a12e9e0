/// How a bound from below is made.
public struct LowerBoundSettings: Sendable, Equatable {
  /// δ, seconds between decisions.
  public var checkEvery: Double
  /// Paths, in antithetic pairs.
  public var pathCount: Int
  public var seed: UInt64
  /// Threads; nil: one per processor. The results do not depend on it.
  public var threads: Int?

  public init(checkEvery: Double, pathCount: Int, seed: UInt64, threads: Int? = nil) {
    self.checkEvery = checkEvery
    self.pathCount = pathCount
    self.seed = seed
    self.threads = threads
  }
}

/// What no policy that decides every δ can cost less than, and what one policy costs on the same paths.
public struct LowerBoundResult: Sendable, Equatable {
  /// The bound from below [quote].
  public let lower: Estimate
  /// The policy's J [quote], with the penalty as a control variate.
  public let upper: Estimate
  /// `upper − lower`: no path has a negative one.
  public let gap: Estimate
  /// The part of the gap that is what inventories between lines might gain [quote].
  public let rounding: Double
}

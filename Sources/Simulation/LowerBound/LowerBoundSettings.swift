/// How a bound from below is made.
public struct LowerBoundSettings: Sendable, Equatable {
  /// δ, seconds between decisions.
  public var checkEvery: Double
  /// Steps of the path and of the quadrature between two decisions.
  public var substeps: Int
  /// Whether deciding every δ stands for deciding at any time: what both bounds come to as δ → 0 is then extrapolated.
  public var isContinuous: Bool
  /// Paths, in antithetic pairs, at most.
  public var pathCount: Int
  /// No more paths than `LowerBound.firstPaths` where these tell the gap as well as this, as a standard error [quote].
  public var enough: Double
  public var seed: UInt64
  /// Threads; nil: one per processor. The results do not depend on it.
  public var threads: Int?

  public init(
    checkEvery: Double, substeps: Int = 1, isContinuous: Bool, pathCount: Int, enough: Double = 0, seed: UInt64,
    threads: Int? = nil
  ) {
    self.checkEvery = checkEvery
    self.substeps = substeps
    self.isContinuous = isContinuous
    self.pathCount = pathCount
    self.enough = enough
    self.seed = seed
    self.threads = threads
  }
}

/// What no policy can cost less than, and what one policy costs on the same paths.
public struct Bounds: Sendable, Equatable {
  /// The bound from below [quote].
  public let lower: Estimate
  /// The policy's J [quote], with the penalty as a control variate.
  public let upper: Estimate
  /// `upper − lower`, no path's is negative: what a better policy might save, at most.
  public let gap: Estimate
}

/// Bounds among the policies that decide every δ, and what they come to for those that decide at any time.
public struct LowerBoundResult: Sendable, Equatable {
  public let checked: Bounds
  /// `2 B_δ − B_2δ` on the same paths: both bounds' distance from their limits is of the order of δ. Nil unless asked for.
  public let continuous: Bounds?
  /// The part of the gap that is what inventories between lines might gain [quote].
  public let rounding: Double
  /// Paths that these are means over.
  public let pathCount: Int

  /// The bounds on the problem as it stands.
  public var bounds: Bounds { continuous ?? checked }
}

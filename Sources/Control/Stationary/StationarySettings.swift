/// How accurately, and for how long, `StationarySolver` works. The defaults hold for every problem of the test suite.
public struct StationarySettings: Sendable, Equatable {
  /// Degree p of the polynomial on each element. The answer at `degree − degreeStep` gives the error estimate.
  public var degree: Int
  /// Iteration stops when no edge moved by more than this fraction of its band. The iteration is Newton's, so that the
  /// step after the last would be about its square.
  public var stepTolerance: Double
  /// Policy iterations per stage before the stage is given up.
  public var iterationLimit: Int
  /// Edges of different regimes closer than this fraction of the narrowest band share one breakpoint while a policy is
  /// evaluated. The following Newton step is measured from the shared point, so that the error left is its square.
  public var mergeTolerance: Double
  /// A relative violation of the inequalities above this marks the solution as unverified.
  public var verificationTolerance: Double
  /// Cores to use where there is work for several.
  public var threads: Int

  /// The error estimate compares with a degree lower by this: four more degrees gain at least three digits on elements
  /// of at most `StationaryMesh.resolvedExponent` decay lengths.
  public static let degreeStep = 4
  /// Below 8 the comparison degree resolves nothing; above 40 the rounding of the second derivative, growing as p⁴,
  /// costs more digits than the polynomial gains.
  public static let degrees = 8...40

  public init(
    degree: Int = 20, stepTolerance: Double = 1e-9, iterationLimit: Int = 60, mergeTolerance: Double = 1e-5,
    verificationTolerance: Double = 1e-6, threads: Int = 1
  ) {
    self.degree = degree
    self.stepTolerance = stepTolerance
    self.iterationLimit = iterationLimit
    self.mergeTolerance = mergeTolerance
    self.verificationTolerance = verificationTolerance
    self.threads = threads
  }

  func validate() throws(StationaryError) {
    guard StationarySettings.degrees.contains(degree) else {
      throw .setting(name: "degree", value: Double(degree), allowed: "8 to 40")
    }
    guard stepTolerance > 0, stepTolerance < 1 else {
      throw .setting(name: "stepTolerance", value: stepTolerance, allowed: "> 0 and < 1")
    }
    guard iterationLimit > 0 else {
      throw .setting(name: "iterationLimit", value: Double(iterationLimit), allowed: "> 0")
    }
    guard mergeTolerance >= 0, mergeTolerance < 0.01 else {
      throw .setting(name: "mergeTolerance", value: mergeTolerance, allowed: "≥ 0 and < 0.01")
    }
    guard verificationTolerance > 0 else {
      throw .setting(name: "verificationTolerance", value: verificationTolerance, allowed: "> 0")
    }
  }
}

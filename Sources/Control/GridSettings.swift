/// How finely a finite-horizon problem is resolved; what is nil is chosen from the problem.
///
/// The standard grid of 500 × 241 × 1000 is right for 0.2 % of the value and 0.005 of delta on a month of an at-the-money
/// straddle at 5 bp (`FiniteHorizonReferenceTests`). Narrower bands need finer grids: the choice keeps the number of nodes and
/// steps per band half-width that the standard grid has there, up to a budget. Settings given and used are recorded with
/// the result.
public struct GridSettings: Sendable, Equatable {
  /// Nodes in log-spot.
  public var spots: Int?
  /// Nodes in inventory.
  public var holdings: Int?
  /// Time steps in all.
  public var steps: Int?
  /// Standard deviations of log-spot, in the most volatile regime over the whole horizon, that the grid reaches out to
  /// on both sides.
  public var deviations: Double

  public init(spots: Int? = nil, holdings: Int? = nil, steps: Int? = nil, deviations: Double = 5) {
    self.spots = spots
    self.holdings = holdings
    self.steps = steps
    self.deviations = deviations
  }

  public static let standardSpots = 500
  public static let standardHoldings = 241
  public static let standardSteps = 1000

  /// Nodes per band half-width, in inventory and in spot, that the choice aims at.
  static let nodesPerHalfWidth = 9.0
  /// Step in units of the time in which the deviation diffuses through a half-width, `(h/η)²`.
  static let stepPerDiffusionTime = 0.1
  /// Step in units of the time in which deviations grow under exponential utility, `1/(γσ²S²|Γ|)`. At γS = 5000 with a ticket the
  /// value is 2.4 % low at a third of such time, and as at finer steps at a tenth (`ImportanceTiltTests`).
  static let stepPerGrowthTime = 0.1
  /// Bands in which deviations grow before they have diffused through are narrower than their scale, by a factor of up to so much
  /// more than one: with tickets and 10 bp 0.62 of the scale at γS = 600, 0.55 at 10⁴, where the grid half as fine has to resolve it.
  static let mostNarrowing = 1.5
  /// Spacing of log-spot in units of `1/(γS h)`, on which exponential utility makes the loss change beside the band's edges: at
  /// γS = 10⁴ half of the rows have twenty times the error.
  static let convectionPerRow = 0.05
  /// Jumps that a step may have to look over: the kernel is extrapolated from the two steps before, which costs 0.5 % of the value
  /// at four of them and is stable at any number (`JumpLawTests.smallJumpsDiffuse`).
  static let jumpsPerStep = 1.0
  /// Grid unknowns × steps that the choice does not exceed: some seconds on two cores. The certificate refuses what this
  /// leaves unresolved.
  static let budget = 1e9

  /// The choice goes to this multiple of the standard in each direction: twelve times as narrow a band as the standard grid
  /// is for; what that leaves unresolved the certificate refuses.
  static let mostOverStandard = 16.0
  /// Numbers of one time slice and of the policy's table that fit a workstation's memory.
  static let mostSliceNodes = 200_000_000
  static let mostPolicyNodes = 200_000_000

  static let allowedSpots = 20...20_000
  static let allowedHoldings = 11...20_001
  static let allowedSteps = 4...200_000

  func validate() throws(ControlError) {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(ControlError) {
      guard range.contains(value) else {
        throw .gridSetting(
          name: name, value: Double(value), allowed: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    if let spots { try check("grid.spots", spots, GridSettings.allowedSpots) }
    if let steps { try check("grid.steps", steps, GridSettings.allowedSteps) }
    if let holdings { try check("grid.holdings", holdings, GridSettings.allowedHoldings) }
    guard deviations >= 2, deviations <= 12 else {
      throw .gridSetting(name: "grid.deviations", value: deviations, allowed: "2 to 12")
    }
  }

  /// The settings of a grid finer than `grid` by `factor` in every direction.
  public func refined(by factor: Double, of grid: FiniteHorizonGrid) -> GridSettings {
    func scaled(_ count: Int, least: Int) -> Int { max(least, Int((Double(count) * factor).rounded())) }
    return GridSettings(
      spots: scaled(grid.logSpots.count, least: GridSettings.allowedSpots.lowerBound),
      holdings: scaled(grid.holdings.count, least: GridSettings.allowedHoldings.lowerBound),
      steps: scaled(grid.times.count - 1, least: GridSettings.allowedSteps.lowerBound), deviations: deviations)
  }
}

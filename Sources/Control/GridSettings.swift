/// How finely a finite-horizon problem is resolved. Defaults are chosen for 0.2 % of the value and 0.005 of delta on a
/// month of an at-the-money straddle (`FiniteHorizonOrderTests`); every setting is recorded with the result.
public struct GridSettings: Sendable, Equatable {
  /// Nodes in log-spot.
  public var spots: Int
  /// Nodes in inventory, odd; nil: chosen so that the narrowest reference band spans enough of them.
  public var holdings: Int?
  /// Time steps in all.
  public var steps: Int
  /// Standard deviations of log-spot, in the most volatile regime over the whole horizon, that the grid reaches out to
  /// on both sides.
  public var deviations: Double

  public init(spots: Int = 400, holdings: Int? = nil, steps: Int = 500, deviations: Double = 5) {
    self.spots = spots
    self.holdings = holdings
    self.steps = steps
    self.deviations = deviations
  }

  static let allowedSpots = 20...20_000
  static let allowedHoldings = 11...20_001
  static let allowedSteps = 4...200_000

  /// The holdings of the default grid, when the band is wide enough for them.
  public static let standardHoldings = 201
  /// A band's half-width should span this many holdings, or the edge is read off too few interior nodes.
  static let holdingsPerHalfWidth = 8.0
  /// Holdings are not multiplied beyond this by themselves.
  static let automaticHoldingsLimit = 3201

  func validate() throws(ControlError) {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(ControlError) {
      guard range.contains(value) else {
        throw .gridSetting(
          name: name, value: Double(value), allowed: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("grid.spots", spots, GridSettings.allowedSpots)
    try check("grid.steps", steps, GridSettings.allowedSteps)
    if let holdings { try check("grid.holdings", holdings, GridSettings.allowedHoldings) }
    guard deviations >= 2, deviations <= 12 else {
      throw .gridSetting(name: "grid.deviations", value: deviations, allowed: "2 to 12")
    }
  }

  /// The same settings on a grid finer by `factor` in every direction, given the holdings really used.
  public func refined(by factor: Double, holdings used: Int) -> GridSettings {
    func scaled(_ count: Int) -> Int { max(2, Int((Double(count) * factor).rounded())) }
    let half = scaled((used - 1) / 2)
    return GridSettings(
      spots: scaled(spots), holdings: max(11, 2 * half + 1), steps: scaled(steps), deviations: deviations)
  }
}

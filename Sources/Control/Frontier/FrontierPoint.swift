import Formulation

/// What the policy that is optimal at one risk aversion costs and what risk it leaves, from today's state.
public struct FrontierPoint: Sendable {
  /// a [1/quote].
  public let riskAversion: Double
  /// J [quote], the jumps of marks included.
  public let total: Approximation
  /// `J − a J'`: trading, settlement and carry [quote].
  public let cost: Approximation
  /// `a J'`: the risk as J charges for it [quote].
  public let risk: Approximation
  /// `√(E ∫ v dt) = √(2 J')` [quote].
  public let deviation: Approximation
  /// The part of `deviation` that the jumps of marks bring, which no hedge lessens [quote]. The squares add.
  public let markJumpDeviation: Double
  /// In net delta at today's spot, per regime [units].
  public let bands: [Band]
}

extension FrontierPoint {
  /// The point at a problem's own risk aversion, on half of the grid that is chosen for it.
  ///
  /// - Throws: where `FiniteHorizon` throws.
  public init(of problem: OptionBookProblem, settings: GridSettings, threads: Int) throws(ControlError) {
    self = try FrontierEvaluation(problem: problem, threads: threads).point(
      at: problem.preference.riskAversion,
      grids: FrontierEvaluation.Grids(problem: problem, settings: settings))
  }
}

/// Finds a point of the frontier with two solutions on each of two grids.
///
/// `J(a) = min over policies of (a R + C)` is the lower envelope of straight lines in a, hence concave, and by the envelope
/// theorem its slope is the optimal policy's own `R = ½ E ∫ v dt`:
///
///     risk = a J'(a),   trading + carry = J(a) − a J'(a),   deviation = √(2 J'(a)).
///
/// J' is the central difference over a(1 ± ε) on one grid, J the mean of the same two values: both are second order in ε.
/// J is extrapolated over the two grids as a second-order quantity, `J + (J − J_½)/3`. The slope is not: where a band falls
/// between nodes moves with a, which leaves an error that does not go down smoothly, and on the straddles of
/// `FrontierTests` extrapolation made it worse. Error estimates are half of the two grids' difference, for the risk at least
/// `slopeNoise` of J, and for J `valueNoise` of it more. Source: Milgrom and Segal (2002), theorem 2.
/// *Verified by* `FrontierTests` against `CostShare`, the independent roll-out and differences along the frontier.
struct FrontierEvaluation {
  let problem: OptionBookProblem
  let threads: Int

  /// Relative step ε, chosen among 0.02, 0.05, 0.1 and 0.2 by comparison with solutions on grids nearly three times as
  /// fine: below, the noise of the grid grows, to 0.5 % of J; above, ε²/9 of J is lost on proportional costs, 0.03 % here.
  static let step = 0.05
  /// Error of the risk that the two grids' difference may miss, as a share of J: the largest difference seen between this
  /// slope and that of J along a frontier, 1.1 %, rounded up (`FrontierTests.slopesFollowTheFrontier`).
  static let slopeNoise = 0.012
  /// Error of J that the two grids' difference may miss, as a share of J: ε²/9 of it, and where the two grids err alike. Beside
  /// solutions on grids twice as fine as a solve's own 0.09 % at most were seen on a straddle with ticket and spread
  /// (`FrontierTests.valuesAreKnown`), rounded up.
  static let valueNoise = 0.001
  /// Grids of half and a quarter of the size chosen for a problem, in every direction.
  struct Grids {
    let half: GridSettings
    let quarter: GridSettings

    init(problem: OptionBookProblem, settings: GridSettings) throws(ControlError) {
      let chosen = try FiniteHorizonGrid(problem: problem, settings: settings)
      half = settings.refined(by: 0.5, of: chosen)
      quarter = settings.refined(by: 0.25, of: chosen)
    }
  }

  /// J, J' and the rest on one grid.
  struct Level: Sendable {
    let value: Double
    /// J', R [quote²].
    let slope: Double
    /// The jumps' part of J' [quote²].
    let jumpSlope: Double
    let bands: [Band]

    var deviation: Double { (2 * max(0, slope)).squareRoot() }
    var markJumpDeviation: Double { (2 * max(0, jumpSlope)).squareRoot() }
  }

  func level(at riskAversion: Double, grid settings: GridSettings) throws(ControlError) -> Level {
    let regime = problem.market.currentRegime
    if let refusal = FiniteHorizon.obstacle(to: problem) { throw refusal }
    // The very same nodes for both: inventories are laid out for a's own bands, and another layout would be another error.
    let grid = try FiniteHorizonGrid(
      problem: problem.replacing(preference: .quadratic(riskAversion: riskAversion)), settings: settings)
    // The two side by side: a march on a coarse grid has too little work per step for several threads of its own.
    let marches = [1 + Self.step, 1 - Self.step].map { factor in
      problem.replacing(preference: .quadratic(riskAversion: factor * riskAversion))
    }
    let threads = self.threads
    let solutions = sideBySide(marches.count, threads: threads) { index in
      Result { () throws(ControlError) in
        try FiniteHorizon.march(
          marches[index], on: grid, settings: settings, threads: max(1, threads / marches.count), isForToday: true)
      }
    }
    func solved(_ index: Int) throws(ControlError) -> (value: Double, jump: Double, bands: [Band]) {
      let solution = try solutions[index].get()
      let jump = solution.markJumpRisk[grid.reference * problem.environment.count + regime]
      let value = solution.value(regime: regime, inventory: problem.inventory) + jump
      return (value, jump, (0..<problem.environment.count).map { solution.band(regime: $0) })
    }
    let high = try solved(0)
    let low = try solved(1)
    let width = 2 * Self.step * riskAversion
    return Level(
      value: 0.5 * (high.value + low.value), slope: (high.value - low.value) / width,
      jumpSlope: (high.jump - low.jump) / width,
      bands: zip(high.bands, low.bands).map { $0.mixed(with: $1, weight: 0.5) })
  }

  func point(at riskAversion: Double, grids: Grids) throws(ControlError) -> FrontierPoint {
    try point(at: riskAversion, fine: try level(at: riskAversion, grid: grids.half), grids: grids)
  }

  /// The same with what the better grid says.
  func point(at riskAversion: Double, fine: Level, grids: Grids) throws(ControlError) -> FrontierPoint {
    point(at: riskAversion, fine: fine, coarse: try level(at: riskAversion, grid: grids.quarter))
  }

  /// The same with what both grids say.
  func point(at riskAversion: Double, fine: Level, coarse: Level) -> FrontierPoint {
    let limit = Approximation.limit(halfAsFine: coarse.value, finest: fine.value)
    let total = Approximation(value: limit.value, error: limit.error + Self.valueNoise * abs(limit.value))
    let slopeError = max(
      Approximation.error(ofDifference: fine.slope - coarse.slope),
      Self.slopeNoise * abs(total.value) / riskAversion)
    let risk = Approximation(value: riskAversion * fine.slope, error: riskAversion * slopeError)
    let deviation = fine.deviation
    return FrontierPoint(
      riskAversion: riskAversion, total: total,
      cost: Approximation(value: total.value - risk.value, error: total.error + risk.error), risk: risk,
      deviation: Approximation(value: deviation, error: deviation > 0 ? slopeError / deviation : 0),
      markJumpDeviation: fine.markJumpDeviation, bands: fine.bands)
  }
}

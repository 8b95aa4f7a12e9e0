import Dispatch
import Formulation
import Glibc

/// Dynamic programming for an option book over a finite horizon with proportional costs, fixed costs or both, and any
/// number of regimes (control.md §5–6).
///
/// - Proportional costs alone: a game. `W = ∂V/∂y` solves, for each inventory by itself,
///
///       W_t + LW + QW + ∂_y r = 0  between  −k_buy S ≤ W ≤ k_sell S.
///
///   There is no error from the inventory grid in W. V itself follows one reference inventory with the cost of the trades
///   that optimal inventories would make as its source.
/// - A fixed cost in some regime: an impulse-control problem, `V_t + LV + QV + r = 0` below `V ≤ MV` (see
///   `Intervention`); in regimes without one MV is the Lipschitz envelope of V.
///
/// - Any other cost, lots, a largest trade: the same with the general operator (`TradeMarch`).
/// - Periodic review: decisions at checks and nowhere else (`ReviewMarch`).
///
/// Time is stepped by variable-step second-order backward differences with a lagged multiplier for the obstacle
/// (`LineSweep`), so that the band is that of continuous monitoring: its error is of the order of the step, not of its
/// square root. Space: second order on smoothly mapped grids. The observed orders are in `FiniteHorizonOrderTests`.
public struct FiniteHorizon: Sendable {
  public var settings: GridSettings
  /// Threads to use; the result does not depend on it.
  public var threads: Int
  /// Whether a solution under exponential utility brings what guides a simulation's draws (`LossGuide`), tens of megabytes.
  public var isGuiding = false
  /// Whether the solution holds V at earlier times too, some 64 MB: of quadratic risk with costs `K + k|u|`.
  public var keepsValues = false
  /// Whether nobody asks for other bands than today's: where that saves work, a policy holds no others.
  public var isForToday = false
  /// Whether the solution is to say what the jumps of marks bring, which no policy changes.
  var followsMarks = true

  public static let name = "finiteHorizon"

  public init(settings: GridSettings = GridSettings(), threads: Int = 2) {
    self.settings = settings
    self.threads = max(1, threads)
  }

  /// Why the method does not cover a problem, or nil when it does.
  public static func obstacle(to problem: OptionBookProblem) -> ControlError? {
    if let feature = DecisionTiming.obstacle(to: problem) { return .unsupported(method: name, feature: feature) }
    return nil
  }

  /// Solves, reporting progress in [0, 1].
  ///
  /// - Throws: `unsupported`, `gridSetting`, `notFinite`.
  public func solve(
    _ problem: OptionBookProblem, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(ControlError) -> FiniteHorizonSolution {
    if let refusal = FiniteHorizon.obstacle(to: problem) { throw refusal }
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    return try FiniteHorizon.march(
      problem, on: grid, settings: settings, threads: threads, keepsValues: keepsValues, isGuiding: isGuiding,
      isForToday: isForToday, followsMarks: followsMarks, progress: progress)
  }

  /// On a given grid.
  static func march(
    _ problem: OptionBookProblem, on grid: FiniteHorizonGrid, settings: GridSettings, threads: Int,
    keepsValues: Bool = false, isGuiding: Bool = false, isForToday: Bool = false,
    followsMarks: Bool = true, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(ControlError) -> FiniteHorizonSolution {
    let isUtility = problem.preference.isExponential
    let period = grid.timing.reviewPeriod
    guard period != nil || grid.timing.needsGeneralOperator(problem) else {
      return isUtility
        ? try EntropicMarch(problem: problem, grid: grid, threads: threads, isGuiding: isGuiding).run(
          settings: settings, progress: progress)
        : try BackwardMarch(
          problem: problem, grid: grid, threads: threads, keepsValues: keepsValues, isForToday: isForToday,
          followsMarks: followsMarks
        ).run(settings: settings, progress: progress)
    }
    let table = try RouteTable(problem: problem, isReview: period != nil)
    func run(_ rest: some RestingMarch) throws(ControlError) -> FiniteHorizonSolution {
      guard let period else { return try TradeMarch(rest, table: table).run(settings: settings, progress: progress) }
      return try ReviewMarch(rest, table: table, period: period, isForToday: isForToday).run(
        settings: settings, progress: progress)
    }
    return isUtility
      ? try run(
        EntropicRest(
          problem: problem, grid: grid, threads: threads, table: table, isGuiding: isGuiding, isReview: period != nil))
      : try run(
        QuadraticRest(
          problem: problem, grid: grid, threads: threads, keepsValues: keepsValues && period != nil,
          followsMarks: followsMarks))
  }
}

import Formulation
import Glibc

/// Why no risk aversion meets a risk budget, as facts.
public enum RiskBudgetError: Error, Equatable, Sendable {
  case control(ControlError)
  /// Trades cost nothing: the risk is hedged away at any risk aversion.
  case freeTrading
  /// Left alone, the book deviates by no more than the budget [quote].
  case needless(unhedged: Double)
  /// The jumps of marks alone deviate by as much [quote].
  case belowMarkJumps(jumps: Double)
  /// The search ended at this amount of what the budget caps [quote].
  case notReached(amount: Double)
}

/// Finds the risk aversion whose optimal policy has a given deviation, or a given expected cost.
///
/// The deviation `√(2 J'(a))` falls with a, because J is concave. In (ln a, ln deviation) it is nearly a straight line, of
/// slope −⅓ for proportional and −¼ for fixed costs where they are small, so that a bracketed secant (the Illinois rule,
/// Dowell and Jarratt 1971) ends in a few steps. It runs on grids of a quarter of the size that each trial would be given, and
/// from where it ends on a grid of half of the size. The cost `J − a J'` grows with a as the deviation falls, its logarithm as straight.
/// *Verified by* `RiskBudgetTests`.
public struct RiskBudgetSearch: Sendable {
  public let problem: OptionBookProblem
  public let budget: RiskBudget
  public let settings: GridSettings
  public let threads: Int

  public init(problem: OptionBookProblem, budget: RiskBudget, settings: GridSettings, threads: Int) {
    self.problem = problem
    self.budget = budget
    self.settings = settings
    self.threads = threads
  }

  /// The budget is met within this, relatively; the error of the deviation itself is stated beside it.
  static let tolerance = 1e-3
  /// Stops a search, well within `tolerance`.
  private static let fineTolerance = 1e-4
  /// A bracket's end moves by this factor in a: the deviation then halves where costs are small.
  private static let stride = 8.0
  /// The same around a root of the coarser grid: deviations there are off by some per cent.
  private static let shortStride = 1.3
  /// Sixteen decimal orders on either side of the start.
  private static let mostStrides = 18
  /// With a smaller by `stride` the deviation grows by less than this, relatively: there it stays.
  private static let saturation = 1e-3
  private static let mostSecants = 40

  /// The point that meets the budget.
  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(RiskBudgetError) -> FrontierPoint {
    guard problem.costs.contains(where: { $0.charge(price: problem.market.spot, trade: 1) > 0 }) else {
      throw .freeTrading
    }
    // Where holding earns nothing, the least hedge is none.
    let hasCarry = problem.environment.regimes.contains { $0.drift != problem.market.rate || $0.funding != 0 }
    if !hasCarry, budget.measure == .deviation {
      let unhedged: Double
      do { unhedged = UnhedgedRisk(problem: problem).deviation(on: try chosenGrid) } catch { throw .control(error) }
      if unhedged <= budget.amount { throw .needless(unhedged: unhedged) }
    }
    let evaluation = FrontierEvaluation(problem: problem, threads: threads)
    let near = try root(from: log(budget.startingAversion), stride: Self.stride) { aversion throws(ControlError) in
      let level = try evaluation.level(at: aversion, grid: try grids(at: aversion).quarter)
      return Trial(level, cost: level.value - aversion * level.slope)
    }
    progress?(Self.coarseShare)
    // The same grid for every trial that decides, so that its error does not jump between them.
    let fixed: FrontierEvaluation.Grids
    do { fixed = try grids(at: exp(near)) } catch { throw .control(error) }
    let found = try root(from: near, stride: Self.shortStride) { aversion throws(ControlError) in
      let level = try evaluation.level(at: aversion, grid: fixed.half)
      // The cost is stated with J extrapolated.
      let cost =
        budget.measure == .deviation
        ? 0 : try evaluation.point(at: aversion, fine: level, grids: fixed).cost.value
      return Trial(level, cost: cost)
    }
    progress?(1)
    let point: FrontierPoint
    do { point = try evaluation.point(at: exp(found), grids: fixed) } catch { throw .control(error) }
    let reached = budget.measure == .deviation ? point.deviation.value : point.cost.value
    guard abs(reached / budget.amount - 1) <= Self.tolerance else { throw .notReached(amount: reached) }
    return point
  }

  /// What a risk aversion leads to.
  private struct Trial {
    let deviation: Double
    let markJumpDeviation: Double
    let cost: Double

    init(_ level: FrontierEvaluation.Level, cost: Double) {
      (deviation, markJumpDeviation, self.cost) = (level.deviation, level.markJumpDeviation, cost)
    }
  }

  /// Share of the work that the coarser grid takes.
  private static let coarseShare = 0.3

  /// The grid at the risk aversion where the search begins.
  private var chosenGrid: FiniteHorizonGrid {
    get throws(ControlError) {
      try FiniteHorizonGrid(
        problem: problem.replacing(preference: .quadratic(riskAversion: budget.startingAversion)), settings: settings)
    }
  }

  private func grids(at riskAversion: Double) throws(ControlError) -> FrontierEvaluation.Grids {
    try FrontierEvaluation.Grids(
      problem: problem.replacing(preference: .quadratic(riskAversion: riskAversion)), settings: settings)
  }

  /// ln a at which what `level` has of the capped measure is the budget.
  private func root(
    from start: Double, stride: Double, level: (Double) throws(ControlError) -> Trial
  ) throws(RiskBudgetError) -> Double {
    /// ln(deviation/budget) or ln(budget/cost), which fall with a.
    func excess(_ logAversion: Double) throws(RiskBudgetError) -> Double {
      let found: Trial
      do { found = try level(exp(logAversion)) } catch { throw .control(error) }
      guard budget.measure == .deviation else { return found.cost > 0 ? log(budget.amount / found.cost) : .infinity }
      if found.markJumpDeviation >= budget.amount { throw .belowMarkJumps(jumps: found.markJumpDeviation) }
      return found.deviation > 0 ? log(found.deviation / budget.amount) : -.infinity
    }
    /// What the capped measure is where so much is left.
    func amount(_ excess: Double) -> Double {
      budget.amount * exp(budget.measure == .deviation ? excess : -excess)
    }
    var (low, high) = (start, start)
    var atLow = try excess(start)
    var atHigh = atLow
    var strides = 0
    while atLow < 0 {
      (high, atHigh) = (low, atLow)
      low -= log(stride)
      atLow = try excess(low)
      strides += 1
      // No longer rising: the deviation is as large as policies make it, or the grid resolves it no more.
      if atLow < 0, strides == Self.mostStrides || atLow < atHigh + Self.saturation {
        throw .notReached(amount: amount(max(atLow, atHigh)))
      }
    }
    while atHigh > 0 {
      (low, atLow) = (high, atHigh)
      high += log(stride)
      atHigh = try excess(high)
      strides += 1
      if atHigh > 0, strides == Self.mostStrides { throw .notReached(amount: amount(atHigh)) }
    }
    if atLow == 0 { return low }
    if atHigh == 0 { return high }
    var bracket = BracketedSecant(low: low, atLow, high: high, atHigh)
    for _ in 0..<Self.mostSecants {
      let middle = bracket.next
      let at = try excess(middle)
      if abs(at) < Self.fineTolerance { return middle }
      bracket.take(at, at: middle)
    }
    return 0.5 * (bracket.low + bracket.high)
  }
}

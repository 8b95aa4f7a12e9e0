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
  /// The search ended at this deviation [quote].
  case notReached(deviation: Double)
}

/// Finds the risk aversion whose optimal policy has a given deviation.
///
/// The deviation `√(2 J'(a))` falls with a, because J is concave. In (ln a, ln deviation) it is nearly a straight line, of
/// slope −⅓ for proportional and −¼ for fixed costs where they are small, so that a bracketed secant (the Illinois rule,
/// Dowell and Jarratt 1971) ends in a few steps. It runs on grids of a quarter of the size that each trial would be given;
/// what the extrapolated point at its end differs by is put right by aiming once more. *Verified by* `RiskBudgetTests`.
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
  /// Stops the search on the coarse grid, well within `tolerance`.
  private static let coarseTolerance = 1e-4
  /// A bracket's end moves by this factor in a: the deviation then halves where costs are small.
  private static let stride = 8.0
  /// Sixteen decimal orders on either side of the start.
  private static let mostStrides = 18
  /// With a smaller by `stride` the deviation grows by less than this, relatively: it is that of the book left alone.
  private static let saturation = 1e-3
  private static let mostSecants = 40
  private static let mostCorrections = 4

  /// The point that meets the budget.
  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(RiskBudgetError) -> FrontierPoint {
    guard problem.costs.contains(where: { $0.charge(price: problem.market.spot, trade: 1) > 0 }) else {
      throw .freeTrading
    }
    let evaluation = FrontierEvaluation(problem: problem, threads: threads)
    var aim = budget.deviation
    var start = log(budget.startingAversion)
    var point: FrontierPoint?
    for correction in 0..<Self.mostCorrections {
      let logAversion = try root(aim: aim, from: start, evaluation: evaluation)
      let found: FrontierPoint
      do { found = try evaluation.point(at: exp(logAversion), grids: try grids(at: exp(logAversion))) } catch {
        throw .control(error)
      }
      progress?(Double(correction + 1) / Double(Self.mostCorrections))
      point = found
      let ratio = found.deviation.value / budget.deviation
      if abs(ratio - 1) <= Self.tolerance { return found }
      guard ratio > 0, ratio.isFinite else { break }
      aim /= ratio
      start = logAversion
    }
    throw .notReached(deviation: point?.deviation.value ?? 0)
  }

  private func grids(at riskAversion: Double) throws(ControlError) -> FrontierEvaluation.Grids {
    try FrontierEvaluation.Grids(
      problem: problem.replacing(preference: .quadratic(riskAversion: riskAversion)), settings: settings)
  }

  /// ln a at which the coarse grid's deviation is `aim`.
  private func root(
    aim: Double, from start: Double, evaluation: FrontierEvaluation
  ) throws(RiskBudgetError) -> Double {
    /// ln(deviation/aim), and the jumps' own deviation.
    func excess(_ logAversion: Double) throws(RiskBudgetError) -> Double {
      do throws(ControlError) {
        let aversion = exp(logAversion)
        let level = try evaluation.level(at: aversion, grid: try grids(at: aversion).quarter)
        if level.markJumpDeviation >= aim { jumps = level.markJumpDeviation }
        return level.deviation > 0 ? log(level.deviation / aim) : -.infinity
      } catch { throw .control(error) }
    }
    var jumps: Double?
    var (low, high) = (start, start)
    var atLow = try excess(start)
    if let jumps { throw .belowMarkJumps(jumps: jumps) }
    var atHigh = atLow
    var strides = 0
    while atLow < 0 {
      (high, atHigh) = (low, atLow)
      low -= log(Self.stride)
      atLow = try excess(low)
      strides += 1
      let isSaturated = atLow - atHigh < Self.saturation
      if atLow < 0, isSaturated || strides == Self.mostStrides { throw .needless(unhedged: aim * exp(atLow)) }
    }
    while atHigh > 0 {
      (low, atLow) = (high, atHigh)
      high += log(Self.stride)
      atHigh = try excess(high)
      strides += 1
      if atHigh > 0, strides == Self.mostStrides { throw .notReached(deviation: aim * exp(atHigh)) }
    }
    if atLow == 0 { return low }
    if atHigh == 0 { return high }
    var lastSide = 0
    for _ in 0..<Self.mostSecants {
      let isUsable = atHigh.isFinite
      let middle = isUsable ? (low * atHigh - high * atLow) / (atHigh - atLow) : 0.5 * (low + high)
      let at = try excess(middle)
      if abs(at) < Self.coarseTolerance || high - low < Self.coarseTolerance { return middle }
      if at > 0 {
        (low, atLow) = (middle, at)
        if lastSide == 1 { atHigh *= 0.5 }
        lastSide = 1
      } else {
        (high, atHigh) = (middle, at)
        if lastSide == -1 { atLow *= 0.5 }
        lastSide = -1
      }
    }
    return 0.5 * (low + high)
  }
}

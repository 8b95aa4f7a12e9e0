import Dispatch
import Formulation
import Glibc
import VectorMath

/// A bound from below on what any policy costs: information relaxation with a penalty (Rogers 2007, *SIAM J. Control Optim.*
/// 46; Haugh and Kogan 2004, *Operations Research* 52; Brown, Smith and Sun 2010, *Operations Research* 58).
///
///     J ≥ E[ min over all inventories y_0, y_1, … of  Σ c(S_n, y_n − y_{n−1}) + ∫ r dt − Σ M_{n+1}(y_n) ]
///
/// The minimum is taken path by path with the whole path known. M has mean zero for every inventory chosen at t_n, so that it
/// costs an honest policy nothing; made of the value function it takes away what foresight is worth (`MartingaleWeights`,
/// `InnerProblem`). The bound holds for every policy that decides every δ, whatever V was used.
///
/// Between lines an inventory can be split between its two neighbours by a coin: the expected cost of trades does not rise, and
/// the running cost rises by no more than `½ r'' h²/4`, which is taken off. Lines reach beyond every hedge, where r rises.
///
/// Lots take policies away and leave the bound a bound. The same penalty makes the policy's own cost nearly free of noise:
/// `upper` is its roll-out with M as a control variate.
/// *Verified by* `LowerBoundTests`.
public struct LowerBound: Sendable {
  private let plan: LowerBoundPlan
  private let pathCount: Int
  private let enough: Double
  private let threads: Int

  /// Paths after which it is asked whether they are enough: a standard error from half as many pairs is known to an eighth.
  static let firstPaths = 64

  /// What keeps the bound from being made, nil when nothing does.
  public enum Obstacle: Sendable, Equatable {
    case exponentialUtility
    case priceJumps
    /// Some regime trades for nothing, or there is nothing to hedge: the value is that of no band.
    case nothingToTradeOff
    /// Costs beyond K + k|u|, a largest trade, failures or delays.
    case generalTrades
  }

  public static func obstacle(to problem: OptionBookProblem) -> Obstacle? {
    if problem.preference.isExponential { return .exponentialUtility }
    if problem.environment.hasPriceJumps { return .priceJumps }
    if problem.costs.contains(where: \.isZero) || problem.book.grossQuantity + abs(problem.inventory) == 0 {
      return .nothingToTradeOff
    }
    return problem.tradesAtOnce ? nil : .generalTrades
  }

  /// - Parameter values: V, or anything near it; the nearer, the closer the bound.
  /// - Throws: `outOfRange`, `tableShape`, `criterion` where there is an obstacle.
  public init(
    problem: OptionBookProblem, values: ValueTable, settings: LowerBoundSettings
  ) throws(SimulationError) {
    guard LowerBound.obstacle(to: problem) == nil else { throw .criterion("a bound from below for this problem") }
    plan = try LowerBoundPlan(problem: problem, table: values, settings: settings)
    let block = LowerBoundPaths.pathCount
    pathCount = (settings.pathCount + block - 1) / block * block
    enough = settings.enough
    threads = settings.threads ?? DispatchQueue.availableThreads
  }

  /// The bound, and the cost of a policy on the same paths.
  public func run(_ policy: PolicyTable) -> LowerBoundResult {
    let block = LowerBoundPaths.pathCount
    let (first, all) = (LowerBound.firstPaths / block, pathCount / block)
    var outcomes = solve(0..<min(first, all), policy)
    let soFar = result(outcomes)
    if all <= first || soFar.bounds.gap.standardError <= enough { return soFar }
    outcomes += solve(first..<all, policy)
    return result(outcomes)
  }

  /// What blocks of paths come to, whichever thread takes which.
  private func solve(_ blocks: Range<Int>, _ policy: PolicyTable) -> [InnerProblem.Outcome] {
    let block = LowerBoundPaths.pathCount
    let results = UnsafeMutablePointer<InnerProblem.Outcome?>.allocate(capacity: blocks.count)
    results.initialize(repeating: nil, count: blocks.count)
    defer {
      results.deinitialize(count: blocks.count)
      results.deallocate()
    }
    nonisolated(unsafe) let shared = results
    let (plan, workers) = (self.plan, min(threads, blocks.count))
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      var inner = InnerProblem(plan)
      for index in stride(from: worker, to: blocks.count, by: workers) {
        let first = (blocks.lowerBound + index) * block
        shared[index] = inner.solve(LowerBoundPaths(plan: plan, first: first, policy: policy))
      }
      inner.deallocate()
    }
    return blocks.indices.map { shared[$0 - blocks.lowerBound]! }
  }

  private func result(_ outcomes: [InnerProblem.Outcome]) -> LowerBoundResult {
    let block = LowerBoundPaths.pathCount
    /// The mean of a number per path; antithetic paths lie a vector apart, and a pair counts once.
    func estimate(_ value: (InnerProblem.Outcome, Int) -> Double) -> Estimate {
      let width = Lanes.scalarCount
      var pairs: [Double] = []
      for outcome in outcomes {
        for path in 0..<block where path / width % 2 == 0 {
          pairs.append(0.5 * (value(outcome, path) + value(outcome, path + width)))
        }
      }
      let moments = Moments(pairs)
      return Estimate(mean: moments.mean, standardError: (moments.variance / Double(pairs.count)).squareRoot())
    }
    func bounds(_ value: ([[Double]], Int) -> Double) -> Bounds {
      Bounds(
        lower: estimate { value($0.lower, $1) }, upper: estimate { value($0.upper, $1) },
        gap: estimate { value($0.upper, $1) - value($0.lower, $1) })
    }
    return LowerBoundResult(
      checked: bounds { $0[0][$1] },
      continuous: plan.schedules.count > 1 ? bounds { 2 * $0[0][$1] - $0[1][$1] } : nil,
      rounding: estimate { $0.rounding[$1] }.mean, pathCount: outcomes.count * block)
  }
}

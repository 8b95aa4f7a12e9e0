import Formulation
import Glibc

/// The multiplier that makes a policy trade no more than its budget.
public struct TurnoverMultiplier: Sendable, Equatable {
  /// m: what every unit of notional is charged in addition, a fraction; 0 when the budget does not bind.
  public let fraction: Double
  /// Expected notional traded per year under it, the settlement included [quote/year].
  public let turnover: Double
}

/// Finds the multiplier of a turnover budget.
///
/// Minimising J subject to `E Σ S|u| ≤ B T` is, by Lagrange, minimising J with k + m in place of k for the m ≥ 0 at which the
/// budget is met, and the turnover is the derivative of that minimum, `E Σ S|u| = dJ/dm` (envelope theorem; Milgrom and Segal
/// 2002, theorem 2). J is concave in m: the turnover falls, and a bracketed secant in (ln(m + k), ln turnover) finds it. A
/// budget in units counts notional over today's spot. *Verified by* `GeneralCostRollOutTests.turnoverIsMet`.
public struct TurnoverSearch: Sendable {
  public let problem: OptionBookProblem
  public let settings: GridSettings
  public let threads: Int

  public init(problem: OptionBookProblem, settings: GridSettings, threads: Int) {
    self.problem = problem
    self.settings = settings
    self.threads = threads
  }

  /// The budget is met within this, relatively.
  static let tolerance = 2e-3
  /// Step of the central difference, as a share of k + m: its error is a few thousandths of the turnover.
  private static let step = 0.05
  /// Where the search begins when nothing is charged for the size of a trade: a tenth of a basis point.
  private static let leastScale = 1e-5
  private static let stride = 4.0
  private static let mostStrides = 24
  private static let mostSecants = 40
  /// Trials run on a grid that is coarser by this in each direction.
  private static let coarseness = 0.5

  /// The cap as notional per year [quote/year]; nil without a budget.
  private var cap: Double? {
    switch problem.execution.turnoverBudget {
    case .units(let cap): return cap * problem.market.spot
    case .notional(let cap): return cap
    case nil: return nil
    }
  }

  /// - Throws: `unsupported` when no multiplier meets the budget: the settlement alone trades more.
  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(ControlError) -> TurnoverMultiplier? {
    guard let cap else { return nil }
    if let refusal = FiniteHorizon.obstacle(to: problem) { throw refusal }
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    let coarse = settings.refined(by: TurnoverSearch.coarseness, of: grid)
    let scale = problem.costs.reduce(0) { max($0, 0.5 * ($1.marginal.buy + $1.marginal.sell)) }
    let base = max(scale, TurnoverSearch.leastScale)
    var evaluations = 0.0
    func excess(_ m: Double) throws(ControlError) -> Double {
      evaluations += 1
      progress?(min(0.95, evaluations / 12))
      return log(try turnover(at: m, base: base, grid: coarse) / cap)
    }
    let free = try excess(0)
    if free <= 0 { return TurnoverMultiplier(fraction: 0, turnover: cap * exp(free)) }
    // In z = ln((m + base)/base).
    var (low, high) = (0.0, 0.0)
    var (above, below) = (free, free)
    for _ in 0..<TurnoverSearch.mostStrides where below > 0 {
      (low, above) = (high, below)
      high += log(TurnoverSearch.stride)
      below = try excess(base * (exp(high) - 1))
    }
    guard below <= 0 else {
      throw .unsupported(method: FiniteHorizon.name, feature: "a turnover budget that the settlement alone exceeds")
    }
    var bracket = BracketedSecant(low: low, above, high: high, below)
    var (z, found) = (high, below)
    for _ in 0..<TurnoverSearch.mostSecants where abs(found) > TurnoverSearch.tolerance {
      z = bracket.next
      found = try excess(base * (exp(z) - 1))
      bracket.take(found, at: z)
    }
    progress?(1)
    return TurnoverMultiplier(fraction: base * (exp(z) - 1), turnover: cap * exp(found))
  }

  /// dJ/dm per year of the horizon from today's regime and inventory [quote/year].
  private func turnover(at m: Double, base: Double, grid: GridSettings) throws(ControlError) -> Double {
    let h = TurnoverSearch.step * (m + base)
    let least = problem.costs.reduce(Double.infinity) { min($0, min($1.proportionalBuy, $1.proportionalSell)) }
    // A purchase may not be paid for: where nothing is charged yet the difference is one-sided.
    let low = m - h >= -least ? m - h : m
    let difference = try value(m + h, grid) - value(low, grid)
    return difference / (m + h - low) / problem.horizon
  }

  private func value(_ m: Double, _ grid: GridSettings) throws(ControlError) -> Double {
    try FiniteHorizon(settings: grid, threads: threads).solve(problem.charging(m)).value(
      regime: problem.market.currentRegime, inventory: problem.inventory)
  }
}

extension OptionBookProblem {
  /// The same problem with a fraction m added to every proportional cost.
  public func charging(_ m: Double) -> OptionBookProblem {
    replacing(
      costs: costs.map { cost in
        var dearer = cost
        dearer.proportionalBuy += m
        dearer.proportionalSell += m
        return dearer
      })
  }
}

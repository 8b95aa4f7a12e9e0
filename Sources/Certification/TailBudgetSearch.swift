import Control
import Formulation
import Glibc
import Simulation

/// Why no risk aversion meets a budget of the tail, as facts.
public enum TailBudgetError: Error, Equatable, Sendable {
  case control(ControlError)
  case simulation(SimulationError)
  /// Trades cost nothing: the risk is hedged away at any risk aversion.
  case freeTrading
  /// Left alone, the book keeps to the budget [quote].
  case needless(unhedged: Double)
  /// No risk aversion leads to less than this [quote].
  case notReached(least: Double)
}

/// Finds the risk aversion at which the optimal policy's worst outcomes lose a given amount on average: `CVaR_α` of the loss
/// until the horizon, costs included, by simulation.
///
/// From the book left alone the loss in the tail falls with the risk aversion until trading costs as much as it saves, and
/// grows from there. Cost grows all along, so that the cheapest policy that keeps to the budget is where the tail first meets it.
/// The search walks downhill in ln a, to where the budget is kept, from there back to where it is not, and ends with a bracketed
/// secant (the Illinois rule, Dowell and Jarratt 1971). Trials are solved on half of the grid that each would be given and
/// rolled out on the same paths. The simulation's standard error is the answer's: it is stated, and far above the search's tolerance.
/// *Verified by* `TailBudgetTests`.
public struct TailBudgetSearch: Sendable {
  public let problem: OptionBookProblem
  public let budget: RiskBudget
  public let grid: GridSettings
  public let settings: CertificationSettings

  public init(problem: OptionBookProblem, budget: RiskBudget, grid: GridSettings, settings: CertificationSettings) {
    self.problem = problem
    self.budget = budget
    self.grid = grid
    self.settings = settings
  }

  /// What was found.
  public struct Answer: Sendable {
    public let point: FrontierPoint
    /// `CVaR_α` of the loss [quote], of the policy of the grid half as fine.
    public let tail: Simulation.Estimate
  }

  /// The search ends within this of the budget, relatively, or when the bracket in ln a is as narrow.
  static let tolerance = 1e-3
  /// A step in ln a: the band's width halves where costs are small.
  private static let stride = log(8.0)
  /// Sixteen decimal orders on either side of the start.
  private static let mostStrides = 18
  private static let mostSecants = 40
  /// Steps of the golden section towards the least loss: its place is then known to a thousandth of the bracket.
  private static let goldenSteps = 14
  private static let golden = (5.0.squareRoot() - 1) / 2

  public func run(progress: (@Sendable (Double) -> Void)? = nil) throws(TailBudgetError) -> Answer {
    guard problem.costs.contains(where: { $0.charge(price: problem.market.spot, trade: 1) > 0 }) else {
      throw .freeTrading
    }
    let rollOut: RollOut
    do {
      let check = OptionBookCertifier(problem: problem, grid: grid, settings: settings)
      rollOut = try RollOut(
        problem: problem,
        settings: check.rollOutSettings(checkEvery: check.rollOutCheck, isDetailed: true))
    } catch { throw .simulation(error) }
    let unhedged = try tail(of: .never, rollOut)
    if unhedged.mean <= budget.amount { throw .needless(unhedged: unhedged.mean) }
    var trials = Trials(search: self, rollOut: rollOut, progress: progress)
    let end = try met(&trials)
    let point: FrontierPoint
    do {
      point = try FrontierPoint(
        of: problem.replacing(preference: .quadratic(riskAversion: exp(end))), settings: grid, threads: settings.threads
      )
    } catch { throw .control(error) }
    progress?(1)
    return Answer(point: point, tail: try trials.tail(end))
  }

  /// ln a at which the tail first meets the budget.
  private func met(_ trials: inout Trials) throws(TailBudgetError) -> Double {
    var high = try kept(&trials)
    var low = high
    var strides = 0
    while try trials.excess(low) <= 0 {
      (high, low) = (low, low - Self.stride)
      strides += 1
      // The book left alone loses more: the band was only too wide for any path to leave it.
      if strides == Self.mostStrides { return high }
    }
    let atHigh = try trials.excess(high)
    if atHigh == 0 { return high }
    var bracket = BracketedSecant(low: low, try trials.excess(low), high: high, atHigh)
    for _ in 0..<Self.mostSecants where bracket.high - bracket.low > Self.tolerance {
      let middle = bracket.next
      let at = try trials.excess(middle)
      bracket.take(at, at: middle)
      if at <= 0, at > -Self.tolerance { break }
    }
    return bracket.high
  }

  /// Some ln a at which the budget is kept.
  private func kept(_ trials: inout Trials) throws(TailBudgetError) -> Double {
    let start = log(budget.startingAversion)
    if try trials.excess(start) <= 0 { return start }
    let rises = try trials.excess(start + Self.stride) > trials.excess(start)
    let step = rises ? -Self.stride : Self.stride
    var middle = rises ? start : start + step
    var strides = 0
    while try trials.excess(middle) > 0, try trials.excess(middle + step) < trials.excess(middle) {
      middle += step
      strides += 1
      guard strides < Self.mostStrides else { throw .notReached(least: try trials.tail(middle).mean) }
    }
    if try trials.excess(middle) <= 0 { return middle }
    var (low, high) = (middle - Self.stride, middle + Self.stride)
    for _ in 0..<Self.goldenSteps {
      let (left, right) = (high - Self.golden * (high - low), low + Self.golden * (high - low))
      let (atLeft, atRight) = (try trials.excess(left), try trials.excess(right))
      let better = atLeft < atRight ? left : right
      if min(atLeft, atRight) <= 0 { return better }
      if atLeft < atRight { high = right } else { low = left }
      middle = better
    }
    throw .notReached(least: try trials.tail(middle).mean)
  }

  private func tail(of policy: HedgingPolicy, _ rollOut: RollOut) throws(TailBudgetError) -> Simulation.Estimate {
    do {
      let profits = try rollOut.run(policy, keeping: [.profit]).kept[0]
      return try SampleLaw(profits, grouping: .pairs).estimate(.worstMean(level: budget.level))
    } catch { throw .simulation(error) }
  }

  /// The tails that were simulated, by ln a.
  private struct Trials {
    let search: TailBudgetSearch
    let rollOut: RollOut
    let progress: (@Sendable (Double) -> Void)?
    private var known: [Double: Simulation.Estimate] = [:]
    /// A search takes about so many.
    private static let expected = 16.0

    init(search: TailBudgetSearch, rollOut: RollOut, progress: (@Sendable (Double) -> Void)?) {
      self.search = search
      self.rollOut = rollOut
      self.progress = progress
    }

    mutating func tail(_ logAversion: Double) throws(TailBudgetError) -> Simulation.Estimate {
      if let tail = known[logAversion] { return tail }
      let problem = search.problem.replacing(preference: .quadratic(riskAversion: exp(logAversion)))
      let solution: FiniteHorizonSolution
      do {
        let chosen = try FiniteHorizonGrid(problem: problem, settings: search.grid)
        solution = try FiniteHorizon(
          settings: search.grid.refined(by: 0.5, of: chosen), threads: search.settings.threads
        ).solve(problem)
      } catch { throw .control(error) }
      let tail = try search.tail(of: .table(problem.readable(solution.policy)), rollOut)
      known[logAversion] = tail
      let count = Double(known.count)
      progress?(count / (count + Trials.expected))
      return tail
    }

    /// The tail over the budget, less one.
    mutating func excess(_ logAversion: Double) throws(TailBudgetError) -> Double {
      try tail(logAversion).mean / search.budget.amount - 1
    }
  }
}

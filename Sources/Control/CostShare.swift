import Formulation

/// How much of the value is trading and how much is risk, without evaluating the policy again.
///
/// The value is homogeneous of degree one in (risk aversion, costs), and by the envelope theorem its derivative in a common
/// scale s of all costs, at the optimum, is the expected trading cost itself:
///
///     trading = dJ(s)/ds at s = 1,   risk and carry = J − trading.
///
/// The derivative is a central difference, second order in the relative step ε; both solutions share a grid, so that most
/// of the grid's error cancels. Source: homogeneity of the criterion and Milgrom and Segal (2002), theorem 2.
/// *Verified by* `FiniteHorizonReferenceTests.costShareAgrees` against an evaluation of the policy.
public struct CostShare: Sendable {
  /// Relative step of the difference: the cube root of the solver's relative noise of about 10⁻⁵ and its error ε²/6 then
  /// balance.
  public static let step = 0.02

  /// Trading cost per regime at today's spot and the problem's inventory [quote].
  public let trading: [Double]
  /// J at the higher and the lower costs, per regime [quote]: a value must grow with costs.
  public let higher: [Double]
  public let lower: [Double]

  public init(problem: OptionBookProblem, method: FiniteHorizon) throws(ControlError) {
    let values = try method.readings(CostShare.variants(problem)) { CostShare.reading($0) }
    self.init(values)
  }

  /// - Parameter values: J per regime of each variant.
  init(_ values: [[Double]]) {
    (higher, lower) = (values[0], values[1])
    trading = zip(higher, lower).map { ($0 - $1) / (2 * CostShare.step) }
  }

  /// The problem with higher costs, and with lower ones.
  static func variants(_ problem: OptionBookProblem) -> [OptionBookProblem] {
    [1 + step, 1 - step].map { scale in problem.replacing(costs: problem.costs.map { $0.scaled(by: scale) }) }
  }

  /// J per regime, from today's spot with the problem's inventory.
  static func reading(_ solution: FiniteHorizonSolution) -> [Double] {
    let problem = solution.problem
    return (0..<problem.environment.count).map { solution.value(regime: $0, inventory: problem.inventory) }
  }
}

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
    let scales = [1 + CostShare.step, 1 - CostShare.step]
    let variants = scales.map { scale in problem.replacing(costs: problem.costs.map { $0.scaled(by: scale) }) }
    let values = try method.readings(variants) { solution in
      (0..<problem.environment.count).map { solution.value(regime: $0, inventory: problem.inventory) }
    }
    let (high, low) = (values[0], values[1])
    trading = zip(high, low).map { ($0 - $1) / (2 * CostShare.step) }
    higher = high
    lower = low
  }
}

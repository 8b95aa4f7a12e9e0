import Formulation
import LinearAlgebra

/// The exact law of where a step of the environment leads, by its moments:
///
///     M_j[e'] = E[ (x/s)^j 1{e_δ = e'} | e_0 = e ],   x = ln S_δ/S_0,   j = 0 … 4,
///
/// from the linear equations of a diffusion whose coefficients follow a Markov chain,
///
///     dM_j/dt = M_j Q + j M_{j−1} (b/s) + ½ j(j−1) M_{j−2} (σ²/s²),   b = μ − ½σ²,
///
/// solved by one matrix exponential. In units of a deviation every entry is of order one, whatever the step.
/// *Verified by* `LogReturnMomentsTests`.
struct LogReturnMoments {
  /// `[power][regime at the end]`.
  let moments: [[Double]]
  /// s, the deviation of the step where no regime switches [log-price].
  let scale: Double

  /// The highest power: five neighbouring nodes carry a polynomial of degree four.
  static let degree = 4

  /// - Parameters:
  ///   - start: e.
  ///   - length: δ [years].
  /// - Throws: what the exponential throws.
  init(environment: EnvironmentChain, from start: Int, length: Double) throws(LinearAlgebraError) {
    let (count, powers) = (environment.count, LogReturnMoments.degree + 1)
    scale = environment.regimes[start].volatility * length.squareRoot()
    var system = Matrix(rows: powers * count, columns: powers * count)
    for (e, regime) in environment.regimes.enumerated() {
      let variance = regime.volatility * regime.volatility
      for power in 0..<powers {
        let column = power * count
        for other in 0..<count { system[column + e, column + other] = environment.generator.rates[e][other] * length }
        let first = Double(power)
        if power > 0 {
          system[column - count + e, column + e] = first * (regime.drift - 0.5 * variance) * length / scale
        }
        if power > 1 {
          system[column - 2 * count + e, column + e] = 0.5 * first * (first - 1) * variance * length / (scale * scale)
        }
      }
    }
    let solved = try system.exponential()
    moments = (0..<powers).map { power in (0..<count).map { solved[start, power * count + $0] } }
  }
}

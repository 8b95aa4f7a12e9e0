import Formulation
import Glibc
import LinearAlgebra

/// The exact law of where a step of the environment leads, by its moments, apart for steps in which the regime stays what it
/// is and for those in which it switches:
///
///     M_j[e'] = E[ (x/s)^j 1{e_δ = e'} | e_0 = e ],   x = ln S_δ/S_0,   j = 0 … 4.
///
/// All steps together obey the linear equations of a diffusion whose coefficients follow a Markov chain,
///
///     dM_j/dt = M_j Q + j M_{j−1} (b/s) + ½ j(j−1) M_{j−2} (σ²/s²),   b = μ − ½σ²,
///
/// solved by one matrix exponential; in quiet steps x is normal. In units of a deviation every entry is of order one, whatever
/// the step. *Verified by* `StepLawTests`.
struct StepLaw {
  /// Moments of one kind of step.
  struct Part {
    /// s [log-price].
    let scale: Double
    /// `[power][regime at the end]`.
    let moments: [[Double]]
  }

  /// The regime stays: s is the step's deviation.
  let quiet: Part
  /// It switches, whether or not it comes back: s is the deviation in the wildest regime. Nil where none can switch.
  let busy: Part?

  /// The highest power: five neighbouring nodes carry a polynomial of degree four.
  static let degree = 4

  /// - Parameters:
  ///   - start: e.
  ///   - length: δ [years].
  /// - Throws: what the exponential throws.
  init(environment: EnvironmentChain, from start: Int, length: Double) throws(LinearAlgebraError) {
    let regime = environment.regimes[start]
    let scale = regime.volatility * length.squareRoot()
    let mean = (regime.drift - 0.5 * regime.volatility * regime.volatility) * length / scale
    let stays = exp(environment.generator.rates[start][start] * length)
    let normal = StepLaw.normalMoments(mean: mean).map { $0 * stays }
    quiet = Part(
      scale: scale, moments: normal.map { moment in environment.regimes.indices.map { $0 == start ? moment : 0 } })
    guard stays < 1 else {
      busy = nil
      return
    }
    let widest = environment.regimes.map(\.volatility).max()! * length.squareRoot()
    var moments = try StepLaw.moments(environment, from: start, length: length, scale: widest)
    var unit = 1.0
    for power in moments.indices {
      moments[power][start] -= normal[power] * unit
      unit *= scale / widest
    }
    busy = Part(scale: widest, moments: moments)
  }

  /// `E (m + Z)^j` for a standard normal Z.
  private static func normalMoments(mean m: Double) -> [Double] {
    var moments = [1, m]
    for power in 2...degree { moments.append(m * moments[power - 1] + Double(power - 1) * moments[power - 2]) }
    return moments
  }

  /// M of all steps.
  static func moments(
    _ environment: EnvironmentChain, from start: Int, length: Double, scale: Double
  ) throws(LinearAlgebraError) -> [[Double]] {
    let (count, powers) = (environment.count, degree + 1)
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
    return (0..<powers).map { power in (0..<count).map { solved[start, power * count + $0] } }
  }
}

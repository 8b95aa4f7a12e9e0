import Formulation

/// Eight neighbouring lines, advanced together.
typealias LineGroup = SIMD8<Double>

/// The implicit system of one time step, shared by all inventories: `(c I − h A) U = b` with A the generator of
/// (log-spot, regime).
///
///     A = ½σ_e²(∂ₓₓ − ∂ₓ) + μ_e ∂ₓ − ρ + Q
///
/// Block tridiagonal: the spot couples neighbours within a regime, switching couples regimes at a node, so blocks are
/// m × m and the off-diagonal ones diagonal. One factorisation per step serves every line. Regimes are coupled
/// implicitly, so that any switching rate is stable and there is no splitting error.
///
/// Three-point differences in log-spot on a smoothly mapped grid, second order; at the two ends the second derivative in
/// S is dropped (V linear in S far away).
struct LineSystem {
  let rows: Int
  let regimes: Int
  /// Generator coefficients to the row below and above, `[row × regime]`.
  private(set) var lower: [Double]
  private(set) var upper: [Double]
  /// Diagonal blocks of A, `[row × regime × regime]`.
  private(set) var block: [Double]

  // Factorisation of c I − h A.
  /// `L_i` with `d'_i = d_i − L_i d'_{i−1}`, `[row × regime × regime]`.
  private(set) var elimination: [Double]
  /// `(B'_i)⁻¹`, `[row × regime × regime]`.
  private(set) var inverse: [Double]
  /// `C_i`, `[row × regime]`.
  private(set) var above: [Double]

  init(logSpots: [Double], environment: EnvironmentChain) {
    rows = logSpots.count
    regimes = environment.count
    let count = rows * regimes
    lower = Array(repeating: 0, count: count)
    upper = lower
    above = lower
    block = Array(repeating: 0, count: count * regimes)
    elimination = block
    inverse = block
    for row in 0..<rows {
      for (regime, state) in environment.regimes.enumerated() {
        let index = row * regimes + regime
        let half = 0.5 * state.volatility * state.volatility
        let drift = state.drift - half
        var diagonal = 0.0
        if row == 0 {
          // V linear in S: ½σ²(V_xx − V_x) vanishes, the drift remains, one-sided.
          upper[index] = state.drift / (logSpots[1] - logSpots[0])
          diagonal = -upper[index]
        } else if row == rows - 1 {
          lower[index] = -state.drift / (logSpots[row] - logSpots[row - 1])
          diagonal = -lower[index]
        } else {
          let down = logSpots[row] - logSpots[row - 1]
          let up = logSpots[row + 1] - logSpots[row]
          lower[index] = (2 * half - drift * up) / (down * (down + up))
          upper[index] = (2 * half + drift * down) / (up * (down + up))
          diagonal = -(lower[index] + upper[index])
        }
        for other in 0..<regimes {
          block[index * regimes + other] = environment.generator.rates[regime][other] + (other == regime ? diagonal : 0)
        }
      }
    }
  }

  /// Factorises `c I − h A` by block elimination without exchanges: the blocks are diagonally dominant M-matrices.
  mutating func factorise(_ scheme: BackwardDifference) {
    let (c, h) = (scheme.leading, scheme.step)
    let m = regimes
    var pivot = [Double](repeating: 0, count: m * m)
    for row in 0..<rows {
      let base = row * m
      for e in 0..<m {
        above[base + e] = -h * upper[base + e]
        for f in 0..<m { pivot[e * m + f] = -h * block[(base + e) * m + f] + (e == f ? c : 0) }
      }
      if row > 0 {
        let before = (row - 1) * m
        for e in 0..<m {
          for f in 0..<m {
            let value = -h * lower[base + e] * inverse[(before + e) * m + f]
            elimination[(base + e) * m + f] = value
            pivot[e * m + f] -= value * above[before + f]
          }
        }
      }
      LineSystem.invert(&pivot, m)
      for index in 0..<(m * m) { inverse[base * m + index] = pivot[index] }
    }
  }

  /// Gauss–Jordan without exchanges on a small diagonally dominant matrix, in place.
  static func invert(_ a: inout [Double], _ m: Int) {
    for p in 0..<m {
      let reciprocal = 1 / a[p * m + p]
      a[p * m + p] = 1
      for j in 0..<m { a[p * m + j] *= reciprocal }
      for i in 0..<m where i != p {
        let factor = a[i * m + p]
        a[i * m + p] = 0
        for j in 0..<m { a[i * m + j] -= factor * a[p * m + j] }
      }
    }
  }

  /// `A u` for a single line `[row × regime]`.
  func applied(to line: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: line.count)
    for row in 0..<rows {
      for e in 0..<regimes {
        let index = row * regimes + e
        var sum = 0.0
        if row > 0 { sum += lower[index] * line[index - regimes] }
        if row < rows - 1 { sum += upper[index] * line[index + regimes] }
        for f in 0..<regimes { sum += block[index * regimes + f] * line[row * regimes + f] }
        result[index] = sum
      }
    }
    return result
  }

  /// Solves for a single line in place, `[row × regime]`.
  func solve(_ line: inout [Double]) {
    let m = regimes
    for row in 1..<rows {
      for e in 0..<m {
        var sum = line[row * m + e]
        for f in 0..<m { sum -= elimination[(row * m + e) * m + f] * line[(row - 1) * m + f] }
        line[row * m + e] = sum
      }
    }
    var temporary = [Double](repeating: 0, count: m)
    for row in stride(from: rows - 1, through: 0, by: -1) {
      for e in 0..<m {
        temporary[e] = line[row * m + e] - (row < rows - 1 ? above[row * m + e] * line[(row + 1) * m + e] : 0)
      }
      for e in 0..<m {
        var sum = 0.0
        for f in 0..<m { sum += inverse[(row * m + e) * m + f] * temporary[f] }
        line[row * m + e] = sum
      }
    }
  }
}

/// The coefficients of a variable-step second-order backward difference,
///
///     c₀ U^{n+1} = c₁ U^n − c₂ U^{n−1} + h (A U + f)^{n+1},   ω = h_{n+1}/h_n,
///     c₀ = (1 + 2ω)/(1 + ω),  c₁ = 1 + ω,  c₂ = ω²/(1 + ω);
///
/// ω = 0 is implicit Euler, with which each segment starts (Hairer, Nørsett, Wanner, *Solving ODEs I*, §III.5).
struct BackwardDifference: Equatable {
  let leading: Double
  let recent: Double
  let older: Double
  let step: Double
  /// ω.
  let ratio: Double

  init(step: Double, ratio: Double) {
    self.step = step
    self.ratio = ratio
    leading = (1 + 2 * ratio) / (1 + ratio)
    recent = 1 + ratio
    older = ratio * ratio / (1 + ratio)
  }

  /// Other coefficients of the same form.
  init(leading: Double, recent: Double, older: Double, step: Double) {
    self.leading = leading
    self.recent = recent
    self.older = older
    self.step = step
    ratio = recent - 1
  }
}

extension FiniteHorizonGrid {
  /// The levels at which a march arrives: from the last but one to the valuation.
  var levels: StrideThrough<Int> { stride(from: times.count - 2, through: 0, by: -1) }

  /// The step by which a march arrives at a level; the first of a segment, whose end is the level after it, is Euler's.
  func step(to level: Int) -> BackwardDifference {
    let step = times[level + 1] - times[level]
    return BackwardDifference(
      step: step, ratio: isSegmentEnd[level + 1] ? 0 : step / (times[level + 2] - times[level + 1]))
  }
}

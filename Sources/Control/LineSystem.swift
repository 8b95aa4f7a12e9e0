import Formulation

/// Eight neighbouring lines, advanced together.
typealias LineGroup = SIMD8<Double>

/// The implicit system of one time step, shared by all inventories: `(c I − h A) U = b` with A the generator of
/// (log-spot, regime).
///
///     A = ½σ_e²(∂ₓₓ − ∂ₓ) + μ_e ∂ₓ − ρ + Q
///
/// For a price that jumps, μ is the drift between jumps, ν is taken off the diagonal, and switches that move the price leave
/// only their −q here: what jumps bring is `JumpOperator`'s.
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
        let mu = environment.driftBetweenJumps(regime)
        let drift = mu - half
        var diagonal = 0.0
        if row == 0 {
          // V linear in S: ½σ²(V_xx − V_x) vanishes, the drift remains, one-sided.
          upper[index] = mu / (logSpots[1] - logSpots[0])
          diagonal = -upper[index]
        } else if row == rows - 1 {
          lower[index] = -mu / (logSpots[row] - logSpots[row - 1])
          diagonal = -lower[index]
        } else {
          let down = logSpots[row] - logSpots[row - 1]
          let up = logSpots[row + 1] - logSpots[row]
          lower[index] = (2 * half - drift * up) / (down * (down + up))
          upper[index] = (2 * half + drift * down) / (up * (down + up))
          diagonal = -(lower[index] + upper[index])
        }
        if state.hasJumps { diagonal -= state.jumps!.intensity }
        for other in 0..<regimes {
          let isElsewhere = environment.switchJump(from: regime, to: other) != 0
          block[index * regimes + other] =
            (isElsewhere ? 0 : environment.generator.rates[regime][other]) + (other == regime ? diagonal : 0)
        }
      }
    }
  }

  /// Factorises `c I − h A` by block elimination without exchanges: the blocks are diagonally dominant M-matrices.
  mutating func factorise(_ scheme: BackwardDifference) {
    switch regimes {
    case 1: factorise(scheme, regimes: 1)
    case 2: factorise(scheme, regimes: 2)
    default: factorise(scheme, regimes: regimes)
    }
  }

  @inline(__always)
  private mutating func factorise(_ scheme: BackwardDifference, regimes m: Int) {
    let (c, h, rows) = (scheme.leading, scheme.step, rows)
    for node in above.indices { above[node] = -h * upper[node] }
    lower.withUnsafeBufferPointer { lower in
      block.withUnsafeBufferPointer { block in
        above.withUnsafeBufferPointer { above in
          elimination.withUnsafeMutableBufferPointer { elimination in
            inverse.withUnsafeMutableBufferPointer { inverse in
              for row in 0..<rows {
                let start = row * m * m
                let pivot = inverse.baseAddress! + start
                for index in 0..<(m * m) { pivot[index] = -h * block[start + index] }
                for e in 0..<m { pivot[e * m + e] += c }
                if row > 0 {
                  let before = (row - 1) * m
                  for e in 0..<m {
                    let link = -h * lower[row * m + e]
                    for f in 0..<m {
                      let value = link * inverse[(before + e) * m + f]
                      elimination[start + e * m + f] = value
                      pivot[e * m + f] -= value * above[before + f]
                    }
                  }
                }
                LineSystem.invert(pivot, m)
              }
            }
          }
        }
      }
    }
  }

  /// Inverts a small diagonally dominant matrix in place: by its determinant up to two rows, which takes one division, else by
  /// Gauss–Jordan without exchanges.
  @inline(__always)
  static func invert(_ a: UnsafeMutablePointer<Double>, _ m: Int) {
    if m == 1 {
      a[0] = 1 / a[0]
      return
    }
    if m == 2 {
      let scale = 1 / (a[0] * a[3] - a[1] * a[2])
      (a[0], a[1], a[2], a[3]) = (a[3] * scale, -a[1] * scale, -a[2] * scale, a[0] * scale)
      return
    }
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
    line.withUnsafeMutableBufferPointer { solve($0.baseAddress!) }
  }

  /// The same in plain memory.
  func solve(_ line: NodeArray<Double>) { solve(line.start) }

  private func solve(_ line: UnsafeMutablePointer<Double>) {
    // With their number known beforehand, loops over regimes are unrolled.
    switch regimes {
    case 1: solve(line, regimes: 1)
    case 2: solve(line, regimes: 2)
    default: solve(line, regimes: regimes)
    }
  }

  @inline(__always)
  private func solve(_ line: UnsafeMutablePointer<Double>, regimes m: Int) {
    elimination.withUnsafeBufferPointer { elimination in
      for row in 1..<rows {
        let before = line + (row - 1) * m
        for e in 0..<m {
          let node = row * m + e
          var sum = line[node]
          for f in 0..<m { sum -= elimination[node * m + f] * before[f] }
          line[node] = sum
        }
      }
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { partial in
      inverse.withUnsafeBufferPointer { inverse in
        above.withUnsafeBufferPointer { above in
          for row in (0..<rows).reversed() {
            let base = row * m
            for e in 0..<m {
              partial[e] = line[base + e] - (row < rows - 1 ? above[base + e] * line[base + m + e] : 0)
            }
            for e in 0..<m {
              var sum = 0.0
              for f in 0..<m { sum += inverse[(base + e) * m + f] * partial[f] }
              line[base + e] = sum
            }
          }
        }
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

  /// Other coefficients of the same form; `ratio` extrapolates what is explicit.
  init(leading: Double, recent: Double, older: Double, step: Double, ratio: Double) {
    self.leading = leading
    self.recent = recent
    self.older = older
    self.step = step
    self.ratio = ratio
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

import Glibc

/// Constants of the degree-13 diagonal Padé approximant to the exponential.
private enum ExponentialApproximant {
  /// Numerator coefficients b₀…b₁₃ = (26 − k)! 13! / (26! (13 − k)! k!), scaled to whole numbers.
  /// Higham (2005), "The scaling and squaring method for the matrix exponential revisited", equation (2.2).
  static let coefficients: [Double] = [
    64_764_752_532_480_000, 32_382_376_266_240_000, 7_771_770_303_897_600, 1_187_353_796_428_800,
    129_060_195_264_000, 10_559_470_521_600, 670_442_572_800, 33_522_128_640, 1_323_241_920, 40_840_800, 960_960,
    16_380, 182, 1,
  ]

  /// Greatest ‖A‖₁ for which the backward error is at most 2⁻⁵³. Higham (2005), table 2.3, m = 13.
  static let greatestNorm = 5.371920351148152
}

extension Matrix {
  /// The matrix exponential eᴬ = Σ Aᵏ / k! by scaling and squaring.
  ///
  /// eᴬ = (r₁₃(2⁻ˢ A))^(2ˢ), with the least s that brings ‖2⁻ˢ A‖₁ under the bound of the approximant. In exact
  /// arithmetic the result is the exponential of A + E with ‖E‖ ≤ 2⁻⁵³ ‖A‖; rounding in the s squarings adds an error
  /// of the order of 2ˢ n ε in the worst case and far less for generators of Markov chains, whose powers are stochastic.
  ///
  /// - Throws: `.shape` unless square, `.notFinite` (also when the exponential overflows).
  ///
  /// Source: Higham (2005), SIAM J. Matrix Anal. Appl. 26, algorithm 2.3 (degree 13 throughout).
  ///
  /// *Verified by* `rotationExponential`, `nilpotentExponential`, `twoStateGenerator`, `logarithmUndoesExponential`.
  public func exponential() throws(LinearAlgebraError) -> Matrix {
    try requireSquare()
    try requireFinite()
    let norm = oneNorm
    guard norm.isFinite else { throw .notFinite(index: 0) }
    let ratio = norm / ExponentialApproximant.greatestNorm
    let squarings = ratio > 1 ? Int(log2(ratio).rounded(.up)) : 0
    let b = ExponentialApproximant.coefficients
    let a = scalbn(1, -squarings) * self
    let identity = Matrix.identity(rows)
    let a2 = a * a
    let a4 = a2 * a2
    let a6 = a2 * a4
    // Odd and even parts share the powers: r = (V − U)⁻¹ (V + U).
    let odd =
      a * (a6 * (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * identity)
    let even = a6 * (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * identity
    var result = try LUFactorisation(even - odd).solve(even + odd)
    for _ in 0..<squarings { result = result * result }
    try result.requireFinite()
    return result
  }
}

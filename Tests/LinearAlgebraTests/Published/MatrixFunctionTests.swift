import Glibc
import LinearAlgebra
import Testing

@Suite struct MatrixFunctionTests {
  /// exp of the rotation generator θ J is the rotation by θ. Rounding of the squarings: n ε per squaring, times e^0.
  @Test(arguments: [0.0, 1e-9, 0.3, 1.5, 3.1, 6.0, 40.0]) func rotationExponential(angle: Double) throws {
    let found = try Matrix([[0, -angle], [angle, 0]]).exponential()
    let exact = try Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    // The argument's own rounding is amplified by its size.
    let bound = 4 * (2 + angle) * Double.ulpOfOne
    #expect(distance(found, exact) <= bound, "angle \(angle): \(distance(found, exact) / Double.ulpOfOne) ε")
  }

  /// log of the rotation by θ, |θ| < π, is θ J.
  @Test(arguments: [1e-9, 0.3, 1.5, 2.5, 3.1]) func rotationLogarithm(angle: Double) throws {
    let found = try Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]).logarithm()
    let exact = try Matrix([[0, -angle], [angle, 0]])
    let bound = 8 * Double.ulpOfOne * max(1, angle)
    #expect(distance(found, exact) <= bound, "angle \(angle): \(distance(found, exact) / Double.ulpOfOne) ε")
  }

  /// The strictly upper triangular N with N³ = 0: eᴺ = I + N + N²/2, and log of that is N.
  @Test func nilpotentExponential() throws {
    let n = try Matrix([[0, 2, -3], [0, 0, 5], [0, 0, 0]])
    let exact = try Matrix([[1, 2, 2], [0, 1, 5], [0, 0, 1]])
    let found = try n.exponential()
    #expect(distance(found, exact) <= 3 * Double.ulpOfOne * exact.oneNorm, "\(found)")
    let back = try exact.logarithm()
    // The condition of the logarithm here is bounded by ‖A⁻¹‖ ‖A‖ = 12 · 8.
    #expect(distance(back, n) <= 3 * Double.ulpOfOne * 12 * 8, "\(back)")
  }

  /// Q = [−a a; b −b]: e^(Qt) = Π + e^(−(a+b)t) (I − Π), both rows of Π being (b, a) / (a + b).
  @Test(arguments: [(0.3, 1.7, 0.5), (2.0, 0.01, 10.0), (100.0, 250.0, 1.0), (1e-8, 1e-9, 1.0)])
  func twoStateGenerator(a: Double, b: Double, t: Double) throws {
    let q = try Matrix([[-a, a], [b, -b]])
    let found = try (t * q).exponential()
    let decay = expm1(-(a + b) * t) / (a + b)
    let exact = try Matrix([[1 + a * decay, -a * decay], [-b * decay, 1 + b * decay]])
    // Powers of a stochastic matrix do not grow: the error is that of s squarings at most, n ε each, doubling.
    let bound = 4 * Double.ulpOfOne * max(1, (a + b) * t)
    #expect(distance(found, exact) <= bound, "\(a) \(b) \(t): \(distance(found, exact) / Double.ulpOfOne) ε")
    for i in 0..<2 { #expect((found[i, 0] + found[i, 1] - 1).magnitude <= bound) }
    // Past (a + b) t of some 30 the chain has forgotten its start and the generator is not to be had back.
    if (a + b) * t < 30 {
      let back = try exact.logarithm()
      let loss = exp((a + b) * t) * 8 * Double.ulpOfOne
      #expect(distance(back, t * q) <= loss, "\(a) \(b) \(t): \(distance(back, t * q) / Double.ulpOfOne) ε")
    }
  }

  /// log eᴬ = A for eigenvalues with imaginary parts inside (−π, π), over sizes, with the conditioning of the pair.
  @Test(arguments: [1, 2, 3, 6, 12], [1, 2, 3]) func logarithmUndoesExponential(n: Int, seed: Int) throws {
    var a = pseudoRandom(n, n, seed: seed)
    a = (1 / a.oneNorm) * a
    let back = try a.exponential().logarithm()
    // ‖A‖₁ = 1: ‖Lexp‖ ≤ e^‖A‖ and its inverse are taken as at most e² together.
    let bound = 2 * exp(2.0) * Double(n) * Double.ulpOfOne
    #expect(distance(back, a) <= bound, "n \(n), seed \(seed): \(distance(back, a) / Double.ulpOfOne) ε")
  }

  /// A generator of four states far from symmetric, with a stiff row.
  @Test func generatorRoundTrip() throws {
    let q = try Matrix([[-3, 1, 1.5, 0.5], [0.1, -0.4, 0.2, 0.1], [0, 0.01, -0.02, 0.01], [2, 0, 0.5, -2.5]])
    let back = try q.exponential().logarithm()
    // e^(spectral spread) bounds the loss: the fastest mode decays by e^−3.6.
    let bound = 4 * exp(3.6) * 4 * Double.ulpOfOne
    #expect(distance(back, q) <= bound, "\(distance(back, q) / Double.ulpOfOne) ε")
    // det eᴬ = e^(tr A) (Jacobi).
    let determinant = try LUFactorisation(q.exponential()).determinant
    #expect((determinant / exp(q.trace) - 1).magnitude <= exp(5.92) * 16 * Double.ulpOfOne, "\(determinant)")
  }

  @Test func logarithmRefusals() throws {
    #expect(throws: LinearAlgebraError.eigenvalueOnNegativeAxis(real: -2)) {
      try Matrix(diagonal: [1, -2]).logarithm()
    }
    #expect(throws: LinearAlgebraError.eigenvalueOnNegativeAxis(real: 0)) {
      try Matrix([[0, 1], [0, 3]]).logarithm()
    }
    #expect(throws: LinearAlgebraError.shape(expected: 2, found: 1)) {
      try Matrix(rows: 2, columns: 1).logarithm()
    }
    #expect(throws: LinearAlgebraError.notFinite(index: 1)) { try Matrix([[1, 0], [.nan, 1]]).exponential() }
    #expect(throws: LinearAlgebraError.notFinite(index: 0)) { try Matrix([[800]]).exponential() }
  }
}

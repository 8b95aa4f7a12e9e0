import Glibc
import LinearAlgebra
import Testing

/// The greatest |aᵢⱼ − bᵢⱼ|.
func distance(_ a: Matrix, _ b: Matrix) -> Double { (a - b).maximumAbsolute }

@Suite struct KnownMatrixTests {
  /// The inverse of the Hilbert matrix of order 5, whole numbers: Choi (1983), "Tricks or treats with the Hilbert
  /// matrix", Amer. Math. Monthly 90, 301–312.
  static let hilbertInverseRows: [[Double]] = [
    [25, -300, 1050, -1400, 630], [-300, 4800, -18900, 26880, -12600], [1050, -18900, 79380, -117600, 56700],
    [-1400, 26880, -117600, 179200, -88200], [630, -12600, 56700, -88200, 44100],
  ]

  static func hilbert(_ n: Int) -> Matrix {
    var h = Matrix(rows: n, columns: n)
    for i in 0..<n { for j in 0..<n { h[i, j] = 1 / Double(i + j + 1) } }
    return h
  }

  /// The relative error of a solve is at most about n ε κ (Higham 2002, section 9.3); κ₁ = 943 656 for order 5.
  @Test func hilbertInverse() throws {
    let exact = try Matrix(KnownMatrixTests.hilbertInverseRows)
    let condition = 943_656.0
    let bound = 5 * Double.ulpOfOne * condition * exact.maximumAbsolute
    let h = KnownMatrixTests.hilbert(5)
    let lu = try LUFactorisation(h)
    let byLU = distance(try lu.solve(.identity(5)), exact)
    #expect(byLU <= bound, "\(byLU) > \(bound)")
    let byCholesky = distance(try CholeskyFactorisation(h).solve(.identity(5)), exact)
    #expect(byCholesky <= bound, "\(byCholesky) > \(bound)")
    // The estimate of the condition is exact for so small a matrix, to the rounding it suffers itself.
    let estimate = 1 / lu.reciprocalCondition
    #expect((estimate / condition - 1).magnitude <= 5 * Double.ulpOfOne * condition, "\(estimate)")
    // det H₅ = 1 / 266 716 800 000.
    let determinant = lu.determinant * 266_716_800_000
    #expect((determinant - 1).magnitude <= 5 * Double.ulpOfOne * condition, "\(determinant)")
    let logarithm = try CholeskyFactorisation(h).logarithmOfDeterminant
    #expect((logarithm + log(266_716_800_000)).magnitude <= 5 * Double.ulpOfOne * condition, "\(logarithm)")
  }

  /// det of a row exchange.
  @Test func determinantSign() throws {
    #expect(try LUFactorisation(Matrix([[0, 1], [1, 0]])).determinant == -1)
    #expect(try LUFactorisation(Matrix([[0, 1, 0], [0, 0, 1], [1, 0, 0]])).determinant == 1)
  }

  /// The second difference matrix (−1, 2, −1) of order n: 2 − 2 cos(kπ / (n + 1)), eigenvectors sin(jkπ / (n + 1)).
  @Test(arguments: [1, 2, 7, 40]) func secondDifferenceSpectrum(n: Int) throws {
    var a = Matrix(rows: n, columns: n)
    for i in 0..<n {
      a[i, i] = 2
      if i > 0 { (a[i, i - 1], a[i - 1, i]) = (-1, -1) }
    }
    let eigen = try SymmetricEigen(a)
    let general = try GeneralEigen.values(of: a).map(\.real).sorted()
    // Backward stability and Weyl's inequality: |λ̂ − λ| ≤ p n ε ‖A‖₂ with ‖A‖₂ < 4.
    let bound = Double(n) * Double.ulpOfOne * 4
    for k in 1...n {
      let exact = 2 - 2 * cos(Double(k) * .pi / Double(n + 1))
      #expect((eigen.values[k - 1] - exact).magnitude <= bound, "n \(n), k \(k): \(eigen.values[k - 1]), \(exact)")
      #expect((general[k - 1] - exact).magnitude <= bound, "n \(n), k \(k): \(general[k - 1]), \(exact)")
    }
    let last = eigen.vectors.column(0)
    let scale = (2 / Double(n + 1)).squareRoot() * (last[0] < 0 ? -1 : 1)
    // Rotation of an eigenvector ≤ perturbation / gap; the gap below is at least 3 π² / (n + 1)² · ¾.
    let gap = n > 1 ? eigen.values[1] - eigen.values[0] : 1
    for j in 1...n {
      let exact = scale * sin(Double(j) * .pi / Double(n + 1))
      #expect((last[j - 1] - exact).magnitude <= bound / gap + Double.ulpOfOne, "n \(n), row \(j)")
    }
  }

  /// A rotation has the eigenvalues cos θ ± i sin θ.
  @Test func rotationSpectrum() throws {
    let angle = 0.7
    let a = try Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    let values = try GeneralEigen(a).values
    #expect((values[0].real - cos(angle)).magnitude <= 2 * Double.ulpOfOne)
    #expect((values[0].imaginary - sin(angle)).magnitude <= 2 * Double.ulpOfOne)
    #expect(values[1] == Eigenvalue(real: values[0].real, imaginary: -values[0].imaginary))
  }

  /// Poisson's equation −u″ = 1 on (0, 1): the three-point scheme is exact for a parabola, uᵢ = xᵢ (1 − xᵢ) / 2.
  @Test func bandedPoisson() throws {
    let n = 99
    let h = 1 / Double(n + 1)
    var a = BandedMatrix(size: n, lower: 1, upper: 1)
    for i in 0..<n {
      a[i, i] = 2
      if i > 0 { (a[i, i - 1], a[i - 1, i]) = (-1, -1) }
    }
    let lu = try BandedLU(a)
    let u = try lu.solve([Double](repeating: h * h, count: n))
    // κ ≤ 4 (n + 1)² / π²; each of the three-term eliminations contributes a few ε.
    let bound = 4 * Double((n + 1) * (n + 1)) / 9 * 5 * Double.ulpOfOne / 8
    for i in 0..<n {
      let x = Double(i + 1) * h
      #expect((u[i] - x * (1 - x) / 2).magnitude <= bound, "row \(i): \(u[i])")
    }
    // ‖A‖₁ = 4, ‖A⁻¹‖₁ = max of (n + 1)² x (1 − x) / 2 = (n + 1)² / 8.
    let condition = Double((n + 1) * (n + 1)) / 2
    #expect((1 / lu.reciprocalCondition / condition - 1).magnitude <= condition * Double(n) * Double.ulpOfOne)
  }

  /// A cubic through noiseless data, and the residual of a constant fitted to ±1.
  @Test func leastSquaresPolynomial() throws {
    let x = (0..<20).map { Double($0) / 19 }
    let a = try Matrix(x.map { [1, $0, $0 * $0, $0 * $0 * $0] })
    let exact = [0.5, -2, 3, -1.25]
    let qr = try QRFactorisation(a)
    let fit = try qr.leastSquares(a.multiplied(by: exact))
    // Forward error ≤ m n ε κ for a compatible system (Higham 2002, theorem 20.3).
    let bound = 80 * Double.ulpOfOne / qr.reciprocalCondition
    for k in 0..<4 { #expect((fit.coefficients[k] - exact[k]).magnitude <= bound, "\(k): \(fit.coefficients[k])") }
    #expect(fit.residualSumOfSquares <= bound * bound)
    let ones = try QRFactorisation(Matrix(rows: 4, columns: 1, repeating: 1))
    let mean = try ones.leastSquares([1, -1, 1, 1])
    #expect((mean.coefficients[0] - 0.5).magnitude <= 4 * Double.ulpOfOne)
    #expect((mean.residualSumOfSquares - 3).magnitude <= 12 * Double.ulpOfOne)
    #expect((try ones.unscaledCovariance()[0, 0] - 0.25).magnitude <= Double.ulpOfOne)
  }
}

import LinearAlgebra
import Testing

/// Backward errors in units of n ε ‖A‖: the theorems of Higham (2002) bound them by a small constant, times the growth
/// factor for LU, which stays near 1 for such matrices.
@Suite struct BackwardErrorTests {
  static let sizes = [1, 2, 3, 10, 50]

  static func unit(_ a: Matrix) -> Double { Double(max(a.rows, a.columns)) * Double.ulpOfOne * a.oneNorm }

  @Test(arguments: sizes) func luBackwardError(n: Int) throws {
    let a = pseudoRandom(n, n, seed: 11)
    let b = pseudoRandom(n, 3, seed: 12)
    let lu = try LUFactorisation(a)
    for transposed in [false, true] {
      let x = try lu.solve(b, transposed: transposed)
      let residual = ((transposed ? a.transposed : a) * x - b).oneNorm
      let units = residual / (BackwardErrorTests.unit(a) * x.oneNorm)
      #expect(units <= 4, "n \(n), transposed \(transposed): \(units)")
      // Blocked and single solves round differently; both within the same bound.
      let single = try lu.solve(b.column(1), transposed: transposed)
      let product = transposed ? a.transposeMultiplied(by: single) : a.multiplied(by: single)
      for i in 0..<n {
        #expect((product[i] - b[i, 1]).magnitude <= 4 * BackwardErrorTests.unit(a) * x.oneNorm, "n \(n), row \(i)")
      }
    }
  }

  @Test(arguments: sizes) func choleskyBackwardError(n: Int) throws {
    let g = pseudoRandom(n, n, seed: 21)
    let a = g.transposed * g + Matrix.identity(n)
    let factor = try CholeskyFactorisation(a)
    let lower = factor.lower
    let units = (lower * lower.transposed - a).oneNorm / BackwardErrorTests.unit(a)
    #expect(units <= 2, "n \(n): \(units)")
    for j in 0..<n { for i in 0..<j { #expect(lower[i, j] == 0) } }
    let b = pseudoRandom(n, 2, seed: 22)
    let x = try factor.solve(b)
    let residual = (a * x - b).oneNorm / (BackwardErrorTests.unit(a) * x.oneNorm)
    #expect(residual <= 4, "n \(n): \(residual)")
    #expect(try factor.solve(b.column(0)).count == n)
  }

  @Test(arguments: [(1, 1), (5, 2), (10, 10), (60, 7)]) func qrBackwardError(rows: Int, columns: Int) throws {
    let a = pseudoRandom(rows, columns, seed: 31)
    let qr = try QRFactorisation(a)
    let q = qr.orthonormal
    let units = (q * qr.upper - a).oneNorm / BackwardErrorTests.unit(a)
    #expect(units <= 4, "\(rows) × \(columns): \(units)")
    let orthogonality = (q.transposed * q - .identity(columns)).oneNorm / (Double(rows) * Double.ulpOfOne)
    #expect(orthogonality <= 4, "\(rows) × \(columns): \(orthogonality)")
    // The residual of a least-squares fit is orthogonal to the columns.
    let b = pseudoRandom(rows, 1, seed: 32).column(0)
    let fit = try qr.leastSquares(b)
    let fitted = a.multiplied(by: fit.coefficients)
    let residual = zip(b, fitted).map { $0 - $1 }
    let projections = a.transposeMultiplied(by: residual)
    for (k, p) in projections.enumerated() {
      #expect(p.magnitude <= 8 * BackwardErrorTests.unit(a) * Double(rows).squareRoot(), "column \(k): \(p)")
    }
    let sum = residual.reduce(0) { $0 + $1 * $1 }
    #expect((sum - fit.residualSumOfSquares).magnitude <= 8 * Double(rows) * Double.ulpOfOne * Double(rows))
    // (AᵀA) (AᵀA)⁻¹ = I, to the condition.
    let gram = a.transposed * a
    let inverse = try qr.unscaledCovariance()
    let off = (gram * inverse - .identity(columns)).oneNorm
    #expect(off <= 4 * Double(rows) * Double.ulpOfOne * gram.oneNorm * inverse.oneNorm, "\(rows) × \(columns): \(off)")
  }

  @Test(arguments: sizes) func symmetricEigenResidual(n: Int) throws {
    let g = pseudoRandom(n, n, seed: 41)
    let a = g + g.transposed
    let eigen = try SymmetricEigen(a)
    let v = eigen.vectors
    let residual = (a * v - v * Matrix(diagonal: eigen.values)).oneNorm / BackwardErrorTests.unit(a)
    #expect(residual <= 4, "n \(n): \(residual)")
    let orthogonality = (v.transposed * v - .identity(n)).oneNorm / (Double(n) * Double.ulpOfOne)
    #expect(orthogonality <= 4, "n \(n): \(orthogonality)")
    #expect(eigen.values == eigen.values.sorted())
  }

  @Test(arguments: sizes) func generalEigenResidual(n: Int) throws {
    let a = pseudoRandom(n, n, seed: 51)
    let eigen = try GeneralEigen(a)
    // A (x + iy) = (α + iβ)(x + iy), part by part.
    for j in 0..<n {
      let (x, y) = (eigen.realVectors.column(j), eigen.imaginaryVectors.column(j))
      let (alpha, beta) = (eigen.values[j].real, eigen.values[j].imaginary)
      let (ax, ay) = (a.multiplied(by: x), a.multiplied(by: y))
      for i in 0..<n {
        let real = (ax[i] - alpha * x[i] + beta * y[i]).magnitude / BackwardErrorTests.unit(a)
        let imaginary = (ay[i] - alpha * y[i] - beta * x[i]).magnitude / BackwardErrorTests.unit(a)
        #expect(max(real, imaginary) <= 4, "n \(n), eigenvalue \(j), row \(i): \(real), \(imaginary)")
      }
    }
    // The sum of the eigenvalues is the trace.
    let sum = eigen.values.reduce(0) { $0 + $1.real }
    #expect((sum - a.trace).magnitude <= 4 * Double(n) * BackwardErrorTests.unit(a), "n \(n): \(sum), \(a.trace)")
  }

  @Test func refusals() throws {
    #expect(throws: LinearAlgebraError.singular(pivot: 1)) { try LUFactorisation(Matrix([[1, 2], [2, 4]])) }
    #expect(throws: LinearAlgebraError.shape(expected: 1, found: 2)) {
      try LUFactorisation(Matrix(rows: 1, columns: 2, repeating: 1))
    }
    #expect(throws: LinearAlgebraError.notFinite(index: 2)) { try LUFactorisation(Matrix([[1, .infinity], [2, 4]])) }
    #expect(throws: LinearAlgebraError.shape(expected: 2, found: 3)) {
      try LUFactorisation(.identity(2)).solve([1, 2, 3])
    }
    #expect(throws: LinearAlgebraError.shape(expected: 2, found: 1)) { try Matrix([[1, 2], [3]]) }
    #expect(throws: LinearAlgebraError.shape(expected: 2, found: 1)) {
      try QRFactorisation(Matrix(rows: 1, columns: 2))
    }
    #expect(throws: LinearAlgebraError.notSymmetric(row: 1, column: 0)) {
      try SymmetricEigen(Matrix([[1, 2], [2.1, 1]]))
    }
    #expect(throws: LinearAlgebraError.singular(pivot: 0)) { try BandedLU(BandedMatrix(size: 3, lower: 1, upper: 1)) }
    #expect(throws: LinearAlgebraError.singular(pivot: 0)) {
      try QRFactorisation(Matrix(rows: 3, columns: 1)).leastSquares([1, 2, 3])
    }
  }

  /// The leading minors of [1 2; 2 1] are 1 and −3.
  @Test func choleskyRefusesIndefinite() {
    #expect(throws: LinearAlgebraError.notPositiveDefinite(minor: 2)) {
      try CholeskyFactorisation(Matrix([[1, 2], [2, 1]]))
    }
  }
}

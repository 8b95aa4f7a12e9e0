/// A least-squares fit min ‖A x − b‖₂.
public struct LeastSquaresSolution: Equatable, Sendable {
  /// x, one coefficient per column of A.
  public let coefficients: [Double]
  /// ‖A x − b‖₂², from the part of Qᵀ b that no x reaches.
  public let residualSumOfSquares: Double
}

/// A = Q R by Householder reflections, for a matrix with at least as many rows as columns.
///
/// Least squares by QR has backward error of the order of m n ε; the normal equations, with their squared condition,
/// are not used (Higham 2002, section 20.2).
///
/// *Verified by* `qrBackwardError`, `leastSquaresPolynomial`.
public struct QRFactorisation: Sendable {
  public let rows: Int
  public let columns: Int
  let factors: [Double]
  let scales: [Double]

  /// - Throws: `.shape` when there are fewer rows than columns, `.notFinite`.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    guard matrix.rows >= matrix.columns else { throw .shape(expected: matrix.columns, found: matrix.rows) }
    try matrix.requireFinite()
    var factors = matrix.elements
    scales = LAPACK.factoriseOrthogonal(&factors, rows: matrix.rows, columns: matrix.columns)
    rows = matrix.rows
    columns = matrix.columns
    self.factors = factors
  }

  /// R, columns × columns, upper triangular. Its diagonal may be negative.
  public var upper: Matrix {
    var result = Matrix(rows: columns, columns: columns)
    for j in 0..<columns {
      for i in 0...j { result.elements[i + j * columns] = factors[i + j * rows] }
    }
    return result
  }

  /// The first `columns` columns of Q, rows × columns, orthonormal.
  public var orthonormal: Matrix {
    var result = Matrix(rows: rows, columns: columns)
    for j in 0..<columns { result.elements[j + j * rows] = 1 }
    LAPACK.applyOrthogonal(
      factors, scales: scales, rows: rows, columns: columns, to: &result.elements, count: columns, transposed: false)
    return result
  }

  /// Estimate of 1 / (‖R‖₁ ‖R⁻¹‖₁): below ε the columns are numerically dependent.
  public var reciprocalCondition: Double {
    LAPACK.reciprocalConditionUpper(factors, size: columns, leading: rows)
  }

  /// The coefficients that minimise ‖A x − b‖₂.
  /// - Throws: `.shape` unless b has `rows` elements, `.singular` when R has an exactly zero diagonal element.
  public func leastSquares(_ b: [Double]) throws(LinearAlgebraError) -> LeastSquaresSolution {
    guard b.count == rows else { throw .shape(expected: rows, found: b.count) }
    var c = b
    LAPACK.applyOrthogonal(
      factors, scales: scales, rows: rows, columns: columns, to: &c, count: 1, transposed: true)
    let residual = c[columns...].reduce(0) { $0 + $1 * $1 }
    let info = LAPACK.solveTriangular(
      factors, size: columns, leading: rows, upper: true, transposed: false, &c, bLeading: rows, columns: 1)
    guard info == 0 else { throw .singular(pivot: info - 1) }
    return LeastSquaresSolution(coefficients: Array(c[..<columns]), residualSumOfSquares: residual)
  }

  /// (AᵀA)⁻¹ = R⁻¹ R⁻ᵀ, columns × columns: the covariance of the coefficients for unit residual variance.
  /// - Throws: `.singular` when R has an exactly zero diagonal element.
  public func unscaledCovariance() throws(LinearAlgebraError) -> Matrix {
    var inverse = Matrix.identity(columns)
    let info = LAPACK.solveTriangular(
      factors, size: columns, leading: rows, upper: true, transposed: false, &inverse.elements, bLeading: columns,
      columns: columns)
    guard info == 0 else { throw .singular(pivot: info - 1) }
    return inverse * inverse.transposed
  }
}

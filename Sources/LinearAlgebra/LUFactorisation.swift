/// Gaussian elimination with partial pivoting, P A = L U, of a square matrix.
///
/// Solves are backward stable: the computed x̂ solves (A + E) x̂ = b with ‖E‖ of the order of n ε ‖A‖ for all but
/// contrived matrices (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, theorem 9.5). The inverse is
/// never formed.
///
/// *Verified by* `luBackwardError`, `hilbertInverse`.
public struct LUFactorisation: Sendable {
  public let size: Int
  let factors: [Double]
  let pivots: [Int32]
  let oneNorm: Double

  /// - Throws: `.shape` unless square, `.notFinite`, `.singular` at an exactly zero pivot.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    try matrix.requireSquare()
    try matrix.requireFinite()
    var factors = matrix.elements
    var pivots = [Int32](repeating: 0, count: matrix.rows)
    let info = LAPACK.factoriseGeneral(&factors, pivots: &pivots, size: matrix.rows)
    guard info == 0 else { throw .singular(pivot: info - 1) }
    size = matrix.rows
    self.factors = factors
    self.pivots = pivots
    oneNorm = matrix.oneNorm
  }

  /// x with A x = b, or Aᵀ x = b.
  /// - Throws: `.shape` unless b has `size` elements.
  public func solve(_ b: [Double], transposed: Bool = false) throws(LinearAlgebraError) -> [Double] {
    guard b.count == size else { throw .shape(expected: size, found: b.count) }
    var x = b
    LAPACK.solveGeneral(factors, pivots: pivots, size: size, &x, columns: 1, transposed: transposed)
    return x
  }

  /// X with A X = B, or Aᵀ X = B.
  /// - Throws: `.shape` unless B has `size` rows.
  public func solve(_ b: Matrix, transposed: Bool = false) throws(LinearAlgebraError) -> Matrix {
    guard b.rows == size else { throw .shape(expected: size, found: b.rows) }
    var x = b
    LAPACK.solveGeneral(factors, pivots: pivots, size: size, &x.elements, columns: b.columns, transposed: transposed)
    return x
  }

  /// Estimate of 1 / (‖A‖₁ ‖A⁻¹‖₁): near 1 well conditioned, below ε numerically singular. Costs O(n²).
  public var reciprocalCondition: Double {
    LAPACK.reciprocalCondition(factors, size: size, oneNorm: oneNorm)
  }

  /// Product of the pivots with the sign of the row exchanges. Overflows early: compare conditions, not determinants.
  public var determinant: Double {
    var product = 1.0
    for i in 0..<size {
      product *= factors[i + i * size]
      // LAPACK counts rows from 1.
      if Int(pivots[i]) != i + 1 { product = -product }
    }
    return product
  }
}

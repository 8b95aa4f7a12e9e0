import Glibc

/// A = L Lᵀ of a symmetric positive definite matrix, L lower triangular with a positive diagonal.
///
/// *Verified by* `choleskyBackwardError`, `choleskyRefusesIndefinite`.
public struct CholeskyFactorisation: Sendable {
  public let size: Int
  let factors: [Double]

  /// - Throws: `.shape` unless square, `.notFinite`, `.notSymmetric`, `.notPositiveDefinite`.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    try matrix.requireSquare()
    try matrix.requireFinite()
    try matrix.requireSymmetric()
    var factors = matrix.elements
    let info = LAPACK.factoriseDefinite(&factors, size: matrix.rows)
    guard info == 0 else { throw .notPositiveDefinite(minor: info) }
    size = matrix.rows
    self.factors = factors
  }

  /// L, with zeros above the diagonal: L z has covariance A for z of independent standard normals.
  public var lower: Matrix {
    var result = Matrix(rows: size, columns: size)
    for j in 0..<size {
      for i in j..<size { result.elements[i + j * size] = factors[i + j * size] }
    }
    return result
  }

  /// x with A x = b.
  /// - Throws: `.shape` unless b has `size` elements.
  public func solve(_ b: [Double]) throws(LinearAlgebraError) -> [Double] {
    guard b.count == size else { throw .shape(expected: size, found: b.count) }
    var x = b
    LAPACK.solveDefinite(factors, size: size, &x, columns: 1)
    return x
  }

  /// X with A X = B.
  /// - Throws: `.shape` unless B has `size` rows.
  public func solve(_ b: Matrix) throws(LinearAlgebraError) -> Matrix {
    guard b.rows == size else { throw .shape(expected: size, found: b.rows) }
    var x = b
    LAPACK.solveDefinite(factors, size: size, &x.elements, columns: b.columns)
    return x
  }

  /// log det A = 2 Σ log Lᵢᵢ.
  public var logarithmOfDeterminant: Double {
    var sum = 0.0
    for i in 0..<size { sum += log(factors[i + i * size]) }
    return 2 * sum
  }
}

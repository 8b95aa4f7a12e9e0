/// A = V Λ Vᵀ of a symmetric matrix.
///
/// *Verified by* `secondDifferenceSpectrum`, `symmetricEigenResidual`.
public struct SymmetricEigen: Sendable {
  /// Ascending.
  public let values: [Double]
  /// Orthonormal, by columns, in the order of `values`. The sign of a column is arbitrary.
  public let vectors: Matrix

  /// - Throws: `.shape` unless square, `.notFinite`, `.notSymmetric`, `.noConvergence`.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    try matrix.requireSquare()
    try matrix.requireFinite()
    try matrix.requireSymmetric()
    var vectors = matrix
    let (values, info) = LAPACK.eigenSymmetric(&vectors.elements, size: matrix.rows, vectors: true)
    guard info == 0 else { throw .noConvergence(count: info) }
    self.values = values
    self.vectors = vectors
  }
}

/// An eigenvalue of a real matrix.
public struct Eigenvalue: Equatable, Sendable {
  public let real: Double
  /// Exactly 0 for a real eigenvalue; complex ones come in neighbouring conjugate pairs, positive part first.
  public let imaginary: Double

  public init(real: Double, imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }
}

/// Eigenvalues λ and right eigenvectors v, A v = λ v, of a general real matrix, by the QR algorithm.
///
/// *Verified by* `generalEigenResidual`, `rotationSpectrum`.
public struct GeneralEigen: Sendable {
  /// In no particular order.
  public let values: [Eigenvalue]
  /// Real parts of the eigenvectors, by columns; each eigenvector has Euclidean norm 1.
  public let realVectors: Matrix
  /// Imaginary parts of the eigenvectors, by columns.
  public let imaginaryVectors: Matrix

  /// - Throws: `.shape` unless square, `.notFinite`, `.noConvergence`.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    try matrix.requireSquare()
    try matrix.requireFinite()
    let n = matrix.rows
    let result = LAPACK.eigenGeneral(matrix.elements, size: n, vectors: true)
    guard result.info == 0 else { throw .noConvergence(count: result.info) }
    values = (0..<n).map { Eigenvalue(real: result.real[$0], imaginary: result.imaginary[$0]) }
    var real = Matrix(rows: n, columns: n)
    var imaginary = real
    // LAPACK packs a conjugate pair as two real columns: real part, then imaginary part of the first of the two.
    for j in 0..<n {
      let pair = result.imaginary[j]
      for i in 0..<n {
        if pair == 0 {
          real[i, j] = result.packed[i + j * n]
        } else {
          let first = pair > 0 ? j : j - 1
          real[i, j] = result.packed[i + first * n]
          imaginary[i, j] = (pair > 0 ? 1 : -1) * result.packed[i + (first + 1) * n]
        }
      }
    }
    realVectors = real
    imaginaryVectors = imaginary
  }

  /// Eigenvalues alone, at about a third of the cost.
  /// - Throws: as the initialiser.
  public static func values(of matrix: Matrix) throws(LinearAlgebraError) -> [Eigenvalue] {
    try matrix.requireSquare()
    try matrix.requireFinite()
    let result = LAPACK.eigenGeneral(matrix.elements, size: matrix.rows, vectors: false)
    guard result.info == 0 else { throw .noConvergence(count: result.info) }
    return (0..<matrix.rows).map { Eigenvalue(real: result.real[$0], imaginary: result.imaginary[$0]) }
  }
}

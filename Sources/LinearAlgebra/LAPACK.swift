internal import CLAPACK

/// The only file that calls BLAS and LAPACK. Each function takes and returns arrays, checks nothing, and hands back
/// LAPACK's `info` untouched; the public types check shapes before and translate `info` after.
enum LAPACK {
  /// C = A B with A rows × inner and B inner × columns.
  static func product(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
    var c = [Double](repeating: 0, count: rows * columns)
    guard rows > 0, inner > 0, columns > 0 else { return c }
    var (m, n, k) = (Int32(rows), Int32(columns), Int32(inner))
    var (alpha, beta) = (1.0, 0.0)
    var (lda, ldb, ldc) = (m, k, m)
    unsafe dgemm_("N", "N", &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, &c, &ldc, 1, 1)
    return c
  }

  /// y = A x, or Aᵀ x.
  static func product(_ a: [Double], _ x: [Double], rows: Int, columns: Int, transposed: Bool) -> [Double] {
    var y = [Double](repeating: 0, count: transposed ? columns : rows)
    guard rows > 0, columns > 0 else { return y }
    var (m, n) = (Int32(rows), Int32(columns))
    var (alpha, beta) = (1.0, 0.0)
    var lda = m
    var step: Int32 = 1
    var other: Int32 = 1
    unsafe dgemv_(transposed ? "T" : "N", &m, &n, &alpha, a, &lda, x, &step, &beta, &y, &other, 1)
    return y
  }

  /// P A = L U in place.
  static func factoriseGeneral(_ a: inout [Double], pivots: inout [Int32], size: Int) -> Int {
    guard size > 0 else { return 0 }
    var (m, n, lda, info) = (Int32(size), Int32(size), Int32(size), Int32(0))
    unsafe dgetrf_(&m, &n, &a, &lda, &pivots, &info)
    return Int(info)
  }

  static func solveGeneral(
    _ factors: [Double], pivots: [Int32], size: Int, _ b: inout [Double], columns: Int, transposed: Bool
  ) {
    guard size > 0, columns > 0 else { return }
    var (n, count, lda, ldb, info) = (Int32(size), Int32(columns), Int32(size), Int32(size), Int32(0))
    unsafe dgetrs_(transposed ? "T" : "N", &n, &count, factors, &lda, pivots, &b, &ldb, &info, 1)
  }

  /// Estimate of 1 / (‖A‖₁ ‖A⁻¹‖₁) from the factors.
  static func reciprocalCondition(_ factors: [Double], size: Int, oneNorm: Double) -> Double {
    guard size > 0 else { return 1 }
    var (n, lda, info) = (Int32(size), Int32(size), Int32(0))
    var (norm, result) = (oneNorm, 0.0)
    var work = [Double](repeating: 0, count: 4 * size)
    var integers = [Int32](repeating: 0, count: size)
    unsafe dgecon_("1", &n, factors, &lda, &norm, &result, &work, &integers, &info, 1)
    return result
  }

  /// Banded P A = L U in place; `leading` = 2 lower + upper + 1 rows per column.
  static func factoriseBanded(
    _ a: inout [Double], pivots: inout [Int32], size: Int, lower: Int, upper: Int, leading: Int
  ) -> Int {
    guard size > 0 else { return 0 }
    var (m, n, kl, ku) = (Int32(size), Int32(size), Int32(lower), Int32(upper))
    var (ldab, info) = (Int32(leading), Int32(0))
    unsafe dgbtrf_(&m, &n, &kl, &ku, &a, &ldab, &pivots, &info)
    return Int(info)
  }

  static func solveBanded(
    _ factors: [Double], pivots: [Int32], size: Int, lower: Int, upper: Int, leading: Int, _ b: inout [Double],
    columns: Int, transposed: Bool
  ) {
    guard size > 0, columns > 0 else { return }
    var (n, kl, ku, count) = (Int32(size), Int32(lower), Int32(upper), Int32(columns))
    var (ldab, ldb, info) = (Int32(leading), Int32(size), Int32(0))
    unsafe dgbtrs_(transposed ? "T" : "N", &n, &kl, &ku, &count, factors, &ldab, pivots, &b, &ldb, &info, 1)
  }

  static func reciprocalConditionBanded(
    _ factors: [Double], pivots: [Int32], size: Int, lower: Int, upper: Int, leading: Int, oneNorm: Double
  ) -> Double {
    guard size > 0 else { return 1 }
    var (n, kl, ku, ldab, info) = (Int32(size), Int32(lower), Int32(upper), Int32(leading), Int32(0))
    var (norm, result) = (oneNorm, 0.0)
    var work = [Double](repeating: 0, count: 3 * size)
    var integers = [Int32](repeating: 0, count: size)
    unsafe dgbcon_("1", &n, &kl, &ku, factors, &ldab, pivots, &norm, &result, &work, &integers, &info, 1)
    return result
  }

  /// A = L Lᵀ in place of the lower triangle; the upper triangle is left as it was.
  static func factoriseDefinite(_ a: inout [Double], size: Int) -> Int {
    guard size > 0 else { return 0 }
    var (n, lda, info) = (Int32(size), Int32(size), Int32(0))
    unsafe dpotrf_("L", &n, &a, &lda, &info, 1)
    return Int(info)
  }

  static func solveDefinite(_ factors: [Double], size: Int, _ b: inout [Double], columns: Int) {
    guard size > 0, columns > 0 else { return }
    var (n, count, lda, ldb, info) = (Int32(size), Int32(columns), Int32(size), Int32(size), Int32(0))
    unsafe dpotrs_("L", &n, &count, factors, &lda, &b, &ldb, &info, 1)
  }

  /// A = Q R in place: R above the diagonal, reflectors below, their scales returned.
  static func factoriseOrthogonal(_ a: inout [Double], rows: Int, columns: Int) -> [Double] {
    var scales = [Double](repeating: 0, count: max(1, min(rows, columns)))
    guard rows > 0, columns > 0 else { return scales }
    var (m, n, lda, info) = (Int32(rows), Int32(columns), Int32(rows), Int32(0))
    var query = 0.0
    var length: Int32 = -1
    unsafe dgeqrf_(&m, &n, &a, &lda, &scales, &query, &length, &info)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dgeqrf_(&m, &n, &a, &lda, &scales, &work, &length, &info)
    return scales
  }

  /// C ← Qᵀ C or Q C, with Q as `factoriseOrthogonal` left it; `c` is rows × `count`.
  static func applyOrthogonal(
    _ factors: [Double], scales: [Double], rows: Int, columns: Int, to c: inout [Double], count: Int, transposed: Bool
  ) {
    guard rows > 0, columns > 0, count > 0 else { return }
    var (m, n, k) = (Int32(rows), Int32(count), Int32(min(rows, columns)))
    var (lda, ldc, info) = (m, m, Int32(0))
    var query = 0.0
    var length: Int32 = -1
    let side = transposed ? "T" : "N"
    unsafe dormqr_("L", side, &m, &n, &k, factors, &lda, scales, &c, &ldc, &query, &length, &info, 1, 1)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dormqr_("L", side, &m, &n, &k, factors, &lda, scales, &c, &ldc, &work, &length, &info, 1, 1)
  }

  /// A = Q H Qᵀ in place: H on and above the first subdiagonal, below it the reflections; returns their scales.
  static func reduceToHessenberg(_ a: inout [Double], size: Int) -> [Double] {
    var scales = [Double](repeating: 0, count: max(1, size - 1))
    guard size > 1 else { return scales }
    var (n, first, lda, info) = (Int32(size), Int32(1), Int32(size), Int32(0))
    var last = n
    var query = 0.0
    var length: Int32 = -1
    unsafe dgehrd_(&n, &first, &last, &a, &lda, &scales, &query, &length, &info)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dgehrd_(&n, &first, &last, &a, &lda, &scales, &work, &length, &info)
    return scales
  }

  /// C ← Qᵀ C, with Q as `reduceToHessenberg` left it.
  static func applyHessenbergBasis(_ factors: [Double], scales: [Double], size: Int, to c: inout [Double], count: Int) {
    guard size > 1, count > 0 else { return }
    var (m, n, first, lda, info) = (Int32(size), Int32(count), Int32(1), Int32(size), Int32(0))
    var (last, ldc) = (m, m)
    var query = 0.0
    var length: Int32 = -1
    unsafe dormhr_(
      "L", "T", &m, &n, &first, &last, factors, &lda, scales, &c, &ldc, &query, &length, &info, 1, 1)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dormhr_("L", "T", &m, &n, &first, &last, factors, &lda, scales, &c, &ldc, &work, &length, &info, 1, 1)
  }

  /// Solves T X = B or Tᵀ X = B with the leading triangle of `a`; `info` > 0 names a zero diagonal element.
  static func solveTriangular(
    _ a: [Double], size: Int, leading: Int, upper: Bool, transposed: Bool, _ b: inout [Double], bLeading: Int,
    columns: Int
  ) -> Int {
    guard size > 0, columns > 0 else { return 0 }
    var (n, count, lda, ldb, info) = (Int32(size), Int32(columns), Int32(leading), Int32(bLeading), Int32(0))
    unsafe dtrtrs_(upper ? "U" : "L", transposed ? "T" : "N", "N", &n, &count, a, &lda, &b, &ldb, &info, 1, 1, 1)
    return Int(info)
  }

  static func reciprocalConditionUpper(_ a: [Double], size: Int, leading: Int) -> Double {
    guard size > 0 else { return 1 }
    var (n, lda, info) = (Int32(size), Int32(leading), Int32(0))
    var result = 0.0
    var work = [Double](repeating: 0, count: 3 * size)
    var integers = [Int32](repeating: 0, count: size)
    unsafe dtrcon_("1", "U", "N", &n, a, &lda, &result, &work, &integers, &info, 1, 1, 1)
    return result
  }

  /// Eigenvalues ascending; `a` (its lower triangle is read) becomes the orthonormal eigenvectors by columns.
  static func eigenSymmetric(_ a: inout [Double], size: Int, vectors: Bool) -> (values: [Double], info: Int) {
    var values = [Double](repeating: 0, count: size)
    guard size > 0 else { return (values, 0) }
    var (n, lda, info) = (Int32(size), Int32(size), Int32(0))
    var query = 0.0
    var length: Int32 = -1
    let job = vectors ? "V" : "N"
    unsafe dsyev_(job, "L", &n, &a, &lda, &values, &query, &length, &info, 1, 1)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dsyev_(job, "L", &n, &a, &lda, &values, &work, &length, &info, 1, 1)
    return (values, Int(info))
  }

  /// Eigenvalues and packed right eigenvectors of a general real matrix, in LAPACK's packing.
  static func eigenGeneral(
    _ matrix: [Double], size: Int, vectors: Bool
  ) -> (real: [Double], imaginary: [Double], packed: [Double], info: Int) {
    var a = matrix
    var real = [Double](repeating: 0, count: size)
    var imaginary = real
    var packed = [Double](repeating: 0, count: vectors ? size * size : 1)
    guard size > 0 else { return (real, imaginary, [], 0) }
    var (n, lda, info) = (Int32(size), Int32(size), Int32(0))
    var unused = 0.0
    var one: Int32 = 1
    var ldvr: Int32 = vectors ? n : 1
    var query = 0.0
    var length: Int32 = -1
    let job = vectors ? "V" : "N"
    unsafe dgeev_(
      "N", job, &n, &a, &lda, &real, &imaginary, &unused, &one, &packed, &ldvr, &query, &length, &info, 1, 1)
    length = Int32(query)
    var work = [Double](repeating: 0, count: Int(length))
    unsafe dgeev_(
      "N", job, &n, &a, &lda, &real, &imaginary, &unused, &one, &packed, &ldvr, &work, &length, &info, 1, 1)
    return (real, imaginary, packed, Int(info))
  }

  /// Complex Schur form A = Z T Z* of a matrix of (real, imaginary) pairs; `a` becomes T, Z is returned.
  static func schurComplex(_ a: inout [Double], size: Int) -> (basis: [Double], info: Int) {
    var basis = [Double](repeating: 0, count: 2 * size * size)
    guard size > 0 else { return (basis, 0) }
    var values = [Double](repeating: 0, count: 2 * size)
    var (n, lda, ldvs) = (Int32(size), Int32(size), Int32(size))
    var (selected, info) = (Int32(0), Int32(0))
    var realWork = [Double](repeating: 0, count: size)
    var flags: Int32 = 0
    var query = [0.0, 0.0]
    var length: Int32 = -1
    unsafe zgees_(
      "V", "N", nil, &n, &a, &lda, &selected, &values, &basis, &ldvs, &query, &length, &realWork, &flags, &info, 1, 1)
    length = Int32(query[0])
    var work = [Double](repeating: 0, count: 2 * Int(length))
    unsafe zgees_(
      "V", "N", nil, &n, &a, &lda, &selected, &values, &basis, &ldvs, &work, &length, &realWork, &flags, &info, 1, 1)
    return (basis, Int(info))
  }
}

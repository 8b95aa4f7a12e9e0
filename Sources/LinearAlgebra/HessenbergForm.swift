/// A = Q H Qᵀ with Q orthogonal and H zero below its first subdiagonal: the form in which `(A − σ)x = b` costs n² operations
/// for each σ, real or complex, instead of n³.
///
/// With `c = Qᵀb` and `q = Qᵀd`, `dᵀ(A − σ)⁻¹b = qᵀ(H − σ)⁻¹c`: whoever asks for some sums dᵀx needs no x. The reduction costs
/// 10/3 n³ operations; it is backward stable, an error of A of the order of n ε ‖A‖ (Golub and Van Loan 2013, *Matrix
/// Computations*, section 7.4.3). The elimination in H has partial pivoting, between two rows at a time (Higham 2002, theorem 9.10:
/// its growth factor is at most n).
///
/// *Verified by* `hessenbergAgreesWithLU`.
public struct HessenbergForm: Sendable {
  public let size: Int
  private let factors: [Double]
  private let scales: [Double]
  /// H by rows.
  private let rows: [Double]

  /// Numbers with an imaginary part each, by rows: element (i, k) at `i * columns + k`.
  public struct ComplexColumns: Sendable {
    public var real: [Double]
    public var imaginary: [Double]

    public init(real: [Double], imaginary: [Double]) { (self.real, self.imaginary) = (real, imaginary) }
  }

  /// - Throws: `.shape` unless square, `.notFinite`.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    try matrix.requireSquare()
    try matrix.requireFinite()
    var factors = matrix.elements
    size = matrix.rows
    scales = LAPACK.reduceToHessenberg(&factors, size: size)
    var rows = [Double](repeating: 0, count: size * size)
    for j in 0..<size {
      for i in 0..<min(size, j + 2) { rows[i * size + j] = factors[i + j * size] }
    }
    (self.factors, self.rows) = (factors, rows)
  }

  /// QᵀB.
  /// - Throws: `.shape` unless B has `size` rows.
  public func rotated(_ b: Matrix) throws(LinearAlgebraError) -> Matrix {
    guard b.rows == size else { throw .shape(expected: size, found: b.rows) }
    var c = b
    LAPACK.applyHessenbergBasis(factors, scales: scales, size: size, to: &c.elements, count: b.columns)
    return c
  }

  /// X with (H − σ) X = C.
  ///
  /// - Parameter columns: of C.
  /// - Throws: `.shape` unless C has `size` rows, `.singular` at an exactly zero pivot.
  public func solve(
    real: Double, imaginary: Double, _ c: ComplexColumns, columns: Int
  ) throws(LinearAlgebraError) -> ComplexColumns {
    guard c.real.count == size * columns, c.imaginary.count == size * columns else {
      throw .shape(expected: size, found: c.real.count / max(1, columns))
    }
    // The triangle that elimination leaves, by rows.
    var (upper, turned) = (rows, [Double](repeating: 0, count: size * size))
    for i in 0..<size {
      upper[i * size + i] -= real
      turned[i * size + i] = -imaginary
    }
    var (x, y) = (c.real, c.imaginary)
    for i in 0..<max(0, size - 1) {
      let (top, low) = (i * size + i, (i + 1) * size + i)
      func norm(_ place: Int) -> Double { upper[place] * upper[place] + turned[place] * turned[place] }
      if norm(low) > norm(top) {
        for j in 0..<(size - i) {
          upper.swapAt(top + j, low + j)
          turned.swapAt(top + j, low + j)
        }
        for k in 0..<columns {
          x.swapAt(i * columns + k, (i + 1) * columns + k)
          y.swapAt(i * columns + k, (i + 1) * columns + k)
        }
      }
      guard norm(top) > 0, norm(low) > 0 else { continue }
      let factor = Self.quotient((upper[low], turned[low]), (upper[top], turned[top]))
      Self.subtract(factor, from: low, top, count: size - i, &upper, &turned)
      Self.subtract(factor, from: (i + 1) * columns, i * columns, count: columns, &x, &y)
    }
    for i in stride(from: size - 1, through: 0, by: -1) {
      let pivot = (upper[i * size + i], turned[i * size + i])
      guard pivot.0 != 0 || pivot.1 != 0 else { throw .singular(pivot: i) }
      Self.subtractFollowing(i, size, upper, turned, columns, &x, &y)
      for k in (i * columns)..<((i + 1) * columns) { (x[k], y[k]) = Self.quotient((x[k], y[k]), pivot) }
    }
    return ComplexColumns(real: x, imaginary: y)
  }

  private static func quotient(_ a: (Double, Double), _ b: (Double, Double)) -> (Double, Double) {
    let norm = b.0 * b.0 + b.1 * b.1
    return ((a.0 * b.0 + a.1 * b.1) / norm, (a.1 * b.0 - a.0 * b.1) / norm)
  }

  /// Of so many complex numbers from one place on, `factor` times as many from another is taken off.
  private static func subtract(
    _ factor: (Double, Double), from target: Int, _ source: Int, count: Int, _ real: inout [Double],
    _ imaginary: inout [Double]
  ) {
    let (f, g) = factor
    unsafe real.withUnsafeMutableBufferPointer { real in
      unsafe imaginary.withUnsafeMutableBufferPointer { imaginary in
        for k in 0..<count {
          let (p, q) = unsafe (real[source + k], imaginary[source + k])
          unsafe real[target + k] -= f * p - g * q
          unsafe imaginary[target + k] -= f * q + g * p
        }
      }
    }
  }

  /// Row i of X less what the rows after it contribute.
  private static func subtractFollowing(
    _ i: Int, _ size: Int, _ upper: [Double], _ turned: [Double], _ columns: Int, _ x: inout [Double],
    _ y: inout [Double]
  ) {
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe y.withUnsafeMutableBufferPointer { y in
        for j in (i + 1)..<max(i + 1, size) {
          let (f, g) = (upper[i * size + j], turned[i * size + j])
          for k in 0..<columns {
            let (p, q) = unsafe (x[j * columns + k], y[j * columns + k])
            unsafe x[i * columns + k] -= f * p - g * q
            unsafe y[i * columns + k] -= f * q + g * p
          }
        }
      }
    }
  }
}

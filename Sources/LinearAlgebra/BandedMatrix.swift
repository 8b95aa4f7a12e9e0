/// A square matrix whose elements (i, j) vanish unless −`upper` ≤ i − j ≤ `lower`, stored by diagonals as LAPACK's band
/// routines want it, with room for the fill-in of pivoting.
public struct BandedMatrix: Equatable, Sendable {
  public let size: Int
  /// Number of diagonals below the main one.
  public let lower: Int
  /// Number of diagonals above the main one.
  public let upper: Int
  @usableFromInline var elements: [Double]

  /// The zero matrix.
  public init(size: Int, lower: Int, upper: Int) {
    precondition(size >= 0 && lower >= 0 && upper >= 0, "a band cannot have a negative size")
    self.size = size
    self.lower = lower
    self.upper = upper
    elements = [Double](repeating: 0, count: size * (2 * lower + upper + 1))
  }

  /// Rows of storage per column: the band and `lower` rows for fill-in.
  @inlinable var leading: Int { 2 * lower + upper + 1 }

  /// True when (i, j) lies in the band.
  @inlinable public func contains(_ i: Int, _ j: Int) -> Bool {
    i >= 0 && i < size && j >= 0 && j < size && i - j <= lower && j - i <= upper
  }

  /// The element in row `i` and column `j`: zero outside the band, where only reading is allowed.
  @inlinable public subscript(i: Int, j: Int) -> Double {
    get {
      precondition(i >= 0 && i < size && j >= 0 && j < size, "index outside the matrix")
      return contains(i, j) ? elements[lower + upper + i - j + j * leading] : 0
    }
    set {
      precondition(contains(i, j), "index outside the band")
      elements[lower + upper + i - j + j * leading] = newValue
    }
  }

  /// The vector A x.
  public func multiplied(by vector: [Double]) -> [Double] {
    precondition(vector.count == size, "shapes do not fit in a product")
    var result = [Double](repeating: 0, count: size)
    for j in 0..<size {
      for i in max(0, j - upper)..<min(size, j + lower + 1) { result[i] += self[i, j] * vector[j] }
    }
    return result
  }

  /// The greatest column sum of absolute values, ‖A‖₁.
  public var oneNorm: Double {
    var greatest = 0.0
    for j in 0..<size {
      var sum = 0.0
      for i in max(0, j - upper)..<min(size, j + lower + 1) { sum += self[i, j].magnitude }
      if sum.isNaN { return sum }
      greatest = max(greatest, sum)
    }
    return greatest
  }

  /// The same matrix with its zeros stored.
  public var dense: Matrix {
    var result = Matrix(rows: size, columns: size)
    for j in 0..<size {
      for i in max(0, j - upper)..<min(size, j + lower + 1) { result[i, j] = self[i, j] }
    }
    return result
  }
}

/// Gaussian elimination with partial pivoting of a banded matrix: O(n lower (lower + upper)) operations.
///
/// *Verified by* `bandedAgainstDense`, `bandedPoisson`.
public struct BandedLU: Sendable {
  public let size: Int
  let lower: Int
  let upper: Int
  let factors: [Double]
  let pivots: [Int32]
  let oneNorm: Double

  /// - Throws: `.notFinite`, `.singular` at an exactly zero pivot.
  public init(_ matrix: BandedMatrix) throws(LinearAlgebraError) {
    for (k, value) in matrix.elements.enumerated() where !value.isFinite { throw .notFinite(index: k) }
    var factors = matrix.elements
    var pivots = [Int32](repeating: 0, count: matrix.size)
    let info = LAPACK.factoriseBanded(
      &factors, pivots: &pivots, size: matrix.size, lower: matrix.lower, upper: matrix.upper, leading: matrix.leading)
    guard info == 0 else { throw .singular(pivot: info - 1) }
    size = matrix.size
    lower = matrix.lower
    upper = matrix.upper
    self.factors = factors
    self.pivots = pivots
    oneNorm = matrix.oneNorm
  }

  private var leading: Int { 2 * lower + upper + 1 }

  /// x with A x = b, or Aᵀ x = b.
  /// - Throws: `.shape` unless b has `size` elements.
  public func solve(_ b: [Double], transposed: Bool = false) throws(LinearAlgebraError) -> [Double] {
    guard b.count == size else { throw .shape(expected: size, found: b.count) }
    var x = b
    LAPACK.solveBanded(
      factors, pivots: pivots, size: size, lower: lower, upper: upper, leading: leading, &x, columns: 1,
      transposed: transposed)
    return x
  }

  /// X with A X = B, or Aᵀ X = B.
  /// - Throws: `.shape` unless B has `size` rows.
  public func solve(_ b: Matrix, transposed: Bool = false) throws(LinearAlgebraError) -> Matrix {
    guard b.rows == size else { throw .shape(expected: size, found: b.rows) }
    var x = b
    LAPACK.solveBanded(
      factors, pivots: pivots, size: size, lower: lower, upper: upper, leading: leading, &x.elements,
      columns: b.columns, transposed: transposed)
    return x
  }

  /// Estimate of 1 / (‖A‖₁ ‖A⁻¹‖₁).
  public var reciprocalCondition: Double {
    LAPACK.reciprocalConditionBanded(
      factors, pivots: pivots, size: size, lower: lower, upper: upper, leading: leading, oneNorm: oneNorm)
  }
}

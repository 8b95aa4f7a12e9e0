/// Sums and products. Shapes that do not fit are a fault in the calling code and trap; data can only bring
/// non-finite values, which propagate as in scalar arithmetic.
extension Matrix {
  public static func + (left: Matrix, right: Matrix) -> Matrix {
    var result = left
    result += right
    return result
  }

  public static func += (left: inout Matrix, right: Matrix) {
    precondition(left.rows == right.rows && left.columns == right.columns, "shapes differ in a sum")
    for k in left.elements.indices { left.elements[k] += right.elements[k] }
  }

  public static func - (left: Matrix, right: Matrix) -> Matrix {
    precondition(left.rows == right.rows && left.columns == right.columns, "shapes differ in a difference")
    var result = left
    for k in result.elements.indices { result.elements[k] -= right.elements[k] }
    return result
  }

  public static prefix func - (operand: Matrix) -> Matrix { -1 * operand }

  public static func * (scalar: Double, matrix: Matrix) -> Matrix {
    var result = matrix
    for k in result.elements.indices { result.elements[k] *= scalar }
    return result
  }

  /// Matrix product by `dgemm`: left is m × k, right is k × n.
  public static func * (left: Matrix, right: Matrix) -> Matrix {
    precondition(left.columns == right.rows, "shapes do not fit in a product")
    return Matrix(
      rows: left.rows, columns: right.columns,
      trusted: LAPACK.product(
        left.elements, right.elements, rows: left.rows, inner: left.columns, columns: right.columns))
  }

  /// The vector A x by `dgemv`; `vector` has `columns` elements, the result `rows`.
  public func multiplied(by vector: [Double]) -> [Double] {
    precondition(vector.count == columns, "shapes do not fit in a product")
    return LAPACK.product(elements, vector, rows: rows, columns: columns, transposed: false)
  }

  /// The vector Aᵀ x by `dgemv`; `vector` has `rows` elements, the result `columns`.
  public func transposeMultiplied(by vector: [Double]) -> [Double] {
    precondition(vector.count == rows, "shapes do not fit in a product")
    return LAPACK.product(elements, vector, rows: rows, columns: columns, transposed: true)
  }
}

/// Sizes.
extension Matrix {
  /// The greatest column sum of absolute values, ‖A‖₁.
  public var oneNorm: Double {
    var greatest = 0.0
    for j in 0..<columns {
      var sum = 0.0
      for i in 0..<rows { sum += elements[i + j * rows].magnitude }
      // The second test lets a value that is not a number through: `max` would hide it.
      if sum > greatest || sum.isNaN { greatest = sum }
      if sum.isNaN { return sum }
    }
    return greatest
  }

  /// The greatest absolute value of an element; not a number if any element is.
  public var maximumAbsolute: Double {
    var greatest = 0.0
    for value in elements {
      if value.isNaN { return value }
      greatest = max(greatest, value.magnitude)
    }
    return greatest
  }

  /// √Σ aᵢⱼ², without care for overflow.
  public var frobeniusNorm: Double {
    elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// - Throws: `.notFinite` at the first element that is infinite or not a number.
  func requireFinite() throws(LinearAlgebraError) {
    for (k, value) in elements.enumerated() where !value.isFinite { throw .notFinite(index: k) }
  }

  /// - Throws: `.shape` unless there are as many columns as rows.
  func requireSquare() throws(LinearAlgebraError) {
    guard isSquare else { throw .shape(expected: rows, found: columns) }
  }

  /// Mirror elements may differ by the rounding of a computed Gram matrix, n ε max|aᵢⱼ|, and by no more.
  /// - Throws: `.notSymmetric` at the first pair further apart.
  func requireSymmetric() throws(LinearAlgebraError) {
    let allowed = Double(rows) * Double.ulpOfOne * maximumAbsolute
    for j in 0..<columns {
      for i in j..<rows where (self[i, j] - self[j, i]).magnitude > allowed {
        throw .notSymmetric(row: i, column: j)
      }
    }
  }
}

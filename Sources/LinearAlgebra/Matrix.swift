/// A dense real matrix, rows × columns, stored by columns: element (i, j) at `storage[i + j * rows]`.
///
/// Indices count from 0. The column order is that of BLAS and LAPACK, so no routine copies or transposes.
public struct Matrix: Equatable, Sendable {
  public let rows: Int
  public let columns: Int
  @usableFromInline var elements: [Double]

  /// The elements by columns; `rows * columns` of them.
  @inlinable public var storage: [Double] { elements }

  /// A matrix with the same value everywhere.
  public init(rows: Int, columns: Int, repeating value: Double = 0) {
    precondition(rows >= 0 && columns >= 0, "a matrix cannot have a negative size")
    self.rows = rows
    self.columns = columns
    elements = [Double](repeating: value, count: rows * columns)
  }

  /// A matrix from its rows.
  /// - Throws: `.shape` when a row is not as long as the first.
  public init(_ rows: [[Double]]) throws(LinearAlgebraError) {
    let width = rows.first?.count ?? 0
    self.init(rows: rows.count, columns: width)
    for (i, row) in rows.enumerated() {
      guard row.count == width else { throw .shape(expected: width, found: row.count) }
      for (j, value) in row.enumerated() { elements[i + j * self.rows] = value }
    }
  }

  /// A matrix from its elements in column order.
  /// - Throws: `.shape` unless there are `rows * columns` elements.
  public init(rows: Int, columns: Int, byColumns elements: [Double]) throws(LinearAlgebraError) {
    guard elements.count == rows * columns else { throw .shape(expected: rows * columns, found: elements.count) }
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// For routines that have the right number of elements by construction.
  init(rows: Int, columns: Int, trusted elements: [Double]) {
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// A square matrix with the given diagonal and zeros elsewhere.
  public init(diagonal: [Double]) {
    self.init(rows: diagonal.count, columns: diagonal.count)
    for (i, value) in diagonal.enumerated() { elements[i + i * rows] = value }
  }

  /// The identity of the given size.
  public static func identity(_ size: Int) -> Matrix {
    Matrix(diagonal: [Double](repeating: 1, count: size))
  }

  /// The element in row `i` and column `j`.
  @inlinable public subscript(i: Int, j: Int) -> Double {
    get {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns, "index outside the matrix")
      return elements[i + j * rows]
    }
    set {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns, "index outside the matrix")
      elements[i + j * rows] = newValue
    }
  }

  public var isSquare: Bool { rows == columns }

  /// Row `i` as a vector.
  public func row(_ i: Int) -> [Double] { (0..<columns).map { self[i, $0] } }

  /// Column `j` as a vector.
  public func column(_ j: Int) -> [Double] { Array(elements[j * rows..<(j + 1) * rows]) }

  /// The matrix of some of the rows, in the order given.
  public func selecting(rows chosen: [Int]) -> Matrix {
    var result = Matrix(rows: chosen.count, columns: columns)
    for j in 0..<columns {
      for (i, row) in chosen.enumerated() { result[i, j] = self[row, j] }
    }
    return result
  }

  public var diagonal: [Double] { (0..<min(rows, columns)).map { self[$0, $0] } }

  /// Sum of the diagonal.
  public var trace: Double { diagonal.reduce(0, +) }

  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for j in 0..<columns {
      for i in 0..<rows { result.elements[j + i * columns] = elements[i + j * rows] }
    }
    return result
  }
}

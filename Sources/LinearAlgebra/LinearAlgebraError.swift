/// What can go wrong in a factorisation, a solve or a matrix function: facts only, no sentences.
public enum LinearAlgebraError: Error, Equatable, Sendable {
  /// Two sizes that must agree do not: number of rows, of columns or of elements.
  case shape(expected: Int, found: Int)
  /// An elimination met a zero pivot; `pivot` counts from 0. The matrix is singular to working precision.
  case singular(pivot: Int)
  /// The leading minor of this order (counted from 1) is not positive.
  case notPositiveDefinite(minor: Int)
  /// The element at this row and column differs from its mirror image by more than rounding explains.
  case notSymmetric(row: Int, column: Int)
  /// An iteration left this many eigenvalues or off-diagonal elements unconverged.
  case noConvergence(count: Int)
  /// An element is infinite or not a number; `index` is its position in the storage.
  case notFinite(index: Int)
  /// The principal logarithm does not exist: an eigenvalue lies on the closed negative real axis.
  case eigenvalueOnNegativeAxis(real: Double)
}

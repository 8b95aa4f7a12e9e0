import CVector

/// Why a tridiagonal matrix could not be factorised.
public enum VectorMathError: Error, Equatable, Sendable {
  /// Two lengths that must agree do not.
  case shape(expected: Int, found: Int)
  /// The elimination met a pivot that is zero, infinite or not a number; rows count from 0.
  case unusablePivot(row: Int)
}

/// One tridiagonal matrix, factorised once, solved for many right-hand sides (lines) that lie side by side.
///
/// aᵢ xᵢ₋₁ + bᵢ xᵢ + cᵢ xᵢ₊₁ = dᵢ. Elimination without exchange of rows (Thomas): stable when the matrix is diagonally
/// dominant by rows or columns, or an M-matrix, as implicit schemes with upwinding make it (Higham 2002, section 9.5);
/// it is not meant for others.
///
/// Layout `[row][line]`: neighbouring lines fill a vector, and a solve touches each number twice. The bits of a line's
/// solution do not depend on its neighbours or on the range of lines it is solved with.
///
/// *Verified by* `sweepAgainstElimination`, `sweepRanges`.
public struct TridiagonalSweep: Sendable {
  /// Number of rows.
  public let size: Int
  /// 1 / pivot.
  @usableFromInline let inverse: [Double]
  /// −aᵢ / pivotᵢ.
  @usableFromInline let down: [Double]
  /// −cᵢ / pivotᵢ.
  @usableFromInline let back: [Double]

  /// Lines per block: four AVX registers hold the running row, and a block of some hundred rows stays in the
  /// second-level cache between the two sweeps.
  @usableFromInline static let blockLines = 16

  /// - Parameters:
  ///   - lower: a, as long as the diagonal; the first element is not used.
  ///   - diagonal: b.
  ///   - upper: c, as long as the diagonal; the last element is not used.
  /// - Throws: `.shape`, `.unusablePivot`.
  public init(lower: [Double], diagonal: [Double], upper: [Double]) throws(VectorMathError) {
    let n = diagonal.count
    guard lower.count == n else { throw .shape(expected: n, found: lower.count) }
    guard upper.count == n else { throw .shape(expected: n, found: upper.count) }
    var inverse = [Double](repeating: 0, count: n)
    var down = inverse
    var back = inverse
    for i in 0..<n {
      let pivot = i == 0 ? diagonal[0] : fusedMultiplyAdd(lower[i], back[i - 1], diagonal[i])
      let reciprocal = 1 / pivot
      guard reciprocal.isFinite, reciprocal != 0 else { throw .unusablePivot(row: i) }
      inverse[i] = reciprocal
      down[i] = i == 0 ? 0 : -lower[i] * reciprocal
      back[i] = i == n - 1 ? 0 : -upper[i] * reciprocal
    }
    size = n
    self.inverse = inverse
    self.down = down
    self.back = back
  }

  /// Replaces the right-hand sides of the lines in `lines` by the solutions.
  /// - Parameters:
  ///   - values: element (row, line) at `values[row * stride + line]`, `size` rows.
  ///   - stride: distance between rows; at least the end of `lines`.
  ///   - lines: the lines to solve; others are not touched, so that ranges may be solved on different threads.
  public func solve(_ values: UnsafeMutablePointer<Double>, stride: Int, lines: Range<Int>) {
    precondition(lines.isEmpty || lines.lowerBound >= 0 && lines.upperBound <= stride, "lines outside the rows")
    guard size > 0 else { return }
    inverse.withUnsafeBufferPointer { inverse in
      down.withUnsafeBufferPointer { down in
        back.withUnsafeBufferPointer { back in
          var line = lines.lowerBound
          while line + TridiagonalSweep.blockLines <= lines.upperBound {
            sweepBlock(values + line, stride, inverse, down, back)
            line += TridiagonalSweep.blockLines
          }
          while line + laneCount <= lines.upperBound {
            sweepLanes(values + line, stride, inverse, down, back)
            line += laneCount
          }
          while line < lines.upperBound {
            sweepLine(values + line, stride, inverse, down, back)
            line += 1
          }
        }
      }
    }
  }

  /// One line held in an array: the same bits as a line among many.
  /// - Throws: `.shape` unless the right-hand side has `size` elements.
  public func solve(_ rightHandSide: [Double]) throws(VectorMathError) -> [Double] {
    guard rightHandSide.count == size else { throw .shape(expected: size, found: rightHandSide.count) }
    var x = rightHandSide
    x.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { solve(base, stride: 1, lines: 0..<1) }
    }
    return x
  }

  @inline(__always)
  private func sweepBlock(
    _ values: UnsafeMutablePointer<Double>, _ stride: Int, _ inverse: UnsafeBufferPointer<Double>,
    _ down: UnsafeBufferPointer<Double>, _ back: UnsafeBufferPointer<Double>
  ) {
    var row = values
    var first = load(row) * lanes(inverse[0])
    var second = load(row + laneCount) * lanes(inverse[0])
    store(first, row)
    store(second, row + laneCount)
    for i in 1..<max(1, size) {
      row += stride
      let (scale, factor) = (lanes(inverse[i]), lanes(down[i]))
      first = fusedMultiplyAdd(factor, first, load(row) * scale)
      second = fusedMultiplyAdd(factor, second, load(row + laneCount) * scale)
      store(first, row)
      store(second, row + laneCount)
    }
    var i = size - 2
    while i >= 0 {
      row -= stride
      let factor = lanes(back[i])
      first = fusedMultiplyAdd(factor, first, load(row))
      second = fusedMultiplyAdd(factor, second, load(row + laneCount))
      store(first, row)
      store(second, row + laneCount)
      i -= 1
    }
  }

  @inline(__always)
  private func sweepLanes(
    _ values: UnsafeMutablePointer<Double>, _ stride: Int, _ inverse: UnsafeBufferPointer<Double>,
    _ down: UnsafeBufferPointer<Double>, _ back: UnsafeBufferPointer<Double>
  ) {
    var row = values
    var running = load(row) * lanes(inverse[0])
    store(running, row)
    for i in 1..<max(1, size) {
      row += stride
      running = fusedMultiplyAdd(lanes(down[i]), running, load(row) * lanes(inverse[i]))
      store(running, row)
    }
    var i = size - 2
    while i >= 0 {
      row -= stride
      running = fusedMultiplyAdd(lanes(back[i]), running, load(row))
      store(running, row)
      i -= 1
    }
  }

  @inline(__always)
  private func sweepLine(
    _ values: UnsafeMutablePointer<Double>, _ stride: Int, _ inverse: UnsafeBufferPointer<Double>,
    _ down: UnsafeBufferPointer<Double>, _ back: UnsafeBufferPointer<Double>
  ) {
    var row = values
    var running = row.pointee * inverse[0]
    row.pointee = running
    for i in 1..<max(1, size) {
      row += stride
      running = fusedMultiplyAdd(down[i], running, row.pointee * inverse[i])
      row.pointee = running
    }
    var i = size - 2
    while i >= 0 {
      row -= stride
      running = fusedMultiplyAdd(back[i], running, row.pointee)
      row.pointee = running
      i -= 1
    }
  }
}

/// Eight neighbouring doubles; no alignment is asked.
@inlinable @inline(__always)
public func load(_ pointer: UnsafePointer<Double>) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

/// Eight neighbouring doubles; no alignment is asked.
@inlinable @inline(__always)
public func load(_ pointer: UnsafeMutablePointer<Double>) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

/// Writes eight neighbouring doubles; no alignment is asked.
@inlinable @inline(__always)
public func store(_ value: Lanes, _ pointer: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
}

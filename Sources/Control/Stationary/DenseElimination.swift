/// Gaussian elimination with row pivoting on a small row-major matrix that carries its right-hand sides as columns.
///
/// Rows are contiguous, so that every inner loop is a vector update, and nothing is copied. Blocks here have from 10 to at
/// most a few hundred rows; on them LAPACK behind `LUFactorisation` took twice as long, for 2 regimes and for 8. Backward
/// stable like any elimination with row exchanges (Higham 2002, theorem 9.5).
enum DenseElimination {
  /// Overwrites the right-hand sides of `[A | B]`, `[rows × (rows + columns)]`, with `A⁻¹B`.
  static func solve(
    _ system: UnsafeMutablePointer<Double>, rows n: Int, columns: Int
  ) throws(StationaryError) {
    let width = n + columns
    for pivot in 0..<n {
      var best = pivot
      var size = abs(system[pivot * width + pivot])
      for row in (pivot + 1)..<max(n, pivot + 1) where abs(system[row * width + pivot]) > size {
        best = row
        size = abs(system[row * width + pivot])
      }
      guard size > 0, size.isFinite else { throw .singular }
      if best != pivot {
        for column in pivot..<width {
          let held = system[pivot * width + column]
          system[pivot * width + column] = system[best * width + column]
          system[best * width + column] = held
        }
      }
      let source = system + pivot * width
      let inverse = 1 / source[pivot]
      for row in (pivot + 1)..<max(n, pivot + 1) {
        let target = system + row * width
        let factor = target[pivot] * inverse
        if factor == 0 { continue }
        for column in (pivot + 1)..<width { target[column] -= factor * source[column] }
      }
    }
    for pivot in stride(from: n - 1, through: 0, by: -1) {
      let source = system + pivot * width
      let inverse = 1 / source[pivot]
      for column in n..<width { source[column] *= inverse }
      for row in 0..<pivot {
        let target = system + row * width
        let factor = target[pivot]
        if factor == 0 { continue }
        for column in n..<width { target[column] -= factor * source[column] }
      }
    }
  }

  /// x with `A x = b`, entries by row and column, b in column n; nil where A is singular.
  static func solution(_ n: Int, _ entry: (Int, Int) -> Double) -> [Double]? {
    let system = UnsafeMutablePointer<Double>.allocate(capacity: n * (n + 1))
    defer { system.deallocate() }
    for row in 0..<n {
      for column in 0...n { system[row * (n + 1) + column] = entry(row, column) }
    }
    guard (try? DenseElimination.solve(system, rows: n, columns: 1)) != nil else { return nil }
    return (0..<n).map { system[$0 * (n + 1) + n] }
  }
}

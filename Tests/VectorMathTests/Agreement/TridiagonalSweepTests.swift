import Testing
import VectorMath

@Suite struct TridiagonalSweepTests {
  /// The matrix of an implicit upwinded step: rows diagonally dominant, off-diagonals not symmetric.
  static func matrix(_ n: Int) -> (lower: [Double], diagonal: [Double], upper: [Double]) {
    let lower = (0..<n).map { -0.7 - 0.3 * Double($0 % 5) }
    let upper = (0..<n).map { -1.1 - 0.2 * Double($0 % 3) }
    let diagonal = (0..<n).map { 1 - lower[$0] - upper[$0] }
    return (lower, diagonal, upper)
  }

  /// Dense elimination with partial pivoting, written plainly.
  static func eliminated(_ matrix: [[Double]], _ rightHandSide: [Double]) -> [Double] {
    var a = matrix
    var x = rightHandSide
    let n = x.count
    for k in 0..<n {
      let pivot = (k..<n).max { a[$0][k].magnitude < a[$1][k].magnitude } ?? k
      a.swapAt(k, pivot)
      x.swapAt(k, pivot)
      for i in k + 1..<max(k + 1, n) {
        let factor = a[i][k] / a[k][k]
        for j in k..<n { a[i][j] -= factor * a[k][j] }
        x[i] -= factor * x[k]
      }
    }
    for k in stride(from: n - 1, through: 0, by: -1) {
      for j in k + 1..<max(k + 1, n) { x[k] -= a[k][j] * x[j] }
      x[k] /= a[k][k]
    }
    return x
  }

  /// 37 lines take the path of blocks, of single vectors and of single lines.
  @Test(arguments: [1, 2, 3, 60]) func sweepAgainstElimination(n: Int) throws {
    let (lower, diagonal, upper) = TridiagonalSweepTests.matrix(n)
    var dense = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for i in 0..<n {
      dense[i][i] = diagonal[i]
      if i > 0 { dense[i][i - 1] = lower[i] }
      if i + 1 < n { dense[i][i + 1] = upper[i] }
    }
    let sweep = try TridiagonalSweep(lower: lower, diagonal: diagonal, upper: upper)
    let lines = 37
    let right = (0..<n * lines).map { Double(($0 * 7919) % 1009) / 1009 - 0.5 }
    var values = right
    values.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { sweep.solve(base, stride: lines, lines: 0..<lines) }
    }
    // Rows exceed the sum of their off-diagonals by 1, so ‖A⁻¹‖∞ ≤ 1 and the forward error is the backward error:
    // 5 ε ‖|L||U|‖ for elimination of a tridiagonal matrix (Higham 2002, theorem 9.14), ‖|L||U|‖ ≤ 3 ‖A‖ ≤ 3 · 9.
    let bound = 5 * 27 * Double.ulpOfOne
    for line in 0..<lines {
      let expected = TridiagonalSweepTests.eliminated(dense, (0..<n).map { right[$0 * lines + line] })
      for i in 0..<n {
        let found = values[i * lines + line]
        #expect((found - expected[i]).magnitude <= bound, "n \(n), line \(line), row \(i): \(found) \(expected[i])")
      }
    }
  }

  /// The same bits however the lines are divided, and nothing outside the range is touched.
  @Test func sweepRanges() throws {
    let n = 29
    let lines = 41
    let (lower, diagonal, upper) = TridiagonalSweepTests.matrix(n)
    let sweep = try TridiagonalSweep(lower: lower, diagonal: diagonal, upper: upper)
    let right = (0..<n * lines).map { Double(($0 * 104_729) % 2003) / 2003 - 0.5 }
    var whole = right
    var pieces = right
    var part = right
    whole.withUnsafeMutableBufferPointer { sweep.solve($0.baseAddress!, stride: lines, lines: 0..<lines) }
    for range in [0..<3, 3..<20, 20..<41] {
      pieces.withUnsafeMutableBufferPointer { sweep.solve($0.baseAddress!, stride: lines, lines: range) }
    }
    #expect(whole == pieces)
    part.withUnsafeMutableBufferPointer { sweep.solve($0.baseAddress!, stride: lines, lines: 5..<31) }
    for k in right.indices {
      let line = k % lines
      #expect(part[k] == ((5..<31).contains(line) ? whole[k] : right[k]), "line \(line)")
    }
    let single = try sweep.solve((0..<n).map { right[$0 * lines + 17] })
    #expect(single == (0..<n).map { whole[$0 * lines + 17] })
  }

  @Test func refusals() {
    #expect(throws: VectorMathError.shape(expected: 2, found: 1)) {
      try TridiagonalSweep(lower: [0], diagonal: [1, 1], upper: [0, 0])
    }
    // The second pivot is 1 − 1 · 1.
    #expect(throws: VectorMathError.unusablePivot(row: 1)) {
      try TridiagonalSweep(lower: [0, 1], diagonal: [1, 1], upper: [1, 0])
    }
  }
}

import LinearAlgebra
import Testing

@Suite struct AgreementTests {
  /// `dgemm` and `dgemv` against the definition, on whole numbers where both are exact.
  @Test func productsByDefinition() {
    var a = Matrix(rows: 4, columns: 3)
    var b = Matrix(rows: 3, columns: 5)
    for i in 0..<4 { for k in 0..<3 { a[i, k] = Double(3 * i - 7 * k + 2) } }
    for k in 0..<3 { for j in 0..<5 { b[k, j] = Double(k * k - 2 * j + 1) } }
    let c = a * b
    #expect(c.rows == 4 && c.columns == 5)
    for i in 0..<4 {
      for j in 0..<5 {
        #expect(c[i, j] == (0..<3).reduce(0) { $0 + a[i, $1] * b[$1, j] }, "(\(i), \(j))")
      }
      #expect(a.multiplied(by: b.column(2))[i] == c[i, 2])
      #expect(b.transposeMultiplied(by: a.row(i)) == c.row(i))
    }
    #expect(c.transposed == b.transposed * a.transposed)
    #expect(2 * a - a == a && a + (-a) == Matrix(rows: 4, columns: 3))
    // Column sums of |aᵢₖ| are 26, 12 and 30.
    #expect(a.oneNorm == 30 && a.maximumAbsolute == 12)
  }

  @Test(arguments: [(1, 0, 0), (6, 1, 1), (30, 2, 3), (30, 0, 4), (9, 8, 8)])
  func bandedAgainstDense(n: Int, lower: Int, upper: Int) throws {
    let values = pseudoRandom(n, n, seed: 61)
    var banded = BandedMatrix(size: n, lower: lower, upper: upper)
    for i in 0..<n {
      for j in 0..<n where banded.contains(i, j) { banded[i, j] = values[i, j] + (i == j ? 3 : 0) }
    }
    let dense = banded.dense
    for i in 0..<n { for j in 0..<n { #expect(dense[i, j] == banded[i, j]) } }
    #expect(dense.oneNorm == banded.oneNorm)
    let b = pseudoRandom(n, 2, seed: 62)
    let bandedLU = try BandedLU(banded)
    let denseLU = try LUFactorisation(dense)
    let condition = 1 / denseLU.reciprocalCondition
    for transposed in [false, true] {
      let x = try bandedLU.solve(b, transposed: transposed)
      let y = try denseLU.solve(b, transposed: transposed)
      let bound = 2 * Double(n) * Double.ulpOfOne * condition * y.maximumAbsolute
      #expect(distance(x, y) <= bound, "n \(n), transposed \(transposed): \(distance(x, y))")
      #expect(try bandedLU.solve(b.column(1), transposed: transposed) == x.column(1))
    }
    let product = zip(banded.multiplied(by: b.column(0)), dense.multiplied(by: b.column(0)))
    for (i, pair) in product.enumerated() {
      #expect((pair.0 - pair.1).magnitude <= Double(n) * Double.ulpOfOne * dense.oneNorm, "row \(i)")
    }
    #expect((bandedLU.reciprocalCondition * condition - 1).magnitude <= Double(n) * Double.ulpOfOne * condition)
  }

  /// `dᵀ(A − σ)⁻¹b` by the Hessenberg form and by elimination in twice as many real numbers.
  @Test(arguments: [1, 2, 3, 17, 60]) func hessenbergAgreesWithLU(n: Int) throws {
    let a = pseudoRandom(n, n, seed: 81)
    let (b, d) = (pseudoRandom(n, 2, seed: 82), pseudoRandom(n, 3, seed: 83))
    let form = try HessenbergForm(a)
    let (c, q) = (try form.rotated(b), try form.rotated(d))
    for (real, imaginary) in [(0.3, 0.0), (-0.2, 0.7), (5, -3)] {
      var doubled = Matrix(rows: 2 * n, columns: 2 * n)
      var right = Matrix(rows: 2 * n, columns: 2)
      for i in 0..<n {
        for j in 0..<n {
          let value = a[i, j] - (i == j ? real : 0)
          (doubled[i, j], doubled[n + i, n + j]) = (value, value)
        }
        (doubled[i, n + i], doubled[n + i, i]) = (imaginary, -imaginary)
        // The second right-hand side is imaginary.
        (right[i, 0], right[n + i, 1]) = (b[i, 0], b[i, 1])
      }
      let lu = try LUFactorisation(doubled)
      let expected = try lu.solve(right)
      var columns = HessenbergForm.ComplexColumns(
        real: [Double](repeating: 0, count: 2 * n), imaginary: [Double](repeating: 0, count: 2 * n))
      for i in 0..<n { (columns.real[2 * i], columns.imaginary[2 * i + 1]) = (c[i, 0], c[i, 1]) }
      let found = try form.solve(real: real, imaginary: imaginary, columns, columns: 2)
      let bound = 8 * Double(n) * Double.ulpOfOne / lu.reciprocalCondition * expected.maximumAbsolute * Double(n)
      for k in 0..<2 {
        for reading in 0..<3 {
          let value = (0..<n).reduce((0.0, 0.0)) {
            ($0.0 + q[$1, reading] * found.real[2 * $1 + k], $0.1 + q[$1, reading] * found.imaginary[2 * $1 + k])
          }
          let plain = (0..<n).reduce((0.0, 0.0)) {
            ($0.0 + d[$1, reading] * expected[$1, k], $0.1 + d[$1, reading] * expected[n + $1, k])
          }
          #expect(abs(value.0 - plain.0) <= bound && abs(value.1 - plain.1) <= bound, "\(value) \(plain)")
        }
      }
    }
  }

  /// Σ Aᵏ / k!, summed plainly: independent of the rational approximant.
  @Test(arguments: [1, 4, 9]) func exponentialAgainstSeries(n: Int) throws {
    let a = pseudoRandom(n, n, seed: 71)
    var term = Matrix.identity(n)
    var sum = term
    // ‖A‖₁ ≤ 9: terms past the 80th are below 9⁸⁰ / 80! = 3 · 10⁻⁴³.
    for k in 1...80 {
      term = (1 / Double(k)) * (term * a)
      sum += term
    }
    let found = try a.exponential()
    // The series of a matrix of this norm suffers at most e^‖A‖ n ε of cancellation.
    let scale = try (a.oneNorm * Matrix.identity(1)).exponential()[0, 0]
    let bound = 2 * Double(n) * Double.ulpOfOne * scale
    #expect(distance(found, sum) <= bound, "n \(n): \(distance(found, sum)), \(bound)")
  }

  /// The record names the libraries that are loaded, and they exist as files of those names.
  @Test func providerIsNamed() {
    let provider = LinearAlgebraProvider.current
    #expect(provider.libraries.contains { $0.contains("blas") }, "\(provider)")
    #expect(provider.libraries.contains { $0.contains("lapack") || $0.contains("openblas") }, "\(provider)")
    #expect((provider.name == "OpenBLAS") == LinearAlgebraProvider.useOneThread())
    print("provider: \(provider.name), \(provider.libraries), \(provider.configuration ?? "no configuration")")
  }
}

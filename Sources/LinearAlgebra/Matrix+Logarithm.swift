import Glibc

/// Constants of the degree-7 diagonal Padé approximant to log(1 + x).
private enum LogarithmApproximant {
  /// The approximant is the 7-point Gauss–Legendre rule for log(1 + x) = ∫₀¹ x / (1 + t x) dt, so that it is the sum
  /// Σ wⱼ x / (1 + tⱼ x): Higham (2008), *Functions of Matrices*, equation (11.18). Nodes and weights of Abramowitz and
  /// Stegun (1964), table 25.4, n = 7, moved from [−1, 1] to [0, 1].
  static let nodes: [Double] = [
    0.025446043828620737737, 0.12923440720030278007, 0.29707742431130141655, 0.5, 0.70292257568869858345,
    0.87076559279969721993, 0.97455395617137926226,
  ]
  static let weights: [Double] = [
    0.064742483084434846635, 0.13985269574463833395, 0.19091502525255947248, 0.20897959183673469388,
    0.19091502525255947248, 0.13985269574463833395, 0.064742483084434846635,
  ]

  /// Greatest ‖X‖₁ for which the approximant is accurate to 2⁻⁵³. Higham (2008), table 11.1, m = 7.
  static let greatestNorm = 0.264

  /// Square roots that would bring any spectrum of doubles near 1: |log λ| < 2¹⁰ needs 13 to fall under the bound;
  /// far from normal matrices need more, and past this many the matrix is beyond help.
  static let greatestRoots = 100
}

extension Matrix {
  /// The principal matrix logarithm: the X with eˣ = A whose eigenvalues have imaginary parts in (−π, π).
  ///
  /// Inverse scaling and squaring on the complex Schur form A = Z T Z*: log A = 2ˢ Z r₇(T^(1/2ˢ) − I) Z*, with as many
  /// square roots as bring ‖T^(1/2ˢ) − I‖₁ under the bound of the approximant. The diagonal of T^(1/2ˢ) − I is
  /// computed without cancellation and that of the result is the scalar logarithm of the diagonal of T.
  ///
  /// The logarithm of a transition matrix is a generator only if its off-diagonal elements are non-negative: that is
  /// the embedding problem, which belongs to the caller.
  ///
  /// - Throws: `.shape` unless square; `.notFinite`; `.eigenvalueOnNegativeAxis` for an eigenvalue that is real and not
  ///   above n ε ‖A‖₁; `.noConvergence`.
  ///
  /// Sources: Higham (2008), *Functions of Matrices*, algorithm 11.9; Al-Mohy (2012), "A more accurate Briggs method
  /// for the logarithm", Numerical Algorithms 59, for the diagonal.
  ///
  /// *Verified by* `rotationLogarithm`, `twoStateGenerator`, `logarithmUndoesExponential`.
  public func logarithm() throws(LinearAlgebraError) -> Matrix {
    let negligible = Double(rows) * Double.ulpOfOne * oneNorm
    for value in try GeneralEigen.values(of: self) where value.imaginary == 0 && value.real <= negligible {
      throw .eigenvalueOnNegativeAxis(real: value.real)
    }
    guard rows > 0 else { return self }
    var pairs = [Double](repeating: 0, count: 2 * elements.count)
    for (k, value) in elements.enumerated() { pairs[2 * k] = value }
    let (basis, info) = LAPACK.schurComplex(&pairs, size: rows)
    guard info == 0 else { throw .noConvergence(count: info) }
    let triangle = UpperTriangle(size: rows, pairs: pairs)
    return try triangle.logarithm().conjugated(by: UpperTriangle(size: rows, pairs: basis))
  }
}

/// A complex number, with the few operations the triangular recurrences need.
private struct ComplexNumber {
  var real: Double
  var imaginary: Double

  static let zero = ComplexNumber(real: 0, imaginary: 0)
  static let one = ComplexNumber(real: 1, imaginary: 0)

  var magnitude: Double { hypot(real, imaginary) }

  static func + (a: Self, b: Self) -> Self { Self(real: a.real + b.real, imaginary: a.imaginary + b.imaginary) }
  static func - (a: Self, b: Self) -> Self { Self(real: a.real - b.real, imaginary: a.imaginary - b.imaginary) }
  static func * (a: Double, b: Self) -> Self { Self(real: a * b.real, imaginary: a * b.imaginary) }
  static func * (a: Self, b: Self) -> Self {
    Self(real: a.real * b.real - a.imaginary * b.imaginary, imaginary: a.real * b.imaginary + a.imaginary * b.real)
  }

  static func / (a: Self, b: Self) -> Self {
    // Scaled by the greater part of b, against overflow (Smith 1962).
    if b.real.magnitude >= b.imaginary.magnitude {
      let ratio = b.imaginary / b.real
      let scale = b.real + b.imaginary * ratio
      return Self(
        real: (a.real + a.imaginary * ratio) / scale, imaginary: (a.imaginary - a.real * ratio) / scale)
    }
    let ratio = b.real / b.imaginary
    let scale = b.real * ratio + b.imaginary
    return Self(real: (a.real * ratio + a.imaginary) / scale, imaginary: (a.imaginary * ratio - a.real) / scale)
  }

  /// The root with non-negative real part.
  var squareRoot: Self {
    let size = magnitude
    if size == 0 { return .zero }
    let greater = ((real.magnitude + size) / 2).squareRoot()
    if real >= 0 { return Self(real: greater, imaginary: imaginary / (2 * greater)) }
    return Self(real: imaginary.magnitude / (2 * greater), imaginary: imaginary < 0 ? -greater : greater)
  }

  /// The principal logarithm.
  var logarithm: Self { Self(real: log(magnitude), imaginary: atan2(imaginary, real)) }
}

/// An upper triangular complex matrix (and, for the Schur basis, a full one), by columns.
private struct UpperTriangle {
  let size: Int
  var elements: [ComplexNumber]

  init(size: Int) {
    self.size = size
    elements = [ComplexNumber](repeating: .zero, count: size * size)
  }

  init(size: Int, pairs: [Double]) {
    self.size = size
    elements = (0..<size * size).map { ComplexNumber(real: pairs[2 * $0], imaginary: pairs[2 * $0 + 1]) }
  }

  subscript(i: Int, j: Int) -> ComplexNumber {
    get { elements[i + j * size] }
    set { elements[i + j * size] = newValue }
  }

  /// ‖T − I‖₁.
  var distanceFromIdentity: Double {
    var greatest = 0.0
    for j in 0..<size {
      var sum = (self[j, j] - .one).magnitude
      for i in 0..<j { sum += self[i, j].magnitude }
      greatest = max(greatest, sum)
    }
    return greatest
  }

  /// R with R² = T, column by column (Björck and Hammarling 1983).
  func squareRoot() -> UpperTriangle {
    var root = UpperTriangle(size: size)
    for j in 0..<size {
      root[j, j] = self[j, j].squareRoot
      for i in stride(from: j - 1, through: 0, by: -1) {
        var rest = self[i, j]
        for k in i + 1..<j { rest = rest - root[i, k] * root[k, j] }
        root[i, j] = rest / (root[i, i] + root[j, j])
      }
    }
    return root
  }

  func logarithm() throws(LinearAlgebraError) -> UpperTriangle {
    var root = self
    var roots = 0
    while root.distanceFromIdentity > LogarithmApproximant.greatestNorm {
      guard roots < LogarithmApproximant.greatestRoots else { throw .noConvergence(count: size) }
      root = root.squareRoot()
      roots += 1
    }
    var x = root
    for i in 0..<size { x[i, i] = Self.rootMinusOne(of: self[i, i], roots: roots) }
    var sum = UpperTriangle(size: size)
    for (node, weight) in zip(LogarithmApproximant.nodes, LogarithmApproximant.weights) {
      let term = x.solvedByIdentityPlus(node)
      for k in sum.elements.indices { sum.elements[k] = sum.elements[k] + weight * term.elements[k] }
    }
    let scale = scalbn(1, roots)
    for k in sum.elements.indices { sum.elements[k] = scale * sum.elements[k] }
    for i in 0..<size { sum[i, i] = self[i, i].logarithm }
    return sum
  }

  /// z^(1/2ᵏ) − 1 without cancellation: z − 1 = (z^(1/2ᵏ) − 1) Π (z^(1/2ⁱ) + 1). Al-Mohy (2012), algorithm 2.
  static func rootMinusOne(of value: ComplexNumber, roots: Int) -> ComplexNumber {
    guard roots > 0 else { return value - .one }
    // For Re z < 0 the first root is taken before the difference, to stay off the far side of the cut.
    var base = value
    var remaining = roots
    if value.real < 0 {
      base = value.squareRoot
      remaining -= 1
    }
    var product = ComplexNumber.one
    var root = base
    for _ in 0..<remaining {
      root = root.squareRoot
      product = product * (root + .one)
    }
    return (base - .one) / product
  }

  /// (I + t X)⁻¹ X by back substitution, X upper triangular.
  func solvedByIdentityPlus(_ t: Double) -> UpperTriangle {
    var result = UpperTriangle(size: size)
    for j in 0..<size {
      for i in stride(from: j, through: 0, by: -1) {
        var rest = self[i, j]
        for k in i + 1..<max(i + 1, j + 1) { rest = rest - (t * self[i, k]) * result[k, j] }
        result[i, j] = rest / (.one + t * self[i, i])
      }
    }
    return result
  }

  /// The real part of Z T Z*; the imaginary part is rounding, for the logarithm of a real matrix is real.
  func conjugated(by basis: UpperTriangle) -> Matrix {
    var half = UpperTriangle(size: size)
    for j in 0..<size {
      for k in 0...j {
        let value = self[k, j]
        for i in 0..<size { half[i, j] = half[i, j] + basis[i, k] * value }
      }
    }
    var result = Matrix(rows: size, columns: size)
    for k in 0..<size {
      for j in 0..<size {
        let other = basis[j, k]
        for i in 0..<size {
          let value = half[i, k]
          result[i, j] += value.real * other.real + value.imaginary * other.imaginary
        }
      }
    }
    return result
  }
}

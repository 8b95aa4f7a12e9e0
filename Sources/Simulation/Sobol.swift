import VectorMath

extension DrawPurpose {
  /// Scramblings of Sobol's points: stream = randomisation, step = dimension, block = row.
  static let scrambling = DrawPurpose(rawValue: 34)
}

/// Direction numbers of Sobol's sequence: the first 32 of the 21 201 dimensions of S. Joe and F. Y. Kuo, "Constructing Sobol sequences
/// with better two-dimensional projections", SIAM Journal on Scientific Computing 30 (2008), table new-joe-kuo-6.21201.
enum SobolDirections {
  /// Degree s, coefficients a of the primitive polynomial, and m₁ … m_s, from dimension 2 on.
  static let table: [(degree: Int, coefficients: UInt32, initial: [UInt32])] = [
    (1, 0, [1]), (2, 1, [1, 3]), (3, 1, [1, 3, 1]), (3, 2, [1, 1, 1]), (4, 1, [1, 1, 3, 3]), (4, 4, [1, 3, 5, 13]),
    (5, 2, [1, 1, 5, 5, 17]), (5, 4, [1, 1, 5, 5, 5]), (5, 7, [1, 1, 7, 11, 19]), (5, 11, [1, 1, 5, 1, 1]),
    (5, 13, [1, 1, 1, 3, 11]), (5, 14, [1, 3, 5, 5, 31]), (6, 1, [1, 3, 3, 9, 7, 49]), (6, 13, [1, 1, 1, 15, 21, 21]),
    (6, 16, [1, 3, 1, 13, 27, 49]), (6, 19, [1, 1, 1, 15, 7, 5]), (6, 22, [1, 3, 1, 15, 13, 25]),
    (6, 25, [1, 1, 5, 5, 19, 61]), (7, 1, [1, 3, 7, 11, 23, 15, 103]), (7, 4, [1, 3, 7, 13, 13, 15, 69]),
    (7, 7, [1, 1, 3, 13, 7, 35, 63]), (7, 8, [1, 3, 5, 9, 1, 25, 53]), (7, 14, [1, 3, 1, 13, 9, 35, 107]),
    (7, 19, [1, 3, 1, 5, 27, 61, 31]), (7, 21, [1, 1, 5, 11, 19, 41, 61]), (7, 28, [1, 3, 5, 3, 3, 13, 69]),
    (7, 31, [1, 1, 7, 13, 1, 19, 1]), (7, 32, [1, 3, 7, 5, 13, 19, 59]), (7, 37, [1, 1, 3, 9, 25, 29, 41]),
    (7, 41, [1, 3, 5, 13, 23, 1, 55]), (7, 42, [1, 3, 7, 3, 13, 59, 17]),
  ]

  static let bits = 32
  static var dimensionCount: Int { table.count + 1 }

  /// v₁ … v₃₂ of a dimension, as fractions of 2³².
  static func vectors(dimension: Int) -> [UInt32] {
    guard dimension > 0 else { return (0..<bits).map { 1 << UInt32(bits - 1 - $0) } }
    let (degree, coefficients, initial) = table[dimension - 1]
    var vectors = initial.enumerated().map { $1 << UInt32(bits - 1 - $0) }
    for index in degree..<bits {
      var next = vectors[index - degree] ^ (vectors[index - degree] >> UInt32(degree))
      for term in 1..<max(1, degree) where coefficients >> UInt32(degree - 1 - term) & 1 == 1 {
        next ^= vectors[index - term]
      }
      vectors.append(next)
    }
    return vectors
  }
}

/// Sobol's points under independent random linear scramblings with digital shifts: in every dimension the digits are multiplied by
/// a random lower-triangular binary matrix with ones on its diagonal and a random number is added without carries. Every point is
/// uniform, so every mean is unbiased, the points keep their equidistribution, and means of scramblings are independent.
/// Source: J. Matoušek, "On the L₂-discrepancy for anchored boxes", Journal of Complexity 14 (1998).
/// *Verified by* `SobolTests`.
struct ScrambledSobol: Sendable {
  /// `[dimension][bit of the index]`.
  let vectors: [[UInt32]]
  let shifts: [UInt32]

  init(seed: UInt64, randomisation: Int, dimensions: Int) {
    let stream = PhiloxStream(seed: seed, purpose: .scrambling)
    func words(_ dimension: Int, _ block: Int) -> SIMD4<UInt32> {
      Philox4x32.block(
        key: stream.key,
        counter: SIMD4(
          UInt32(truncatingIfNeeded: randomisation), 0, UInt32(truncatingIfNeeded: dimension),
          UInt32(stream.purpose.rawValue) | UInt32(truncatingIfNeeded: block) << 16))
    }
    let perBlock = 4
    vectors = (0..<dimensions).map { dimension in
      // Row r of the matrix, the digits of weight below 2^{−r} masked off and its own digit set.
      let rows = (0..<SobolDirections.bits).map { row -> UInt32 in
        let random = words(dimension, row / perBlock)[row % perBlock]
        let own = UInt32(1) << UInt32(SobolDirections.bits - 1 - row)
        return (random & ~(own &- 1)) | own
      }
      return SobolDirections.vectors(dimension: dimension).map { vector in
        rows.enumerated().reduce(0) { scrambled, row in
          scrambled | UInt32((row.element & vector).nonzeroBitCount & 1)
            << UInt32(SobolDirections.bits - 1 - row.offset)
        }
      }
    }
    shifts = (0..<dimensions).map { words($0, SobolDirections.bits / perBlock)[0] }
  }

  /// The digits of the points `first ..< first + count` in a dimension; `first` is a multiple of `count`, a power of two.
  func fill(_ digits: UnsafeMutablePointer<UInt32>, dimension: Int, first: Int, count: Int) {
    let vectors = vectors[dimension]
    var start = shifts[dimension]
    var index = first
    while index != 0 {
      start ^= vectors[index.trailingZeroBitCount]
      index &= index - 1
    }
    digits[0] = start
    for offset in 1..<max(1, count) {
      digits[offset] = digits[offset & (offset - 1)] ^ vectors[offset.trailingZeroBitCount]
    }
  }
}

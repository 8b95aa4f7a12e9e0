import CVector

// Two normals from 64 random bits, for the loop of the roll-out: absolute errors of a few roundings of the radius, where
// `PhiloxStream.normals(radius:turn:)` has relative ones, at two thirds of the operations.

@usableFromInline enum BoxMullerConstants {
  /// Bits that give the turn; the rest gives the radius.
  @inlinable static var turnBits: UInt64 { 24 }
  /// Where the bit below the last of each is, among the 52 bits of a fraction: the ½ of a midpoint.
  @inlinable static var radiusHalf: UInt64 { 1 << 11 }
  @inlinable static var turnHalf: UInt64 { 1 << 27 }
  /// Bits of a double that are no fraction.
  @inlinable static var otherBits: UInt64 { 12 }
  /// 2 log 2.
  @inlinable static var twiceLogarithmOfTwo: Double { 1.3862943611198906 }
}

/// Two independent standard normals √(−2 log u) (cos 2πv, sin 2πv) from 64 random bits: u = (k + ½) 2⁻⁴⁰ with k the upper
/// 40, v = (j + ½) 2⁻²⁴ with j the lower 24. Source: Box and Muller (1958), Ann. Math. Statist. 29, 610–611.
///
/// Differs from the exact value by less than 7 · 10⁻¹⁶ of the radius, measured over 2²⁰ draws against the library's functions: `coarseNormalsError`.
@inlinable @inline(__always)
public func normalPair(bits: LaneWords) -> (Lanes, Lanes) {
  // Fractions of numbers in [1, 2).
  let upper =
    (bits &>> LaneWords(repeating: BoxMullerConstants.turnBits)) &<< LaneWords(repeating: BoxMullerConstants.otherBits)
  let lower =
    (bits &<< LaneWords(repeating: UInt64(UInt64.bitWidth) - BoxMullerConstants.turnBits))
    &>> LaneWords(repeating: BoxMullerConstants.otherBits)
  let one = LogarithmConstants.oneBits
  let u = unsafeBitCast(upper | LaneWords(repeating: one | BoxMullerConstants.radiusHalf), to: Lanes.self) - lanes(1)
  let v = unsafeBitCast(lower | LaneWords(repeating: one | BoxMullerConstants.turnHalf), to: Lanes.self)
  let radius = squareRoot(minusTwiceLogarithm(u))
  let (cosine, sine) = cosineSineOfCoarseTurn(v)
  return (radius * cosine, radius * sine)
}

/// −2 log u for normal u in (0, 1).
///
/// u = 2ᵏ m with m in [√½, √2), s = (m − 1) / (m + 1): −2 log m = −4 artanh s = s P(s²), P of degree 6 with an error of the
/// whole below 1.6 · 10⁻¹⁶.
@inlinable @inline(__always)
func minusTwiceLogarithm(_ u: Lanes) -> Lanes {
  let (k, m) = binaryParts(u)
  let s = (m - lanes(1)) / (m + lanes(1))
  let square = s * s
  let fourth = square * square
  // Even and odd powers apart: two short chains of dependent operations instead of a long one.
  var even = cvector_radius_coefficient(6)
  var odd = cvector_radius_coefficient(5)
  even = fusedMultiplyAdd(even, fourth, cvector_radius_coefficient(4))
  odd = fusedMultiplyAdd(odd, fourth, cvector_radius_coefficient(3))
  even = fusedMultiplyAdd(even, fourth, cvector_radius_coefficient(2))
  odd = fusedMultiplyAdd(odd, fourth, cvector_radius_coefficient(1))
  even = fusedMultiplyAdd(even, fourth, cvector_radius_coefficient(0))
  let p = fusedMultiplyAdd(odd, square, even)
  return fusedMultiplyAdd(p, s, k * lanes(-BoxMullerConstants.twiceLogarithmOfTwo))
}

/// (cos 2πv, sin 2πv) for v in [1, 2), of which t, a, b below are exact; absolute errors of a rounding or two.
///
/// With a = 3/2 − v, b = |a| − ¼ and t = ⅛ − |b| the eighth of a turn about the middle of the quadrant, C = cos 2πt / √2 and
/// S = sin 2πt / √2: cosine and sine are C − S and C + S with the signs of b and a. No quadrant is looked at, and nothing is
/// exchanged. The errors of the polynomials are below 2 · 10⁻¹⁷ and 7 · 10⁻¹⁷.
@inlinable @inline(__always)
func cosineSineOfCoarseTurn(_ v: Lanes) -> (cosine: Lanes, sine: Lanes) {
  let a = lanes(1.5) - v
  let b = absolute(a) - lanes(0.25)
  let t = lanes(0.125) - absolute(b)
  let square = t * t
  let fourth = square * square
  var sineEven = cvector_sine_coefficient(6)
  var sineOdd = cvector_sine_coefficient(5)
  var cosineEven = cvector_cosine_coefficient(6)
  var cosineOdd = cvector_cosine_coefficient(5)
  sineEven = fusedMultiplyAdd(sineEven, fourth, cvector_sine_coefficient(4))
  sineOdd = fusedMultiplyAdd(sineOdd, fourth, cvector_sine_coefficient(3))
  cosineEven = fusedMultiplyAdd(cosineEven, fourth, cvector_cosine_coefficient(4))
  cosineOdd = fusedMultiplyAdd(cosineOdd, fourth, cvector_cosine_coefficient(3))
  sineEven = fusedMultiplyAdd(sineEven, fourth, cvector_sine_coefficient(2))
  sineOdd = fusedMultiplyAdd(sineOdd, fourth, cvector_sine_coefficient(1))
  cosineEven = fusedMultiplyAdd(cosineEven, fourth, cvector_cosine_coefficient(2))
  cosineOdd = fusedMultiplyAdd(cosineOdd, fourth, cvector_cosine_coefficient(1))
  sineEven = fusedMultiplyAdd(sineEven, fourth, cvector_sine_coefficient(0))
  cosineEven = fusedMultiplyAdd(cosineEven, fourth, cvector_cosine_coefficient(0))
  let slope = fusedMultiplyAdd(sineOdd, square, sineEven)
  let c = fusedMultiplyAdd(cosineOdd, square, cosineEven)
  return (
    withSign(of: b, fusedMultiplyAdd(-t, slope, c)), withSign(of: a, fusedMultiplyAdd(t, slope, c))
  )
}

/// `value` times the sign of another number.
@inlinable @inline(__always)
func withSign(of other: Lanes, _ value: Lanes) -> Lanes {
  let sign = unsafeBitCast(other, to: LaneWords.self) & LaneWords(repeating: LogarithmConstants.signBit)
  return unsafeBitCast(unsafeBitCast(value, to: LaneWords.self) ^ sign, to: Lanes.self)
}

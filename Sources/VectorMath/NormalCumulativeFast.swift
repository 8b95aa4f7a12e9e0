import CVector

// Functions for hot loops whose arguments are known to be ordinary and whose results are added to numbers of order one: an
// absolute error of a rounding or two is enough, subnormal results are not needed, and speed counts.

@usableFromInline enum FastConstants {
  /// e^±708 are normal numbers.
  @inlinable static var greatestExponent: Double { 708 }
  /// Φ(−37) is below 10⁻²⁹⁹, and e^(−37²/2) is still a normal number.
  @inlinable static var greatestDistance: Double { 37 }
  @inlinable static var logarithmOfTwo: Double { 0.6931471805599453 }
}

/// x = n log 2 + r with n whole and |r| ≤ ½ log 2; `shifted` has n in its low bits.
@usableFromInline struct ReducedExponent {
  @usableFromInline let shifted: Lanes
  @usableFromInline let n: Lanes
  /// x less the leading part of n log 2, and all of it but for n · 2.4 · 10⁻¹⁷.
  @usableFromInline let rest: Lanes

  @inlinable @inline(__always)
  init(_ x: Lanes, leading: Double) {
    let rounder = lanes(ExponentialConstants.rounder)
    shifted = fusedMultiplyAdd(x, lanes(ExponentialConstants.inverseLogarithmOfTwo), rounder)
    n = shifted - rounder
    rest = fusedMultiplyAdd(n, lanes(-leading), x)
  }

  /// 2ⁿ eʳ.
  ///
  /// eʳ = 1 + r + r² q(r). q has degree 9 and interpolates (eʳ − 1 − r) / r² at the Chebyshev points of |r| ≤ ½ log 2,
  /// computed with 40 digits; the relative error of the whole is 1.6 · 10⁻¹⁷. The power of two is added to the exponent's
  /// bits.
  @inlinable @inline(__always)
  func power(_ r: Lanes) -> Lanes {
    // Even and odd powers apart: two short chains of dependent operations instead of a long one.
    let square = r * r
    var even = cvector_exponential_coefficient(10)
    var odd = cvector_exponential_coefficient(11)
    even = fusedMultiplyAdd(even, square, cvector_exponential_coefficient(8))
    odd = fusedMultiplyAdd(odd, square, cvector_exponential_coefficient(9))
    even = fusedMultiplyAdd(even, square, cvector_exponential_coefficient(6))
    odd = fusedMultiplyAdd(odd, square, cvector_exponential_coefficient(7))
    even = fusedMultiplyAdd(even, square, cvector_exponential_coefficient(4))
    odd = fusedMultiplyAdd(odd, square, cvector_exponential_coefficient(5))
    even = fusedMultiplyAdd(even, square, cvector_exponential_coefficient(2))
    odd = fusedMultiplyAdd(odd, square, cvector_exponential_coefficient(3))
    let q = fusedMultiplyAdd(odd, r, even)
    let power = lanes(1) + fusedMultiplyAdd(square, q, r)
    let exponent =
      unsafeBitCast(shifted, to: LaneWords.self) &<< LaneWords(repeating: ExponentialConstants.fractionBits)
    return unsafeBitCast(unsafeBitCast(power, to: LaneWords.self) &+ exponent, to: Lanes.self)
  }
}

/// e^(−x²/2) for x² ≤ 37², from x².
///
/// log 2 is one double here: that it is 2.3 · 10⁻¹⁷ off matters n times where the density is 2⁻ⁿ, less than a tenth of a
/// rounding of 1 everywhere.
@inlinable @inline(__always)
func bell(ofSquare square: Lanes) -> Lanes {
  let reduced = ReducedExponent(lanes(-0.5) * square, leading: FastConstants.logarithmOfTwo)
  return reduced.power(reduced.rest)
}

/// eˣ for x in [−708, 708] with a relative error of about one rounding, and the value at the nearer end outside.
///
/// Greatest error measured 1.0 ulp over 80 000 arguments against the library's.
///
/// *Verified by* `fastExponentialError`.
@inlinable @inline(__always)
public func fastExponential(_ x: Lanes) -> Lanes {
  let inside = clamped(x, from: lanes(-FastConstants.greatestExponent), to: lanes(FastConstants.greatestExponent))
  let reduced = ReducedExponent(inside, leading: ExponentialConstants.logarithmOfTwoHigh)
  return reduced.power(
    fusedMultiplyAdd(reduced.n, lanes(-ExponentialConstants.logarithmOfTwoLow), reduced.rest))
}

/// eˣ, with the bits of a lane.
@inlinable @inline(__always)
public func fastExponential(_ x: Double) -> Double { fastExponential(lanes(x))[0] }

/// `value` eˣ for |x| ≤ `greatestGrowth`, with one rounding beside those of e^x − 1; not meant for other arguments.
///
/// e^x − 1 = x + x² q(x). q has degree 6 and interpolates (e^x − 1 − x) / x² at the Chebyshev points of the interval, computed
/// with 40 digits; the error is below 7 · 10⁻¹⁸ of eˣ.
///
/// *Verified by* `growthError`.
@inlinable @inline(__always)
public func grown(_ value: Lanes, by x: Lanes) -> Lanes {
  let square = x * x
  var even = cvector_growth_coefficient(8)
  var odd = cvector_growth_coefficient(7)
  even = fusedMultiplyAdd(even, square, cvector_growth_coefficient(6))
  odd = fusedMultiplyAdd(odd, square, cvector_growth_coefficient(5))
  even = fusedMultiplyAdd(even, square, cvector_growth_coefficient(4))
  odd = fusedMultiplyAdd(odd, square, cvector_growth_coefficient(3))
  even = fusedMultiplyAdd(even, square, cvector_growth_coefficient(2))
  let q = fusedMultiplyAdd(odd, x, even)
  return fusedMultiplyAdd(value, fusedMultiplyAdd(square, q, x), value)
}

/// `value` eˣ, with the bits of a lane.
@inlinable @inline(__always)
public func grown(_ value: Double, by x: Double) -> Double { grown(lanes(value), by: lanes(x))[0] }

/// The greatest |x| that `grown` is made for.
public let greatestGrowth = 0.08

/// Φ(x) with a small absolute error: for deltas, which are added to numbers of order one. Where the relative error of the
/// tails matters take `normalCumulative`.
///
/// Φ(−x) = e^(−x²/2) P(x) / Q(x), x ≥ 0, P and Q of degrees 6 and 7: Hart et al. (1968), *Computer Approximations*, table
/// 5666, as printed by West (2005), "Better approximations to cumulative normal functions", Wilmott, May, 70–76. West changes
/// to a continued fraction at 7.07; as P / Q falls like 1 / (x √(2π)) too, its absolute error stays below 4.4 · 10⁻¹⁷ for
/// all x (worst of 3 701 arguments in [0, 37] with 40 digits), and no branch is needed.
///
/// Greatest absolute error measured 2.3 · 10⁻¹⁶ over 80 000 arguments against the library's erfc.
///
/// *Verified by* `fastNormalCumulativeError`.
@inlinable @inline(__always)
public func fastNormalCumulative(_ x: Lanes) -> Lanes {
  let distance = laneMinimum(lanes(FastConstants.greatestDistance), absolute(x))
  let square = distance * distance
  let density = bell(ofSquare: square)
  var even = cvector_normal_numerator(6)
  var odd = cvector_normal_numerator(5)
  even = fusedMultiplyAdd(even, square, cvector_normal_numerator(4))
  odd = fusedMultiplyAdd(odd, square, cvector_normal_numerator(3))
  even = fusedMultiplyAdd(even, square, cvector_normal_numerator(2))
  odd = fusedMultiplyAdd(odd, square, cvector_normal_numerator(1))
  even = fusedMultiplyAdd(even, square, cvector_normal_numerator(0))
  let numerator = fusedMultiplyAdd(odd, distance, even)
  var evenBelow = cvector_normal_denominator(6)
  evenBelow = fusedMultiplyAdd(evenBelow, square, cvector_normal_denominator(4))
  var oddBelow = square + cvector_normal_denominator(5)
  evenBelow = fusedMultiplyAdd(evenBelow, square, cvector_normal_denominator(2))
  oddBelow = fusedMultiplyAdd(oddBelow, square, cvector_normal_denominator(3))
  evenBelow = fusedMultiplyAdd(evenBelow, square, cvector_normal_denominator(0))
  oddBelow = fusedMultiplyAdd(oddBelow, square, cvector_normal_denominator(1))
  let denominator = fusedMultiplyAdd(oddBelow, distance, evenBelow)
  // The quotient does not wait for the density.
  let tail = density * (numerator / denominator)
  // At zero both are ½.
  return cvector_by_sign(x, tail, lanes(1) - tail)
}

/// Φ(x), with the bits of a lane.
@inlinable @inline(__always)
public func fastNormalCumulative(_ x: Double) -> Double { fastNormalCumulative(lanes(x))[0] }

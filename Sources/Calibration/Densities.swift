import Glibc

// Normal densities of every return in every state: one vector exponential per return.
// All of it stands in one file, where the compiler inlines it: see `ForwardBackward`.

/// A vector of states that knows its exponential.
protocol DensityVector: SIMD where Scalar == Double {
  /// Largest lane.
  var largest: Double { get }
  /// e^x for x ≤ 0, within two units in the last place; 0 where e^x is below the least normal number.
  static func exponential(_ x: Self) -> Self
}

extension SIMD4<Double>: DensityVector {
  @inline(__always) var largest: Double { Swift.max(Swift.max(x, y), Swift.max(z, w)) }
  @inline(__always) static func exponential(_ x: Self) -> Self {
    let (whole, rest) = reduction(x)
    // The whole number's bits sit at the bottom of k + 1.5·2⁵²; moved up they are the exponent.
    let bits = unsafeBitCast(whole + VectorExponential.wholeShift, to: SIMD4<UInt64>.self)
    let power = unsafeBitCast((bits &+ 1023) &<< 52, to: Self.self)
    return (series(rest) * power).replacing(with: 0, where: x .< VectorExponential.least)
  }
  static func densities(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double {
    fill(parameters, returns, elapsed, into: b)
  }
}

extension SIMD8<Double>: DensityVector {
  @inline(__always) var largest: Double {
    Swift.max(
      Swift.max(Swift.max(self[0], self[1]), Swift.max(self[2], self[3])),
      Swift.max(Swift.max(self[4], self[5]), Swift.max(self[6], self[7])))
  }
  @inline(__always) static func exponential(_ x: Self) -> Self {
    let (whole, rest) = reduction(x)
    let bits = unsafeBitCast(whole + VectorExponential.wholeShift, to: SIMD8<UInt64>.self)
    let power = unsafeBitCast((bits &+ 1023) &<< 52, to: Self.self)
    return (series(rest) * power).replacing(with: 0, where: x .< VectorExponential.least)
  }
  static func densities(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double {
    fill(parameters, returns, elapsed, into: b)
  }
}

/// Constants of the exponential: e^x = 2^k e^r, k the whole number nearest x/log 2, |r| ≤ (log 2)/2.
///
/// log 2 is split into a part with 21 trailing zero bits, so that k·high is exact, and the rest (W. J. Cody and
/// W. Waite, "Software Manual for the Elementary Functions", 1980, chapter 6). The series of e^r to r¹³ has a
/// remainder below 0.3466¹⁴/14! = 4e-18.
/// *Verified by* `StateVectorTests.exponential`.
enum VectorExponential {
  static let perLogTwo = 1.4426950408889634
  static let logTwoHigh = 0x1.62e42feep-1
  static let logTwoLow = 0x1.a39ef35793c76p-33
  /// Below this e^x is not a normal number.
  static let least = -708.0
  static let wholeShift = 0x1.8p52
}

extension DensityVector {
  /// Densities divided by the largest of each return; the sum of the largest logarithms is returned.
  @inline(__always) static func fill(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double {
    var mean = Self()
    var precision = Self()
    var level = Self()
    let states = parameters.states
    for state in 0..<states {
      mean[state] = parameters.means[state]
      precision[state] = 0.5 / parameters.variances[state]
      level[state] = -0.5 * log(parameters.variances[state])
    }
    for lane in states..<scalarCount { level[lane] = -.infinity }
    var total = 0.0
    returns.withUnsafeBufferPointer { returns in
      elapsed.withUnsafeBufferPointer { elapsed in
        for n in 0..<returns.count {
          let tau = elapsed[n]
          let deviation = Self(repeating: returns[n]) - mean * tau
          var exponent = level - deviation * deviation * precision * (1 / tau)
          let largest = exponent.largest
          exponent -= Self(repeating: largest)
          b[n] = exponential(exponent)
          total += largest
        }
      }
    }
    return total
  }

  /// self · factor + term, fused where the machine can.
  @inline(__always) func multiplied(_ factor: Self, plus term: Double) -> Self {
    #if FUSED_MULTIPLY_ADD
      Self(repeating: term).addingProduct(self, factor)
    #else
      self * factor + term
    #endif
  }

  /// 1 + r + r²/2 + … + r¹³/13!.
  @inline(__always) static func series(_ r: Self) -> Self {
    var sum = r * (1.0 / 6_227_020_800) + (1.0 / 479_001_600)
    sum = sum.multiplied(r, plus: 1.0 / 39_916_800)
    sum = sum.multiplied(r, plus: 1.0 / 3_628_800)
    sum = sum.multiplied(r, plus: 1.0 / 362_880)
    sum = sum.multiplied(r, plus: 1.0 / 40_320)
    sum = sum.multiplied(r, plus: 1.0 / 5_040)
    sum = sum.multiplied(r, plus: 1.0 / 720)
    sum = sum.multiplied(r, plus: 1.0 / 120)
    sum = sum.multiplied(r, plus: 1.0 / 24)
    sum = sum.multiplied(r, plus: 1.0 / 6)
    sum = sum.multiplied(r, plus: 0.5)
    sum = sum.multiplied(r, plus: 1)
    return sum.multiplied(r, plus: 1)
  }

  /// x bounded below, its k and its r.
  @inline(__always) static func reduction(_ x: Self) -> (whole: Self, rest: Self) {
    let bounded = x.replacing(with: VectorExponential.least, where: x .< VectorExponential.least)
    // Adding and subtracting 1.5·2⁵² rounds to the nearest whole number.
    let whole = (bounded * VectorExponential.perLogTwo + VectorExponential.wholeShift) - VectorExponential.wholeShift
    return (whole, (bounded - whole * VectorExponential.logTwoHigh) - whole * VectorExponential.logTwoLow)
  }
}

import Glibc
import VectorMath

// Interim: these stand in until VectorMath offers them, and then this file goes.

typealias Lanes = SIMD8<Double>

/// Whether any lane of a mask is set. The standard library's `any` reduces by a call.
@inline(__always)
func anyLane(_ mask: SIMDMask<SIMD8<Int64>>) -> Bool {
  let bits = unsafeBitCast(mask, to: SIMD8<Int64>.self)
  let four = bits.lowHalf | bits.highHalf
  let two = four.lowHalf | four.highHalf
  return two[0] | two[1] != 0
}

@inline(__always)
private func fused(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes {
  #if FUSED_MULTIPLY_ADD
    return c.addingProduct(a, b)
  #else
    return a * b + c
  #endif
}

/// e^x by `x = n ln 2 + r`, |r| ≤ ½ ln 2, and Taylor's polynomial of degree 12, whose remainder is 2·10⁻¹⁶.
@inline(__always)
func exponential(_ x: Lanes) -> Lanes {
  var bounded = x
  bounded.replace(with: -708, where: x .< -708)
  bounded.replace(with: 709, where: x .> 709)
  let shifter = 0x1.8p52
  let shifted = fused(bounded, Lanes(repeating: 1.442_695_040_888_963_4), Lanes(repeating: shifter))
  let n = shifted - shifter
  var r = fused(n, Lanes(repeating: -0x1.62e42fefa39efp-1), bounded)
  r = fused(n, Lanes(repeating: -0x1.abc9e3b39803fp-56), r)
  var p = Lanes(repeating: 1.0 / 479_001_600)
  p = fused(p, r, Lanes(repeating: 1.0 / 39_916_800))
  p = fused(p, r, Lanes(repeating: 1.0 / 3_628_800))
  p = fused(p, r, Lanes(repeating: 1.0 / 362_880))
  p = fused(p, r, Lanes(repeating: 1.0 / 40_320))
  p = fused(p, r, Lanes(repeating: 1.0 / 5040))
  p = fused(p, r, Lanes(repeating: 1.0 / 720))
  p = fused(p, r, Lanes(repeating: 1.0 / 120))
  p = fused(p, r, Lanes(repeating: 1.0 / 24))
  p = fused(p, r, Lanes(repeating: 1.0 / 6))
  p = fused(p, r, Lanes(repeating: 0.5))
  p = fused(p, r, Lanes(repeating: 1))
  p = fused(p, r, Lanes(repeating: 1))
  let bits = unsafeBitCast(shifted, to: SIMD8<UInt64>.self) &<< 52
  return unsafeBitCast(unsafeBitCast(p, to: SIMD8<UInt64>.self) &+ bits, to: Lanes.self)
}

/// N(x) by Hart's rational approximation in West's form (*Better approximations to cumulative normal functions*, 2005).
@inline(__always)
func normalCumulative(_ x: Lanes) -> Lanes {
  let a = x.replacing(with: -x, where: x .< 0)
  let e = exponential(-0.5 * x * x)
  var n = Lanes(repeating: 3.526_249_659_989_11e-2)
  n = fused(n, a, Lanes(repeating: 0.700_383_064_443_688))
  n = fused(n, a, Lanes(repeating: 6.373_962_203_531_65))
  n = fused(n, a, Lanes(repeating: 33.912_866_078_383))
  n = fused(n, a, Lanes(repeating: 112.079_291_497_871))
  n = fused(n, a, Lanes(repeating: 221.213_596_169_931))
  n = fused(n, a, Lanes(repeating: 220.206_867_912_376))
  var d = Lanes(repeating: 8.838_834_764_831_84e-2)
  d = fused(d, a, Lanes(repeating: 1.755_667_163_182_64))
  d = fused(d, a, Lanes(repeating: 16.064_177_579_207))
  d = fused(d, a, Lanes(repeating: 86.780_732_202_946_1))
  d = fused(d, a, Lanes(repeating: 296.564_248_779_674))
  d = fused(d, a, Lanes(repeating: 637.333_633_378_831))
  d = fused(d, a, Lanes(repeating: 793.826_512_519_948))
  d = fused(d, a, Lanes(repeating: 440.413_735_824_752))
  var tail = e * n / d
  let far = a .> 7.071_067_811_865_47
  if anyLane(far) {
    var b = a + Lanes(repeating: 0.65)
    for number in stride(from: 4.0, through: 1, by: -1) { b = a + Lanes(repeating: number) / b }
    tail.replace(with: e / (b * 2.506_628_274_631), where: far)
    tail.replace(with: 0, where: a .> 37)
  }
  return (1 - tail).replacing(with: tail, where: x .<= 0)
}

/// ln x of normal positive numbers, by the series of `2 artanh((m − 1)/(m + 1))`.
@inline(__always)
private func logarithm(_ x: Lanes) -> Lanes {
  let bits = unsafeBitCast(x, to: SIMD8<UInt64>.self)
  // The mantissa in [1, 2), halved above √2; the exponent is read as the low bits of a number near 2⁵².
  let fraction = (bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000
  var mantissa = unsafeBitCast(fraction, to: Lanes.self)
  var n = unsafeBitCast((bits &>> 52) | 0x4330_0000_0000_0000, to: Lanes.self) - (0x1p52 + 1023)
  let high = mantissa .> 2.0.squareRoot()
  mantissa.replace(with: 0.5 * mantissa, where: high)
  n.replace(with: n + 1, where: high)
  let s = (mantissa - 1) / (mantissa + 1)
  let z = s * s
  var p = Lanes(repeating: 2.0 / 21)
  p = fused(p, z, Lanes(repeating: 2.0 / 19))
  p = fused(p, z, Lanes(repeating: 2.0 / 17))
  p = fused(p, z, Lanes(repeating: 2.0 / 15))
  p = fused(p, z, Lanes(repeating: 2.0 / 13))
  p = fused(p, z, Lanes(repeating: 2.0 / 11))
  p = fused(p, z, Lanes(repeating: 2.0 / 9))
  p = fused(p, z, Lanes(repeating: 2.0 / 7))
  p = fused(p, z, Lanes(repeating: 2.0 / 5))
  p = fused(p, z, Lanes(repeating: 2.0 / 3))
  p = fused(p, z, Lanes(repeating: 2))
  return fused(n, Lanes(repeating: 0.693_147_180_559_945_3), s * p)
}

struct RandomStream: Sendable {
  let seed: UInt64
  enum Purpose: UInt64 {
    case price = 1
    case regime = 2
  }

  /// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) on counters (path low, path high, step, purpose).
  @inline(__always)
  private func philox(_ path: SIMD8<UInt64>, _ step: UInt32, _ purpose: Purpose) -> (Lanes, Lanes) {
    let low = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    var c0 = path & low
    var c1 = path &>> 32
    var c2 = SIMD8<UInt64>(repeating: UInt64(step))
    var c3 = SIMD8<UInt64>(repeating: purpose.rawValue)
    var k0 = seed & 0xFFFF_FFFF
    var k1 = seed >> 32
    for _ in 0..<10 {
      let p0 = (c0 & low) &* 0xD251_1F53
      let p1 = (c2 & low) &* 0xCD9E_8D57
      c0 = (p1 &>> 32) ^ c1 ^ SIMD8<UInt64>(repeating: k0)
      c1 = p1 & low
      c2 = (p0 &>> 32) ^ c3 ^ SIMD8<UInt64>(repeating: k1)
      c3 = p0 & low
      k0 = (k0 &+ 0x9E37_79B9) & 0xFFFF_FFFF
      k1 = (k1 &+ 0xBB67_AE85) & 0xFFFF_FFFF
    }
    return (RandomStream.uniform(c0, c1), RandomStream.uniform(c2, c3))
  }

  /// 52 bits in the middle of their cell of (0, 1).
  @inline(__always)
  private static func uniform(_ high: SIMD8<UInt64>, _ low: SIMD8<UInt64>) -> Lanes {
    let bits = ((high &<< 20) ^ (low &>> 12)) | 0x3FF0_0000_0000_0000
    return unsafeBitCast(bits, to: Lanes.self) - (1 - 0x1p-53)
  }

  func uniformPair(path: UInt64, index: UInt32) -> (Double, Double) {
    let pair = philox(SIMD8(repeating: path), index, .regime)
    return (pair.0[0], pair.1[0])
  }

  /// Two independent normals for each of eight consecutive streams, by Box and Muller (1958).
  @inline(__always)
  func normalPair(firstStream: UInt64, step: UInt32) -> (Lanes, Lanes) {
    let (u, v) = philox(SIMD8(0, 1, 2, 3, 4, 5, 6, 7) &+ SIMD8(repeating: firstStream), step, .price)
    let radius = (-2 * logarithm(u)).squareRoot()
    let shifted = fused(v, Lanes(repeating: 4), Lanes(repeating: 0x1.8p52))
    let quarter = unsafeBitCast(shifted, to: SIMD8<UInt64>.self)
    let r = (v - (shifted - 0x1.8p52) * 0.25) * (2 * Double.pi)
    let z = r * r
    var s = Lanes(repeating: -1 / 1_307_674_368_000)
    s = fused(s, z, Lanes(repeating: 1.0 / 6_227_020_800))
    s = fused(s, z, Lanes(repeating: -1.0 / 39_916_800))
    s = fused(s, z, Lanes(repeating: 1.0 / 362_880))
    s = fused(s, z, Lanes(repeating: -1.0 / 5040))
    s = fused(s, z, Lanes(repeating: 1.0 / 120))
    s = fused(s, z, Lanes(repeating: -1.0 / 6))
    s = fused(s * z, r, r)
    var c = Lanes(repeating: 1.0 / 20_922_789_888_000)
    c = fused(c, z, Lanes(repeating: -1.0 / 87_178_291_200))
    c = fused(c, z, Lanes(repeating: 1.0 / 479_001_600))
    c = fused(c, z, Lanes(repeating: -1.0 / 3_628_800))
    c = fused(c, z, Lanes(repeating: 1.0 / 40_320))
    c = fused(c, z, Lanes(repeating: -1.0 / 720))
    c = fused(c, z, Lanes(repeating: 1.0 / 24))
    c = fused(c, z, Lanes(repeating: -0.5))
    c = fused(c, z, Lanes(repeating: 1))
    // Odd quarters exchange sine and cosine, and two bits give the signs.
    let swap = 0 &- (quarter & 1)
    let sineBits = unsafeBitCast(s, to: SIMD8<UInt64>.self)
    let cosineBits = unsafeBitCast(c, to: SIMD8<UInt64>.self)
    let difference = (sineBits ^ cosineBits) & swap
    let sine = unsafeBitCast(sineBits ^ difference ^ ((quarter & 2) &<< 62), to: Lanes.self)
    let cosine = unsafeBitCast(cosineBits ^ difference ^ (((quarter &+ 1) & 2) &<< 62), to: Lanes.self)
    return (radius * cosine, radius * sine)
  }
}

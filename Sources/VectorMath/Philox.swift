/// The key of a random stream: 64 bits.
public struct PhiloxKey: Hashable, Sendable {
  public let low: UInt32
  public let high: UInt32

  public init(low: UInt32, high: UInt32) {
    self.low = low
    self.high = high
  }

  /// The 64 bits of a seed.
  public init(seed: UInt64) {
    low = UInt32(truncatingIfNeeded: seed)
    high = UInt32(truncatingIfNeeded: seed >> 32)
  }
}

/// Philox4x32-10: a pure function from a 64-bit key and a 128-bit counter to four random words.
///
/// Ten rounds of two 32 × 32 → 64 bit products each. There is no state: any draw of any path can be had at once, and no
/// result depends on the order in which draws are made.
///
/// Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC'11; constants from
/// the authors' Random123 library.
///
/// *Verified by* `knownAnswers`, `lanesAgreeWithScalar`.
public enum Philox4x32 {
  /// Multipliers, found by the authors by search for full avalanche.
  @inlinable static var multiplier0: UInt32 { 0xd251_1f53 }
  @inlinable static var multiplier1: UInt32 { 0xcd9e_8d57 }
  /// Key increments: the golden ratio and √3 − 1 as fractions of 2³².
  @inlinable static var increment0: UInt32 { 0x9e37_79b9 }
  @inlinable static var increment1: UInt32 { 0xbb67_ae85 }
  /// The authors' recommended number of rounds (seven pass their tests).
  @inlinable static var rounds: Int { 10 }

  /// Four words of one counter.
  public static func block(key: PhiloxKey, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var x = counter
    var (k0, k1) = (key.low, key.high)
    for _ in 0..<rounds {
      let first = multiplier0.multipliedFullWidth(by: x[0])
      let second = multiplier1.multipliedFullWidth(by: x[2])
      x = SIMD4(second.high ^ x[1] ^ k0, second.low, first.high ^ x[3] ^ k1, first.low)
      k0 &+= increment0
      k1 &+= increment1
    }
    return x
  }

  /// Four words of each of eight counters; words lie in the low halves of the lanes, and what lies above them is ignored.
  @inlinable @inline(__always)
  public static func blocks(
    key: PhiloxKey, _ c0: LaneWords, _ c1: LaneWords, _ c2: LaneWords, _ c3: LaneWords
  ) -> (LaneWords, LaneWords, LaneWords, LaneWords) {
    var x = (c0, c1, c2, c3)
    // Written out, so that the keys of the rounds become constants of whatever loop this stands in.
    round(&x, key, 0)
    round(&x, key, 1)
    round(&x, key, 2)
    round(&x, key, 3)
    round(&x, key, 4)
    round(&x, key, 5)
    round(&x, key, 6)
    round(&x, key, 7)
    round(&x, key, 8)
    round(&x, key, 9)
    let mask = LaneWords(repeating: 0xffff_ffff)
    return (x.0 & mask, x.1 & mask, x.2 & mask, x.3 & mask)
  }

  /// One round on eight counters. What lies above the low halves of the words is left there: a product takes the low halves
  /// of its factors only, and the caller masks once at the end.
  @inlinable @inline(__always)
  static func round(_ x: inout (LaneWords, LaneWords, LaneWords, LaneWords), _ key: PhiloxKey, _ number: UInt32) {
    let mask = LaneWords(repeating: 0xffff_ffff)
    let shift = LaneWords(repeating: 32)
    let k0 = UInt64(key.low &+ number &* increment0)
    let k1 = UInt64(key.high &+ number &* increment1)
    // Both factors are known to lie under 2³²: one widening multiplication per four lanes.
    let first = (x.0 & mask) &* LaneWords(repeating: UInt64(multiplier0))
    let second = (x.2 & mask) &* LaneWords(repeating: UInt64(multiplier1))
    x = (
      (second &>> shift) ^ (x.1 ^ LaneWords(repeating: k0)), second,
      (first &>> shift) ^ (x.3 ^ LaneWords(repeating: k1)), first
    )
  }
}

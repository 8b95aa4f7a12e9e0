import CVector

/// The angle of one turn.
@usableFromInline enum TurnConstants {
  /// 2π and what its double leaves over.
  @inlinable static var turnHigh: Double { 0x1.921fb54442d18p2 }
  @inlinable static var turnLow: Double { 0x1.1a62633145c07p-52 }
}

/// (sin 2πu, cos 2πu) for u in [0, 1], in turns so that no accuracy is lost in the reduction.
///
/// q = round(4u), r = u − q/4 is exact, |2πr| ≤ π/4; Taylor series to the powers 17 and 16, remainders below 2⁻⁵⁸.
///
/// Greatest error measured 1.1 ulp (sine) and 1.3 ulp (cosine) over 10 000 arguments against 45-digit values;
/// 1.5 ulp each without fused operations.
///
/// *Verified by* `sineCosineError`.
@inlinable @inline(__always)
public func sineCosineOfTurn(_ u: Lanes) -> (sine: Lanes, cosine: Lanes) {
  let rounder = lanes(ExponentialConstants.rounder)
  let shifted = fusedMultiplyAdd(u, lanes(4), rounder)
  let quadrant = unsafeBitCast(shifted, to: LaneWords.self)
  let r = fusedMultiplyAdd(shifted - rounder, lanes(-0.25), u)
  let angle = r * lanes(TurnConstants.turnHigh)
  let z = angle * angle
  var s = lanes(1 / 355_687_428_096_000)
  s = fusedMultiplyAdd(s, z, lanes(-1 / 1_307_674_368_000))
  s = fusedMultiplyAdd(s, z, lanes(1 / 6_227_020_800))
  s = fusedMultiplyAdd(s, z, lanes(-1 / 39_916_800))
  s = fusedMultiplyAdd(s, z, lanes(1 / 362_880))
  s = fusedMultiplyAdd(s, z, lanes(-1 / 5_040))
  s = fusedMultiplyAdd(s, z, lanes(1 / 120))
  s = fusedMultiplyAdd(s, z, lanes(-1 / 6))
  // r · 2π enters last and unrounded; its low part is within the correction.
  let sineCorrection = fusedMultiplyAdd(angle * z, s, r * lanes(TurnConstants.turnLow))
  let sine = fusedMultiplyAdd(r, lanes(TurnConstants.turnHigh), sineCorrection)
  var c = lanes(1 / 20_922_789_888_000)
  c = fusedMultiplyAdd(c, z, lanes(-1 / 87_178_291_200))
  c = fusedMultiplyAdd(c, z, lanes(1 / 479_001_600))
  c = fusedMultiplyAdd(c, z, lanes(-1 / 3_628_800))
  c = fusedMultiplyAdd(c, z, lanes(1 / 40_320))
  c = fusedMultiplyAdd(c, z, lanes(-1 / 720))
  c = fusedMultiplyAdd(c, z, lanes(1 / 24))
  c = fusedMultiplyAdd(c, z, lanes(-1 / 2))
  let cosine = fusedMultiplyAdd(c, z, lanes(1))
  // Quadrants 1 and 3 exchange the two; the signs follow bit 1 of q and of q + 1.
  let one = LaneWords(repeating: 1)
  let two = LaneWords(repeating: 2)
  let signBit = LaneWords(repeating: 62)
  let odd = (quadrant & one) .== one
  let sineSign = (quadrant & two) &<< signBit
  let cosineSign = ((quadrant &+ one) & two) &<< signBit
  let first = unsafeBitCast(sine.replacing(with: cosine, where: odd), to: LaneWords.self)
  let second = unsafeBitCast(cosine.replacing(with: sine, where: odd), to: LaneWords.self)
  return (
    unsafeBitCast(first ^ sineSign, to: Lanes.self), unsafeBitCast(second ^ cosineSign, to: Lanes.self)
  )
}

import CVector

/// Eight doubles that go through a calculation side by side. Every function of this module treats the lanes alike and
/// independently: a lane's bits do not depend on its place or on its neighbours.
public typealias Lanes = SIMD8<Double>

/// Bit patterns of eight doubles, or eight words of a random stream.
public typealias LaneWords = SIMD8<UInt64>

/// A condition on each of eight lanes.
public typealias LaneMask = SIMDMask<SIMD8<Int64>>

/// Number of lanes.
public let laneCount = 8

/// a b + c: with one rounding where the processor has the instruction, with two elsewhere (there a correctly rounded
/// one costs a library call per lane). Results of the two kinds of machine differ in the last bits.
@inlinable @inline(__always)
public func fusedMultiplyAdd(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes {
  #if FUSED_MULTIPLY_ADD
    return c.addingProduct(a, b)
  #else
    return c + a * b
  #endif
}

/// a b + c with the same rounding as the lanes.
@inlinable @inline(__always)
public func fusedMultiplyAdd(_ a: Double, _ b: Double, _ c: Double) -> Double {
  #if FUSED_MULTIPLY_ADD
    return c.addingProduct(a, b)
  #else
    return c + a * b
  #endif
}

/// √a, correctly rounded; not a number below zero.
@inlinable @inline(__always)
public func squareRoot(_ a: Lanes) -> Lanes { cvector_square_root(a) }

/// |a|.
@inlinable @inline(__always)
public func absolute(_ a: Lanes) -> Lanes { cvector_absolute(a) }

/// The smaller of each pair; the second where either is not a number.
@inlinable @inline(__always)
public func laneMinimum(_ a: Lanes, _ b: Lanes) -> Lanes { cvector_minimum(a, b) }

/// The greater of each pair; the second where either is not a number.
@inlinable @inline(__always)
public func laneMaximum(_ a: Lanes, _ b: Lanes) -> Lanes { cvector_maximum(a, b) }

/// `value` moved into [lowest, highest]; what is not a number stays so.
@inlinable @inline(__always)
public func clamped(_ value: Lanes, from lowest: Lanes, to highest: Lanes) -> Lanes {
  cvector_maximum(lowest, cvector_minimum(highest, value))
}

/// Lanes repeating one value, for constants in formulas.
@inlinable @inline(__always)
public func lanes(_ value: Double) -> Lanes { Lanes(repeating: value) }

/// Pairs that lie one after the other, taken apart: the first numbers of eight pairs, and the second.
@inlinable @inline(__always)
public func separated(_ pairs: UnsafePointer<SIMD2<Double>>) -> (Lanes, Lanes) {
  let numbers = UnsafeRawPointer(pairs)
  let low = numbers.loadUnaligned(as: Lanes.self)
  let high = numbers.loadUnaligned(fromByteOffset: MemoryLayout<Lanes>.stride, as: Lanes.self)
  return (cvector_even(low, high), cvector_odd(low, high))
}

/// Bilinear interpolation of pairs: `early` and `late` point at two neighbours each, `time` in [0, 1] leads from the one row
/// to the other, `place` in [0, 1] from the first neighbour to the second.
@inlinable @inline(__always)
public func interpolated(
  _ early: UnsafePointer<SIMD2<Double>>, _ late: UnsafePointer<SIMD2<Double>>, time: Double, place: Double
) -> SIMD2<Double> {
  cvector_between(early, late, time, place)
}

/// Whether any lane of a mask is set. The standard library's `any` reduces by a call of a generic minimum.
@inlinable @inline(__always)
public func anyLane(_ mask: LaneMask) -> Bool {
  let bits = unsafeBitCast(mask, to: SIMD8<Int64>.self)
  let four = bits.lowHalf | bits.highHalf
  let two = four.lowHalf | four.highHalf
  return two[0] | two[1] != 0
}

/// One bit per lane, the first lane's lowest: set where the mask is.
@inlinable @inline(__always)
public func maskBits(_ mask: LaneMask) -> UInt8 {
  cvector_sign_bits(unsafeBitCast(mask, to: SIMD8<Int64>.self))
}

/// One bit per lane, the first lane's lowest: set where the number is above zero.
@inlinable @inline(__always)
public func positiveBits(_ a: Lanes) -> UInt8 { cvector_positive_bits(a) }

/// Tells the processor that a loop waits for another thread.
@inlinable @inline(__always)
public func relax() { cvector_relax() }

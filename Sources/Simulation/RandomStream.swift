import Glibc
import VectorMath

/// TEMPORARY scalar stand-in until the vector functions are merged.
typealias Lanes = SIMD8<Double>

func exponential(_ x: Lanes) -> Lanes {
  var y = x
  for i in 0..<8 { y[i] = Glibc.exp(x[i]) }
  return y
}
func normalCumulative(_ x: Lanes) -> Lanes {
  var y = x
  for i in 0..<8 { y[i] = 0.5 * erfc(-x[i] * 0.5.squareRoot()) }
  return y
}

struct RandomStream: Sendable {
  let seed: UInt64
  enum Purpose: UInt32 {
    case price = 1
    case regime = 2
  }

  static func mix(_ z0: UInt64) -> UInt64 {
    var z = z0 &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  func uniformPair(path: UInt64, index: UInt32, purpose: Purpose = .regime) -> (Double, Double) {
    let a = RandomStream.mix(
      RandomStream.mix(seed) ^ RandomStream.mix(path &* 4 &+ UInt64(purpose.rawValue))
        &+ RandomStream.mix(UInt64(index) << 8))
    let b = RandomStream.mix(a)
    return ((Double(a >> 12) + 0.5) * 0x1p-52, (Double(b >> 12) + 0.5) * 0x1p-52)
  }

  /// Two independent normals for each of eight consecutive streams.
  func normalPair(firstStream: UInt64, step: UInt32) -> (Lanes, Lanes) {
    var a = Lanes()
    var b = Lanes()
    for i in 0..<8 {
      let (u, v) = uniformPair(path: firstStream &+ UInt64(i), index: step, purpose: .price)
      let r = (-2 * Glibc.log(u)).squareRoot()
      a[i] = r * cos(2 * .pi * v)
      b[i] = r * sin(2 * .pi * v)
    }
    return (a, b)
  }
}

import Glibc
import Testing
import VectorMath

/// The bounds stated in the doc comments of the fast functions.
private enum StatedBound {
  /// Of `fastNormalCumulative`, absolute.
  static let normalCumulative = 2.3e-16
  /// Of `fastExponential`, in units in the last place.
  static let exponential = 1.0
  /// Of `grown`, in units in the last place.
  static let growth = 1.0
  /// Of `normalPair`, in radii.
  static let coarseNormals = 7e-16
}

/// Arguments evenly spaced over an interval.
private func arguments(from lowest: Double, to highest: Double) -> [Double] {
  let count = 40_000
  return (0...count).map { lowest + (highest - lowest) * Double($0) / Double(count) }
}

/// The fast functions against the C library's, whose own errors are below one unit in the last place.
@Suite struct FastFunctionTests {
  @Test func fastNormalCumulativeError() {
    var worst = (error: 0.0, argument: 0.0)
    for x in arguments(from: -9, to: 9) + arguments(from: -40, to: 40) {
      let error = abs(fastNormalCumulative(x) - 0.5 * erfc(-x / 2.0.squareRoot()))
      if !(error <= worst.error) { worst = (error, x) }
    }
    print("fast normal cumulative, worst: \(worst)")
    #expect(worst.error <= StatedBound.normalCumulative, "\(worst)")
  }

  @Test func fastExponentialError() {
    var worst = (error: 0.0, argument: 0.0)
    for x in arguments(from: -20, to: 20) + arguments(from: -708, to: 708) {
      let exact = exp(x)
      let error = abs(fastExponential(x) - exact) / exact.ulp
      if !(error <= worst.error) { worst = (error, x) }
    }
    print("fast exponential, worst: \(worst)")
    #expect(worst.error <= StatedBound.exponential, "\(worst)")
  }

  @Test func growthError() {
    var worst = (error: 0.0, argument: 0.0)
    for x in arguments(from: -greatestGrowth, to: greatestGrowth) + arguments(from: -1e-3, to: 1e-3) {
      for value in [1, 1.9, 61.3] {
        let exact = value * exp(x)
        let error = abs(grown(value, by: x) - value - value * expm1(x)) / exact.ulp
        if !(error <= worst.error) { worst = (error, x) }
      }
    }
    print("growth, worst: \(worst)")
    #expect(worst.error <= StatedBound.growth, "\(worst)")
  }

  /// Against Box and Muller's transform of the same bits by the library's functions, the turn less whole quadrants so that nothing
  /// is lost in π. The bits are Philox's, and all ends of the two fields.
  @Test func coarseNormalsError() {
    let stream = PhiloxStream(seed: 7, purpose: DrawPurpose(rawValue: 0))
    let ends: [UInt64] = [0, 1, (1 << 22) - 1, 1 << 22, (1 << 23) - 1, 1 << 23, 3 << 22, (1 << 24) - 1]
    var all = (0..<(1 << 16)).map { stream.fourNormalBits(firstPath: UInt64(8 * $0), step: 0).0 }
    for upper in ends {
      all.append(
        LaneWords(repeating: upper << 40)
          | LaneWords(ends[0], ends[1], ends[2], ends[3], ends[4], ends[5], ends[6], ends[7]))
      all.append(LaneWords(repeating: ~(upper << 24)))
    }
    var worst = (error: 0.0, bits: 0 as UInt64)
    for bits in all {
      let (first, second) = normalPair(bits: bits)
      for lane in 0..<laneCount {
        let u = (Double(bits[lane] >> 24) + 0.5) * 0x1p-40
        let turn = (Double(bits[lane] & 0xff_ffff) + 0.5) * 0x1p-24
        let radius = (-2 * log(u)).squareRoot()
        let quadrant = (4 * turn).rounded(.toNearestOrEven)
        let angle = 2 * Double.pi * (turn - quadrant / 4)
        let (c, s) = (cos(angle), sin(angle))
        let exact = [(c, s), (-s, c), (-c, -s), (s, -c)][Int(quadrant) % 4]
        let error = max(abs(first[lane] - radius * exact.0), abs(second[lane] - radius * exact.1)) / radius
        if !(error <= worst.error) { worst = (error, bits[lane]) }
      }
    }
    print("coarse normals, worst: \(worst)")
    #expect(worst.error <= StatedBound.coarseNormals, "\(worst)")
  }

  /// The limits, and what lies outside the range of the exponential.
  @Test func specialArguments() {
    #expect(fastNormalCumulative(0.0) == 0.5)
    #expect(fastNormalCumulative(.infinity) == 1 && fastNormalCumulative(1e300) == 1)
    #expect(fastNormalCumulative(-.infinity) < 1e-290 && fastNormalCumulative(-1e300) >= 0)
    #expect(fastNormalCumulative(.nan).isNaN)
    #expect(fastExponential(0.0) == 1)
    #expect(fastExponential(-1e9) == fastExponential(-708.0) && fastExponential(1e9) == fastExponential(708.0))
  }

  /// A lane's bits do not depend on its place or its neighbours.
  @Test func lanesAreIndependent() {
    let arguments = Lanes(-.infinity, -37.2, -1.5, 0.3, 0, 7.7, 1e10, -0.02)
    let (cumulative, power) = (fastNormalCumulative(arguments), fastExponential(arguments))
    for lane in 0..<laneCount {
      #expect(cumulative[lane] == fastNormalCumulative(arguments[lane]), "\(arguments[lane])")
      #expect(power[lane] == fastExponential(arguments[lane]), "\(arguments[lane])")
    }
  }
}

import Glibc
import Testing
import VectorMath

/// The bounds stated in the doc comments of the fast functions.
private enum StatedBound {
  /// Of `fastNormalCumulative`, absolute.
  static let normalCumulative = 2.3e-16
  /// Of `fastExponential`, in units in the last place.
  static let exponential = 1.0
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

import Glibc
import Testing

@testable import Calibration

/// The vector exponential against the library's.
struct StateVectorTests {
  /// Two units in the last place, over the whole range and near its lower end.
  @Test func exponential() {
    var worst = 0.0
    var at = 0.0
    for index in 0..<200_000 {
      let x = -708 * pow(Double(index) / 200_000, 3)
      let four = SIMD4<Double>.exponential(SIMD4(repeating: x))
      let eight = SIMD8<Double>.exponential(SIMD8(repeating: x))
      let exact = exp(x)
      let error = max(abs(four[index % 4] - exact), abs(eight[index % 8] - exact)) / exact.ulp
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 2, "\(worst) units at \(at)")
    #expect(SIMD4<Double>.exponential(SIMD4(-709, -1e300, -.infinity, 0)) == SIMD4(0, 0, 0, 1))
  }
}

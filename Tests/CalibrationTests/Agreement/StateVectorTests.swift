import Glibc
import Testing
import VectorMath

@testable import Calibration

/// The densities of the states against the library's exponential.
struct StateVectorTests {
  /// Two units in the last place, over the whole range and near its lower end.
  @Test func exponential() {
    var worst = 0.0
    var at = 0.0
    for index in 0..<200_000 {
      let x = -708 * pow(Double(index) / 200_000, 3)
      let exact = exp(x)
      let error = abs(densityRatio(lanes(x))[index % laneCount] - exact) / exact.ulp
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 2, "\(worst) units at \(at)")
    #expect(densityRatio(Lanes(-709, -1e300, -.infinity, 0, -708.5, 0, 0, 0)) == Lanes(0, 0, 0, 1, 0, 1, 1, 1))
  }

  /// Every return of an odd number of them, in four and in eight lanes: each density is e^(ℓ_e − max ℓ) of its own
  /// return, the sum of the maxima is returned, and lanes without a state are 0. An exponent ℓ of size |ℓ| carries a
  /// relative rounding of some units, which the exponential turns into |ℓ| times as many.
  @Test(arguments: [1, 2, 7]) func densitiesOfEveryReturn(count: Int) throws {
    let parameters = try RegimeParameters(
      means: [0.001, -0.002, 0.03], variances: [1e-4, 9e-4, 0.01], transition: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    let returns = (0..<count).map { 0.01 * Double($0 * $0) - 0.02 }
    let elapsed = (0..<count).map { 1 + Double($0 % 3) }
    func check<V: StateVector>(_: V.Type) {
      var densities = [V](repeating: V(repeating: -1), count: count)
      let total = densities.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { V.densities(parameters, returns, elapsed, into: $0) } ?? 0
      }
      var sum = 0.0
      for n in 0..<count {
        let logarithms = (0..<3).map { state in
          let deviation = returns[n] - parameters.means[state] * elapsed[n]
          return -0.5 * log(parameters.variances[state])
            - deviation * deviation / (2 * parameters.variances[state] * elapsed[n])
        }
        let largest = logarithms.max() ?? 0
        sum += largest
        for lane in 0..<V.scalarCount {
          let exact = lane < 3 ? exp(logarithms[lane] - largest) : 0
          let size = lane < 3 ? 1 + abs(logarithms[lane]) + abs(largest) : 0
          #expect(
            abs(densities[n][lane] - exact) <= 4 * Double.ulpOfOne * size * exact,
            "return \(n), lane \(lane): \(densities[n][lane]) against \(exact)")
        }
      }
      #expect(abs(total - sum) <= 1e-14 * abs(sum), "\(total) against \(sum)")
    }
    check(SIMD4<Double>.self)
    check(SIMD8<Double>.self)
  }
}

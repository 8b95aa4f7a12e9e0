import TestKit
import Testing
import VectorMath

extension Tag {
  /// Half a minute and more.
  @Tag static var slow: Self
}

/// Moments, serial products and the Kolmogorov–Smirnov distance of 2³⁰ normals: what `NormalDrawTests` asks of 2²⁰ at a
/// resolution 32 times finer, with the same bounds. About half a minute.
@Suite(.tags(.slow), .enabled(if: SlowTests.areWanted, "set DEADBAND_SLOW_TESTS=1"))
struct ManyNormalDrawsTests {
  private static let calls = 1 << 14
  private static let vectors = 1 << 11

  @Test func billionDraws() {
    let stream = PhiloxStream(seed: 1, purpose: DrawPurpose(rawValue: 1))
    var sums = NormalDrawSums()
    for vector in 0..<Self.vectors {
      sums.add(stream, firstPath: UInt64(vector * laneCount), calls: Self.calls)
    }
    #expect(sums.count == 1 << 30)
    let bound = NormalDrawTests.standardErrors
    let n = Double(sums.count)
    // E Zᵏ is 0 for odd k and (k − 1)!! for even; Var Zᵏ = E Z²ᵏ − (E Zᵏ)².
    let moments: [Double] = [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10_395]
    for (index, sum) in sums.powers.enumerated() {
      let k = index + 1
      let error = ((moments[2 * k] - moments[k] * moments[k]) / n).squareRoot()
      let distance = (sum / n - moments[k]) / error
      print("moment \(k): \(distance) standard errors")
      #expect(distance.magnitude <= bound, "moment \(k): \(distance) errors")
    }
    // Products of independent normals have variance 1, those of Z² − 1 variance 4.
    for (index, lag) in NormalDrawSums.lags.enumerated() {
      let root = Double(sums.pairs[index]).squareRoot()
      let (distance, ofSquares) = (sums.products[index] / root, sums.squares[index] / (2 * root))
      print("lag \(lag): \(distance) standard errors, squares \(ofSquares)")
      #expect(distance.magnitude <= bound && ofSquares.magnitude <= bound, "lag \(lag): \(distance), \(ofSquares)")
    }
    let root = Double(sums.pairsAcross).squareRoot()
    let (across, squaresAcross) = (sums.productsAcross / root, sums.squaresAcross / (2 * root))
    print("neighbouring paths: \(across) standard errors, squares \(squaresAcross)")
    #expect(across.magnitude <= bound && squaresAcross.magnitude <= bound, "paths: \(across), \(squaresAcross)")
    // Exceeded with probability 0.001, as in `normalKolmogorovSmirnov`.
    print("Kolmogorov–Smirnov: \(sums.kolmogorovSmirnov)")
    #expect(sums.kolmogorovSmirnov <= 1.95)
  }
}

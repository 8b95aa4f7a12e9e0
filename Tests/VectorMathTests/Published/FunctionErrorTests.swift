import Testing
import VectorMath

/// The bounds stated in the doc comments of the functions: maxima measured over far more arguments than these tables
/// hold, rounded up, for machines with and without fused operations.
private enum StatedBound {
  static let exponential = 1.0
  static let logarithm = 0.8
  #if FUSED_MULTIPLY_ADD
    static let sine = 1.1
    static let cosine = 1.3
    static let normalCumulative = 3.0
    static let normalDensity = 2.1
    static let inverseNormal = 4.1
  #else
    static let sine = 1.5
    static let cosine = 1.5
    static let normalCumulative = 5.4
    static let normalDensity = 2.2
    static let inverseNormal = 5.2
  #endif
}

@Suite struct FunctionErrorTests {
  @Test func exponentialError() {
    let worst = worstError(exactValuesExponential) { exponential($0) }
    print("exponential, worst: \(worst.row)")
    #expect(worst.ulps <= StatedBound.exponential, "\(worst.row)")
  }

  @Test func logarithmError() {
    let worst = worstError(exactValuesLogarithm) { logarithm($0) }
    print("logarithm, worst: \(worst.row)")
    #expect(worst.ulps <= StatedBound.logarithm, "\(worst.row)")
  }

  @Test func sineCosineError() {
    let sine = worstError(exactValuesSineOfTurn) { sineCosineOfTurn(lanes($0)).sine[0] }
    let cosine = worstError(exactValuesCosineOfTurn) { sineCosineOfTurn(lanes($0)).cosine[0] }
    print("sine, worst: \(sine.row)\ncosine, worst: \(cosine.row)")
    #expect(sine.ulps <= StatedBound.sine, "\(sine.row)")
    #expect(cosine.ulps <= StatedBound.cosine, "\(cosine.row)")
  }

  @Test func normalCumulativeError() {
    let worst = worstError(exactValuesNormalCumulative, within: -37.5 ... .infinity) { normalCumulative($0) }
    print("normal cumulative, worst: \(worst.row)")
    #expect(worst.ulps <= StatedBound.normalCumulative, "\(worst.row)")
    let subnormal = worstError(exactValuesNormalCumulative, within: -.infinity...(-37.5).nextDown) {
      normalCumulative($0)
    }
    print("normal cumulative below -37.5, worst: \(subnormal.row)")
    #expect(subnormal.ulps <= StatedBound.normalCumulative, "\(subnormal.row)")
  }

  @Test func normalDensityError() {
    let worst = worstError(exactValuesNormalDensity) { normalDensity($0) }
    print("normal density, worst: \(worst.row)")
    #expect(worst.ulps <= StatedBound.normalDensity, "\(worst.row)")
  }

  @Test func inverseNormalError() {
    let worst = worstError(exactValuesInverseNormal) { inverseNormalCumulative($0) }
    print("inverse normal, worst: \(worst.row)")
    #expect(worst.ulps <= StatedBound.inverseNormal, "\(worst.row)")
  }

  /// What IEEE 754 and the limits of the functions prescribe.
  @Test func specialArguments() {
    #expect(exponential(-.infinity) == 0 && exponential(-746) == 0)
    #expect(exponential(.infinity) == .infinity && exponential(709.79) == .infinity)
    #expect(exponential(0.0) == 1 && exponential(-0.0) == 1)
    #expect(logarithm(0.0) == -.infinity && logarithm(-0.0) == -.infinity)
    #expect(logarithm(.infinity) == .infinity && logarithm(1.0) == 0)
    #expect(logarithm(-1.0).isNaN && logarithm(-.infinity).isNaN)
    #expect(normalCumulative(-.infinity) == 0 && normalCumulative(.infinity) == 1)
    #expect(normalCumulative(-38.6) == 0 && normalCumulative(9.0) == 1)
    #expect(normalDensity(.infinity) == 0 && normalDensity(-.infinity) == 0)
    #expect(inverseNormalCumulative(0.0) == -.infinity && inverseNormalCumulative(1.0) == .infinity)
    #expect(inverseNormalCumulative(0.5) == 0)
    #expect(inverseNormalCumulative(-0.1).isNaN && inverseNormalCumulative(1.1).isNaN)
    for function in [exponential, logarithm, normalCumulative, normalDensity, inverseNormalCumulative]
      as [(Double) -> Double]
    {
      #expect(function(.nan).isNaN)
    }
  }

  /// A lane's bits do not depend on its place or its neighbours, special ones included.
  @Test func lanesAreIndependent() {
    let arguments = Lanes(-.infinity, -37.2, -1.5, 0.3, .nan, 7.7, 1000 * .leastNonzeroMagnitude, .infinity)
    let probabilities = Lanes(0, 1e-300, 0.5, 0.3, .nan, 1, 2, 0.999)
    let vector = (
      exponential(arguments), logarithm(arguments), normalCumulative(arguments), normalDensity(arguments),
      inverseNormalCumulative(probabilities)
    )
    for i in 0..<laneCount {
      let x = arguments[i]
      let pairs = [
        (vector.0[i], exponential(x)), (vector.1[i], logarithm(x)), (vector.2[i], normalCumulative(x)),
        (vector.3[i], normalDensity(x)), (vector.4[i], inverseNormalCumulative(probabilities[i])),
      ]
      for (k, pair) in pairs.enumerated() {
        #expect(pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN, "lane \(i), function \(k): \(pair)")
      }
    }
  }

  @Test func reflection() {
    for k in 0...400 {
      let x = Double(k) / 50
      #expect(normalCumulative(x) + normalCumulative(-x) == 1, "x = \(x)")
      #expect(normalDensity(x) == normalDensity(-x), "x = \(x)")
    }
  }

  /// `clamped`, `laneMinimum`, `laneMaximum` and `squareRoot` against the standard library's scalars.
  @Test func elementwise() {
    let a = Lanes(-2, -0.5, 0, 0.25, 1, 2, 9, .nan)
    let b = Lanes(repeating: 0.5)
    for i in 0..<7 {
      #expect(laneMinimum(a, b)[i] == min(a[i], 0.5))
      #expect(laneMaximum(a, b)[i] == max(a[i], 0.5))
      #expect(clamped(a, from: -b, to: b)[i] == min(max(a[i], -0.5), 0.5))
      #expect(squareRoot(absolute(a))[i] == a[i].magnitude.squareRoot())
      #expect(fusedMultiplyAdd(a, a, b)[i] == fusedMultiplyAdd(a[i], a[i], 0.5))
    }
    #expect(laneMinimum(a, b)[7] == 0.5 && laneMaximum(a, b)[7] == 0.5)
    #expect(clamped(a, from: -b, to: b)[7].isNaN)
  }
}

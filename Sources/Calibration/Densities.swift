import Glibc
import VectorMath

// Normal densities of every return in every state, eight exponentials at a time.
// All of it stands in one file, where the compiler inlines it: see `ForwardBackward`.

/// A vector of states that knows its largest lane.
protocol DensityVector: SIMD where Scalar == Double {
  var largest: Double { get }
}

extension SIMD4<Double>: DensityVector {
  @inline(__always) var largest: Double { Swift.max(Swift.max(x, y), Swift.max(z, w)) }

  /// Two returns share one exponential of eight lanes.
  static func densities(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double {
    let law = LogDensities<Self>(parameters)
    var total = 0.0
    returns.withUnsafeBufferPointer { returns in
      elapsed.withUnsafeBufferPointer { elapsed in
        let count = returns.count
        var n = 0
        while n < count {
          let first = law.excess(returns[n], elapsed[n], adding: &total)
          let paired = n + 1 < count
          let second = paired ? law.excess(returns[n + 1], elapsed[n + 1], adding: &total) : first
          let values = densityRatio(Lanes(lowHalf: first, highHalf: second))
          b[n] = values.lowHalf
          if paired { b[n + 1] = values.highHalf }
          n += 2
        }
      }
    }
    return total
  }
}

extension SIMD8<Double>: DensityVector {
  @inline(__always) var largest: Double {
    Swift.max(
      Swift.max(Swift.max(self[0], self[1]), Swift.max(self[2], self[3])),
      Swift.max(Swift.max(self[4], self[5]), Swift.max(self[6], self[7])))
  }

  static func densities(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double {
    let law = LogDensities<Self>(parameters)
    var total = 0.0
    returns.withUnsafeBufferPointer { returns in
      elapsed.withUnsafeBufferPointer { elapsed in
        for n in 0..<returns.count {
          b[n] = densityRatio(law.excess(returns[n], elapsed[n], adding: &total))
        }
      }
    }
    return total
  }
}

/// The logarithms of the states' normal densities of a return r over τ steps, without the terms common to all states:
/// −½ log v_e − (r − m_e τ)² / (2 v_e τ).
private struct LogDensities<V: DensityVector> {
  var mean = V()
  var precision = V()
  var level = V()

  init(_ parameters: RegimeParameters) {
    let states = parameters.states
    for state in 0..<states {
      mean[state] = parameters.means[state]
      precision[state] = 0.5 / parameters.variances[state]
      level[state] = -0.5 * log(parameters.variances[state])
    }
    // Lanes without a state have the density 0.
    for lane in states..<V.scalarCount { level[lane] = -.infinity }
  }

  /// The logarithms less the largest of them, which is added to `total`.
  @inline(__always) func excess(_ value: Double, _ tau: Double, adding total: inout Double) -> V {
    let deviation = V(repeating: value) - mean * tau
    let exponent = level - deviation * deviation * precision * (1 / tau)
    let largest = exponent.largest
    total += largest
    return exponent - V(repeating: largest)
  }
}

/// e^−708 is the least whole power of e that is a normal number.
private let leastExponent = -708.0

/// eˣ for x ≤ 0, and 0 where eˣ is below the least normal number.
///
/// *Verified by* `StateVectorTests.exponential`.
@inline(__always) func densityRatio(_ exponent: Lanes) -> Lanes {
  fastExponential(exponent).replacing(with: 0, where: exponent .< leastExponent)
}

import Glibc

/// Jumps of a deviation: a Poisson clock and the law of one jump Z [deviation].
///
/// *Verified by* `DeviationJumpTests`: tails and excesses against numerical integrals of the density.
public struct DeviationJumps: Sendable, Equatable {
  public enum Law: Sendable, Equatable {
    /// Z is normal.
    case normal(mean: Double, deviation: Double)
    /// Z is exponential with mean `up` with this probability, and otherwise minus an exponential with mean `down`.
    case laplace(up: Double, down: Double, probabilityUp: Double)
  }

  /// Jumps per unit of time.
  public var intensity: Double
  public var law: Law

  public init(intensity: Double, law: Law) {
    self.intensity = intensity
    self.law = law
  }

  /// E Z.
  public var mean: Double {
    switch law {
    case .normal(let mean, _): return mean
    case .laplace(let up, let down, let p): return p * up - (1 - p) * down
    }
  }

  /// E Z².
  public var secondMoment: Double {
    switch law {
    case .normal(let mean, let deviation): return mean * mean + deviation * deviation
    case .laplace(let up, let down, let p): return 2 * (p * up * up + (1 - p) * down * down)
    }
  }

  /// The density at z; for the double exponential at 0 the one of jumps upwards.
  public func density(_ z: Double) -> Double {
    switch law {
    case .normal(let mean, let deviation): return NormalLaw.density((z - mean) / deviation) / deviation
    case .laplace(let up, let down, let p): return z >= 0 ? p / up * exp(-z / up) : (1 - p) / down * exp(z / down)
    }
  }

  /// P(Z > a).
  public func tailAbove(_ a: Double) -> Double {
    switch law {
    case .normal(let mean, let deviation): return NormalLaw.cumulative((mean - a) / deviation)
    case .laplace(let up, let down, let p):
      return a >= 0 ? p * exp(-a / up) : 1 - (1 - p) * exp(a / down)
    }
  }

  /// E (Z − a)⁺.
  public func excessAbove(_ a: Double) -> Double {
    switch law {
    case .normal(let mean, let deviation):
      let distance = (mean - a) / deviation
      return deviation * (NormalLaw.density(distance) + distance * NormalLaw.cumulative(distance))
    case .laplace(let up, let down, let p):
      return a >= 0 ? p * up * exp(-a / up) : mean - a + (1 - p) * down * exp(a / down)
    }
  }

  /// P(Z < a).
  public func tailBelow(_ a: Double) -> Double { mirrored.tailAbove(-a) }

  /// E (a − Z)⁺.
  public func excessBelow(_ a: Double) -> Double { mirrored.excessAbove(-a) }

  /// The law of −Z.
  public var mirrored: DeviationJumps {
    switch law {
    case .normal(let mean, let deviation):
      return DeviationJumps(intensity: intensity, law: .normal(mean: -mean, deviation: deviation))
    case .laplace(let up, let down, let p):
      return DeviationJumps(intensity: intensity, law: .laplace(up: down, down: up, probabilityUp: 1 - p))
    }
  }

  /// The same jumps with deviation in units of `deviation` and time in units of `time`.
  public func inUnits(deviation: Double, time: Double) -> DeviationJumps {
    let law: Law
    switch self.law {
    case .normal(let mean, let spread): law = .normal(mean: mean / deviation, deviation: spread / deviation)
    case .laplace(let up, let down, let p):
      law = .laplace(up: up / deviation, down: down / deviation, probabilityUp: p)
    }
    return DeviationJumps(intensity: intensity * time, law: law)
  }

  func validate(field: String) throws(FormulationError) {
    let isRate: (Double) -> Bool = { $0 >= 0 && $0 <= Magnitude.deviationCost }
    switch law {
    case .normal(let mean, let deviation):
      try require(intensity, isRate, field + ".normal.intensity", "0 to 1e12 per unit time")
      try require(mean, { abs($0) <= Magnitude.deviationCost }, field + ".normal.mean", "−1e12 to 1e12")
      try require(deviation, { Magnitude.deviation.contains($0) }, field + ".normal.deviation", "1e-9 to 1e9")
    case .laplace(let up, let down, let p):
      try require(intensity, isRate, field + ".laplace.intensity", "0 to 1e12 per unit time")
      try require(up, { Magnitude.deviation.contains($0) }, field + ".laplace.scaleUp", "1e-9 to 1e9")
      try require(down, { Magnitude.deviation.contains($0) }, field + ".laplace.scaleDown", "1e-9 to 1e9")
      try require(p, { $0 >= 0 && $0 <= 1 }, field + ".laplace.probabilityUp", "0 to 1")
    }
  }
}

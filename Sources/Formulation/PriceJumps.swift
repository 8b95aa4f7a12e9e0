import Glibc

/// Jumps of a price: a Poisson clock and the law of the logarithm Z of one jump's factor, `S → S e^Z`.
///
///     Merton: Z ~ N(m, s²)                                                     (Merton 1976, *J. Financial Economics* 3)
///     Kou:    Z = +Exp(mean u) with probability p, −Exp(mean d) otherwise      (Kou 2002, *Management Science* 48)
///
/// The variance rate of a hedged book needs E e^{2Z}, so that u < ½; a simulated standard error needs E e^{4Z}, u < ¼.
///
/// *Verified by* `PriceJumpTests`: moments against numerical integrals of the density.
public struct PriceJumps: Sendable, Equatable {
  public enum Law: Sendable, Equatable {
    /// Z is normal: m and s [log-price].
    case merton(mean: Double, deviation: Double)
    /// Z is double exponential: u, d [log-price] and p.
    case kou(scaleUp: Double, scaleDown: Double, probabilityUp: Double)
  }

  /// ν [1/year].
  public var intensity: Double
  public var law: Law

  public init(intensity: Double, law: Law) {
    self.intensity = intensity
    self.law = law
  }

  /// The law of Z with its moments, density and tails.
  public var logarithm: DeviationJumps {
    switch law {
    case .merton(let mean, let deviation):
      return DeviationJumps(intensity: intensity, law: .normal(mean: mean, deviation: deviation))
    case .kou(let up, let down, let probability):
      return DeviationJumps(intensity: intensity, law: .laplace(up: up, down: down, probabilityUp: probability))
    }
  }

  /// `E e^{nZ}`; for Kou's law n u must be below 1.
  public func moment(_ n: Double) -> Double {
    switch law {
    case .merton(let mean, let deviation): return exp(n * mean + 0.5 * n * n * deviation * deviation)
    case .kou(let up, let down, let p): return p / (1 - n * up) + (1 - p) / (1 + n * down)
    }
  }

  /// κ = E e^Z − 1: the mean relative move of the price.
  public var meanMove: Double { moment(1) - 1 }

  /// `E (e^Z − 1)²`, the relative variance that one jump brings.
  public var squaredMove: Double {
    switch law {
    case .merton: return moment(2) - 2 * moment(1) + 1
    case .kou(let up, let down, let p):
      // 1/(1 − 2u) − 2/(1 − u) + 1 = 2u²/((1 − u)(1 − 2u)), without the cancellation of small scales.
      return 2 * p * up * up / ((1 - up) * (1 - 2 * up)) + 2 * (1 - p) * down * down / ((1 + down) * (1 + 2 * down))
    }
  }

  func validate(field: String) throws(FormulationError) {
    let isRate: (Double) -> Bool = { $0 >= 0 && $0 <= Magnitude.switchingRate }
    let rates = "0 to 31 536 000 per year, once a second"
    let scales = "1e-6 to 3 [log-price]"
    let isScale: (Double) -> Bool = { Magnitude.logJump.contains($0) }
    switch law {
    case .merton(let mean, let deviation):
      try require(intensity, isRate, field + ".merton.intensity", rates)
      try require(mean, { abs($0) <= Magnitude.logJump.upperBound }, field + ".merton.mean", "−3 to 3 [log-price]")
      try require(deviation, isScale, field + ".merton.deviation", scales)
    case .kou(let up, let down, let p):
      try require(intensity, isRate, field + ".kou.intensity", rates)
      try require(p, { $0 >= 0 && $0 <= 1 }, field + ".kou.probabilityUp", "0 to 1")
      try require(
        up, { $0 >= Magnitude.logJump.lowerBound && $0 < 0.5 }, field + ".kou.scaleUp",
        "1e-6 to below 0.5: the price has no finite variance otherwise, and no finite mean from 1 on")
      try require(down, isScale, field + ".kou.scaleDown", scales)
    }
  }
}

extension Regime {
  /// Whether the price jumps while the regime lasts: no clock that stands still counts.
  public var hasJumps: Bool { jumps.map { $0.intensity > 0 } ?? false }
}

extension EnvironmentChain {
  /// `ln J_ee'`, the jump of log-price when the regime goes from e to e'; 0 where it never does.
  public func switchJump(from e: Int, to other: Int) -> Double {
    guard !switchJumps.isEmpty, other != e, generator.rates[e][other] > 0 else { return 0 }
    return switchJumps[e][other]
  }

  /// Whether some switch that can happen moves the price.
  public var hasSwitchJumps: Bool {
    regimes.indices.contains { e in regimes.indices.contains { switchJump(from: e, to: $0) != 0 } }
  }

  /// Whether the price is not continuous.
  public var hasPriceJumps: Bool { hasSwitchJumps || regimes.contains(where: \.hasJumps) }

  /// The drift of the price between jumps [1/year], by which the expected growth is the regime's μ:
  ///
  ///     μ_e − ν_e κ_e − Σ_{e'} q_ee' (J_ee' − 1)
  public func driftBetweenJumps(_ e: Int) -> Double {
    var drift = regimes[e].drift
    if let jumps = regimes[e].jumps, jumps.intensity > 0 { drift -= jumps.intensity * jumps.meanMove }
    for other in regimes.indices {
      let jump = switchJump(from: e, to: other)
      if jump != 0 { drift -= generator.rates[e][other] * expm1(jump) }
    }
    return drift
  }

  /// `σ² + ν E Z² + Σ q (ln J)²`: the variance rate of log-price in a regime [1/year].
  public func logVariance(_ e: Int) -> Double {
    var variance = regimes[e].volatility * regimes[e].volatility
    if let jumps = regimes[e].jumps, jumps.intensity > 0 { variance += jumps.intensity * jumps.logarithm.secondMoment }
    for other in regimes.indices {
      let jump = switchJump(from: e, to: other)
      if jump != 0 { variance += generator.rates[e][other] * jump * jump }
    }
    return variance
  }

  /// `σ² + ν E (e^Z − 1)² + Σ q (J − 1)²`: the variance rate of relative price moves, A₂/S² of `HedgedVariance`.
  public func relativeVariance(_ e: Int) -> Double {
    var variance = regimes[e].volatility * regimes[e].volatility
    if let jumps = regimes[e].jumps, jumps.intensity > 0 { variance += jumps.intensity * jumps.squaredMove }
    for other in regimes.indices {
      let move = expm1(switchJump(from: e, to: other))
      if move != 0 { variance += generator.rates[e][other] * move * move }
    }
    return variance
  }

  /// `ln J` of every switch checked; an empty list stands for none.
  static func checked(
    switchJumps: [[Double]], count: Int
  ) throws(FormulationError) -> [[Double]] {
    guard !switchJumps.isEmpty else { return [] }
    let field = "market.switching.priceJump"
    guard switchJumps.count == count else {
      throw .wrongCount(field: field, found: switchJumps.count, expected: count)
    }
    for (from, row) in switchJumps.enumerated() {
      guard row.count == count else {
        throw .wrongCount(field: "\(field)[\(from)]", found: row.count, expected: count)
      }
      for (to, jump) in row.enumerated() {
        let place = "\(field)[\(from)][\(to)]"
        if to == from {
          try require(jump, { $0 == 0 }, place, "0: a regime does not switch to itself")
        } else {
          try require(jump, { abs($0) <= Magnitude.logJump.upperBound }, place, "−3 to 3 [log-price]")
        }
      }
    }
    return switchJumps.allSatisfy { $0.allSatisfy { $0 == 0 } } ? [] : switchJumps
  }
}

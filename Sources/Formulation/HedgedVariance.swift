import Glibc

/// The variance rate of a hedged book as a quadratic in the inventory y [quote²/year]:
///
///     v_e(y) = A₂ y² + 2 A₁ y + A₀
///     A₂ = σ²S² + ν S² E(J − 1)² + Σ q S² (J_ee' − 1)²
///     A₁ = σ²S²Δ + ν S E[(J − 1)(V(SJ) − V(S))] + Σ q S (J_ee' − 1)(V_e'(SJ_ee') − V_e(S))
///     A₀ = σ²S²Δ² + ν E[(V(SJ) − V(S))²] + Σ q (V_e'(SJ_ee') − V_e(S))²
///
/// with V the book's mark. Sums over e' are over the switches that move the price: what the others add no inventory changes.
public struct HedgedVariance: Sendable, Equatable {
  /// A₂ [quote²/unit²/year].
  public var quadratic: Double
  /// A₁ [quote²/unit/year].
  public var linear: Double
  /// A₀ [quote²/year].
  public var constant: Double

  public init(quadratic: Double, linear: Double, constant: Double) {
    self.quadratic = quadratic
    self.linear = linear
    self.constant = constant
  }

  /// v at an inventory [units].
  public func rate(inventory y: Double) -> Double { (quadratic * y + 2 * linear) * y + constant }

  /// The inventory with the least variance, −A₁/A₂ [units].
  public var leastInventory: Double { -linear / quadratic }
}

extension OptionBookProblem {
  /// The variance rate at one state, by Gauss's rule on panels of the jump's law and Black's formula at each of its nodes.
  ///
  /// Error: exact to rounding while marks are smooth over a panel; within 10⁻³ of the jumps' part where they have a kink
  /// inside the law, which is so at an expiry alone.
  /// *Verified by* `HedgedVarianceTests`.
  public func hedgedVariance(time: Double, spot: Double, regime e: Int) -> HedgedVariance {
    let environment = environment
    let here = book.greeks(time: time, spot: spot, regime: e)
    let diffusion = environment.regimes[e].volatility * environment.regimes[e].volatility * spot * spot
    var variance = HedgedVariance(
      quadratic: diffusion, linear: diffusion * here.delta, constant: diffusion * here.delta * here.delta)
    func add(rate: Double, logJump: Double, into other: Int) {
      let move = spot * expm1(logJump)
      let change = book.greeks(time: time, spot: spot * exp(logJump), regime: other).value - here.value
      variance.quadratic += rate * move * move
      variance.linear += rate * move * change
      variance.constant += rate * change * change
    }
    if let jumps = environment.regimes[e].jumps, jumps.intensity > 0 {
      for node in jumps.quadrature { add(rate: jumps.intensity * node.weight, logJump: node.logJump, into: e) }
    }
    for other in environment.regimes.indices {
      let jump = environment.switchJump(from: e, to: other)
      if jump != 0 { add(rate: environment.generator.rates[e][other], logJump: jump, into: other) }
    }
    return variance
  }

  /// By how much the net delta of the problem's convention exceeds `Δ_book + y` with Black–Scholes deltas [units]:
  /// `−V/S` premium-adjusted, `A₁/A₂ − Δ` for the least variance.
  public func conventionShift(time: Double, spot: Double, regime: Int) -> Double {
    switch convention {
    case .blackScholes: return 0
    case .premiumAdjusted: return -book.greeks(time: time, spot: spot, regime: regime).value / spot
    case .minimumVariance:
      return -hedgedVariance(time: time, spot: spot, regime: regime).leastInventory
        - book.greeks(time: time, spot: spot, regime: regime).delta
    }
  }

  /// The book's delta in the problem's convention [units]: what an inventory is added to before a band is looked at.
  public func conventionDelta(time: Double, spot: Double, regime: Int) -> Double {
    book.greeks(time: time, spot: spot, regime: regime).delta
      + conventionShift(time: time, spot: spot, regime: regime)
  }

  /// A band in Black–Scholes net delta as it is emitted: in the problem's convention. The inventories it means are the same.
  public func emitted(_ band: Band, time: Double, spot: Double, regime: Int) -> Band {
    convention == .blackScholes
      ? band : band.shifted(by: conventionShift(time: time, spot: spot, regime: regime))
  }
}

extension PriceJumps {
  /// A node of a quadrature over the law of Z.
  struct Node {
    let logJump: Double
    let weight: Double
  }

  /// Panels on each side of the centre, and how far each reaches in deviations or scales: eight deviations hold all but 10⁻¹⁵
  /// of a normal law; thirty-two scales all but 10⁻¹⁴ of an exponential.
  private static let normalPanels = 16
  private static let exponentialPanels = 32
  private static let normalReach = 8.0
  private static let exponentialReach = 32.0

  /// Gauss's rule with four nodes on panels of half a deviation, or on panels that grow from 0 with the exponential's tail.
  var quadrature: [Node] {
    func panel(_ low: Double, _ high: Double, _ density: (Double) -> Double) -> [Node] {
      let (middle, half) = (0.5 * (low + high), 0.5 * (high - low))
      return PriceJumps.gauss.map {
        let z = middle + half * $0.node
        return Node(logJump: z, weight: half * $0.weight * density(z))
      }
    }
    let law = logarithm
    var nodes: [Node] = []
    switch self.law {
    case .merton(let mean, let deviation):
      let length = PriceJumps.normalReach * deviation / Double(PriceJumps.normalPanels)
      for index in -PriceJumps.normalPanels..<PriceJumps.normalPanels {
        let low = mean + Double(index) * length
        nodes += panel(low, low + length) { law.density($0) }
      }
    case .kou(let up, let down, let probability):
      let count = Double(PriceJumps.exponentialPanels)
      // Squares of the price decay as e^{−(1/u − 2)z} only.
      let sides = [(up, 1.0, probability, 1 / (1 - 2 * up)), (down, -1.0, 1 - probability, 1)]
      for (scale, sign, weight, stretch) in sides where weight > 0 {
        // Squares of the panel's number: the first is a thirtieth of a scale long, the last two.
        func end(_ index: Int) -> Double {
          PriceJumps.exponentialReach * stretch * (Double(index) / count) * (Double(index) / count)
        }
        for index in 0..<PriceJumps.exponentialPanels {
          nodes += panel(end(index), end(index + 1)) { weight * exp(-$0) }.map {
            Node(logJump: sign * scale * $0.logJump, weight: $0.weight)
          }
        }
      }
    }
    // Of mass one exactly, so that a certain change of value is counted exactly.
    let mass = nodes.reduce(0) { $0 + $1.weight }
    return nodes.map { Node(logJump: $0.logJump, weight: $0.weight / mass) }
  }

  /// Gauss–Legendre with four nodes on [−1, 1] (Abramowitz and Stegun 1964, table 25.4).
  private static let gauss: [(node: Double, weight: Double)] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_9), (-0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_1), (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
  ]
}

import Glibc

/// One regime without drift, solved by hand: `dx = η dW`, running cost λx², a trade u costs `K + k|u|`, long-run average.
///
/// λ [cost/(deviation²·time)], η [deviation/√time], K [cost], k [cost/deviation]. Each policy class gives its cost for
/// any width and its own optimum. All follow from the renewal argument: between trades `E[time] = (b² − a²)/η²` and
/// `E ∫x² dt = (b⁴ − a⁴)/(6η²)` for a start at a and exits at ±b.
///
/// Sources: proportional cost, Atkinson and Wilmott (1995) and Rogers (2004); fixed cost, Lo, Mamaysky and Wang (2004).
/// *Verified by* `StationaryClosedFormTests`.
public struct StationaryClosedForm: Sendable, Equatable {
  public let runningCost: Double
  public let volatility: Double
  public let fixed: Double
  public let proportional: Double

  public init(runningCost: Double, volatility: Double, fixed: Double = 0, proportional: Double = 0) {
    self.runningCost = runningCost
    self.volatility = volatility
    self.fixed = fixed
    self.proportional = proportional
  }

  /// A symmetric band: trade at ±outer, to ±inner.
  public struct Width: Sendable, Equatable {
    public let outer: Double
    public let inner: Double
    /// Cost per unit time.
    public let cost: Double
    /// Time between trades; zero for a reflecting edge.
    public let meanTime: Double
  }

  private var variance: Double { volatility * volatility }

  // MARK: Costs of given policies

  /// Reflection at ±h with the proportional cost alone: `λh²/3 + kη²/(2h)`.
  public func edgeCost(halfWidth h: Double) -> Double {
    runningCost * h * h / 3 + proportional * variance / (2 * h)
  }

  /// From ±h to 0: `λh²/6 + (K + kh) η²/h²`.
  public func recentreCost(halfWidth h: Double) -> Double { innerCost(outer: h, inner: 0) }

  /// From ±b to ±a: `λ(a² + b²)/6 + (K + k(b − a)) η²/(b² − a²)`.
  public func innerCost(outer b: Double, inner a: Double) -> Double {
    runningCost * (a * a + b * b) / 6 + (fixed + proportional * (b - a)) * variance / (b * b - a * a)
  }

  /// To 0 every h units of time: `K/h + kη √(2/(πh)) + λη²h/2`.
  public func intervalCost(_ h: Double) -> Double {
    fixed / h + proportional * volatility * (2 / (Double.pi * h)).squareRoot() + runningCost * variance * h / 2
  }

  // MARK: Optima

  /// Reflection, K = 0: `h³ = 3kη²/(4λ)`, cost `λh²`.
  public var edge: Width {
    let h = cbrt(3 * proportional * variance / (4 * runningCost))
    return Width(outer: h, inner: h, cost: runningCost * h * h, meanTime: 0)
  }

  /// To the centre: `λh⁴ = 6Kη² + 3kη²h`; with K alone `h⁴ = 6Kη²/λ`, with k alone `h³ = 3kη²/λ` and cost `½λh²`.
  public var recentre: Width {
    let h = StationaryClosedForm.quarticRoot(
      linear: 3 * proportional * variance / runningCost, constant: 6 * fixed * variance / runningCost)
    return Width(outer: h, inner: 0, cost: recentreCost(halfWidth: h), meanTime: h * h / variance)
  }

  /// The unconstrained optimum: `V'(x) = Ax − Bx³`, `B = 2λ/(3η²)`, `V'(a) = V'(b) = k`, `∫_a^b (V' − k) = K`, cost
  /// `½Aη²`.
  ///
  /// The cubic `V' − k = −B(x − a)(x − b)(x + a + b)`, so with c = (a + b)/2 and d = b − a the conditions are
  /// `K = ½B c d³` and `k = 2B c(c² − d²/4)`: one increasing function of c.
  public var optimum: Width {
    if fixed == 0 { return edge }
    let cubic = 2 * runningCost / (3 * variance)
    let gapCubed = 2 * fixed / cubic
    func excess(_ c: Double) -> Double {
      let d = cbrt(gapCubed / c)
      return c * (c * c - d * d / 4) - proportional / (2 * cubic)
    }
    // a ≥ 0 needs c ≥ d/2: equality is the fixed cost alone, c⁴ = gapCubed/8. Above, c³ ≤ k/(2B) + c_low³.
    let low = (gapCubed / 8).squareRoot().squareRoot()
    let high = 2 * (low + cbrt(proportional / (2 * cubic)))
    let c = proportional == 0 ? low : StationaryClosedForm.bisect(excess, low, high)
    let d = cbrt(gapCubed / c)
    let (a, b) = (max(0, c - d / 2), c + d / 2)
    return Width(
      outer: b, inner: a, cost: cubic * (3 * c * c + d * d / 4) * variance / 2, meanTime: (b * b - a * a) / variance)
  }

  /// The best blind interval and its cost: `½λη²h² = K + ½kη√(2h/π)`.
  public var interval: (time: Double, cost: Double) {
    // In s = √h: s⁴ = 2K/(λη²) + (k/(λη)) √(2/π) s.
    let s = StationaryClosedForm.quarticRoot(
      linear: proportional / (runningCost * volatility) * (2 / Double.pi).squareRoot(),
      constant: 2 * fixed / (runningCost * variance))
    return (s * s, intervalCost(s * s))
  }

  /// The positive root of `h⁴ = constant + linear·h`, coefficients ≥ 0 and not both zero.
  static func quarticRoot(linear: Double, constant: Double) -> Double {
    if linear == 0 { return constant.squareRoot().squareRoot() }
    if constant == 0 { return cbrt(linear) }
    let fourth = constant.squareRoot().squareRoot()
    let third = cbrt(linear)
    // At max(fourth, third) the right side is at least h⁴; at their sum (fourth + third)⁴ ≥ constant + linear·sum.
    return bisect({ $0 * $0 * $0 * $0 - constant - linear * $0 }, max(fourth, third), fourth + third)
  }

  /// Halves until the bracket is two neighbouring numbers.
  static func bisect(_ increasing: (Double) -> Double, _ low: Double, _ high: Double) -> Double {
    var (low, high) = (low, high)
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return middle }
      if increasing(middle) < 0 { low = middle } else { high = middle }
    }
  }
}

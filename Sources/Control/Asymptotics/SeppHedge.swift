import Formulation
import Glibc

/// A book sold at its marks and hedged with their delta at equal intervals, or whenever the price has moved by a share, while
/// the underlying moves at another volatility (Sepp 2013, for the diffusion without drift):
///
///     E P = G − c/√δ,   G = V(σ) − V(marks),   c = kσ√(2/π) ∫E[S²|Γ|]dt
///     Var P = M + vδ,   M = σ² ∫E[S²(Δ − Δ_σ)²]dt,   v = ½σ⁴ ∫E[S⁴Γ²]dt
///
/// M is what is left with continuous hedging at the wrong delta: the profit is then `G + ∫(Δ_σ − Δ)dS`. The Sharpe ratio
/// E P/√Var P is greatest at q = δ^{−1/2} with `c M q³ + 2 c v q = v G`, which has one positive root when G > 0.
///
/// Rebalancing when |ΔS/S| reaches x: the price leaves ±x every x²/σ² on average, a cycle costs kS²|Γ|x and adds `Γ²S⁴x⁴/6` to
/// the variance (E∫B²dt until B leaves ±x is x⁴/6), so that c' = kσ²∫E[S²|Γ|]dt replaces c, v' = σ²/6 ∫E[S⁴Γ²]dt replaces v, and
/// q = 1/x solves the same cubic.
///
/// Costs add to the variance only in higher order and are left out of it. Assumes one regime, no drift beyond the rate,
/// proportional costs, δ short against the life of the options. *Verified by* `DiscreteHedgingTests`.
public struct SeppHedge: Sendable, Equatable {
  /// G, the profit without costs [quote].
  public let grossProfit: Double
  /// Hedging by the clock.
  public let timed: Optimum
  /// Hedging by the price's moves.
  public let moved: Optimum

  /// The rule with the greatest Sharpe ratio.
  public struct Optimum: Sendable, Equatable {
    /// δ [years], or x, a share of the price.
    public let step: Double
    /// Rebalancings until the horizon.
    public let rebalancings: Double
    /// E P [quote].
    public let profit: Double
    /// √Var P [quote].
    public let deviation: Double
    public var sharpeRatio: Double { profit / deviation }
  }

  /// - Throws: `unsupported` without a profit to keep.
  init(problem: OptionBookProblem) throws(ControlError) {
    let current = problem.market.currentRegime
    let regime = problem.environment.regimes[current]
    let fraction = Formula.fraction(problem, regime: current)
    let integrals = GammaIntegrals(problem: problem, book: problem.book)
    let variance = regime.volatility * regime.volatility
    let values = [regime.volatility, nil].map { volatility in
      (volatility.map { problem.book.marked(atEveryRegime: $0, of: problem) } ?? problem.book).greeks(
        time: 0, spot: problem.market.spot, regime: current
      ).value
    }
    grossProfit = values[0] - values[1]
    guard grossProfit > 0 else {
      throw .unsupported(
        method: Formula.sepp.rawValue, feature: "a book without a profit before costs: its marks promise none")
    }
    let terms = Terms(gross: grossProfit, mismatch: variance * integrals.mismatch)
    timed = terms.best(
      cost: fraction * regime.volatility * LelandHedge.meanMagnitude * integrals.turnover,
      spread: 0.5 * variance * variance * integrals.square
    ) {
      1 / ($0 * $0)
    } rebalancings: {
      problem.horizon * $0 * $0
    }
    moved = terms.best(cost: fraction * variance * integrals.turnover, spread: variance / 6 * integrals.square) {
      1 / $0
    } rebalancings: {
      problem.horizon * variance * $0 * $0
    }
  }

  /// What both ways of hedging share.
  private struct Terms {
    let gross: Double
    let mismatch: Double

    /// Bisections on the logarithm of q: to the last bits.
    private static let bisections = 200

    /// The greatest of (G − c q)/√(M + v/q²), at the root of `c M q³ + 2 c v q = v G`.
    func best(
      cost c: Double, spread v: Double, step: (Double) -> Double, rebalancings: (Double) -> Double
    ) -> Optimum {
      // 2 c q ≤ G there.
      var (low, high) = (0.0, 0.5 * gross / c)
      for _ in 0..<Self.bisections {
        let q = 0.5 * (low + high)
        if c * mismatch * q * q * q + 2 * c * v * q < v * gross { low = q } else { high = q }
      }
      let q = 0.5 * (low + high)
      return Optimum(
        step: step(q), rebalancings: rebalancings(q), profit: gross - c * q,
        deviation: (mismatch + v / (q * q)).squareRoot())
    }
  }
}

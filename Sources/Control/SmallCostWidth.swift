import Glibc

/// Half-widths of the no-trade band in the limit of small costs, far from expiry (control.md §7).
///
///     k alone: (3kSΓ²/(2a))^{1/3}      K alone: (12KΓ²/a)^{1/4}      [units of net delta]
///
/// k a fraction of notional, K [quote], S [quote/unit], Γ [units²/quote], a [1/quote]. Volatility cancels. Wrong where the
/// gamma vanishes, as near expiry away from the strike: the true band stays wide there.
///
/// Sources: Whalley and Wilmott (1997), eq. 3.10, for k; the same local problem with a fixed cost for K (Lo, Mamaysky and
/// Wang 2004). *Verified by* `SmallCostTests`: the solved bands approach both.
public struct SmallCostWidth: Sendable, Equatable {
  public let riskAversion: Double
  public let spot: Double
  public let gamma: Double

  public init(riskAversion: Double, spot: Double, gamma: Double) {
    self.riskAversion = riskAversion
    self.spot = spot
    self.gamma = gamma
  }

  /// With the proportional cost k alone.
  public func proportional(_ fraction: Double) -> Double {
    cbrt(1.5 * fraction * spot * gamma * gamma / riskAversion)
  }

  /// With the fixed cost K alone.
  public func fixed(_ amount: Double) -> Double { pow(12 * amount * gamma * gamma / riskAversion, 0.25) }
}

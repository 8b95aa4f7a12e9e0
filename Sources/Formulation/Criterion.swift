/// What is minimised over a finite horizon (control.md §3).
public enum Preference: Sendable, Equatable {
  /// `E[∫ ½ a v dt − ∫ drift and funding earned dt + Σ costs]`, with a the risk aversion [1/quote].
  case quadratic(riskAversion: Double)
  /// `−E exp(−γ W_T)`, with W_T the terminal wealth and γ the absolute risk aversion [1/quote at the horizon].
  case exponential(riskAversion: Double)

  /// a or γ [1/quote].
  public var riskAversion: Double {
    switch self {
    case .quadratic(let riskAversion), .exponential(let riskAversion): return riskAversion
    }
  }

  /// The word for it in files.
  public var name: String { isExponential ? "exponential" : "quadratic" }

  /// Whether the utility of terminal wealth is what counts.
  public var isExponential: Bool {
    if case .exponential = self { return true }
    return false
  }
}

/// What happens to the hedge inventory at the horizon.
public enum Settlement: String, Sendable, CaseIterable {
  /// Marked, no unwind: free.
  case none
  /// The whole inventory is unwound at cost.
  case cash
  /// Assigned units are delivered and the rest is unwound at cost.
  case physical
}

/// Which derivative a band on "net delta" means (control.md §2). A band is always emitted with its convention.
public enum DeltaConvention: String, Sendable, CaseIterable {
  /// ∂V/∂S of the marking model.
  case blackScholes
  /// ∂V/∂S − V/S: the delta of the book's value in units of the underlying, the exchange's "delta total" of inverse options.
  case premiumAdjusted
  /// Minus the inventory with the least variance rate, jumps of price and marks included; see `HedgedVariance`.
  case minimumVariance
}

import Formulation

/// Where the dependence of the bands on the regime comes from: the same book solved again with one cause at a time taken
/// away.
///
/// In a long-run problem with quadratic risk, volatility alone moves no band: a diffusion η = |Γ|σS and a risk rate
/// λ = ½aσ²S² enter only as η²/λ, from which σ cancels (control.md §7). What can move bands is costs, implied volatility
/// (through Δ and Γ), and, over a finite horizon, the variance still expected before expiry.
public struct RegimeDecomposition: Sendable {
  /// A cause that is taken away.
  public enum Cause: String, Sendable, CaseIterable {
    /// As the book is.
    case asStated
    /// Every regime pays the current regime's costs.
    case equalCosts
    /// Every regime marks at the current regime's implied volatilities.
    case equalImpliedVolatility
    /// Regimes never switch.
    case noSwitching
    /// The price never jumps, neither by itself nor with the regime; left out where it never does.
    case noPriceJumps
    /// Equal costs, equal implied volatility, no jumps and no drift differences: volatility and switching alone remain.
    case volatilityAlone
  }

  /// One row: the bands in net delta at the reference, per regime.
  public struct Row: Sendable {
    public let cause: Cause
    public let bands: [Band]
  }

  public let rows: [Row]

  /// - Parameters:
  ///   - stated: the problem as it is, solved with the method of the variants.
  ///   - causes: what was taken away.
  ///   - bands: of each variant.
  init(stated: FiniteHorizonSolution, causes: [Cause], bands: [[Band]]) {
    rows =
      [Row(cause: .asStated, bands: RegimeDecomposition.reading(stated))]
      + zip(causes, bands).map { Row(cause: $0, bands: $1) }
  }

  /// What can be taken away; nothing where one regime is all there is.
  static func causes(_ problem: OptionBookProblem) -> [Cause] {
    guard problem.environment.count > 1 else { return [] }
    return Cause.allCases.filter { $0 != .asStated && ($0 != .noPriceJumps || problem.environment.hasPriceJumps) }
  }

  /// Today's bands, per regime.
  static func reading(_ solution: FiniteHorizonSolution) -> [Band] {
    solution.problem.environment.regimes.indices.map { solution.band(regime: $0) }
  }

  /// The problem without a cause.
  static func variant(_ problem: OptionBookProblem, _ cause: Cause) -> OptionBookProblem {
    let count = problem.environment.count
    let current = problem.market.currentRegime
    let costs = Array(repeating: problem.costs[current], count: count)
    let legs = problem.book.legs.map { leg in
      var equal = leg
      if !leg.impliedVolatilities.isEmpty {
        equal.impliedVolatilities = Array(repeating: leg.impliedVolatilities[current], count: count)
      }
      return equal
    }
    let book = Book(legs: legs, rate: problem.book.rate)
    switch cause {
    case .asStated: return problem
    case .equalCosts: return problem.replacing(costs: costs)
    case .equalImpliedVolatility: return problem.replacing(book: book)
    case .noSwitching:
      return problem.replacing(environment: problem.environment.replacing(generator: .frozen(count: count)))
    case .noPriceJumps: return problem.replacing(environment: problem.environment.withoutPriceJumps())
    case .volatilityAlone:
      return problem.replacing(
        environment: problem.environment.withoutDrift(rate: problem.market.rate).withoutPriceJumps(), book: book,
        costs: costs)
    }
  }
}

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

  /// Solves every variant with the given method.
  ///
  /// - Parameter stated: the problem as it is, solved with that method.
  public init(stated: FiniteHorizonSolution, method: FiniteHorizon) throws(ControlError) {
    let problem = stated.problem
    let bands: @Sendable (FiniteHorizonSolution) -> [Band] = { solution in
      problem.environment.regimes.indices.map { solution.band(regime: $0) }
    }
    let causes = Cause.allCases.filter {
      $0 != .asStated && ($0 != .noPriceJumps || problem.environment.hasPriceJumps)
    }
    let variants = causes.map { RegimeDecomposition.variant(problem, $0) }
    let found = try method.readings(variants, bands)
    rows = [Row(cause: .asStated, bands: bands(stated))] + zip(causes, found).map { Row(cause: $0, bands: $1) }
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

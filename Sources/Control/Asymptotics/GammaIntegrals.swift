import Formulation
import Glibc

/// What the formulas for discrete hedging integrate over the life of a book, in one regime with `dS = μS dt + σS dW`:
///
///     turnover = ∫ E[S²|Γ|] dt [quote · year]        square = ∫ E[S⁴Γ²] dt [quote² · year]
///     mismatch = ∫ E[S²(Δ − Δ_σ)²] dt [quote² · year]
///
/// with Γ and Δ at the book's marks and Δ_σ at the realised volatility. Up to an expiry at τ they grow as √τ: the time is
/// substituted by its root before Gauss's rule is used. Prices are integrated on panels that close in on the strikes as the
/// gamma does.
///
/// *Verified by* `DiscreteHedgingTests.integralsOfOneOption`, against the closed forms of one option.
struct GammaIntegrals: Sendable, Equatable {
  private(set) var turnover = 0.0
  private(set) var square = 0.0
  private(set) var mismatch = 0.0

  /// Nodes in the root of the time to an expiry: the integrand is smooth there.
  private static let times = GaussLegendre(count: 24)
  /// Nodes of a panel in log-spot.
  private static let panel = GaussLegendre(count: 8)
  /// Ends of panels around a strike, in deviations of the hedge's volatility over the time that is left.
  private static let aroundStrike = [-8.0, -5, -3, -1.5, 0, 1.5, 3, 5, 8]
  /// Ends of panels around the mean, in deviations of log-spot.
  private static let aroundMean = [-8.0, -5, -3.5, -2.5, -1.5, -0.75, 0, 0.75, 1.5, 2.5, 3.5, 5, 8]

  /// - Parameters:
  ///   - regime: whose marks count.
  ///   - horizon: T [years].
  init(book: Book, regime: Int = 0, volatility: Double, drift: Double, spot: Double, horizon: Double) {
    let realised = book.marked(at: Array(repeating: volatility, count: regime + 1))
    let ends = book.expiries.filter { $0 < horizon } + [horizon]
    var start = 0.0
    for end in ends {
      let length = end - start
      for (node, weight) in zip(Self.times.nodes, Self.times.weights) {
        let root = 0.5 * (1 + node)
        let time = end - length * root * root
        let share = length * root * weight
        let centre = log(spot) + (drift - 0.5 * volatility * volatility) * time
        let deviation = volatility * time.squareRoot()
        for (from, to) in Self.panels(book, regime: regime, time: time, centre: centre, deviation: deviation) {
          for (x, rule) in zip(Self.panel.nodes, Self.panel.weights) {
            let position = 0.5 * (from + to) + 0.5 * (to - from) * x
            let z = (position - centre) / deviation
            let mass = share * 0.5 * (to - from) * rule * NormalLaw.density(z) / deviation
            let price = exp(position)
            let marked = book.greeks(time: time, spot: price, regime: regime)
            let dollarGamma = price * price * marked.gamma
            let miss = price * (marked.delta - realised.greeks(time: time, spot: price, regime: regime).delta)
            turnover += mass * abs(dollarGamma)
            square += mass * dollarGamma * dollarGamma
            mismatch += mass * miss * miss
          }
        }
      }
      start = end
    }
  }

  /// Where the integrands live at a time: around the mean of log-spot and every strike that still matters.
  private static func panels(
    _ book: Book, regime: Int, time: Double, centre: Double, deviation: Double
  ) -> [(Double, Double)] {
    let reach = aroundMean.last! * deviation
    var cuts = aroundMean.map { centre + $0 * deviation }
    var least = deviation
    for leg in book.legs {
      guard case .option(_, let strike, _) = leg.instrument, leg.expiry > time else { continue }
      let width = leg.impliedVolatilities[regime] * (leg.expiry - time).squareRoot()
      least = min(least, width)
      let position = log(strike) - leg.carry * (leg.expiry - time)
      cuts += aroundStrike.map { position + $0 * width }.filter { abs($0 - centre) < reach }
    }
    cuts.sort()
    // Many strikes close together need no panels of their own.
    let closest = 0.5 * least
    var kept = [cuts[0]]
    for cut in cuts.dropFirst() where cut - kept.last! >= closest { kept.append(cut) }
    return Array(zip(kept, kept.dropFirst()))
  }
}

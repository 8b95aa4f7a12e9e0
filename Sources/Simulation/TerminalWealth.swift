import Formulation
import Glibc

/// The wealth that a path ends with, against that of a hedger without costs, in money of the horizon.
///
/// With forward prices `X = S e^{r(T−t)}` and the trades u_n at t_n,
///
///     W − W* = Σ y_n (X_{n+1} − X_n) − Σ c(S_n, u_n) e^{r(T−t_n)} − ∫ f S y e^{r(T−t)} dt + payoffs − settlement − W*
///
/// where each leg's payoff at its expiry is carried to T and `W* = e^{rT} B_e(0, S₀)` is the book's frictionless value, marked
/// at the volatility of the regime of the valuation. The gains are summed by parts, `y_T X_T − y_0 X_0 − Σ u_n X_n`: exact,
/// and only trades cost time. Funding is integrated by the trapezoidal rule, second order in the sub-step. A leg alive at the
/// horizon counts with its mark at the regime's own volatility, and a forward with its spot.
///
/// Where every drift equals r and the price does not jump the gains of trading have mean zero whatever the policy, and so have payoffs less their
/// expectation given the path of the regimes, which is Black's formula at `∫σ²dt`: with
///
///     G = Σ y_n (X_{n+1} − X_n) + payoffs − E[payoffs | regimes],   E G = 0,
///
/// the criterion's column is `d + G`. The mean is that of d; the first order of `d = −(W − W*) + ½γ(W − W*)² − …` is gone, and
/// what is left are the costs and the risk themselves (a control variate with known mean and coefficient 1, the regression
/// coefficient for small γ; Glasserman 2003, §4.1).
/// *Verified by* `CertaintyEquivalentTests`, `ScalarReferenceTests`.
struct TerminalWealth: Sendable {
  /// γ [1/quote at the horizon].
  let riskAversion: Double
  private let rate: Double
  private let horizon: Double
  private let coincidence: Double
  /// Marked at the regimes' own volatilities.
  private let book: Book
  /// `−W* − y₀X₀`.
  private(set) var start: Double
  /// What W* is taken to have lost already, Λ₀ [quote at the horizon] (`CriterionScale`).
  private(set) var reference = 0.0
  /// `−y₀X₀`.
  let startOfGains: Double
  private let spot: Double
  private let volatilities: [Double]
  /// Whether gains have mean zero.
  private let isDriftless: Bool

  /// Nil unless the preference is exponential.
  /// - Parameter isOwnWorld: whether prices move as the model says; payoffs have no known expectation elsewhere.
  init?(_ problem: OptionBookProblem, coincidence: Double, isOwnWorld: Bool = true) {
    guard case .exponential(let riskAversion) = problem.preference else { return nil }
    self.riskAversion = riskAversion
    rate = problem.market.rate
    horizon = problem.horizon
    self.coincidence = coincidence
    volatilities = problem.environment.regimes.map(\.volatility)
    spot = problem.market.spot
    isDriftless =
      isOwnWorld && !problem.environment.hasPriceJumps
      && problem.environment.regimes.allSatisfy { [rate] in $0.drift == rate }
    book = problem.book.marked(at: volatilities)
    let worth = book.greeks(time: 0, spot: problem.market.spot, regime: problem.market.currentRegime).value
    startOfGains = -exp(rate * horizon) * problem.inventory * problem.market.spot
    start = startOfGains - exp(rate * horizon) * worth
  }

  /// The same against a hedger who has lost so much already [quote at the horizon].
  func measured(againstLoss loss: Double) -> TerminalWealth {
    var wealth = self
    wealth.start += loss - reference
    wealth.reference = loss
    return wealth
  }

  /// `e^{r(T−t)}`: what money of a time [years] is worth at the horizon.
  func growth(at time: Double) -> Double { exp(rate * (horizon - time)) }

  /// Pays out the legs that expire at an instant before the horizon.
  func settle(expiringAt time: Double, state: BlockState) {
    for leg in book.legs where abs(leg.expiry - time) <= coincidence {
      count(leg, at: leg.expiry, state: state)
    }
  }

  /// The book and the inventory at the horizon, and the criterion's column.
  ///
  /// - Parameter isTilted: whether paths were drawn from another law (`ImportanceTilt`), under which gains have no known mean.
  func close(state: BlockState, isTilted: Bool) {
    for leg in book.legs where leg.expiry >= horizon - coincidence { count(leg, at: horizon, state: state) }
    let spots = state.scalars(state.spot)
    let inventories = state.scalars(state.inventory)
    let (wealth, gains) = (state.values(.excessWealth), state.scalars(state.gains))
    // Zero unless tilted.
    let weights = state.scalars(state.logWeight)
    for path in 0..<BlockState.pathCount {
      let held = inventories[path] * spots[path]
      wealth[path] += held - state.values(.settlementCost)[path]
      let disutility = CriterionScale.disutility(
        excessWealth: wealth[path] - weights[path] / riskAversion, riskAversion: riskAversion)
      state.values(.criterion)[path] = disutility + (isDriftless && !isTilted ? gains[path] + held : 0)
    }
  }

  /// Adds what a leg is worth at a time, its payoff if it expires then, to the wealth, and the part that was not to be
  /// expected to the gains.
  private func count(_ leg: Leg, at time: Double, state: BlockState) {
    let (spots, regimes) = (state.scalars(state.spot), state.scalars(state.regime))
    let variances = state.scalars(state.integratedVariance)
    let (wealth, gains) = (state.values(.excessWealth), state.scalars(state.gains))
    let quantity = leg.quantity * growth(at: time)
    guard case .option(let kind, let strike, _) = leg.instrument else {
      let expected = spot * exp(rate * time)
      for path in 0..<BlockState.pathCount {
        wealth[path] += quantity * spots[path]
        gains[path] += quantity * (spots[path] - expected)
      }
      return
    }
    // Years that a leg lives on.
    let remaining = leg.expiry - time > coincidence ? leg.expiry - time : 0
    let own = BlackFormula(kind: kind, strike: strike, rate: rate, carry: leg.carry)
    let total = time + remaining
    let expected = BlackFormula(
      kind: kind, strike: strike, rate: 0, carry: (rate * time + leg.carry * remaining) / total)
    let discount = exp(-rate * remaining)
    for path in 0..<BlockState.pathCount {
      let volatility = volatilities[Int(regimes[path])]
      let value = own.greeks(spot: spots[path], remaining: remaining, volatility: volatility).value
      wealth[path] += quantity * value
      guard isDriftless else { continue }
      let variance = variances[path] + volatility * volatility * remaining
      let mean = expected.greeks(spot: spot, remaining: total, volatility: (variance / total).squareRoot()).value
      gains[path] += quantity * (value - discount * mean)
    }
  }
}

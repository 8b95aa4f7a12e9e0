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
  let start: Double

  /// Nil unless the preference is exponential.
  init?(_ problem: OptionBookProblem, coincidence: Double) {
    guard case .exponential(let riskAversion) = problem.preference else { return nil }
    self.riskAversion = riskAversion
    rate = problem.market.rate
    horizon = problem.horizon
    self.coincidence = coincidence
    let volatilities = problem.environment.regimes.map(\.volatility)
    book = problem.book.marked(at: volatilities)
    let worth = book.greeks(time: 0, spot: problem.market.spot, regime: problem.market.currentRegime).value
    start = -exp(rate * horizon) * (worth + problem.inventory * problem.market.spot)
  }

  /// `e^{r(T−t)}`: what money of a time [years] is worth at the horizon.
  func growth(at time: Double) -> Double { exp(rate * (horizon - time)) }

  /// Pays out the legs that expire at an instant before the horizon.
  func settle(expiringAt time: Double, state: BlockState) {
    let spots = state.scalars(state.spot)
    let wealth = state.values(.excessWealth)
    for leg in book.legs where abs(leg.expiry - time) <= coincidence {
      guard case .option(let kind, let strike, _) = leg.instrument else { continue }
      let quantity = leg.quantity * growth(at: leg.expiry)
      for path in 0..<BlockState.pathCount {
        let moneyness = kind == .call ? spots[path] - strike : strike - spots[path]
        wealth[path] += quantity * max(0, moneyness)
      }
    }
  }

  /// The book and the inventory at the horizon, and the criterion's column.
  func close(state: BlockState) {
    let (spots, regimes) = (state.scalars(state.spot), state.scalars(state.regime))
    let inventories = state.scalars(state.inventory)
    let wealth = state.values(.excessWealth)
    let alive = Book(
      legs: book.legs.filter { $0.expiry >= horizon - coincidence }.map { leg in
        var leg = leg
        if leg.expiry <= horizon + coincidence { leg.expiry = horizon }
        return leg
      }, rate: rate)
    for path in 0..<BlockState.pathCount {
      let worth = alive.greeks(time: horizon, spot: spots[path], regime: Int(regimes[path])).value
      wealth[path] += worth + inventories[path] * spots[path] - state.values(.settlementCost)[path]
      state.values(.criterion)[path] = CriterionScale.disutility(
        excessWealth: wealth[path], riskAversion: riskAversion)
    }
  }
}

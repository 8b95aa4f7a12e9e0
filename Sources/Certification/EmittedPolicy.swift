import Control
import Formulation
import Glibc

/// What a result says of an option book, read from its files: the policy that a rebalancer would load, and the numbers that are
/// stated of it. Nothing in it is trusted; see `OptionBookCertifier.emitted`.
public struct EmittedPolicy: Sendable {
  /// One state and what the result says is done in it.
  public struct Decision: Sendable, Equatable {
    /// Years from the valuation.
    public var time: Double
    /// S [quote].
    public var spot: Double
    public var regime: Int
    /// y before the decision [units].
    public var inventory: Double
    /// Trade [units], 0 to hold.
    public var trade: Double

    public init(time: Double, spot: Double, regime: Int, inventory: Double, trade: Double) {
      self.time = time
      self.spot = spot
      self.regime = regime
      self.inventory = inventory
      self.trade = trade
    }
  }

  /// Bands in Black–Scholes net delta.
  public var table: PolicyTable
  /// J per regime with the error that is stated of it [quote].
  public var values: [Approximation]
  /// The band at the reference state per regime, as the table's.
  public var bands: [Band]
  public var decisions: [Decision]

  public init(table: PolicyTable, values: [Approximation], bands: [Band], decisions: [Decision]) {
    self.table = table
    self.values = values
    self.bands = bands
    self.decisions = decisions
  }
}

extension OptionBookCertifier {
  /// What rounding may do to an edge [units].
  private var rounding: Double { CertificationSettings.lawTolerance * (1 + problem.book.grossQuantity) }

  /// Whether what is stated of an emitted policy is what the problem's own solution, and the policy's table, say.
  func confront(
    _ emitted: EmittedPolicy, _ regimes: [OptionBookAnswer.Regime], grid: FiniteHorizonGrid, checks: inout [Check]
  ) {
    for (e, regime) in regimes.enumerated() {
      let stated = emitted.values[e]
      checks.append(
        Check(
          .emittedValue, regime: regime.name, measured: abs(stated.value - regime.value.value),
          atMost: stated.error + regime.value.error + CertificationSettings.lawTolerance * lawScale,
          unit: problem.market.quote))
      let own = emitted.table.nearest(time: 0, logSpot: grid.logSpots[grid.reference], regime: e)
      checks.append(
        Check(
          .emittedBand, regime: regime.name, measured: emitted.bands[e].largestDifference(own), atMost: rounding,
          unit: problem.market.underlying))
    }
    let wrong = emitted.decisions.count { abs(expectedTrade(emitted.table, $0) - $0.trade) > rounding }
    checks.append(Check(.emittedDecision, measured: Double(wrong), atMost: 0))
  }

  /// Whether an emitted table is a formula's.
  func confront(_ emitted: PolicyTable, with rule: PolicyTable, checks: inout [Check]) {
    for (e, regime) in problem.environment.regimes.enumerated() {
      var worst = 0.0
      for (time, years) in emitted.times.enumerated() {
        for (row, x) in emitted.logSpots.enumerated() {
          let own = rule.nearest(time: years, logSpot: x, regime: e)
          worst = max(worst, emitted.band(time: time, regime: e, spot: row).largestDifference(own))
        }
      }
      checks.append(
        Check(
          .emittedBand, regime: regime.name, measured: worst, atMost: rounding, unit: problem.market.underlying))
    }
  }

  private func expectedTrade(_ table: PolicyTable, _ decision: EmittedPolicy.Decision) -> Double {
    let band = table.nearest(time: decision.time, logSpot: log(decision.spot), regime: decision.regime)
    let delta = problem.book.greeks(time: decision.time, spot: decision.spot, regime: decision.regime).delta
    let trade = band.trade(
      at: delta + decision.inventory, inventory: decision.inventory, flats: table.flats)
    return problem.execution.inLots(trade)
  }
}

extension PolicyTable {
  /// The band of the node that is nearest, for states that are nodes up to rounding.
  fileprivate func nearest(time: Double, logSpot: Double, regime: Int) -> Band {
    band(
      time: AscendingNodes.nearest(to: time, among: times), regime: regime,
      spot: AscendingNodes.nearest(to: logSpot, among: logSpots))
  }
}

extension Band {
  /// Of edges, targets and slopes; edges that neither has are alike.
  func largestDifference(_ other: Band) -> Double {
    zip(
      [lower, upper, targetLower, targetUpper, slopeLower, slopeUpper],
      [other.lower, other.upper, other.targetLower, other.targetUpper, other.slopeLower, other.slopeUpper]
    ).reduce(0.0) { max($0, $1.0 == $1.1 ? 0 : abs($1.0 - $1.1)) }
  }
}

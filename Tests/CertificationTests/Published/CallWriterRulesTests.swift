import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// Rules for a written call in a world where others have measured them: S = K = 1, 30 days, σ = 0.8, r = 0, 5 basis points either
/// way, one call short, entropic risk `(1/a) ln E e^{−a·P&L}` with a = 10, the last inventory marked without cost.
///
/// Reported for Whalley and Wilmott's rule: 0.092944 at 120 decision times and 0.092701 at 720, for a hedger trained for 100 s
/// 0.09288 at 120, each by simulation with a standard error of about 2·10⁻⁵.
@Suite struct CallWriterRulesTests {
  static let reportedError = 2e-5
  static let paths = 400_000

  struct Row: Sendable {
    let reviews: Double
    /// Reported for Whalley and Wilmott's rule.
    let whalleyWilmott: Double
    /// What the solved policy must not exceed.
    let most: Double
  }

  static let rows = [
    Row(reviews: 120, whalleyWilmott: 0.092944, most: 0.09281),
    Row(reviews: 720, whalleyWilmott: 0.092701, most: 0.09268),
  ]

  @Test(arguments: rows) func againstReportedFigures(_ row: Row) throws {
    let valuation = Instant(year: 2026, month: 1, day: 1)!
    let seconds = 30 * 86_400.0
    let review = seconds / row.reviews
    let problem = try OptionBookProblem(
      name: "call", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 1, rate: 0,
        environment: try EnvironmentChain(
          regimes: [Regime(name: "only", volatility: 0.8)], generator: .frozen(count: 1))),
      positions: [
        Position(
          name: "call",
          instrument: .option(kind: .call, strike: 1, expiry: valuation.adding(seconds: seconds)),
          quantity: -1, impliedVolatilities: [0.8])
      ], costs: [.proportional(0.0005)], execution: Execution(checkEvery: review),
      preference: .exponential(riskAversion: 10), settlement: .none)
    let solution = try FiniteHorizon(settings: GridSettings(), threads: 2).solve(problem)
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: review, pathCount: Self.paths, seed: 1, antithetic: true, detailed: false, threads: 2))
    let worth = -problem.book.greeks(time: 0, spot: 1, regime: 0).value
    let solved = try rollOut.run(.table(solution.policy), keeping: [.criterion])
    let rule = try rollOut.run(.whalleyWilmott, keeping: [.criterion])
    let (ours, theirs) = (solved[.criterion].adding(worth), rule[.criterion].adding(worth))
    #expect(ours.standardError < 0.5 * Self.reportedError && theirs.standardError < 0.5 * Self.reportedError)
    // The same conventions: the rule costs what was reported for it, within its error.
    #expect(abs(theirs.mean - row.whalleyWilmott) < 2 * Self.reportedError, "\(theirs)")
    #expect(ours.mean <= row.most, "\(ours)")
    // On common random numbers nothing is left to chance.
    let difference = rule.criterionDifference(from: solved, keptAt: 0, grouping: .pairs)
    #expect(difference.mean > 10 * difference.standardError, "\(difference)")
  }
}

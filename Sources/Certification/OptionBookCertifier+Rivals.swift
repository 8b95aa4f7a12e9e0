import Control
import Formulation
import Glibc
import Simulation

/// What the band is compared with on the same paths.
extension OptionBookCertifier {
  /// Rules that desks use: trade to zero net delta every hour, every day.
  private static let clockRules: [(name: String, seconds: Double)] = [("hourly", 3600), ("daily", 86_400)]
  /// A rule that trades fewer times than this before the horizon is not a rule of the book.
  private static let leastTrades = 2.0

  func rivals(against optimum: PolicyTable) throws(CertificationError) -> [OptionBookAnswer.Rival] {
    var rivals: [OptionBookAnswer.Rival] = []
    // Under review all rules are looked at at the same checks, and the band's roll-out is one.
    var bands: [Double: RollOutResult] = [:]
    let horizon = problem.horizon * problem.dayCount.secondsPerYear
    for rule in OptionBookCertifier.clockRules where horizon >= OptionBookCertifier.leastTrades * rule.seconds {
      // Checks divide the interval and are at least as dense as the certificate's own, or they are the problem's.
      let parts = reviewSeconds.map { rule.seconds / $0 } ?? max(1, (rule.seconds / rollOutCheck).rounded(.up))
      guard parts >= 1, parts == parts.rounded() else { continue }
      do throws(SimulationError) {
        let check = reviewSeconds ?? rule.seconds / parts
        let rollOut = try RollOut(
          problem: problem,
          settings: rollOutSettings(checkEvery: check, isDetailed: false))
        let band: RollOutResult
        if let known = bands[check] {
          band = known
        } else {
          band = try rollOut.run(.table(optimum), keeping: [.criterion])
        }
        bands[check] = band
        let result = try rollOut.run(.interval(everySeconds: rule.seconds, target: 0), keeping: [.criterion])
        rivals.append(
          OptionBookAnswer.Rival(
            name: rule.name, interval: rule.seconds, total: result[.criterion],
            trading: Simulation.Estimate(
              mean: result.tradingCosts + result[.settlementCost].mean,
              standardError: hypot(result[.fixedCosts].standardError, result[.variableCosts].standardError)),
            risk: result[.gammaRisk], band: band[.criterion],
            excess: result.criterionDifference(from: band, keptAt: 0, grouping: .pairs)))
      } catch { throw .simulation(error) }
    }
    return rivals
  }
}

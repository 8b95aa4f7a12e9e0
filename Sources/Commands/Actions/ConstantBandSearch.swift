import Certification
import Control
import Formulation
import Glibc
import Simulation

/// The constant band that does best in simulation: the optimal band of the valuation, at today's spot in each regime, times the
/// factor with the least criterion. The search runs on a part of the paths that the policies are compared on, which favours the
/// constant band by less than the standard error.
struct ConstantBandSearch {
  let problem: OptionBookProblem
  let table: PolicyTable
  let settings: CertificationSettings
  /// Seconds between looks.
  let check: Double

  /// Factors on either side of 1: a month's at-the-money option ends with a gamma many times that of its start, and the best
  /// constant lies between.
  private static let reach = log(6.0)
  /// Golden section leaves 0.618¹⁰ = 0.8 % of the interval: 3 % of the factor, and the criterion is flat there.
  private static let shrinkings = 10
  private static let searchPaths = 2048

  /// One band per regime; nil where the optimal band has no finite edges to start from.
  var best: [Band]? {
    get throws(SimulationError) {
      let bands = (0..<problem.environment.count).map {
        table.band(time: 0, regime: $0, spot: table.nearestSpot(to: log(problem.market.spot)))
      }
      guard bands.allSatisfy({ $0.lower.isFinite && $0.upper.isFinite && $0.width > 0 }) else { return nil }
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(
          checkEvery: check, pathCount: min(settings.paths, Self.searchPaths), seed: settings.seed, antithetic: true,
          detailed: false, threads: settings.threads))
      func criterion(_ logFactor: Double) throws(SimulationError) -> Double {
        try rollOut.run(.constantBand(bands.map { $0.scaled(by: exp(logFactor)) }))[.criterion].mean
      }
      // Golden section (Kiefer 1953).
      let ratio = 0.5 * (5.0.squareRoot() - 1)
      var (low, high) = (-Self.reach, Self.reach)
      var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
      var (atLeft, atRight) = (try criterion(left), try criterion(right))
      for _ in 0..<Self.shrinkings {
        if atLeft <= atRight {
          (high, right, atRight) = (right, left, atLeft)
          left = high - ratio * (high - low)
          atLeft = try criterion(left)
        } else {
          (low, left, atLeft) = (left, right, atRight)
          right = low + ratio * (high - low)
          atRight = try criterion(right)
        }
      }
      return bands.map { $0.scaled(by: exp(0.5 * (low + high))) }
    }
  }
}

extension PolicyTable {
  fileprivate func nearestSpot(to logSpot: Double) -> Int {
    logSpots.indices.min { abs(logSpots[$0] - logSpot) < abs(logSpots[$1] - logSpot) }!
  }
}

extension Band {
  /// Every edge and target times a factor.
  fileprivate func scaled(by factor: Double) -> Band {
    Band(
      lower: factor * lower, upper: factor * upper, targetLower: factor * targetLower,
      targetUpper: factor * targetUpper)
  }
}

import Control
import Formulation

/// How thoroughly a solution is checked. Thresholds are printed with the certificate.
public struct CertificationSettings: Sendable, Equatable {
  /// Paths of the roll-out per regime.
  public var paths: Int
  /// Checks of the band along a path, at least.
  public var checksPerPath: Int
  /// Paths of the bound from below per regime: with the value's martingale taken off there is little noise.
  public var boundPaths: Int
  public var seed: UInt64
  /// Threads; no number depends on it.
  public var threads: Int
  /// Policy classes of an option book that are wanted.
  public var classes: Set<BookClass>

  public init(
    paths: Int = 8192, checksPerPath: Int = 1024, boundPaths: Int = 512, seed: UInt64 = 1, threads: Int = 2,
    classes: Set<BookClass> = Set(BookClass.allCases)
  ) {
    self.paths = paths
    self.checksPerPath = checksPerPath
    self.boundPaths = boundPaths
    self.seed = seed
    self.threads = threads
    self.classes = classes
  }

  /// Seconds between the checks of a path that is watched without pause.
  public func densestCheck(of problem: OptionBookProblem) -> Double {
    problem.horizon * problem.dayCount.secondsPerYear / Double(checksPerPath)
  }

  /// Steps of a path between two checks, so that paths are no coarser than at the densest checks. Under review, where nothing is
  /// extrapolated, the running cost between checks is the simulation's own error.
  ///
  /// - Parameters:
  ///   - check: seconds between checks.
  ///   - isReviewed: whether these are the only moments at which the problem allows decisions.
  public func substeps(of problem: OptionBookProblem, checkEvery check: Double, isReviewed: Bool) -> Int {
    let perCheck = check / densestCheck(of: problem)
    guard isReviewed else { return max(1, Int(perCheck.rounded(.up))) }
    let wanted = min(CertificationSettings.mostReviewSteps, CertificationSettings.reviewPathSteps * perCheck)
    return max(1, Int(max(wanted, perCheck).rounded()))
  }

  /// The value's error estimate may be this share of the value: a desk reads three digits.
  static let valueTolerance = 0.01
  /// Reservation prices' error estimate may be this share of the larger of them: they hold the losses of two solutions, each of
  /// which may be a hundredth off.
  static let priceTolerance = 0.02
  /// The edges' error estimate may be this share of the band's width: the value is flat at the optimum, so that a shift
  /// of a tenth costs less than a hundredth.
  static let bandTolerance = 0.1
  /// A band of fewer spacings of inventory is not read off the grid to better than half a spacing, and two grids that both miss it
  /// may agree: three or four nodes inside are what reading an edge by tangency takes on either side.
  static let leastSpacings = 4.0

  /// What a band's edges are wrong by at least, however well two grids agree [units].
  /// Edges at inventories that settlement leaves free are lines of every grid.
  static func readingError(of holding: Band, spacing: Double, settled: [Double]) -> Double {
    let isRead = [holding.lower, holding.upper].contains { edge in
      !settled.contains { abs(edge - $0) <= lawTolerance * spacing }
    }
    return isRead && holding.width < leastSpacings * spacing ? 0.5 * spacing : 0
  }

  /// The order is asked for when the two finest grids differ by more than this share of the value; below it the
  /// differences that it is computed from are dominated by how the edges fall between nodes.
  static let orderMatters = 0.003
  /// Edges beyond this many gross positions count as beyond reach: net delta cannot get there.
  static let reachInPositions = 4.0
  /// Below this order the error estimate by extrapolation is not to be trusted.
  static let leastOrder = 0.5
  /// Standard errors that the simulation may be away from the value, beyond the stated discretisation errors.
  static let rollOutDeviations = 3.0
  /// Lots up to this share of the band's width move its edges by less than they cost.
  static let fineLot = 0.02
  /// `γX²Γσ²h` of a check that comes h late, at most: found by experiment at γS = 600, where this leaves two cadences that can be
  /// extrapolated.
  static let mostBendPerCheck = 0.02
  static let mostGradedChecks = 32_768.0
  /// Steps of the quadrature between two reviews, at most, unless reviews are farther apart than so many of the densest checks: its
  /// error falls with the 1½th power of a path's steps …
  static let mostReviewSteps = 4.0
  /// … of which this many times the densest checks are enough, to the nearest whole number of steps: with 2016 reviews one, two and
  /// four steps between them agree within a standard error of a thousandth.
  static let reviewPathSteps = 2.0
  /// The bound's decisions are this many times as frequent as trades: what lies between them is then linear in their distance …
  static let checksPerTrade = 32.0
  /// … but no more than 2 to this times as frequent as the roll-out's, on no fewer paths than a standard error needs.
  static let mostHalvings = 3.0
  static let leastBoundPaths = 128
  /// Paths enough for a standard error of the gap of this share of the value: a fifteenth of what the gap may be.
  static let boundPrecision = 2e-3
  /// With fewer reviews than this until the horizon what a better policy might save is said and not asked: between reviews so far
  /// apart the bound from below leaves 4 to 13 % of the value open where solutions are right to 10⁻⁴ (`FewReviewsTests`).
  static let leastReviewsOfGap = 100.0
  /// Where trading is free the value is nothing but for this share of the risk of the book left alone.
  static let freeShare = 1e-6
  /// A better policy may save this share of the value at most: a band a fifth of its half-width out of place costs 4 %, and what
  /// the bound itself leaves open is below 1 % when watched without pause, up to 2.3 % with reviews hours apart …
  static let gapTolerance = 0.03
  /// … as far as the simulation tells, in standard errors.
  static let gapDeviations = 2.0
  /// Share of what it costs to trade the whole book once that nobody trades for: a tenth of a thousandth, which at 5 bp is the
  /// twenty-millionth part of the notional. A book far out of the money is worth less than that many times over, in paths of which a
  /// simulation sees few or none: a share of its value would ask for digits that no decision depends on. Books that ask for
  /// trades are worth many trades, and their own shares are larger.
  static let trivialShare = 1e-4
  /// Rounding allowed in laws that are exact, relative.
  static let lawTolerance = 1e-9
}

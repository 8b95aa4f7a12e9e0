import Formulation
import Glibc

/// Cost against risk over risk aversion (control.md §3(C)).
///
/// Every point is a problem of its own, marched from the horizon once: a march has no iteration that another point's
/// solution could shorten. What the points share is the grid, half of what is chosen for the model in each direction (and a
/// quarter for the error), so that a point has 2/8 + 2/64 of a solution's unknowns.
///
/// The grid is right for the model's own risk aversion; far above it bands are narrower and errors larger, as each point's
/// own estimates say. *Verified by* `FrontierTests`.
public struct Frontier: Sendable {
  /// In order of risk aversion.
  public let points: [FrontierPoint]
  /// Which of them is the model's own.
  public let own: Int

  /// Points beside the model's own.
  public static let standardCount = 20
  /// How far risk aversion ranges on either side of the model's: bands of proportional costs go with its cube root,
  /// from a third of the width to three times.
  public static let standardSpan = 30.0

  /// - Parameters:
  ///   - settings: of the model; the frontier's grids are made from those it leads to.
  ///   - count: points beside the model's own, in geometric progression; at least 2.
  ///   - span: from a/span to a·span.
  /// - Throws: `unsupported` with exponential utility, whose criterion is no sum of cost and risk, or where
  ///   `FiniteHorizon` throws.
  public init(
    problem: OptionBookProblem, settings: GridSettings, count: Int = standardCount, span: Double = standardSpan,
    threads: Int, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(ControlError) {
    if problem.preference.isExponential {
      throw .unsupported(
        method: Frontier.name,
        feature: "exponential utility, which is no sum of a cost and a risk that could be told apart")
    }
    let aversion = problem.preference.riskAversion
    let grids = try FrontierEvaluation.Grids(problem: problem, settings: settings)
    let aversions = Frontier.aversions(around: aversion, count: count, span: span)
    // Both grids of all points side by side, the finer ones first: nobody waits for a point to be complete.
    let levels = [grids.half, grids.quarter]
    let jobs = levels.count * aversions.count
    let evaluation = FrontierEvaluation(problem: problem, threads: max(1, threads / jobs))
    let done: @Sendable (Int) -> Void = { progress?(Double($0) / Double(jobs)) }
    let found = sideBySide(jobs, threads: threads, done: done) { job in
      Result { () throws(ControlError) in
        try evaluation.level(at: aversions[job % aversions.count], grid: levels[job / aversions.count])
      }
    }
    var points: [FrontierPoint] = []
    for (index, aversion) in aversions.enumerated() {
      let (fine, coarse) = (try found[index].get(), try found[aversions.count + index].get())
      points.append(evaluation.point(at: aversion, fine: fine, coarse: coarse))
    }
    self.points = points
    own = aversions.firstIndex(of: aversion)!
  }

  public static let name = "frontier"

  /// Neighbours closer than this, relatively, are one point.
  private static let coincidence = 1e-9

  /// The progression and the middle, ascending.
  static func aversions(around middle: Double, count: Int, span: Double) -> [Double] {
    let progression = (0..<count).map { index in
      middle * exp(log(span) * (2 * Double(index) / Double(count - 1) - 1))
    }
    return (progression.filter { abs($0 / middle - 1) > coincidence } + [middle]).sorted()
  }
}

import Control
import Formulation
import Simulation

/// Every policy class of a tracking problem at its own optimum, rolled out on the same paths.
public struct TrackingComparison: Sendable {
  public struct Row: Sendable {
    public let policyClass: TrackingClass
    /// What the equations say that it costs.
    public let solved: Approximation
    public let result: TrackingResult
    /// By how much it costs more than the optimum on the same paths; nil for the optimum itself.
    public let excess: Simulation.Estimate?
  }

  /// What starts in one regime; averages are those of all regimes that communicate.
  public struct Start: Sendable {
    public let regime: Int?
    public let rows: [Row]
  }

  /// None where a simulation can say nothing within the budget: its time scales are too far apart.
  public let starts: [Start]
  public let omitted: [TrackingClasses.Omitted]
  /// Time between looks, in the problem's unit.
  public let step: Double

  /// - Parameter wanted: classes beside the optimum.
  /// - Throws: what keeps the problem from being solved or simulated.
  public init(
    _ problem: TrackingProblem, settings: CertificationSettings, wanted: Set<TrackingClass>,
    progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) {
    let classes: TrackingClasses
    do {
      let solver = StationarySolver(settings: StationarySettings(threads: settings.threads))
      classes = try solver.classes(of: problem, optimum: solver.solve(problem), wanted: wanted)
    } catch { throw .stationary(error) }
    progress?(Self.solved)
    omitted = classes.omitted.filter { wanted.contains($0.policyClass) }
    let chosen = classes.solved
    let bands = chosen[0].regimes.map { $0.band! }
    var starts: [Start] = []
    var step = 0.0
    let regimes = problem.distinctStarts
    for (position, e) in regimes.enumerated() {
      guard let plan = try? TrackingRollOutPlan(problem, bands: bands, certification: settings, from: e) else {
        (starts, step) = ([], 0)
        break
      }
      step = plan.settings.step
      do {
        let rollOut = try TrackingRollOut(problem: problem, settings: plan.settings)
        let optimum = try rollOut.run(TrackingPolicy(chosen[0])!)
        var rows: [Row] = []
        for (index, solution) in chosen.enumerated() {
          guard let policy = TrackingPolicy(solution) else { continue }
          let run = index == 0 ? optimum : try rollOut.run(policy)
          rows.append(
            Row(
              policyClass: solution.policyClass, solved: solution.regimes[e].cost.total, result: run.result,
              excess: index == 0 ? nil : run.excess(over: optimum)))
          let done = Double(position * chosen.count + index + 1) / Double(regimes.count * chosen.count)
          progress?(Self.solved + (1 - Self.solved) * done)
        }
        starts.append(Start(regime: regimes.count == 1 && problem.criterion == .longRunAverage ? nil : e, rows: rows))
      } catch { throw .simulation(error) }
    }
    (self.starts, self.step) = (starts, step)
  }

  /// Share of the work, for progress.
  private static let solved = 0.3
}

extension TrackingPolicy {
  /// A class at its own optimum as roll-outs follow it; nil where that lacks what its class goes by.
  init?(_ solution: TrackingClassSolution) {
    let regimes = solution.regimes
    let bands = regimes.compactMap(\.band)
    switch solution.policyClass {
    case .interval:
      let intervals = regimes.compactMap(\.interval)
      guard intervals.count == regimes.count else { return nil }
      self = .interval(targets: intervals.map(\.target), times: intervals.map(\.time))
    case .hybridAny:
      self.init(bands: bands, gaps: regimes.compactMap { $0.maxGap?.value }, effect: .forces)
    case .hybridAll:
      self.init(bands: bands, gaps: regimes.compactMap { $0.minGap?.value }, effect: .permits)
    case .optimal, .edge, .recentre, .inner, .constantBand: self.init(bands: bands)
    }
    guard self.bands.count == regimes.count else { return nil }
  }
}

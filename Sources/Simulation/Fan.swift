import Formulation

/// How the paths of a policy spread with time: quantiles of what it holds and of what it has earned, at instants from today to the
/// horizon.
///
/// At an instant a path has traded and paid already; at the horizon what is held is what goes into the settlement, and the profit is
/// what is left after it. Quantiles are those of `SampleLaw`, errors included. *Verified by* `FanTests`.
public struct Fan: Sendable {
  public enum Quantity: String, Sendable, CaseIterable {
    /// Book and hedge together, and the hedge alone [units].
    case netDelta, inventory
    /// Of the marked book and its hedge, costs paid [quote].
    case profit
  }

  /// Seconds from the valuation, ascending.
  public let seconds: [Double]
  public let pathCount: Int
  private let laws: [[SampleLaw]]

  fileprivate init(seconds: [Double], pathCount: Int, laws: [[SampleLaw]]) {
    (self.seconds, self.pathCount, self.laws) = (seconds, pathCount, laws)
  }

  public func quantile(_ quantity: Quantity, instant: Int, level: Double) -> Estimate {
    laws[Quantity.allCases.firstIndex(of: quantity)!][instant].quantile(at: level)
  }

  /// As many paths as a quantile of a few per cent asks for: all instants of all of them are in memory at once.
  public static let mostPaths = 16_384
}

extension RollOut {
  /// A policy's paths as they spread, on the first of the roll-out's paths.
  ///
  /// - Parameter count: of instants, evenly from today to the horizon.
  /// - Throws: `outOfRange` for fewer than two instants, or for a roll-out without details, which does not follow profits.
  public func fan(_ policy: HedgingPolicy, instants count: Int = 49) throws(SimulationError) -> Fan {
    try require(Double(count), count >= 2, "instants", ">= 2")
    try require(plan.settings.detailed ? 1 : 0, plan.settings.detailed, "detailed", "1")
    let sample = plan.sample
    let horizon = sample.times[sample.stepCount]
    var steps: [Int] = []
    for number in 0..<count {
      let wanted = horizon * Double(number) / Double(count - 1)
      let step = AscendingNodes.nearest(to: wanted, among: sample.times)
      if step != steps.last { steps.append(step) }
    }
    let pathCount = min(Fan.mostPaths, plan.settings.pathCount)
    let blocks = try blocks(
      of: [try Variant(policy, plan: plan)], paths: 0..<pathCount, keeping: [], watching: steps)
    // A part of a scrambling is no sample by itself; its paths taken for independent ones have the larger error.
    let grouping = plan.settings.sequence == .pseudorandom ? plan.settings.grouping : .paths
    var laws: [[SampleLaw]] = []
    for quantity in Fan.Quantity.allCases.indices {
      var row: [SampleLaw] = []
      for instant in steps.indices {
        let place = quantity * steps.count + instant
        row.append(try SampleLaw(blocks.flatMap { $0.summaries[0].watched[place] }, grouping: grouping))
      }
      laws.append(row)
    }
    let year = problem.dayCount.secondsPerYear
    return Fan(seconds: steps.map { sample.times[$0] * year }, pathCount: pathCount, laws: laws)
  }
}

/// Notes what the paths of a block have come to at some steps, after the trades of each.
final class PathWatch {
  private let steps: [Int]
  private let count: Int
  private var next = 0
  /// `[quantity × step][path]`.
  private(set) var seen: [[Double]]

  /// - Parameters:
  ///   - steps: ascending; the number of steps stands for the horizon.
  ///   - count: of paths.
  init(steps: [Int], count: Int) {
    (self.steps, self.count) = (steps, count)
    seen = Array(repeating: [], count: Fan.Quantity.allCases.count * steps.count)
  }

  func look(step: Int, state: BlockState) {
    guard next < steps.count, steps[next] == step else { return }
    for (index, quantity) in Fan.Quantity.allCases.enumerated() {
      seen[index * steps.count + next] = (0..<count).map { path in
        switch quantity {
        case .netDelta: state.scalars(state.bookDelta)[path] + state.scalars(state.inventory)[path]
        case .inventory: state.scalars(state.inventory)[path]
        case .profit:
          state.values(.gammaThetaProfit)[path] + state.values(.hedgingProfit)[path] - state.values(.fundingPaid)[path]
            - state.values(.fixedCosts)[path] - state.values(.variableCosts)[path]
        }
      }
    }
    next += 1
  }

  /// The settlement has been paid: the last step's profit is what is left.
  func close(state: BlockState) {
    let place = Fan.Quantity.allCases.firstIndex(of: .profit)! * steps.count + next - 1
    seen[place] = Array(UnsafeBufferPointer(start: state.values(.profit), count: count))
  }
}

import Formulation
import Simulation

/// One policy's roll-out.
struct SimulatedPolicy {
  let name: String
  /// What it does, in a few words.
  let rule: String
  let hasBand: Bool
  let result: RollOutResult
  /// The law of the profit, and the mean of the worst drawdowns [quote].
  let statistics: [ProfitStatistic: Simulation.Estimate]
  /// Of the profit [quote]; nil where nobody asks.
  let histogram: SampleLaw.Histogram?
  /// J minus that of the optimal policy on the same paths [quote]; nil for the optimal policy itself.
  let excess: Simulation.Estimate?
  /// The same for the statistics of the profit.
  let differences: [ProfitStatistic: Simulation.Estimate]
  /// Which of these differences chance alone explains.
  var significance: Significance?
  var significances: [ProfitStatistic: Significance] = [:]

  /// Trading and settlement. The errors of the parts are added, which bounds that of the sum.
  var costs: Simulation.Estimate {
    let parts = [result[.fixedCosts], result[.variableCosts], result[.settlementCost]]
    return Simulation.Estimate(
      mean: parts.reduce(0) { $0 + $1.mean }, standardError: parts.reduce(0) { $0 + $1.standardError })
  }
}

/// What is said of the law of the profit. The raw value is its name in files.
enum ProfitStatistic: String, CaseIterable {
  case profit, profitDeviation, profitSkewness, conditionalValueAtRisk95, conditionalValueAtRisk99, worstDrawdown

  /// Of which column, and what of it.
  var source: (column: Int, statistic: SampleLaw.Statistic) {
    switch self {
    case .profit: (Kept.profit.rawValue, .mean)
    case .profitDeviation: (Kept.profit.rawValue, .deviation)
    case .profitSkewness: (Kept.profit.rawValue, .skewness)
    case .conditionalValueAtRisk95: (Kept.profit.rawValue, .worstMean(level: 0.95))
    case .conditionalValueAtRisk99: (Kept.profit.rawValue, .worstMean(level: 0.99))
    case .worstDrawdown: (Kept.worstDrawdown.rawValue, .mean)
    }
  }

  /// The columns that are kept path by path, in order.
  enum Kept: Int, CaseIterable {
    case criterion, profit, worstDrawdown

    var column: RollOutColumn {
      switch self {
      case .criterion: .criterion
      case .profit: .profit
      case .worstDrawdown: .worstDrawdown
      }
    }
  }
}

/// Compares policies that were rolled out on the same paths, one after the other, with the optimal one.
struct PolicyComparison {
  private let settings: RollOutSettings
  private let reference: RollOutResult
  private let referenceLaws: [SampleLaw?]
  private let withHistograms: Bool
  private var found: [SimulatedPolicy] = []

  private var grouping: SampleGrouping { settings.grouping }
  /// What every roll-out keeps path by path.
  static let columns = ProfitStatistic.Kept.allCases.map(\.column)

  /// - Parameters:
  ///   - settings: of all roll-outs.
  ///   - reference: the optimal policy's, with `columns` kept.
  ///   - withHistograms: whether anybody asks for the histograms of profits, which no screen shows.
  init(_ settings: RollOutSettings, reference: RollOutResult, withHistograms: Bool) throws(SimulationError) {
    self.withHistograms = withHistograms
    self.settings = settings
    self.reference = reference
    referenceLaws = try Self.laws(reference, settings.grouping)
  }

  /// A law per kept column but the criterion's, of which only the mean matters.
  private static func laws(_ result: RollOutResult, _ grouping: SampleGrouping) throws(SimulationError) -> [SampleLaw?]
  {
    var laws: [SampleLaw?] = [nil]
    for values in result.kept.dropFirst() { laws.append(try SampleLaw(values, grouping: grouping)) }
    return laws
  }

  /// - Parameter rolledOut: with `columns` kept; nil: the policy is the reference itself.
  mutating func add(_ policy: PolicyLabel, _ rolledOut: RollOutResult?) throws(SimulationError) {
    let result = rolledOut ?? reference
    let laws = try rolledOut.map { (own) throws(SimulationError) in try Self.laws(own, grouping) } ?? referenceLaws
    var statistics: [ProfitStatistic: Simulation.Estimate] = [:]
    var differences: [ProfitStatistic: Simulation.Estimate] = [:]
    let isOptimal = policy.name == CommandTable.optimal
    for statistic in ProfitStatistic.allCases {
      let (column, kind) = statistic.source
      statistics[statistic] = laws[column]!.estimate(kind)
      if !isOptimal { differences[statistic] = laws[column]!.difference(kind, from: referenceLaws[column]!) }
    }
    let excess =
      isOptimal ? nil : result.criterionDifference(from: reference, keptAt: 0, grouping: grouping)
    found.append(
      SimulatedPolicy(
        name: policy.name, rule: policy.rule, hasBand: policy.hasBand, result: result.withoutPaths,
        statistics: statistics, histogram: withHistograms ? laws[ProfitStatistic.Kept.profit.rawValue]!.histogram : nil,
        excess: excess,
        differences: differences))
  }

  /// All of them, with their differences judged: every statistic's comparisons are one family.
  var policies: [SimulatedPolicy] {
    var policies = found
    // Means of a few scramblings are no normal sample.
    let samples = settings.sequence == .pseudorandom ? nil : settings.sampleCount
    let compared = policies.indices.filter { policies[$0].excess != nil }
    func judge(
      _ difference: (SimulatedPolicy) -> Simulation.Estimate, _ set: (inout SimulatedPolicy, Significance) -> Void
    ) {
      let family = Significance.family(compared.map { difference(policies[$0]) }, samples: samples)
      for (index, judged) in zip(compared, family) { set(&policies[index], judged) }
    }
    judge({ $0.excess! }, { $0.significance = $1 })
    for statistic in ProfitStatistic.allCases {
      judge({ $0.differences[statistic]! }, { $0.significances[statistic] = $1 })
    }
    return policies
  }
}

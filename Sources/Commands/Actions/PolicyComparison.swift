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

/// Rolls policies out on the same paths, one after the other, and compares each with the optimal one.
struct PolicyComparison {
  private let rollOut: RollOut
  private let reference: HedgingPolicy
  private let referenceResult: RollOutResult
  private let referenceLaws: [SampleLaw?]
  private var found: [SimulatedPolicy] = []

  private var isAntithetic: Bool { rollOut.settings.antithetic }
  private static let columns = ProfitStatistic.Kept.allCases.map(\.column)

  /// - Parameter reference: the optimal policy.
  init(_ rollOut: RollOut, reference: HedgingPolicy) throws(SimulationError) {
    self.rollOut = rollOut
    self.reference = reference
    referenceResult = try rollOut.run(reference, keeping: Self.columns)
    referenceLaws = try Self.laws(referenceResult, isAntithetic: rollOut.settings.antithetic)
  }

  /// A law per kept column but the criterion's, of which only the mean matters.
  private static func laws(_ result: RollOutResult, isAntithetic: Bool) throws(SimulationError) -> [SampleLaw?] {
    var laws: [SampleLaw?] = [nil]
    for values in result.kept.dropFirst() { laws.append(try SampleLaw(values, isAntithetic: isAntithetic)) }
    return laws
  }

  mutating func add(_ policy: ShelvedPolicy) throws(SimulationError) {
    let isReference = policy.policy == reference
    let result = isReference ? referenceResult : try rollOut.run(policy.policy, keeping: Self.columns)
    let laws = isReference ? referenceLaws : try Self.laws(result, isAntithetic: isAntithetic)
    var statistics: [ProfitStatistic: Simulation.Estimate] = [:]
    var differences: [ProfitStatistic: Simulation.Estimate] = [:]
    let isOptimal = policy.name == CommandTable.optimal
    for statistic in ProfitStatistic.allCases {
      let (column, kind) = statistic.source
      statistics[statistic] = laws[column]!.estimate(kind)
      if !isOptimal { differences[statistic] = laws[column]!.difference(kind, from: referenceLaws[column]!) }
    }
    let excess =
      isOptimal ? nil : result.criterionDifference(from: referenceResult, keptAt: 0, isAntithetic: isAntithetic)
    found.append(
      SimulatedPolicy(
        name: policy.name, rule: policy.rule, hasBand: policy.hasBand, result: result.withoutPaths,
        statistics: statistics, excess: excess, differences: differences))
  }

  /// All of them, with their differences judged: every statistic's comparisons are one family.
  var policies: [SimulatedPolicy] {
    var policies = found
    let compared = policies.indices.filter { policies[$0].excess != nil }
    func judge(
      _ difference: (SimulatedPolicy) -> Simulation.Estimate, _ set: (inout SimulatedPolicy, Significance) -> Void
    ) {
      let family = Significance.family(compared.map { difference(policies[$0]) })
      for (index, judged) in zip(compared, family) { set(&policies[index], judged) }
    }
    judge({ $0.excess! }, { $0.significance = $1 })
    for statistic in ProfitStatistic.allCases {
      judge({ $0.differences[statistic]! }, { $0.significances[statistic] = $1 })
    }
    return policies
  }
}

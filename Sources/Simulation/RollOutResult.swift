import Formulation

/// The sums of a range of paths: what a worker hands back.
public struct RollOutShard: Sendable, Equatable {
  public let paths: Range<Int>
  let blocks: [BlockSummary]
  let secondsPerYear: Double
  let scale: CriterionScale
  /// Of Sobol's points: the blocks of one scrambling, whose means are the independent samples.
  var blocksPerSample: Int?
}

extension [BlockSummary] {
  /// Moments of the means of so many blocks each.
  func means(of column: RollOutColumn, per count: Int) -> Moments {
    let means = stride(from: 0, to: self.count, by: count).map { first in
      self[first..<Swift.min(self.count, first + count)].reduce(Moments()) {
        $0.merged(with: $1.paths[column.rawValue])
      }.mean
    }
    return means.withUnsafeBufferPointer { Moments($0) }
  }
}

/// What a policy did on all paths.
public struct RollOutResult: Sendable, Equatable {
  public let pathCount: Int
  private let paths: [Moments]
  private let samples: [Moments]
  private let renewals: [PairedMoments]
  private let secondsPerYear: Double
  private let scale: CriterionScale
  /// Path-by-path values of the columns asked for, in the order asked.
  public private(set) var kept: [[Double]]

  /// Merges shards that follow one another, block by block: the bytes are those of a single run.
  ///
  /// - Throws: `shardGap` unless each begins where the last ended and the first at 0.
  public init(merging shards: [RollOutShard]) throws(SimulationError) {
    var next = 0
    for shard in shards {
      guard shard.paths.lowerBound == next else {
        throw .shardGap(expected: next, found: shard.paths.lowerBound)
      }
      next = shard.paths.upperBound
    }
    let blocks = shards.flatMap(\.blocks)
    guard let first = blocks.first else { throw .tooFewSamples(found: 0, needed: 1) }
    pathCount = next
    secondsPerYear = shards[0].secondsPerYear
    scale = shards[0].scale
    var (paths, samples, renewals, kept) = (first.paths, first.samples, first.renewals, first.kept)
    let grouped = shards[0].blocksPerSample
    if let grouped, blocks.count % grouped != 0 {
      throw .tooFewSamples(found: blocks.count, needed: (blocks.count / grouped + 1) * grouped)
    }
    for block in blocks.dropFirst() {
      for column in paths.indices {
        paths[column] = paths[column].merged(with: block.paths[column])
        samples[column] = samples[column].merged(with: block.samples[column])
      }
      for regime in renewals.indices { renewals[regime] = renewals[regime].merged(with: block.renewals[regime]) }
      for index in kept.indices { kept[index] += block.kept[index] }
    }
    if let grouped {
      for column in RollOutColumn.allCases { samples[column.rawValue] = blocks.means(of: column, per: grouped) }
    }
    (self.paths, self.samples, self.renewals, self.kept) = (paths, samples, renewals, kept)
  }

  /// The mean of a column, with its standard error (of pair means when antithetic); the criterion in quote currency.
  public subscript(column: RollOutColumn) -> Estimate {
    let sample = samples[column.rawValue]
    return column == .criterion ? scale.estimate(sample) : sample.estimate
  }

  /// Why the criterion has no standard error; nil when it has one.
  public var doubt: CriterionScale.Doubt? { scale.doubt(samples[RollOutColumn.criterion.rawValue]) }

  /// The law of a column over paths.
  public func distribution(_ column: RollOutColumn) -> Moments { paths[column.rawValue] }

  /// The same without path-by-path values, which a study of many policies has no room for.
  public var withoutPaths: RollOutResult {
    var result = self
    result.kept = []
    return result
  }

  /// This policy's criterion minus another's on the same paths [quote], from the values that both kept: what
  /// `RollOut.compare` says, to the last bit, without rolling out again.
  ///
  /// - Parameters:
  ///   - index: where the criterion stands among the columns kept, in both.
  ///   - grouping: which paths are one sample.
  public func criterionDifference(
    from other: RollOutResult, keptAt index: Int, grouping: SampleGrouping
  ) -> Estimate {
    let (mine, theirs) = (kept[index], other.kept[index])
    func pair(_ paths: Range<Int>, _ grouping: SampleGrouping) -> PairedMoments {
      stride(from: paths.lowerBound, to: paths.upperBound, by: RollOut.blockSize).reduce(PairedMoments()) {
        let block = $1..<min(paths.upperBound, $1 + RollOut.blockSize)
        let next = grouping.samples(Array(mine[block])).withUnsafeBufferPointer { mine in
          grouping.samples(Array(theirs[block])).withUnsafeBufferPointer { PairedMoments(mine, $0) }
        }
        return $0.merged(with: next)
      }
    }
    guard case .runs(let length) = grouping else { return scale.combination(pair(0..<mine.count, grouping), 1, -1) }
    let runs = stride(from: 0, to: mine.count, by: length).map {
      pair($0..<min(mine.count, $0 + length), .paths)
    }
    let means = runs.map(\.first.mean).withUnsafeBufferPointer { first in
      runs.map(\.second.mean).withUnsafeBufferPointer { PairedMoments(first, $0) }
    }
    return scale.combination(means, 1, -1)
  }

  /// Costs without the settlement.
  public var tradingCosts: Double { self[.fixedCosts].mean + self[.variableCosts].mean }

  /// The expected time from a trade made in a regime to the next [s]: years at risk per trade that ended them, so that
  /// the time cut off by the horizon counts as time without a trade (the occurrence–exposure estimate; exact for
  /// exponential gaps, and within one gap in a horizon of many otherwise). Needs a detailed roll-out; nil when no
  /// trade followed one in this regime. The standard error treats antithetic paths as independent.
  public func meanSecondsBetweenTrades(regime: Int) -> Estimate? {
    guard renewals[regime].second.mean > 0 else { return nil }
    return renewals[regime].ratio.scaled(by: secondsPerYear)
  }

  /// Mean years per path that passed while the last trade was one made in this regime; the regimes' sum is the horizon.
  public func yearsAtRisk(regime: Int) -> Estimate { renewals[regime].first.estimate }
}

/// A criterion with the error of sampling and that of looking at the market only every δ.
public struct RollOutEstimate: Sendable, Equatable {
  /// The roll-out at checks every δ.
  public private(set) var result: RollOutResult
  /// J(δ).
  public let criterion: Estimate
  /// J(2δ), the same paths with every second check.
  public let coarse: Estimate
  /// J(2δ) − J(δ) on common random numbers.
  public let discretisationError: Estimate
  /// `J(δ) + (J(δ) − J(2δ))`, the criterion without the first-order effect of checking every δ.
  public let extrapolated: Estimate
  /// Trades of a path, and what they move in all [quote], as if watched without pause. Between two looks a path leaves its band by
  /// `0.58 η√δ` more, so that both fall with √δ: `N(δ) + (N(δ) − N(2δ))/(√2 − 1)`. Where trades reflect at an edge their number
  /// has no limit.
  public private(set) var trades: Estimate
  public private(set) var turnover: Estimate

  init(
    result: RollOutResult, paired: PairedMoments, scale: CriterionScale, trades: PairedMoments, turnover: PairedMoments
  ) {
    self.result = result
    let more = 1 / (2.0.squareRoot() - 1)
    self.trades = trades.combination(1 + more, -more)
    self.turnover = turnover.combination(1 + more, -more)
    criterion = scale.estimate(paired.first)
    coarse = scale.estimate(paired.second)
    discretisationError = scale.combination(paired, -1, 1)
    extrapolated = scale.combination(paired, 2, -1)
  }

  /// Without a difference between cadences.
  init(asChecked result: RollOutResult) {
    self.result = result
    criterion = result[.criterion]
    coarse = criterion
    extrapolated = criterion
    discretisationError = Estimate(mean: 0, standardError: 0)
    (trades, turnover) = (result[.tradeCount], result[.turnoverNotional])
  }

  /// The same criterion beside another roll-out's columns.
  func replacing(_ other: RollOutEstimate) -> RollOutEstimate {
    var estimate = self
    (estimate.result, estimate.trades, estimate.turnover) = (other.result, other.trades, other.turnover)
    return estimate
  }

  public var mean: Double { criterion.mean }
  public var standardError: Double { criterion.standardError }
}

/// Two policies on the same paths.
public struct Comparison: Sendable, Equatable {
  private let pairs: [PairedMoments]

  private let scale: CriterionScale

  init(pairs: [PairedMoments], scale: CriterionScale) {
    self.pairs = pairs
    self.scale = scale
  }

  /// Means, variances and covariance of a column under both.
  public func paired(_ column: RollOutColumn) -> PairedMoments { pairs[column.rawValue] }

  /// First minus second, with the standard error of the difference; the criterion in quote currency.
  public func difference(_ column: RollOutColumn) -> Estimate {
    column == .criterion ? scale.combination(pairs[column.rawValue], 1, -1) : pairs[column.rawValue].difference
  }
}

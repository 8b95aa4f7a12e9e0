/// Why a roll-out could not be made, as facts; the sentences are in Commands.
public enum SimulationError: Error, Equatable, Sendable {
  /// A setting outside its range; `allowed` is a range in words of mathematics.
  case outOfRange(setting: String, value: Double, allowed: String)
  /// A policy for another number of regimes than the problem has.
  case regimeCount(found: Int, expected: Int)
  /// A band whose edges are out of order or whose target does not exist although its edge does.
  case band(regime: Int, time: Int, spot: Int)
  /// A table whose arrays do not fit together, or whose nodes do not ascend.
  case tableShape(String)
  /// An interval between trades that is not a whole number of checks.
  case intervalNotMultiple(interval: Double, check: Double)
  /// Checks (or sub-steps) that are no whole multiple of the interval of a history [s].
  case checkOffHistory(check: Double, interval: Double)
  /// A shard that does not begin at a multiple of the block of paths, so that its sums could not be merged.
  case misalignedShard(first: Int, block: Int)
  /// Shards that do not follow one another without a gap.
  case shardGap(expected: Int, found: Int)
  /// Numbers that are not those of a shard with these paths.
  case shardShape(found: Int, expected: Int)
  /// Too few samples for a standard error.
  case tooFewSamples(found: Int, needed: Int)
  /// A criterion that the roll-out of a tracking problem does not estimate.
  case criterion(String)
}

/// Throws unless the setting lies in its range; `NaN` never does.
func require(
  _ value: Double, _ holds: Bool, _ setting: String, _ allowed: String
) throws(SimulationError) {
  guard !value.isNaN, holds else { throw .outOfRange(setting: setting, value: value, allowed: allowed) }
}

import Formulation
import Interchange
import Simulation

/// A simulation whose paths are rolled out by several processes, each a share of them, and put together by another.
///
/// Every process solves the problem itself: the policies are the same numbers, of which the shares hold digests. Their sums are merged
/// block by block in the order of the paths, as one process merges its own. *Verified by* `ShardCommandTests`.
enum ShardedSimulation {
  /// Says in a share that a row belongs to what all are compared with.
  private static let reference = PolicyLabel(name: "reference", rule: "the optimal table", hasBand: true)

  /// Rolls one share of the paths out under the reference and every policy that is another.
  ///
  /// - Parameter share: from 1, and of how many.
  static func shard(
    _ share: (number: Int, count: Int), of rollOut: RollOut, world: WorldFile?, reference: HedgingPolicy,
    policies: [ShelvedPolicy], omissions: [(classes: [String], reason: String)], progress: (Int) -> Void
  ) throws(SimulationError) -> ShardFile {
    let paths = try rollOut.paths(ofShard: share.number - 1, of: share.count)
    func row(_ policy: HedgingPolicy) throws(SimulationError) -> [Double] {
      (try rollOut.run(policy, paths: paths, keeping: PolicyComparison.columns) as RollOutShard).numbers
    }
    var labels = [file(Self.reference, reference)]
    var rows = [try row(reference)]
    for (index, policy) in policies.enumerated() {
      labels.append(file(policy.label, policy.policy))
      rows.append(labels[index + 1].sha256 == labels[0].sha256 ? [] : try row(policy.policy))
      progress(index)
    }
    let study = ShardFile.Study(
      programVersion: Program.version, problemDigest: Problem.optionBook(rollOut.problem).digest,
      worldDigest: digest(world), seed: rollOut.settings.seed, paths: rollOut.settings.pathCount,
      scramblings: rollOut.settings.sequence == .pseudorandom ? nil : rollOut.settings.sampleCount,
      checkEvery: rollOut.settings.checkEvery, shards: share.count, policies: labels,
      omissions: omissions.map { ShardFile.Omission(classes: $0.classes, reason: $0.reason) })
    return ShardFile(study: study, number: share.number, rows: rows)
  }

  private static func file(_ label: PolicyLabel, _ policy: HedgingPolicy) -> ShardFile.Policy {
    let words = policy.words
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * words.count)
    for word in words { for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))) } }
    return ShardFile.Policy(
      name: label.name, rule: label.rule, hasBand: label.hasBand, sha256: Digest.sha256(of: bytes))
  }

  private static func digest(_ world: WorldFile?) -> String? {
    world.map { file in Digest.sha256(of: ([file.sha256] + file.references.map(\.sha256)).joined(separator: " ")) }
  }

  /// Refuses shares of another program, problem or world than those at hand.
  static func check(_ set: ShardSet, problem: OptionBookProblem, world: WorldFile?) throws(ShardError) {
    var own = set.study
    own.programVersion = Program.version
    own.problemDigest = Problem.optionBook(problem).digest
    own.worldDigest = digest(world)
    guard let other = set.study.difference(from: own) else { return }
    throw .otherStudy(
      file: set.firstFile, part: other.part, found: other.found, expected: other.expected, than: nil)
  }

  /// All shares of all policies, compared as in one process.
  static func merged(
    _ set: ShardSet, _ rollOut: RollOut, withHistograms: Bool
  ) throws(SimulationError) -> PolicyComparison {
    func result(_ row: Int) throws(SimulationError) -> RollOutResult {
      var shards: [RollOutShard] = []
      for shard in set.shards {
        shards.append(
          try RollOutShard(
            numbers: shard.rows[row], paths: rollOut.paths(ofShard: shard.number - 1, of: set.study.shards),
            of: rollOut, keptCount: PolicyComparison.columns.count))
      }
      return try RollOutResult(merging: shards)
    }
    var table = try PolicyComparison(rollOut.settings, reference: result(0), withHistograms: withHistograms)
    for (row, policy) in set.study.policies.enumerated().dropFirst() {
      try table.add(
        PolicyLabel(name: policy.name, rule: policy.rule, hasBand: policy.hasBand),
        policy.sha256 == set.study.policies[0].sha256 ? nil : result(row))
    }
    return table
  }
}

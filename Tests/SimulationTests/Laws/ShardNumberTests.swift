import Formulation
import Testing

@testable import Simulation

/// Shards that leave their process as numbers and come back.
@Suite struct ShardNumberTests {
  private func rollOut(paths: Int = 2912, sobol: Int? = nil) throws -> RollOut {
    var settings = RollOutSettings(checkEvery: 12 * 3600, pathCount: paths, seed: 9, antithetic: sobol == nil)
    if let sobol { settings.sequence = .sobol(randomisations: sobol) }
    return try RollOut(problem: try Fixture.switching(), settings: settings)
  }

  private static let kept: [RollOutColumn] = [.criterion, .profit]

  /// Eight shards, each through its numbers, merge to the run of all paths; two policies differ by the same there.
  @Test(arguments: [nil, 4]) func roundTrip(sobol: Int?) throws {
    let rollOut = try rollOut(paths: sobol == nil ? 2912 : 4096, sobol: sobol)
    func both(_ policy: HedgingPolicy) throws -> (whole: RollOutResult, merged: RollOutResult) {
      let shards = try (0..<8).map { number in
        let paths = try rollOut.paths(ofShard: number, of: 8)
        let shard: RollOutShard = try rollOut.run(policy, paths: paths, keeping: Self.kept)
        let read = try RollOutShard(numbers: shard.numbers, paths: paths, of: rollOut, keptCount: Self.kept.count)
        #expect(read == shard)
        return read
      }
      return (try rollOut.run(policy, keeping: Self.kept), try RollOutResult(merging: shards))
    }
    let band = try both(.constantBand(ReproducibilityTests.bands))
    let never = try both(.never)
    #expect(band.whole == band.merged && never.whole == never.merged)
    let difference = band.merged.criterionDifference(
      from: never.merged, keptAt: 0, grouping: rollOut.settings.grouping)
    let wanted = try rollOut.compare(.constantBand(ReproducibilityTests.bands), .never).difference(.criterion)
    #expect(difference == wanted)
  }

  /// Shards cover the paths, in whole blocks, and none is empty.
  @Test func ranges() throws {
    let rollOut = try rollOut()
    #expect(rollOut.blockCount == 12)
    for count in 1...12 {
      let ranges = try (0..<count).map { try rollOut.paths(ofShard: $0, of: count) }
      #expect(ranges[0].lowerBound == 0 && ranges[count - 1].upperBound == 2912)
      for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upperBound == right.lowerBound) }
      for range in ranges { #expect(!range.isEmpty && range.lowerBound % 256 == 0) }
    }
    for (number, count) in [(0, 13), (0, 0), (3, 3), (-1, 3)] {
      #expect(throws: SimulationError.self, "\(number) of \(count)") { try rollOut.paths(ofShard: number, of: count) }
    }
  }

  @Test func refusals() throws {
    let rollOut = try rollOut()
    let paths = 256..<512
    let numbers = (try rollOut.run(.never, paths: paths, keeping: Self.kept) as RollOutShard).numbers
    func error(_ numbers: [Double], _ paths: Range<Int>) -> SimulationError? {
      do { _ = try RollOutShard(numbers: numbers, paths: paths, of: rollOut, keptCount: 2) } catch { return error }
      return nil
    }
    #expect(error(numbers, paths) == nil)
    #expect(error(Array(numbers.dropLast()), paths) == .shardShape(found: numbers.count - 1, expected: numbers.count))
    #expect(error(numbers, 100..<356) == .misalignedShard(first: 100, block: 256))
  }

  /// Policies that do other things have other words.
  @Test func words() {
    func table(_ upper: Double) -> PolicyTable {
      PolicyTable(
        times: [0], logSpots: [0], regimeCount: 1,
        bands: [Band(lower: -1, upper: upper, targetLower: -1, targetUpper: upper)])
    }
    let policies: [HedgingPolicy] = [
      .table(table(1)), .table(table(1.0.nextUp)), .holding(table(1)), .reviewed(table(1), everySeconds: 60), .never,
      .frictionless, .constantBand([.point(0)]), .constantBand([.point(1)]), .interval(everySeconds: 60, target: 0),
      .interval(everySeconds: 60, target: 1), .gammaScaled(multiple: 1), .gammaScaled(multiple: 2),
      .clocked(table(1), PolicyClock(gaps: [60], effect: .permits)),
      .clocked(table(1), PolicyClock(gaps: [60], effect: .forcesToMiddle)),
    ]
    #expect(Set(policies.map(\.words)).count == policies.count)
    #expect(HedgingPolicy.table(table(1)).words == policies[0].words)
  }
}

/// Why shards cannot be read or merged: facts; the sentences are in Commands.
public enum ShardError: Error, Equatable, Sendable {
  /// What a shard of one simulation can have and the others not.
  public enum Part: Equatable, Sendable {
    case version, model, world, seed, paths, sampling, looks, shardCount, policies
  }

  case file(ModelFileError)
  /// A file that is no shard, or the first part of one.
  case notAShard(file: String)
  /// The numbers are not those that the shard was written with.
  case changed(file: String)
  /// There is no shard in these directories.
  case none(directories: [String])
  /// Two files hold the same share of the paths.
  case duplicate(number: Int, first: String, second: String)
  /// Shards that are not there.
  case missing(numbers: [Int], count: Int)
  /// A shard of another simulation than the one asked for or, with a file, than that file's.
  case otherStudy(file: String, part: Part, found: String, expected: String, than: String?)
}

/// All shards of one simulation, in their order. *Verified by* `ShardFileTests`, `ShardCommandTests`.
public struct ShardSet: Equatable, Sendable {
  public let study: ShardFile.Study
  /// One per shard, in the order of the paths.
  public let shards: [ShardFile]
  /// The file of the first shard.
  public let firstFile: String

  /// Reads every file of these directories whose name ends in `ShardFile.suffix`.
  ///
  /// - Throws: `ShardError`, unless they are all shards of one simulation and each of its shards is there once.
  public init(directories: [String]) throws(ShardError) {
    var found: [(file: String, shard: ShardFile)] = []
    for directory in directories {
      let names: [String]
      do { names = try SystemFile.names(in: directory) } catch {
        throw .file(.unreadable(file: directory, reason: error.reason))
      }
      for name in names where name.hasSuffix(ShardFile.suffix) && !name.hasPrefix(".") {
        let file = "\(directory)/\(name)"
        found.append((file, try ShardFile(contentsOf: file)))
      }
    }
    guard let first = found.first else { throw .none(directories: directories) }
    for (file, shard) in found.dropFirst() {
      if let other = shard.study.difference(from: first.shard.study) {
        throw .otherStudy(
          file: file, part: other.part, found: other.found, expected: other.expected, than: first.file)
      }
    }
    var places: [Int: (file: String, shard: ShardFile)] = [:]
    for entry in found {
      if let earlier = places[entry.shard.number] {
        throw .duplicate(number: entry.shard.number, first: earlier.file, second: entry.file)
      }
      places[entry.shard.number] = entry
    }
    let count = first.shard.study.shards
    let missing = (1...count).filter { places[$0] == nil }
    guard missing.isEmpty else { throw .missing(numbers: missing, count: count) }
    study = first.shard.study
    shards = (1...count).map { places[$0]!.shard }
    firstFile = first.file
  }
}

extension ShardFile.Study {
  /// The first thing that differs from another's.
  public func difference(
    from other: ShardFile.Study
  ) -> (part: ShardError.Part, found: String, expected: String)? {
    func text(_ count: Int?) -> String { count.map { "\($0) scramblings" } ?? "pseudorandom" }
    func text(_ policies: [ShardFile.Policy]) -> String { policies.map(\.name).joined(separator: ", ") }
    if programVersion != other.programVersion { return (.version, programVersion, other.programVersion) }
    if problemDigest != other.problemDigest { return (.model, problemDigest, other.problemDigest) }
    if worldDigest != other.worldDigest {
      return (.world, worldDigest ?? "the model's", other.worldDigest ?? "the model's")
    }
    if seed != other.seed { return (.seed, "\(seed)", "\(other.seed)") }
    if paths != other.paths { return (.paths, "\(paths)", "\(other.paths)") }
    if scramblings != other.scramblings { return (.sampling, text(scramblings), text(other.scramblings)) }
    if checkEvery != other.checkEvery { return (.looks, "\(checkEvery)", "\(other.checkEvery)") }
    if shards != other.shards { return (.shardCount, "\(shards)", "\(other.shards)") }
    if policies != other.policies || omissions != other.omissions {
      return (.policies, text(policies), text(other.policies))
    }
    return nil
  }
}

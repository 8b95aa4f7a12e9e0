import Interchange

extension Explainer {
  /// What keeps shares of a simulation from being put together.
  static func message(_ error: ShardError) -> String {
    switch error {
    case .file(let error): message(error)
    case .notAShard(let file):
      sentence(file, "the file is no share of a simulation", allowed: "simulate --shard K/N writes them")
    case .changed(let file): sentence(file, "the file is not as it was written", allowed: "roll that share out again")
    case .none(let directories):
      sentence(
        directories.joined(separator: ", "), "there is no share of a simulation",
        allowed: "their files are called K-of-N\(ShardFile.suffix)")
    case .duplicate(let number, let first, let second):
      sentence(second, "share \(number) stands in \(first) too", allowed: "each share counts once")
    case .missing(let numbers, let count):
      sentence(
        nil, "of \(count) shares \(listed(numbers)) \(numbers.count == 1 ? "is" : "are") missing",
        allowed: "roll out with --shard \(numbers[0])/\(count)")
    case .otherStudy(let file, let part, let found, let expected, let other):
      sentence(
        file, "the share is of \(words(part)) \(found)",
        allowed: (other.map { "\($0) is of " } ?? "asked for is ") + expected)
    }
  }

  /// More than these are not told one by one.
  private static let mostListed = 8

  private static func listed(_ numbers: [Int]) -> String {
    let words = numbers.prefix(mostListed).map(String.init)
    guard numbers.count > mostListed else {
      return words.count > 1 ? words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1] : words[0]
    }
    return words.joined(separator: ", ") + " and \(numbers.count - mostListed) more"
  }

  private static func words(_ part: ShardError.Part) -> String {
    switch part {
    case .version: "a program of another version,"
    case .model: "another problem,"
    case .world: "another world,"
    case .seed: "another seed,"
    case .paths: "another number of paths,"
    case .sampling: "another way to draw,"
    case .looks: "another time between looks [s],"
    case .shardCount: "another number of shares,"
    case .policies: "other policies, or other numbers of theirs:"
    }
  }
}

extension Failure {
  /// Shares that do not belong together, or are not as they were written, are refused; what cannot be understood is bad data.
  static func status(of error: ShardError) -> ExitStatus {
    switch error {
    case .changed, .duplicate, .missing, .otherStudy: .refused
    case .file, .notAShard, .none: .badData
    }
  }
}

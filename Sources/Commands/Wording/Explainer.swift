/// The only place with sentences about what went wrong. Errors are facts; here they become
/// `where: what was found; what is allowed; did you mean`.
///
/// *Verified by* `ExplainerTests`, as literals.
enum Explainer {
  /// Joins the parts that there are.
  static func sentence(_ place: String?, _ found: String, allowed: String? = nil, suggestion: String? = nil) -> String {
    var text = place.map { $0 + ": " } ?? ""
    text += found
    if let allowed { text += "; " + allowed }
    if let suggestion { text += "; did you mean “\(suggestion)”?" }
    return text
  }

  /// `a`, `a or b`, `a, b or c`.
  static func alternatives(_ words: [String]) -> String {
    guard words.count > 1 else { return words.first ?? "nothing" }
    return words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
  }

  /// Longer sentences quote something that is no name, such as the first line of a file that holds no text.
  private static let longestSentence = 1000

  /// One line that a terminal shows as it is: what was found in a file may hold line ends and the terminal's own commands.
  static func printable(_ sentence: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in sentence.unicodeScalars.prefix(longestSentence) {
      text.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
    }
    return String(text) + (sentence.unicodeScalars.count > longestSentence ? "…" : "")
  }

  static func quoted(_ text: String) -> String { "“\(text)”" }

  // MARK: The command line

  static func message(_ error: UsageError) -> String {
    switch error {
    case .unknownCommand(let name, let suggestion):
      sentence(
        nil, "there is no command \(quoted(name))",
        allowed: "the commands are " + CommandName.allCases.map(\.rawValue).joined(separator: ", "),
        suggestion: suggestion)
    case .unknownOption(let name, nil, let suggestion):
      sentence(
        nil, "\(quoted(name)) stands before any command", allowed: "the command comes first", suggestion: suggestion)
    case .unknownOption(let name, let command?, let suggestion):
      sentence(
        nil, "\(command.rawValue) has no option \(quoted(name))",
        allowed: "its options are "
          + CommandTable.command(command).options.map { "--" + $0.rawValue }.joined(separator: ", "),
        suggestion: suggestion)
    case .missingValue(let option, let placeholder):
      sentence("--\(option.rawValue)", "the value is missing", allowed: "write --\(option.rawValue) \(placeholder)")
    case .unexpectedValue(let option, let value):
      sentence("--\(option.rawValue)", "takes no value, found \(quoted(value))")
    case .repeatedOption(let option):
      sentence("--\(option.rawValue)", "stands twice", allowed: "give it once")
    case .notAnInteger(let option, let found, let allowed):
      sentence("--\(option.rawValue)", "found \(quoted(found))", allowed: "allowed is \(integers(allowed))")
    case .notAChoice(let what, let found, let allowed, let range, let suggestion):
      sentence(
        what, "found \(quoted(found))",
        allowed: "allowed is " + alternatives(allowed + (range.map { [integers($0)] } ?? [])), suggestion: suggestion)
    case .notAPolicy(let found, let suggestion):
      sentence(
        "--policy", "found \(quoted(found))",
        allowed: "allowed is " + CommandTable.policies.joined(separator: ", ") + "; " + PolicyRequest.forms,
        suggestion: suggestion)
    case .notAPolicyPart(let policy, let part, let found, let allowed):
      sentence(
        "--policy \(policy)", "\(part) is \(quoted(found))",
        allowed: {
          switch allowed {
          case .number(let range): "allowed is " + words(range)
          case .positiveTime: "allowed is a time above 0, in seconds or with a unit, such as 4h"
          }
        }())
    case .notAMultiple(let option, let found, let divisor):
      sentence(
        "--\(option.rawValue)", "found \(found)",
        allowed: "it has to be a multiple of \(divisor), such as \((found + divisor - 1) / divisor * divisor)")
    case .notAnAssignment(let option, let found):
      sentence(
        "--\(option.rawValue)", "found \(quoted(found))",
        allowed: "allowed is PATH=VALUE, such as market.regimes[0].volatility=0.9")
    case .notATime(let option, let found):
      sentence(
        "--\(option.rawValue)", "found \(quoted(found))",
        allowed: "allowed is a date or an instant in UTC, such as 2021-10-21 or 2021-10-21T08:00:00Z")
    case .notAShare(let option, let found):
      sentence(
        "--\(option.rawValue)", "found \(quoted(found))",
        allowed: "allowed is K/N with K from 1 to N, such as 3/8, and N \(integers(CommandTable.shardRange))")
    case .notTogether(let one, let other):
      sentence("--\(one.rawValue)", "stands beside --\(other.rawValue)", allowed: "give one of them")
    case .scramblings(let found, let paths, let block):
      sentence(
        "--sobol", "\(paths) paths cannot be \(found) scramblings",
        allowed: "allowed are --paths of \(found) times a power of two from \(block) on, such as \(found * block)")
    case .moreSharesThanBlocks(let found, let blocks):
      sentence(
        "--shard", "found \(found) shares", allowed: "the paths make \(blocks) blocks, and a share has at least one")
    case .missingOperand(let command, let placeholder):
      sentence(nil, "\(command.rawValue) needs \(placeholder)", allowed: "see deadband help \(command.rawValue)")
    case .tooManyOperands(let command, let found, let allowed):
      sentence(
        nil, "\(command.rawValue) cannot use \(quoted(found))",
        allowed: allowed == 0 ? "it takes no argument" : "it takes at most \(allowed)")
    case .severalResults(let command, let inputs):
      sentence(
        "--out", "\(command.rawValue) was given \(inputs) files and one place for the result",
        allowed: "with --out give one file")
    }
  }

  private static func integers(_ range: ClosedRange<Int>) -> String {
    "a whole number from \(range.lowerBound) to \(range.upperBound)"
  }
}

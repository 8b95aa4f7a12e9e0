import Interchange

/// What is wrong with a command line: facts; the sentences are in `Explainer`.
enum UsageError: Error, Equatable, Sendable {
  case unknownCommand(name: String, suggestion: String?)
  case unknownOption(name: String, command: CommandName?, suggestion: String?)
  case missingValue(option: OptionName, placeholder: String)
  case unexpectedValue(option: OptionName, value: String)
  case repeatedOption(option: OptionName)
  case notAnInteger(option: OptionName, found: String, allowed: ClosedRange<Int>)
  case notAChoice(what: String, found: String, allowed: [String], orInteger: ClosedRange<Int>?, suggestion: String?)
  case notAPolicy(found: String, suggestion: String?)
  /// A part of `band:` or `every:` that is no such number.
  case notAPolicyPart(policy: String, part: String, found: String, allowed: PolicyPart)
  case notAMultiple(option: OptionName, found: Int, of: Int)
  case notAnAssignment(option: OptionName, found: String)
  case notATime(option: OptionName, found: String)
  case missingOperand(command: CommandName, placeholder: String)
  case tooManyOperands(command: CommandName, found: String, allowed: Int)
  case notAShare(option: OptionName, found: String)
  /// Options of which one takes the place of the other.
  case notTogether(OptionName, OptionName)
  /// Paths that cannot be divided as asked.
  case scramblings(found: Int, paths: Int, block: Int)
  case moreSharesThanBlocks(found: Int, blocks: Int)
  case severalResults(command: CommandName, inputs: Int)

  /// What a part of a policy's name has to be.
  enum PolicyPart: Equatable, Sendable {
    case number(NumberRange)
    case positiveTime
  }
}

import Calibration
import Interchange

/// A command line that the table allows.
struct ParsedCommand: Equatable, Sendable {
  var command: CommandName
  var operands: [String] = []
  /// The values given, in order; a flag has one empty value.
  var values: [OptionName: [String]] = [:]

  func has(_ option: OptionName) -> Bool { values[option] != nil }

  func text(_ option: OptionName) -> String? { values[option]?.last }

  func texts(_ option: OptionName) -> [String] { values[option] ?? [] }

  func integer(_ option: OptionName) -> Int? { text(option).flatMap { Int($0) } }
}

/// Reads arguments against the table.
///
/// `--name value` and `--name=value` mean the same; after `--` everything is an operand. `--help` anywhere asks for the
/// help of the command, whatever else is wrong. *Verified by* `CommandLineParserTests`.
struct CommandLineParser {
  static func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommand {
    guard let first = arguments.first else { return ParsedCommand(command: .help) }
    if ["--help", "-h"].contains(first) { return ParsedCommand(command: .help) }
    if first == "--version" { return ParsedCommand(command: .version) }
    if first.hasPrefix("-") {
      throw .unknownOption(name: first, command: nil, suggestion: nil)
    }
    guard let name = CommandName(rawValue: first) else {
      let names = CommandName.allCases.map(\.rawValue)
      throw .unknownCommand(name: first, suggestion: Suggestion.nearest(to: first, among: names))
    }
    let rest = Array(arguments.dropFirst())
    let options = rest.prefix { $0 != "--" }
    if options.contains("--help") || options.contains("-h") {
      return ParsedCommand(command: .help, operands: [first])
    }
    return try parse(rest, of: CommandTable.command(name))
  }

  private static func parse(
    _ arguments: [String], of command: CommandSpecification
  ) throws(UsageError) -> ParsedCommand {
    var parsed = ParsedCommand(command: command.name)
    var index = 0
    var onlyOperands = false
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if onlyOperands || !argument.hasPrefix("-") || argument == "-" {
        parsed.operands.append(argument)
        continue
      }
      if argument == "--" {
        onlyOperands = true
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let specification = try option(String(parts[0]), of: command)
      let name = specification.name
      if parsed.has(name), !specification.isRepeatable { throw .repeatedOption(option: name) }
      if specification.value == .none {
        if parts.count == 2 { throw .unexpectedValue(option: name, value: String(parts[1])) }
        parsed.values[name] = [""]
        continue
      }
      let value: String
      if parts.count == 2 {
        value = String(parts[1])
      } else {
        guard index < arguments.count, !arguments[index].hasPrefix("--") else {
          throw .missingValue(option: name, placeholder: specification.placeholder)
        }
        value = arguments[index]
        index += 1
      }
      try check(value, of: specification)
      parsed.values[name, default: []].append(value)
    }
    try checkOperands(parsed, of: command)
    return parsed
  }

  private static func option(
    _ text: String, of command: CommandSpecification
  ) throws(UsageError) -> OptionSpecification {
    if text.hasPrefix("--"), let name = OptionName(rawValue: String(text.dropFirst(2))), command.options.contains(name)
    {
      return CommandTable.option(name)
    }
    let word = String(text.drop { $0 == "-" })
    let nearest = Suggestion.nearest(to: word, among: command.options.map(\.rawValue))
    throw .unknownOption(name: text, command: command.name, suggestion: nearest.map { "--" + $0 })
  }

  private static func check(_ value: String, of option: OptionSpecification) throws(UsageError) {
    switch option.value {
    case .none, .text, .file, .directory:
      if value.isEmpty { throw .missingValue(option: option.name, placeholder: option.placeholder) }
    case .integer(let range, let divisor):
      guard let number = Int(value), range.contains(number) else {
        throw .notAnInteger(option: option.name, found: value, allowed: range)
      }
      guard number % divisor == 0 else { throw .notAMultiple(option: option.name, found: number, of: divisor) }
    case .choice(let words, let range):
      if words.contains(value) { return }
      if let range, let number = Int(value), range.contains(number) { return }
      throw .notAChoice(
        what: "--" + option.name.rawValue, found: value, allowed: words, orInteger: range,
        suggestion: Suggestion.nearest(to: value, among: words))
    case .list(let words, let alone):
      if alone.contains(value) { return }
      let named = list(value)
      let allowed = named.count == 1 ? alone + words : words
      for word in named where !words.contains(word) {
        throw .notAChoice(
          what: "--" + option.name.rawValue, found: word, allowed: allowed, orInteger: nil,
          suggestion: Suggestion.nearest(to: word, among: allowed))
      }
    case .policy: _ = try PolicyRequest(value)
    case .assignment:
      guard let mark = value.firstIndex(of: "="), mark != value.startIndex else {
        throw .notAnAssignment(option: option.name, found: value)
      }
    case .share:
      guard share(value) != nil else { throw .notAShare(option: option.name, found: value) }
    case .time:
      guard PriceOptions.seconds(of: value) != nil else {
        throw .notATime(option: option.name, found: value)
      }
    }
  }

  /// `K/N` as a number from 1 and how many there are.
  static func share(_ value: String) -> (number: Int, count: Int)? {
    let parts = value.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
      CommandTable.shardRange.contains(count), (1...count).contains(number)
    else { return nil }
    return (number, count)
  }

  /// The words of a list.
  static func list(_ value: String) -> [String] {
    value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  private static func checkOperands(
    _ parsed: ParsedCommand, of command: CommandSpecification
  ) throws(UsageError) {
    let most = command.operand?.count.upperBound ?? 0
    if parsed.operands.count > most {
      throw .tooManyOperands(command: command.name, found: parsed.operands[most], allowed: most)
    }
    guard let operand = command.operand else { return }
    if parsed.operands.count < operand.count.lowerBound || parsed.operands.contains("") {
      throw .missingOperand(command: command.name, placeholder: operand.placeholder)
    }
    if operand.choices.isEmpty { return }
    for found in parsed.operands where !operand.choices.contains(found) {
      throw .notAChoice(
        what: operand.placeholder, found: found, allowed: operand.choices, orInteger: nil,
        suggestion: Suggestion.nearest(to: found, among: operand.choices))
    }
  }
}

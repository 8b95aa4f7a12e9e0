/// The help, made from the table. *Verified by* `HelpTests`, as literals.
struct HelpText {
  private static let margin = "  "
  private static let width = 100

  /// The list of commands.
  static var overview: String {
    var lines = [
      "deadband — when should a hedge be rebalanced, and how far?", "", "Usage: deadband COMMAND …", "", "Commands:",
    ]
    let rows = CommandTable.commands.map { ([$0.name.rawValue, operand($0)].joined(separator: " "), $0.summary) }
    lines += columns(rows)
    lines += ["", "Exit status:"]
    lines += columns(CommandTable.statuses.map { (String($0.rawValue), $0.meaning) })
    lines += ["", "deadband help COMMAND explains a command. Data goes to standard output, words to standard error."]
    return lines.joined(separator: "\n") + "\n"
  }

  /// One command with its options.
  static func text(of name: CommandName) -> String {
    let command = CommandTable.command(name)
    var usage = ["deadband", name.rawValue, operand(command)].filter { !$0.isEmpty }.joined(separator: " ")
    if command.options.count > 1 { usage += " [OPTION …]" }
    var lines = ["deadband \(name.rawValue) — \(command.summary)", "", "Usage: \(usage)", ""]
    lines += wrapped(command.description.split(separator: "\n").joined(separator: " "), width: width)
    for category in OptionCategory.allCases {
      let options = command.options.map(CommandTable.option).filter { $0.category == category }
      if options.isEmpty { continue }
      lines += ["", "\(category.rawValue):"]
      lines += columns(options.map { (spelling($0), sentence($0)) })
    }
    lines += ["", "Example: \(command.example)"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func operand(_ command: CommandSpecification) -> String {
    guard let operand = command.operand else { return "" }
    let word =
      operand.choices.isEmpty || command.name == .help
      ? operand.placeholder : operand.choices.joined(separator: "|")
    let repeated = operand.count.upperBound > 1 ? word + " …" : word
    return operand.count.lowerBound == 0 ? "[\(repeated)]" : repeated
  }

  private static func spelling(_ option: OptionSpecification) -> String {
    "--" + option.name.rawValue + (option.placeholder.isEmpty ? "" : " " + option.placeholder)
  }

  private static func sentence(_ option: OptionSpecification) -> String {
    var text = option.help
    if !option.unit.isEmpty { text += " [\(option.unit)]" }
    if option.isRepeatable { text += "; may be repeated" }
    if !option.standard.isEmpty { text += " (default: \(option.standard))" }
    return text
  }

  /// Two columns, the second one broken at the width.
  static func columns(_ rows: [(String, String)]) -> [String] {
    let first = rows.map(\.0.count).max() ?? 0
    let indent = margin.count + first + 2
    return rows.flatMap { row in
      let broken = wrapped(row.1, width: width - indent)
      return broken.enumerated().map { index, line in
        (index == 0 ? margin + padded(row.0, first) + "  " : String(repeating: " ", count: indent)) + line
      }
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// A text in lines of at most so many characters, broken at blanks.
  static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
  }
}

import Interchange
import Testing

@testable import Commands

/// Laws of the parser: both spellings mean the same, every option of the table is read by its commands and by no other,
/// and what is wrong is found.
@Suite struct CommandLineParserTests {
  /// A value that an option accepts.
  static func sample(_ option: OptionSpecification) -> String? {
    switch option.value {
    case .none: nil
    case .share: "2/3"
    case .integer(let range, _): String(max(range.lowerBound, min(range.upperBound, 512)))
    case .choice(let words, _), .policy(let words): words[0]
    case .list(let words, _): words[0] + "," + words[1]
    case .assignment: "inventory=1"
    case .time: "2021-10-21T08:00:00Z"
    case .text, .file, .directory: "word"
    }
  }

  private func operands(_ command: CommandSpecification) -> [String] {
    guard let operand = command.operand, operand.count.lowerBound > 0 else { return [] }
    return [operand.choices.first ?? "input"]
  }

  @Test func spellingsMeanTheSame() throws {
    for command in CommandTable.commands {
      for option in command.options.map(CommandTable.option) where option.name != .help {
        guard let value = Self.sample(option) else { continue }
        let apart = [command.name.rawValue] + operands(command) + ["--" + option.name.rawValue, value]
        let joined = [command.name.rawValue, "--\(option.name.rawValue)=\(value)"] + operands(command)
        #expect(try CommandLineParser.parse(apart) == CommandLineParser.parse(joined), "\(apart)")
        #expect(try CommandLineParser.parse(apart).texts(option.name) == [value], "\(apart)")
      }
    }
  }

  @Test func optionsOfOtherCommandsAreRefused() {
    for command in CommandTable.commands {
      for name in OptionName.allCases where !command.options.contains(name) {
        let arguments = [command.name.rawValue, "--" + name.rawValue]
        #expect(throws: UsageError.self, "\(arguments)") { try CommandLineParser.parse(arguments) }
      }
    }
  }

  @Test func onlyRepeatableOptionsRepeat() {
    for command in CommandTable.commands {
      for option in command.options.map(CommandTable.option) where option.name != .help {
        let once = ["--" + option.name.rawValue] + (Self.sample(option).map { [$0] } ?? [])
        let arguments = [command.name.rawValue] + operands(command) + once + once
        let parsed = try? CommandLineParser.parse(arguments)
        #expect((parsed != nil) == option.isRepeatable, "\(arguments)")
      }
    }
  }

  @Test func listsAreOfKnownWords() throws {
    for good in ["all", "none", "recentre", "edge,hybridAll"] {
      #expect(try CommandLineParser.parse(["solve", "m", "--classes", good]).text(.classes) == good)
    }
    for (bad, found, meant, others) in [("recenter", "recenter", "recentre", 2), ("edge,iner", "iner", "inner", 0)] {
      do {
        _ = try CommandLineParser.parse(["solve", "m", "--classes", bad])
        Issue.record("\(bad) was taken")
      } catch {
        guard case .notAChoice(_, let word, let allowed, _, let suggestion) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(word == found && suggestion == meant && allowed.count == CommandTable.classes.count + others)
      }
    }
  }

  @Test func helpIsFoundWhateverElseIsWrong() throws {
    let parsed = try CommandLineParser.parse(["solve", "--nonsense", "--help"])
    #expect(parsed == ParsedCommand(command: .help, operands: ["solve"]))
    #expect(try CommandLineParser.parse([]) == ParsedCommand(command: .help))
    #expect(try CommandLineParser.parse(["-h"]) == ParsedCommand(command: .help))
  }

  @Test func afterTwoDashesEverythingIsAnOperand() throws {
    let parsed = try CommandLineParser.parse(["check", "--", "--help"])
    #expect(parsed == ParsedCommand(command: .check, operands: ["--help"]))
  }

  @Test func negativeNumbersAreValues() throws {
    let parsed = try CommandLineParser.parse(["check", "m", "--set", "inventory=-3"])
    #expect(parsed.texts(.set) == ["inventory=-3"])
  }

  /// Words typed, and what they were meant to be.
  static let slips: [(typed: String, meant: String?)] = [
    ("sovle", "solve"), ("chek", "check"), ("calib", "calibrate"), ("simulte", "simulate"), ("hepl", "help"),
    ("verison", "version"), ("modles", "models"), ("xyzzy", nil), ("s", nil), ("", nil),
  ]

  @Test func slipsAreRecognised() {
    for slip in Self.slips {
      let found = Suggestion.nearest(to: slip.typed, among: CommandName.allCases.map(\.rawValue))
      #expect(found == slip.meant, "\(slip.typed)")
    }
  }

  @Test func anEmptyOperandIsNone() {
    #expect(throws: UsageError.missingOperand(command: .check, placeholder: "MODEL")) {
      try CommandLineParser.parse(["check", ""])
    }
  }

  @Test func everyCommandAndOptionIsInTheTableOnce() {
    #expect(CommandTable.commands.map(\.name.rawValue).sorted() == CommandName.allCases.map(\.rawValue).sorted())
    #expect(CommandTable.options.map(\.name.rawValue).sorted() == OptionName.allCases.map(\.rawValue).sorted())
    for option in CommandTable.options {
      #expect((option.value == .none) == option.placeholder.isEmpty, "\(option.name)")
    }
  }
}

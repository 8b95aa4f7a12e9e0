import Foundation
import Testing

@testable import Commands

/// Help and completions know every command and option of the table.
@Suite struct CompletionTests {
  @Test(arguments: Shell.allCases) func scriptsAreComplete(_ shell: Shell) {
    let script = Completions.script(for: shell)
    for command in CommandTable.commands {
      #expect(script.contains(command.name.rawValue), "\(shell) lacks \(command.name)")
      for option in command.options { #expect(script.contains(option.rawValue), "\(shell) lacks --\(option)") }
    }
  }

  @Test func helpNamesEveryOption() {
    for command in CommandTable.commands {
      let text = HelpText.text(of: command.name)
      for option in command.options { #expect(text.contains("--" + option.rawValue), "\(command.name)") }
      #expect(HelpText.overview.contains(command.name.rawValue))
    }
  }
}

/// The bash script, as bash runs it.
@Suite struct BashCompletionTests {
  /// Words on the line, of which the last is being typed, and what is offered.
  static let rows: [(words: [String], offered: [String])] = [
    (["deadband", "so"], ["solve"]), (["deadband", "c"], ["certify", "check", "calibrate", "completions"]),
    (["deadband", "solve", "--pa"], ["--paths"]), (["deadband", "simulate", "--policy", "f"], ["frictionless"]),
    (["deadband", "solve", "--method", "le"], ["leland"]), (["deadband", "completions", "f"], ["fish"]),
    (["deadband", "help", "sim"], ["simulate"]),
    (["deadband", "version", "--po"], []),
  ]

  @Test func offersWhatTheTableHas() throws {
    try withTemporaryFolder { folder in
      let script = folder + "/completion"
      try Completions.script(for: .bash).write(toFile: script, atomically: true, encoding: .utf8)
      for row in Self.rows {
        let words = row.words.map { "'\($0)'" }.joined(separator: " ")
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.currentDirectoryURL = URL(filePath: folder)
        process.arguments = [
          "-c",
          "source '\(script)'; COMP_WORDS=(\(words)); COMP_CWORD=\(row.words.count - 1); _deadband; echo \"${COMPREPLY[*]}\"",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let offered = text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(offered == row.offered, "\(row.words)")
      }
    }
  }
}

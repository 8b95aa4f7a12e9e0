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

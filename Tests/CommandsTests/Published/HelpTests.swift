import Testing

@testable import Commands

/// What a user reads, as literals.
@Suite struct HelpTests {
  @Test func unknownCommandSuggests() {
    let record = RecordingConsole()
    #expect(Program.run(["slove"], console: record.console) == .usage)
    #expect(
      record.words
        == "deadband: there is no command “slove”; the commands are solve, check, calibrate, simulate, models, help, "
        + "completions, version; did you mean “solve”?\n")
    #expect(record.output == "")
  }
}

import Testing

@testable import Commands

/// Data that did not arrive is a failure: `deadband check MODEL --json > file` on a full disk once ended with 0.
@Suite struct FullOutputTests {
  private static func console(_ words: Guarded<String>, failure: String?) -> Console {
    Console(
      writeOutput: { _ in }, outputFailure: { failure }, writeError: { text in words.withLock { $0 += text } },
      outputIsTerminal: false, errorIsTerminal: false, refusesColour: true)
  }

  @Test func aFullDiskIsAFailure() {
    let words = Guarded("")
    #expect(Program.run(["version"], console: Self.console(words, failure: "No space left on device")) == .failed)
    #expect(words.withLock { $0 } == "deadband: standard output: cannot be written; No space left on device\n")
    #expect(Program.run(["version"], console: Self.console(words, failure: nil)) == .done)
  }
}

import Foundation
import Interchange
import Testing

/// A reader sees the old files or the new ones, and nothing else is left behind.
@Suite("Atomic files")
struct AtomicFileTests {
  @Test("a file is created and replaced, and no other is left")
  func replaces() throws {
    let scratch = try Scratch()
    try AtomicFile.write("old", to: scratch.path("a"))
    try AtomicFile.write("new", to: scratch.path("a"))
    #expect(scratch.text("a") == "new")
    #expect(try scratch.listing() == ["a"])
  }

  @Test("a missing directory, a file as directory, a directory as file")
  func refusals() throws {
    let scratch = try Scratch()
    try AtomicFile.write("x", to: scratch.path("file"))
    try FileManager.default.createDirectory(atPath: scratch.path("directory"), withIntermediateDirectories: false)
    for (name, reason) in [
      ("none/a", "No such file or directory"), ("file/a", "Not a directory"), ("directory", "Is a directory"),
    ] {
      #expect(throws: InterchangeError.cannotWrite(path: scratch.path(name), reason: reason), "\(name)") {
        try AtomicFile.write("y", to: scratch.path(name))
      }
    }
    #expect(try scratch.listing() == ["directory", "file"])
    #expect(scratch.text("file") == "x")
  }

  /// `--out /dev/null` once replaced the device by a file.
  @Test("devices and pipes are not replaced, nor are links to them")
  func devices() throws {
    let scratch = try Scratch()
    #expect(mkfifo(scratch.path("pipe"), 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: scratch.path("null"), withDestinationPath: "/dev/null")
    for name in ["pipe", "null"] {
      #expect(
        throws: InterchangeError.cannotWrite(path: scratch.path(name), reason: "Operation not supported"), "\(name)"
      ) { try AtomicFile.write("y", to: scratch.path(name)) }
    }
    #expect(try scratch.listing() == ["null", "pipe"])
  }

  /// `deadband check /dev/zero` once read for ever.
  @Test("a file without an end is refused")
  func endless() {
    #expect(throws: ModelFileError.unreadable(file: "/dev/zero", reason: "File too large")) {
      try ModelFile(path: "/dev/zero")
    }
  }

  @Test("a file left under the temporary name by an earlier run is passed over and kept")
  func leftover() throws {
    let scratch = try Scratch()
    let leftover = ".a.partial-\(ProcessInfo.processInfo.processIdentifier)"
    try Data("mine".utf8).write(to: URL(fileURLWithPath: scratch.path(leftover)))
    try AtomicFile.write("new", to: scratch.path("a"))
    #expect(scratch.text("a") == "new" && scratch.text(leftover) == "mine")
  }

  /// A reader beside a writer that alternates two contents of a megabyte only ever reads one of the two whole.
  @Test("no half file is ever seen")
  func concurrentReader() async throws {
    let scratch = try Scratch()
    let path = scratch.path("a")
    let contents = [UInt8(ascii: "a"), UInt8(ascii: "b")].map { [UInt8](repeating: $0, count: 1 << 20) }
    try AtomicFile.write(contents[0], to: path)
    let writer = Task.detached {
      for round in 0..<40 { try AtomicFile.write(contents[round % 2], to: path) }
    }
    for _ in 0..<200 {
      let read = Array(try #require(FileManager.default.contents(atPath: path)))
      #expect(read == contents[0] || read == contents[1])
      await Task.yield()
    }
    try await writer.value
  }
}

@Suite("Result directories")
struct ResultDirectoryTests {
  @Test("files appear at once with publish, in a directory made with its parents")
  func publishes() throws {
    let scratch = try Scratch()
    var writer = try ResultDirectoryWriter(directory: scratch.path("Results/name"))
    try writer.replaceNow("running", as: "run.json")
    try writer.stage("p", as: "parameters.json")
    try writer.stage("q", as: "parameters.json")
    try AtomicFile.write("grid", to: writer.stagingPath(for: "policy.nc"))
    try writer.stage("done", as: "run.json")
    #expect(try scratch.listing("Results/name") == ["run.json"])
    #expect(scratch.text("Results/name/run.json") == "running")
    try writer.publish()
    #expect(try scratch.listing("Results/name") == ["parameters.json", "policy.nc", "run.json"])
    #expect(scratch.text("Results/name/parameters.json") == "q" && scratch.text("Results/name/run.json") == "done")
    #expect(try scratch.listing("Results") == ["name"])
  }

  @Test("without publish the previous result stays as it was")
  func abandoned() throws {
    let scratch = try Scratch()
    try publish(["parameters.json": "old", "notes.txt": "mine"], to: scratch.path("r"))
    do {
      var writer = try ResultDirectoryWriter(directory: scratch.path("r"))
      try writer.stage("new", as: "parameters.json")
    }
    #expect(scratch.text("r/parameters.json") == "old" && scratch.text("r/notes.txt") == "mine")
    #expect(try scratch.listing() == ["r"] && scratch.listing("r") == ["notes.txt", "parameters.json"])
  }

  @Test("an abandoned first result leaves no empty directory")
  func abandonedFirst() throws {
    let scratch = try Scratch()
    do {
      var writer = try ResultDirectoryWriter(directory: scratch.path("r"))
      try writer.stage("new", as: "parameters.json")
    }
    #expect(try scratch.listing() == [])
  }

  @Test("a staged file that was never written, or cannot take its place, prevents all")
  func incomplete() throws {
    let scratch = try Scratch()
    try publish(["a": "old"], to: scratch.path("r"))
    try FileManager.default.createDirectory(atPath: scratch.path("r/b"), withIntermediateDirectories: false)
    for (name, reason) in [("c", "No such file or directory"), ("b", "Is a directory")] {
      #expect(throws: InterchangeError.cannotWrite(path: scratch.path("r/\(name)"), reason: reason)) {
        var writer = try ResultDirectoryWriter(directory: scratch.path("r"))
        try writer.stage("new", as: "a")
        _ = writer.stagingPath(for: name)
        try writer.publish()
      }
      #expect(scratch.text("r/a") == "old")
    }
    #expect(try scratch.listing() == ["r"] && scratch.listing("r") == ["a", "b"])
  }

  @Test("a place that cannot be written is refused before any work")
  func refusedEarly() throws {
    let scratch = try Scratch()
    try AtomicFile.write("x", to: scratch.path("file"))
    for name in ["file", "file/below", "file/far/below"] {
      #expect(throws: InterchangeError.cannotWrite(path: scratch.path(name), reason: "Not a directory"), "\(name)") {
        _ = try ResultDirectoryWriter(directory: scratch.path(name))
      }
    }
    #expect(try scratch.listing() == ["file"])
  }

  /// A child process ends after staging everything, without a chance to tidy up: by Ctrl-C, or killed.
  @Test("an interrupted or killed process leaves the previous result", arguments: [SIGINT, SIGKILL])
  func killed(signal: Int32) async throws {
    let scratch = try Scratch()
    try publish(["parameters.json": "old", "run.json": "old"], to: scratch.path("r"))
    let directory = scratch.path("r")
    await #expect(processExitsWith: .signal(signal)) { [directory = directory as String, number = signal as Int32] in
      // The child may inherit that interrupts are ignored or blocked; a command in a terminal does not.
      _ = Foundation.signal(number, SIG_DFL)
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, number)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      var writer = try ResultDirectoryWriter(directory: directory)
      try writer.stage("new", as: "parameters.json")
      try writer.stage("new", as: "run.json")
      raise(number)
      try writer.publish()
    }
    #expect(scratch.text("r/parameters.json") == "old" && scratch.text("r/run.json") == "old")
    #expect(try scratch.listing("r") == ["parameters.json", "run.json"])
    // What the child staged stays in its hidden directory, and does not hinder the next writer.
    #expect(try scratch.listing().count == 2)
    try publish(["parameters.json": "next"], to: directory)
    #expect(scratch.text("r/parameters.json") == "next")
  }

  @Test("two writers of one result do not share a staging directory")
  func twoWriters() throws {
    let scratch = try Scratch()
    var first = try ResultDirectoryWriter(directory: scratch.path("r/"))
    var second = try ResultDirectoryWriter(directory: scratch.path("r"))
    try first.stage("1", as: "a")
    try second.stage("2", as: "a")
    try first.publish()
    #expect(scratch.text("r/a") == "1")
    try second.publish()
    #expect(scratch.text("r/a") == "2")
    #expect(try scratch.listing() == ["r"])
  }

  private func publish(_ files: KeyValuePairs<String, String>, to directory: String) throws {
    var writer = try ResultDirectoryWriter(directory: directory)
    for (name, text) in files { try writer.stage(text, as: name) }
    try writer.publish()
  }
}

import Interchange

/// `deadband version`.
enum VersionAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let facts = [("deadband", Program.version), ("swift", swift), ("linearAlgebra", LibraryFinder.linearAlgebra)]
    if parsed.has(.json) {
      try console.output(json: .object(facts.map { JSONMember($0.0, .string($0.1)) }))
    } else {
      console.output(
        "deadband \(Program.version)\nSwift \(swift)\nBLAS and LAPACK: \(LibraryFinder.linearAlgebra)\n")
    }
    return .done
  }

  /// The compiler that built the program, to what conditional compilation can tell.
  static var swift: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}

/// Which shared library answers to BLAS and LAPACK in this process.
enum LibraryFinder {
  static var linearAlgebra: String { LoadedLibraries.path(of: "dgemm_") ?? "unknown" }
}

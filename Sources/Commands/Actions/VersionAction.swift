import Interchange
import LinearAlgebra

/// `deadband version`.
enum VersionAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let facts = [
      ("deadband", Program.version), ("swift", swift), ("linearAlgebra", LinearAlgebraProvider.current.name),
    ]
    if parsed.has(.json) {
      try console.output(json: .object(facts.map { JSONMember($0.0, .string($0.1)) }))
    } else {
      console.output(
        "deadband \(Program.version)\nSwift \(swift)\nBLAS and LAPACK: \(LinearAlgebraProvider.current.name)\n")
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

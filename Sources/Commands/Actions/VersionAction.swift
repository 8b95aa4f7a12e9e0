import Interchange
import LinearAlgebra

/// `deadband version`.
enum VersionAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let provider = LinearAlgebraProvider.current
    if parsed.has(.json) {
      var library = [
        JSONMember("provider", .string(provider.name)),
        JSONMember("libraries", .array(provider.libraries.map { .string($0) })),
      ]
      if let configuration = provider.configuration {
        library.append(JSONMember("configuration", .string(configuration)))
      }
      try console.output(
        json: ["deadband": .string(Program.version), "swift": .string(swift), "linearAlgebra": .object(library)])
    } else {
      console.output(
        "deadband \(Program.version)\nSwift \(swift)\nBLAS and LAPACK: \(provider.configuration ?? provider.name)\n")
      for library in provider.libraries { console.output("  \(library)\n") }
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

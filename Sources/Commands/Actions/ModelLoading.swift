import Glibc
import Interchange
import LinearAlgebra

/// What several commands do first, and the clock of the process.
enum ModelLoading {
  /// Reads the model that a command names, with its `--set` values.
  static func load(_ parsed: ParsedCommand) throws(Failure) -> ModelFile {
    // Work is divided above BLAS; threads of its own would change the order of sums.
    LinearAlgebraProvider.useOneThread()
    do { return try ModelFile(path: parsed.operands[0], overrides: parsed.texts(.set)) } catch {
      throw Failure(Explainer.message(error), .badData)
    }
  }

  /// Threads asked for, or one per processor.
  static func threads(_ parsed: ParsedCommand) -> Int {
    parsed.integer(.threads) ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  static let standardSeed: UInt64 = 1

  static func seed(_ parsed: ParsedCommand) -> UInt64 { parsed.integer(.seed).map(UInt64.init) ?? standardSeed }
}

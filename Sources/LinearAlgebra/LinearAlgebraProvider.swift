import Glibc

/// Which BLAS and LAPACK this process really runs, as a record of a result needs it.
///
/// Debian's alternatives swap the libraries under an unchanged program, so what was linked says nothing; the loaded
/// mappings do.
public struct LinearAlgebraProvider: Equatable, Sendable {
  /// Real paths of the loaded BLAS and LAPACK libraries, sorted.
  public let libraries: [String]
  /// OpenBLAS's own description (version, processor, threads), when OpenBLAS is loaded.
  public let configuration: String?

  /// "OpenBLAS" or "reference": by the presence of OpenBLAS's own symbols.
  public var name: String { configuration == nil ? "reference" : "OpenBLAS" }

  /// The libraries loaded in this process now.
  public static var current: LinearAlgebraProvider {
    LinearAlgebraProvider(libraries: loadedLibraries(), configuration: openBLASConfiguration())
  }

  /// Keeps OpenBLAS to one thread: work is divided above it, and its own threads would change the order of sums.
  /// - Returns: True when OpenBLAS was there to be told; the reference library has no threads.
  @discardableResult public static func useOneThread() -> Bool {
    guard let symbol = unsafe symbol("openblas_set_num_threads") else { return false }
    typealias SetThreads = @convention(c) (Int32) -> Void
    unsafe unsafeBitCast(symbol, to: SetThreads.self)(1)
    return true
  }

  private static func symbol(_ name: String) -> UnsafeMutableRawPointer? {
    guard let process = unsafe dlopen(nil, RTLD_NOW) else { return nil }
    return unsafe dlsym(process, name)
  }

  private static func openBLASConfiguration() -> String? {
    guard let symbol = unsafe symbol("openblas_get_config") else { return nil }
    typealias GetConfiguration = @convention(c) () -> UnsafePointer<CChar>?
    guard let text = unsafe unsafeBitCast(symbol, to: GetConfiguration.self)() else { return nil }
    return unsafe String(cString: text)
  }

  private static func loadedLibraries() -> [String] {
    var found: Set<String> = []
    for line in mappings().split(separator: "\n") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let path = line[start...]
      let file = path.split(separator: "/").last ?? path
      if file.hasPrefix("libblas") || file.hasPrefix("liblapack") || file.hasPrefix("libopenblas") {
        found.insert(String(path))
      }
    }
    return found.sorted()
  }

  /// The whole of the process's memory map; empty where the system has none.
  private static func mappings() -> String {
    guard let file = unsafe fopen("/proc/self/maps", "r") else { return "" }
    defer { _ = unsafe fclose(file) }
    var bytes: [UInt8] = []
    // One page of text per read.
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: buffer[..<count])
    }
  }
}

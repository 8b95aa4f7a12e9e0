import Foundation

/// The few calls of the operating system that reading and publishing files needs, and the reason when one fails.
///
/// This is the only file of the module that passes pointers to the operating system.
enum SystemFile {
  /// The operating system's own text for an error number.
  struct Failure: Error, Equatable {
    let code: Int32
    let reason: String

    init(code: Int32) {
      self.code = code
      reason = unsafe String(cString: strerror(code))
    }

    static var last: Failure { Failure(code: errno) }
    static var exists: Failure { Failure(code: EEXIST) }
    static var isDirectory: Failure { Failure(code: EISDIR) }
    static var notAFile: Failure { Failure(code: EOPNOTSUPP) }
    static var tooLarge: Failure { Failure(code: EFBIG) }
    static var noSuchFile: Failure { Failure(code: ENOENT) }

    var alreadyExists: Bool { code == EEXIST }
  }

  static var processIdentifier: Int32 { getpid() }

  /// Read and written in pieces of this size: large enough that the number of calls does not count.
  private static let pieceSize = 1 << 16

  /// Files beyond this are no models and no tables of positions or prices; a device may never end.
  static let largestFile = 1 << 28

  /// The whole content of a file or pipe.
  static func read(_ path: String) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .last }
    defer { _ = Foundation.close(descriptor) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: pieceSize)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe Foundation.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last
      }
      if count == 0 { return content }
      guard content.count + count <= largestFile else { throw .tooLarge }
      content.append(contentsOf: piece[..<count])
    }
  }

  /// Creates a file that must not exist yet, writes it and waits until it is on the disk.
  static func writeNew(_ content: [UInt8], to path: String) throws(Failure) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw .last }
    var failure: Failure?
    var offset = 0
    while offset < content.count, failure == nil {
      let written = unsafe content.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
        return unsafe write(descriptor, rest.baseAddress, rest.count)
      }
      if written >= 0 {
        offset += written
      } else if errno != EINTR {
        failure = .last
      }
    }
    if failure == nil, fsync(descriptor) != 0 { failure = .last }
    // Some file systems report a full disk only here.
    if Foundation.close(descriptor) != 0, failure == nil { failure = .last }
    if let failure {
      _ = unsafe unlink(path)
      throw failure
    }
  }

  /// Readable by all, writable by the owner, before the process's mask.
  private static let permissions: mode_t = 0o644

  /// Waits until a file, or the entries of a directory, are on the disk.
  static func synchronise(_ path: String) throws(Failure) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .last }
    defer { _ = Foundation.close(descriptor) }
    // Some file systems have no synchronisation of directories and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .last }
  }

  /// Gives a file another name, replacing what had it, in one step.
  static func move(_ from: String, to destination: String) throws(Failure) {
    guard unsafe rename(from, destination) == 0 else { throw .last }
  }

  static func remove(_ path: String) {
    _ = unsafe unlink(path)
  }

  /// The names in a directory, in ascending order.
  static func names(in path: String) throws(Failure) -> [String] {
    guard isDirectory(path) else {
      throw FileManager.default.fileExists(atPath: path) ? Failure(code: ENOTDIR) : .noSuchFile
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw Failure(code: EACCES) }
    return names.sorted()
  }

  /// Removes a directory and what is in it.
  static func removeTree(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Removes a directory unless something is in it.
  static func removeEmptyDirectory(_ path: String) {
    _ = unsafe rmdir(path)
  }

  /// Creates one directory; false when something of that name is there already.
  static func makeDirectory(_ path: String) throws(Failure) -> Bool {
    if unsafe mkdir(path, directoryPermissions) == 0 { return true }
    guard errno == EEXIST else { throw .last }
    return false
  }

  /// Creates a directory and those above it; false when it is there already.
  static func makeDirectories(_ path: String) throws(Failure) -> Bool {
    if isDirectory(path) { return false }
    let (parent, _) = split(path)
    if !isDirectory(parent) { _ = try makeDirectories(parent) }
    guard try makeDirectory(path) else {
      // Another process may have made it meanwhile.
      if isDirectory(path) { return false }
      throw Failure(code: ENOTDIR)
    }
    return true
  }

  /// The directory a path lies in, and its last component.
  static func split(_ path: String) -> (parent: String, name: String) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return (".", String(trimmed)) }
    let parent = trimmed[..<slash]
    return (parent.isEmpty ? "/" : String(parent), String(trimmed[trimmed.index(after: slash)...]))
  }

  /// Whether a path leads to something that is neither a file nor a directory.
  static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return false }
    let kind = status.st_mode & S_IFMT
    return kind != S_IFREG && kind != S_IFDIR
  }

  private static let directoryPermissions: mode_t = 0o755

  static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    return exists && isDirectory.boolValue
  }
}

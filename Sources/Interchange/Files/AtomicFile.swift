/// Writes a file so that it is either the old one or the new one, whatever happens.
///
/// The content goes to a hidden file in the same directory, which is synchronised to the disk and then given the final
/// name in one step (`rename`, POSIX.1-2017). A symbolic link of that name is replaced, not followed; a device, pipe or
/// socket, or a link to one, is refused: it would be gone for everyone.
///
/// *Verified by* `AtomicFileTests`.
public enum AtomicFile {
  /// Names tried before giving up, if earlier runs left files under them.
  private static let namesTried = 100

  /// - Throws: `InterchangeError.cannotWrite`; the temporary file is gone then, and the old file as it was.
  public static func write(_ content: [UInt8], to path: String) throws(InterchangeError) {
    do throws(SystemFile.Failure) {
      guard !SystemFile.isSpecial(path) else { throw SystemFile.Failure.notAFile }
      let (parent, _) = SystemFile.split(path)
      let temporary = try withUnusedName(beside: path) { candidate throws(SystemFile.Failure) in
        try SystemFile.writeNew(content, to: candidate)
      }
      do throws(SystemFile.Failure) {
        try SystemFile.move(temporary, to: path)
      } catch {
        SystemFile.remove(temporary)
        throw error
      }
      try SystemFile.synchronise(parent)
    } catch {
      throw .cannotWrite(path: path, reason: error.reason)
    }
  }

  /// Makes a directory that is to be written to, and those above it, where there is none.
  ///
  /// - Throws: `InterchangeError.cannotWrite`.
  static func makeDirectory(_ path: String) throws(InterchangeError) {
    do throws(SystemFile.Failure) {
      if !SystemFile.isDirectory(path) { _ = try SystemFile.makeDirectories(path) }
    } catch { throw .cannotWrite(path: path, reason: error.reason) }
  }

  public static func write(_ text: String, to path: String) throws(InterchangeError) {
    try write(Array(text.utf8), to: path)
  }

  /// Creates something under a hidden name beside `path` that nothing has yet: `.name.partial-<process>[-<n>]`.
  static func withUnusedName(
    beside path: String, create: (String) throws(SystemFile.Failure) -> Void
  ) throws(SystemFile.Failure) -> String {
    let (parent, name) = SystemFile.split(path)
    let stem = "\(parent)/.\(name).partial-\(SystemFile.processIdentifier)"
    for attempt in 1..<namesTried {
      let candidate = attempt == 1 ? stem : "\(stem)-\(attempt)"
      do throws(SystemFile.Failure) {
        try create(candidate)
        return candidate
      } catch  where error.alreadyExists {
        continue
      }
    }
    try create("\(stem)-\(namesTried)")
    return "\(stem)-\(namesTried)"
  }
}

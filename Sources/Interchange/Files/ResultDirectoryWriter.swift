/// Stages the files of a result and publishes them together.
///
/// Created before the work starts, so that a directory that cannot be written is found out first. Files are staged in
/// a hidden directory beside the result (`.<name>.partial-<process>`); ``publish()`` synchronises them and gives each
/// its final name, in the order staged. Until then the previous result is untouched; if `publish` is never reached,
/// the staged files are removed. Each file is replaced in one step, all of them one after the other: stage the record
/// that names the digests of the others last, and a reader can tell a complete result from one being replaced.
///
/// A process that is killed leaves its hidden directory behind; nothing reads it.
///
/// *Verified by* `ResultDirectoryTests`.
public struct ResultDirectoryWriter: ~Copyable {
  /// The directory the files are published in.
  public let directory: String
  private let staging: String
  private let createdDirectory: Bool
  private var names: [String] = []

  /// A file that is written and moved once, to prove that results can be.
  private static let probe = ".writable"

  /// Creates the directory, with those above it, unless it is there.
  /// - Throws: `InterchangeError.cannotWrite` when a file could not be published in it.
  public init(directory: String) throws(InterchangeError) {
    var created = false
    var partial: String?
    do throws(SystemFile.Failure) {
      created = try SystemFile.makeDirectories(directory)
      let staging = try AtomicFile.withUnusedName(beside: directory) { candidate throws(SystemFile.Failure) in
        guard try SystemFile.makeDirectory(candidate) else { throw SystemFile.Failure.exists }
      }
      partial = staging
      try SystemFile.writeNew([], to: "\(staging)/\(Self.probe)")
      let probe = "\(directory)/.\(SystemFile.split(staging).name)\(Self.probe)"
      try SystemFile.move("\(staging)/\(Self.probe)", to: probe)
      SystemFile.remove(probe)
      self.directory = directory
      self.staging = staging
      createdDirectory = created
    } catch {
      if let partial { SystemFile.removeTree(partial) }
      if created { SystemFile.removeEmptyDirectory(directory) }
      throw .cannotWrite(path: directory, reason: error.reason)
    }
  }

  /// Where to write a staged file whose library wants a path. The file must be complete before ``publish()``.
  public mutating func stagingPath(for name: String) -> String {
    precondition(!name.isEmpty && !name.contains("/"), "a staged file lies in the result directory itself")
    if !names.contains(name) { names.append(name) }
    return "\(staging)/\(name)"
  }

  /// Stages a file; staging a name again replaces what was staged.
  public mutating func stage(_ content: [UInt8], as name: String) throws(InterchangeError) {
    let path = stagingPath(for: name)
    SystemFile.remove(path)
    do {
      try SystemFile.writeNew(content, to: path)
    } catch {
      throw .cannotWrite(path: path, reason: error.reason)
    }
  }

  public mutating func stage(_ text: String, as name: String) throws(InterchangeError) {
    try stage(Array(text.utf8), as: name)
  }

  /// Replaces one file of the result at once, outside the staged set: the run record that says `running`.
  public func replaceNow(_ text: String, as name: String) throws(InterchangeError) {
    try AtomicFile.write(text, to: "\(directory)/\(name)")
  }

  /// Publishes what was staged, in the order it was.
  /// - Throws: `InterchangeError.cannotWrite`. When a staged file is missing or a directory stands where a file should
  ///   go, nothing was published.
  public consuming func publish() throws(InterchangeError) {
    for name in names {
      let destination = "\(directory)/\(name)"
      guard !SystemFile.isDirectory(destination) else {
        throw .cannotWrite(path: destination, reason: SystemFile.Failure.isDirectory.reason)
      }
      do throws(SystemFile.Failure) {
        try SystemFile.synchronise("\(staging)/\(name)")
      } catch {
        throw .cannotWrite(path: destination, reason: error.reason)
      }
    }
    for name in names {
      let destination = "\(directory)/\(name)"
      do throws(SystemFile.Failure) {
        try SystemFile.move("\(staging)/\(name)", to: destination)
      } catch {
        throw .cannotWrite(path: destination, reason: error.reason)
      }
    }
    do throws(SystemFile.Failure) {
      try SystemFile.synchronise(directory)
    } catch {
      throw .cannotWrite(path: directory, reason: error.reason)
    }
  }

  deinit {
    SystemFile.removeTree(staging)
    if createdDirectory { SystemFile.removeEmptyDirectory(directory) }
  }
}

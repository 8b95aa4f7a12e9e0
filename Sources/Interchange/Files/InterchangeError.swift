/// What prevented a result from being written: facts only. Errors of what is read are ``ModelFileError``.
public enum InterchangeError: Error, Equatable, Sendable {
  /// A file or directory that cannot be written; `reason` is the operating system's.
  case cannotWrite(path: String, reason: String)
  /// A number that JSON cannot hold; `path` is that of the value in the file.
  case notFinite(path: String)
  /// An object that would hold one key twice.
  case duplicateKey(path: String, key: String)
  /// The NetCDF library refused; `reason` is its own.
  case netCDF(path: String, subject: String, reason: String)
  /// A variable whose number of values is not the product of its dimensions.
  case wrongShape(variable: String, expected: Int, found: Int)
}

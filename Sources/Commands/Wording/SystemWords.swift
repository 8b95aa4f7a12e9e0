import Glibc

/// The operating system's own words.
enum SystemWords {
  /// What an error number means, as the C library says it.
  static func reason(_ code: Int32) -> String {
    String(cString: strerror(code))
  }
}

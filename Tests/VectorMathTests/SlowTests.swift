import Glibc
import Testing

extension Tag {
  /// Half a minute and more: run with DEADBAND_SLOW_TESTS=1 in the environment.
  @Tag static var slow: Self
}

enum SlowTests {
  /// Whether somebody asked for them.
  static var areWanted: Bool { getenv("DEADBAND_SLOW_TESTS") != nil }
}

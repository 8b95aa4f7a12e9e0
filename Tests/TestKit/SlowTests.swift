import Glibc

/// Tests of half a minute and more: run with DEADBAND_SLOW_TESTS=1 in the environment.
public enum SlowTests {
  /// Whether somebody asked for them.
  public static var areWanted: Bool { getenv("DEADBAND_SLOW_TESTS") != nil }
}

/// What it takes to look at a boundary only now and then.
public enum DiscreteLooks {
  /// How much a boundary that is looked at every δ must move inwards, in standard deviations of one δ:
  /// `−ζ(½)/√(2π)` (Siegmund 1979; Broadie, Glasserman and Kou, "A continuity correction for discrete barrier options",
  /// Mathematical Finance 7 (1997), theorem 1.1).
  public static let shift = 0.582_597_157_939_010_6
}

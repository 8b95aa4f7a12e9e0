/// How large the numbers of a problem may be.
///
/// The equations hold products such as ½ a σ² S² D²; within these bounds none of them overflows or vanishes, and beyond
/// them a number is a slip of the unit or of the keyboard.
///
/// *Verified by* `MagnitudeTests`.
public enum Magnitude {
  /// Spots, strikes and forwards [quote/unit]: from the smallest tokens in bitcoin to anything in rupiah.
  public static let price = 1e-15...1e15
  /// Quantities and inventories, either sign [units], and fixed costs [quote].
  public static let amount = 1e18
  /// Risk aversions [1/quote].
  public static let riskAversion = 1e-30...1e30
  /// Switching rates [1/year]: once a second.
  public static let switchingRate = 31_536_000.0
  /// Horizons [years].
  public static let horizon = 100.0
  /// σ√T: the grid's five standard deviations with their convexity then stay within e^±72 of today's spot.
  public static let totalDeviation = 8.0
  /// |μ|T.
  public static let totalDrift = 50.0
  /// Volatilities and running costs of a deviation, in the model's own units of deviation, time and money.
  public static let deviation = 1e-9...1e9
  /// Drifts and discount rates of a deviation, and costs of trading it.
  public static let deviationCost = 1e12
  /// Scales and shifts of a log-jump: from a hundredth of a basis point to a factor of e³ = 20.
  public static let logJump = 1e-6...3.0
  /// A forward against the spot, either way.
  public static let forwardRatio = 1000.0
}

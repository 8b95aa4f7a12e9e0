import Glibc

/// The standard normal law in scalar form, for formulas that are evaluated a few times; kernels use VectorMath.
public enum NormalLaw {
  /// 1/√(2π).
  static let densityAtZero = 0.398_942_280_401_432_7

  /// φ(x) = e^{−x²/2}/√(2π).
  public static func density(_ x: Double) -> Double { densityAtZero * exp(-0.5 * x * x) }

  /// N(x) = ½ erfc(−x/√2), which keeps its relative accuracy in the lower tail.
  public static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }
}

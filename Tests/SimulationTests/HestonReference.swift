import Glibc

/// A complex number, for the one integral that needs it.
struct Complex {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double = 0) { (self.re, self.im) = (re, im) }

  static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
  static func * (a: Complex, b: Complex) -> Complex { Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re) }
  static func / (a: Complex, b: Complex) -> Complex {
    let norm = b.re * b.re + b.im * b.im
    return Complex((a.re * b.re + a.im * b.im) / norm, (a.im * b.re - a.re * b.im) / norm)
  }

  var exponential: Complex { Complex(exp(re) * cos(im), exp(re) * sin(im)) }
  var logarithm: Complex { Complex(0.5 * log(re * re + im * im), atan2(im, re)) }
  /// The principal root.
  var root: Complex {
    let half = Complex(0.5) * logarithm
    return half.exponential
  }
}

/// Heston's European prices by the characteristic function: a second way to them that shares nothing with the simulation.
///
///     C = D (F − √(F K)/π ∫₀^∞ Re[e^{iux} φ(u − i/2)]/(u² + ¼) du),   x = ln F/K
///
/// by Simpson's rule. Sources: A. Lewis, *Option Valuation under Stochastic Volatility* (2000); the form of φ without branch
/// cuts, H. Albrecher et al., "The little Heston trap" (2007).
struct HestonReference {
  var initial: Double
  var reversion: Double
  var longRun: Double
  var volatility: Double
  var correlation: Double
  var spot = 100.0
  var years: Double
  var rate = 0.0
  var dividend = 0.0

  private func characteristic(_ u: Complex) -> Complex {
    let i = Complex(0, 1)
    let (speed, xi) = (Complex(reversion), Complex(volatility))
    let drift = speed - Complex(correlation) * xi * i * u
    let d = (drift * drift + xi * xi * (i * u + u * u)).root
    let g = (drift - d) / (drift + d)
    let decay = (Complex(-years) * d).exponential
    let one = Complex(1)
    let ratio = Complex(2) * ((one - g * decay) / (one - g)).logarithm
    let level = Complex(reversion * longRun / (volatility * volatility)) * ((drift - d) * Complex(years) - ratio)
    let slope = (drift - d) / (xi * xi) * ((one - decay) / (one - g * decay))
    return (level + slope * Complex(initial)).exponential
  }

  var forward: Double { spot * exp((rate - dividend) * years) }

  func call(_ strike: Double, reach: Double = 400, intervals: Int = 40_000) -> Double {
    let x = log(forward / strike)
    let width = reach / Double(intervals)
    var sum = 0.0
    for node in 0...intervals {
      let u = Double(node) * width
      let weight = node == 0 || node == intervals ? 1.0 : node % 2 == 1 ? 4 : 2
      let value = Complex(0, u * x).exponential * characteristic(Complex(u, -0.5))
      sum += weight * value.re / (u * u + 0.25)
    }
    return exp(-rate * years) * (forward - (forward * strike).squareRoot() / Double.pi * sum * width / 3)
  }

  func put(_ strike: Double) -> Double { call(strike) - exp(-rate * years) * (forward - strike) }

  /// E v_T and Var v_T (Cox, Ingersoll and Ross 1985, eq. 19).
  var meanVariance: Double { longRun + (initial - longRun) * exp(-reversion * years) }
  var varianceOfVariance: Double {
    let (decay, square) = (exp(-reversion * years), volatility * volatility)
    return initial * square / reversion * (decay - decay * decay)
      + longRun * square / (2 * reversion) * (1 - decay) * (1 - decay)
  }
}

import Glibc

/// A number with the standard error of its sampling.
public struct Estimate: Sendable, Equatable {
  public var mean: Double
  public var standardError: Double

  public init(mean: Double, standardError: Double) {
    self.mean = mean
    self.standardError = standardError
  }

  /// The sum of an estimate and a known number.
  public func adding(_ known: Double) -> Estimate { Estimate(mean: mean + known, standardError: standardError) }

  /// The same estimate in other units.
  public func scaled(by factor: Double) -> Estimate {
    Estimate(mean: mean * factor, standardError: standardError * abs(factor))
  }
}

/// Count, mean and central moments to the fourth of a sample, which merge without loss of accuracy:
///
///     δ = x̄_B − x̄_A,  n = n_A + n_B,  M₂ = M₂A + M₂B + δ² n_A n_B/n,  …
///
/// Sums within a block are two-pass, blocks are merged by the pairwise formulas of Chan, Golub and LeVeque (1979) and, for
/// M₃ and M₄, Pébay (2008, eqs. 2.1–2.4). Merging in a fixed order gives the same bytes whoever computed the blocks.
/// *Verified by* `StatisticsTests.mergingMatchesOnePass`.
public struct Moments: Sendable, Equatable {
  public private(set) var count: Int
  public private(set) var mean: Double
  /// `Σ (x − x̄)²`.
  public private(set) var secondSum: Double
  /// `Σ (x − x̄)³`.
  public private(set) var thirdSum: Double
  /// `Σ (x − x̄)⁴`.
  public private(set) var fourthSum: Double

  /// The empty sample.
  public init() {
    count = 0
    mean = 0
    secondSum = 0
    thirdSum = 0
    fourthSum = 0
  }

  /// The moments of a sample, in two passes.
  public init(_ values: UnsafeBufferPointer<Double>) {
    self.init()
    count = values.count
    guard count > 0 else { return }
    var sum = 0.0
    for value in values { sum += value }
    mean = sum / Double(count)
    for value in values {
      let deviation = value - mean
      let square = deviation * deviation
      secondSum += square
      thirdSum += square * deviation
      fourthSum += square * square
    }
  }

  /// How many numbers say everything.
  static let numberCount = 5

  /// Count, mean and the central sums.
  var numbers: [Double] { [Double(count), mean, secondSum, thirdSum, fourthSum] }

  /// From `numbers`.
  init(_ numbers: ArraySlice<Double>) {
    let first = numbers.startIndex
    self.init()
    count = Int(exactly: numbers[first]) ?? 0
    (mean, secondSum) = (numbers[first + 1], numbers[first + 2])
    (thirdSum, fourthSum) = (numbers[first + 3], numbers[first + 4])
  }

  public init(_ values: [Double]) { self = values.withUnsafeBufferPointer { Moments($0) } }

  /// The moments of both samples together.
  public func merged(with other: Moments) -> Moments {
    if count == 0 { return other }
    if other.count == 0 { return self }
    let (left, right) = (Double(count), Double(other.count))
    let total = left + right
    let shift = other.mean - mean
    let shift2 = shift * shift
    var result = Moments()
    result.count = count + other.count
    result.mean = mean + shift * right / total
    result.secondSum = secondSum + other.secondSum + shift2 * left * right / total
    result.thirdSum =
      thirdSum + other.thirdSum + shift2 * shift * left * right * (left - right) / (total * total)
      + 3 * shift * (left * other.secondSum - right * secondSum) / total
    result.fourthSum =
      fourthSum + other.fourthSum
      + shift2 * shift2 * left * right * (left * left - left * right + right * right) / (total * total * total)
      + 6 * shift2 * (left * left * other.secondSum + right * right * secondSum) / (total * total)
      + 4 * shift * (left * other.thirdSum - right * thirdSum) / total
    return result
  }

  /// The unbiased variance; NaN below two samples.
  public var variance: Double { count > 1 ? secondSum / Double(count - 1) : .nan }

  public var standardDeviation: Double { variance.squareRoot() }

  /// The mean with its standard error `s/√n`.
  public var estimate: Estimate {
    Estimate(mean: mean, standardError: (variance / Double(count)).squareRoot())
  }

  /// The variance with its standard error `√((m₄ − s⁴)/n)` (Cramér 1946, §27.4, leading order in 1/n).
  public var varianceEstimate: Estimate {
    let fourth = fourthSum / Double(count)
    return Estimate(
      mean: variance, standardError: (max(0, fourth - variance * variance) / Double(count)).squareRoot())
  }

  /// `m₃/m₂^{3/2}`, with the normal sample's standard error `√(6/n)` (Cramér 1946, §28.4): a guide, since hedging
  /// errors are not normal.
  public var skewness: Estimate {
    let size = Double(count)
    let second = secondSum / size
    return Estimate(
      mean: second > 0 ? thirdSum / size / (second * second.squareRoot()) : 0,
      standardError: (normalSkewnessVariance / size).squareRoot())
  }

  /// n·Var of the sample skewness of a normal sample (Cramér 1946, §28.4).
  private var normalSkewnessVariance: Double { 6 }
}

/// Two numbers measured on the same paths: their means, covariance and the mean of their difference.
public struct PairedMoments: Sendable, Equatable {
  public private(set) var first = Moments()
  public private(set) var second = Moments()
  /// `Σ (x − x̄)(y − ȳ)`.
  public private(set) var productSum = 0.0

  public init() {}

  /// How many numbers say everything.
  static let numberCount = 2 * Moments.numberCount + 1

  /// Those of both, and the sum of products.
  var numbers: [Double] { first.numbers + second.numbers + [productSum] }

  /// From `numbers`.
  init(_ numbers: ArraySlice<Double>) {
    first = Moments(numbers.prefix(Moments.numberCount))
    second = Moments(numbers.dropFirst(Moments.numberCount).prefix(Moments.numberCount))
    productSum = numbers[numbers.endIndex - 1]
  }

  public init(_ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>) {
    self.first = Moments(first)
    self.second = Moments(second)
    for index in 0..<min(first.count, second.count) {
      productSum += (first[index] - self.first.mean) * (second[index] - self.second.mean)
    }
  }

  public func merged(with other: PairedMoments) -> PairedMoments {
    if first.count == 0 { return other }
    if other.first.count == 0 { return self }
    let (left, right) = (Double(first.count), Double(other.first.count))
    var result = PairedMoments()
    result.first = first.merged(with: other.first)
    result.second = second.merged(with: other.second)
    result.productSum =
      productSum + other.productSum
      + (other.first.mean - first.mean) * (other.second.mean - second.mean) * left * right / (left + right)
    return result
  }

  public var covariance: Double { first.count > 1 ? productSum / Double(first.count - 1) : .nan }

  public var correlation: Double { covariance / (first.variance * second.variance).squareRoot() }

  /// `ē_1 − ē_2` with the standard error that the common random numbers leave.
  public var difference: Estimate { combination(1, -1) }

  /// `w₁ē₁ + w₂ē₂`.
  public func combination(_ firstWeight: Double, _ secondWeight: Double) -> Estimate {
    let variance =
      firstWeight * firstWeight * first.variance + secondWeight * secondWeight * second.variance
      + 2 * firstWeight * secondWeight * covariance
    return Estimate(
      mean: firstWeight * first.mean + secondWeight * second.mean,
      standardError: (max(0, variance) / Double(first.count)).squareRoot())
  }

  /// The ratio of the means, with the standard error of the delta method `√(Var(x − r y)/n)/|ȳ|`.
  public var ratio: Estimate {
    let value = first.mean / second.mean
    return Estimate(mean: value, standardError: combination(1, -value).standardError / abs(second.mean))
  }
}

import Testing

@testable import Simulation

/// Sobol's points before and after scrambling.
@Suite struct SobolTests {
  /// Elementary intervals of one dimension, and pairs of the first dimensions, hold one point each: a (0, m, 1)-net in every dimension,
  /// and a (0, m, 2)-net in the first two.
  @Test(arguments: [0, 3]) func equidistribution(randomisation: Int) {
    let dimensions = SobolDirections.dimensionCount
    let points = ScrambledSobol(seed: 5, randomisation: randomisation, dimensions: dimensions)
    let (bits, first) = (10, 3 << 10)
    let count = 1 << bits
    func digits(_ dimension: Int) -> [UInt32] {
      var digits = [UInt32](repeating: 0, count: count)
      digits.withUnsafeMutableBufferPointer {
        points.fill($0.baseAddress!, dimension: dimension, first: first, count: count)
      }
      return digits
    }
    for dimension in 0..<dimensions { #expect(Set(digits(dimension).map { $0 >> 22 }).count == count, "\(dimension)") }
    let (x, y) = (digits(0), digits(1))
    for split in 1..<bits {
      let cells = Set(zip(x, y).map { ($0 >> UInt32(32 - split)) << 16 | $1 >> UInt32(32 - (bits - split)) })
      #expect(cells.count == count, "\(split)")
    }
  }

  /// The first points without scrambling, in every order of generation the same (I. Sobol 1967; Joe and Kuo 2008): dimensions 1 to 3 of points 1
  /// to 7 of the digital sequence, in eighths.
  @Test func firstPoints() {
    let eighths = (1..<8).map { index in
      (0..<3).map { dimension in
        SobolDirections.vectors(dimension: dimension).enumerated().reduce(UInt32(0)) {
          index >> $1.offset & 1 == 1 ? $0 ^ $1.element : $0
        } >> 29
      }
    }
    #expect(eighths == [[4, 4, 4], [2, 6, 6], [6, 2, 2], [1, 5, 3], [5, 1, 7], [3, 3, 5], [7, 7, 1]])
  }

  /// Every primitive polynomial's numbers are odd and below 2^k: what the construction asks for.
  @Test func table() {
    for entry in SobolDirections.table {
      #expect(entry.initial.count == entry.degree)
      for (index, number) in entry.initial.enumerated() { #expect(number % 2 == 1 && number < 2 << UInt32(index)) }
    }
    #expect(SobolDirections.dimensionCount == 32)
  }

  /// Scramblings differ, and their means of a point are uniform.
  @Test func scramblingsAreIndependent() {
    let count = 1 << 12
    var (first, product) = ([Double](), [Double]())
    for randomisation in 0..<count {
      let points = ScrambledSobol(seed: 6, randomisation: randomisation, dimensions: 2)
      var digits: [UInt32] = [0, 0]
      digits.withUnsafeMutableBufferPointer { points.fill($0.baseAddress!, dimension: 1, first: 6, count: 2) }
      let (u, v) = (Double(digits[0]) * 0x1p-32, Double(digits[1]) * 0x1p-32)
      first.append(u)
      // 6 and 7 lie in different halves of the second dimension, and nothing else binds them.
      product.append(abs(u - v))
    }
    let uniform = first.withUnsafeBufferPointer { Moments($0) }
    #expect(distance(uniform.estimate, 0.5) < HestonPriceTests.bound)
    #expect(distance(uniform.varianceEstimate, 1.0 / 12) < HestonPriceTests.bound)
    #expect(distance(product.withUnsafeBufferPointer { Moments($0) }.estimate, 0.5) < HestonPriceTests.bound)
  }
}

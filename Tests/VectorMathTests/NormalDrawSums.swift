import Glibc
import VectorMath

/// Sums over normals drawn as a roll-out draws them, four of eight neighbouring paths at a time along the steps, for samples
/// too large to be kept: powers, products of neighbours along a path and across paths, and counts in cells.
struct NormalDrawSums {
  /// Draws apart along a path.
  static let lags = [1, 2, 3, 4, 8]
  static let highestPower = 6
  /// Cells per unit, over ±`reach`; draws reach 7.54.
  static let density = 1 << 17
  static let reach = 8
  private static let drawsPerCall = 4

  private(set) var count = 0
  /// Σ zᵏ, k from 1.
  private(set) var powers = [Double](repeating: 0, count: highestPower)
  /// Σ z z' and Σ (z² − 1)(z'² − 1) per lag, and how many.
  private(set) var products = [Double](repeating: 0, count: lags.count)
  private(set) var squares = [Double](repeating: 0, count: lags.count)
  private(set) var pairs = [Int](repeating: 0, count: lags.count)
  /// The same for paths that are neighbours, at one step.
  private(set) var productsAcross = 0.0
  private(set) var squaresAcross = 0.0
  private(set) var pairsAcross = 0
  private var cells = [Int32](repeating: 0, count: 2 * reach * density)

  /// Adds all draws of eight paths over so many calls.
  mutating func add(_ stream: PhiloxStream, firstPath: UInt64, calls: Int) {
    let furthest = NormalDrawSums.lags.last!
    // The draws that a lag leads back to, and those of the call, in order.
    var window = [Lanes](repeating: Lanes(), count: furthest + NormalDrawSums.drawsPerCall)
    var sums = [Lanes](repeating: Lanes(), count: NormalDrawSums.highestPower)
    var (alongProducts, alongSquares) = (
      [Lanes](repeating: Lanes(), count: NormalDrawSums.lags.count),
      [Lanes](repeating: Lanes(), count: NormalDrawSums.lags.count)
    )
    var (acrossProducts, acrossSquares) = (Lanes(), Lanes())
    for call in 0..<calls {
      let drawn = stream.fourNormals(firstPath: firstPath, step: UInt32(call))
      for place in 0..<furthest { window[place] = window[place + NormalDrawSums.drawsPerCall] }
      for (place, draw) in [drawn.0, drawn.1, drawn.2, drawn.3].enumerated() {
        window[furthest + place] = draw
        var power = draw
        for index in sums.indices {
          sums[index] += power
          power *= draw
        }
        let excess = draw * draw - 1
        // Each lane beside the next; the last has none.
        let next = Lanes(draw[1], draw[2], draw[3], draw[4], draw[5], draw[6], draw[7], 0)
        var nextExcess = next * next - 1
        nextExcess[Lanes.scalarCount - 1] = 0
        acrossProducts += draw * next
        acrossSquares += excess * nextExcess
        for (index, lag) in NormalDrawSums.lags.enumerated()
        where call * NormalDrawSums.drawsPerCall + place >= lag {
          let earlier = window[furthest + place - lag]
          alongProducts[index] += draw * earlier
          alongSquares[index] += excess * (earlier * earlier - 1)
        }
        let cell = (draw + Double(NormalDrawSums.reach)) * Double(NormalDrawSums.density)
        for lane in 0..<Lanes.scalarCount { cells[Int(cell[lane])] += 1 }
      }
    }
    let length = calls * NormalDrawSums.drawsPerCall
    count += length * Lanes.scalarCount
    for index in powers.indices { powers[index] += sums[index].sum() }
    for (index, lag) in NormalDrawSums.lags.enumerated() {
      products[index] += alongProducts[index].sum()
      squares[index] += alongSquares[index].sum()
      pairs[index] += (length - lag) * Lanes.scalarCount
    }
    productsAcross += acrossProducts.sum()
    squaresAcross += acrossSquares.sum()
    pairsAcross += length * (Lanes.scalarCount - 1)
  }

  /// √n sup |Fₙ − Φ| from above: over the ends of the cells, and what the fullest cell could add between them.
  var kolmogorovSmirnov: Double {
    var (below, distance, fullest) = (0, 0.0, 0 as Int32)
    for (cell, found) in cells.enumerated() {
      below += Int(found)
      fullest = max(fullest, found)
      let end = Double(cell + 1) / Double(NormalDrawSums.density) - Double(NormalDrawSums.reach)
      // The C library's function, so that the judge is not the module under test.
      distance = max(distance, abs(Double(below) / Double(count) - 0.5 * erfc(-end / 2.0.squareRoot())))
    }
    return (distance + Double(fullest) / Double(count)) * Double(count).squareRoot()
  }
}

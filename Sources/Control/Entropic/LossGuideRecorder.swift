import Formulation

/// Takes down, while a march of Λ goes by, what `LossGuide` holds.
struct LossGuideRecorder {
  /// Points across a band: a cubic is known from them to a part in a hundred.
  private static let points = 17
  /// Levels and nodes that are kept: what guides a simulation need not be known better than to a few per cent.
  private static let mostLevels = 512
  private static let mostNodes = 1024

  private let logPrices: [Double]
  private let holdings: [Double]
  private let regimes: Int
  private let kept: Set<Int>
  private var times: [Double] = []
  private var edges: [SIMD2<Float>] = []
  private var changes: [SIMD2<Float>] = []
  private let nodeCount: Int

  /// - Parameter levels: those that will be recorded, of all; none where nobody asks for a guide.
  init(grid: FiniteHorizonGrid, regimes: Int, levels: [Int]) {
    logPrices = grid.logSpots
    holdings = grid.holdings
    self.regimes = regimes
    let stride = (levels.count + Self.mostLevels - 1) / Self.mostLevels
    kept = Set(Swift.stride(from: 0, to: levels.count, by: max(1, stride)).map { levels[$0] })
    nodeCount = min(Self.mostNodes, grid.logSpots.count)
  }

  /// Adds a level; levels come in descending order.
  ///
  /// - Parameters:
  ///   - time: of the level [years].
  ///   - inventories: bands in inventory, by node.
  ///   - nets: the same in net delta at the regimes' own volatilities.
  mutating func record(_ level: Int, time: Double, _ buffers: LineBuffers, inventories: [Band], nets: [Band]) {
    guard kept.contains(level) else { return }
    times.append(time)
    let slice = buffers.slice(buffers.recent)
    let (low, high) = (logPrices[0], logPrices[logPrices.count - 1])
    for e in 0..<regimes {
      for position in 0..<nodeCount {
        let x = low + (high - low) * Double(position) / Double(nodeCount - 1)
        let (below, weight) = CubicInterpolation.locate(logPrices, x)
        let near = describe(below, e, slice, inventories, nets)
        let far = describe(below + 1, e, slice, inventories, nets)
        let share = Float(weight)
        edges.append(near.edges + share * (far.edges - near.edges))
        for point in 0..<Self.points {
          changes.append(near.changes[point] + share * (far.changes[point] - near.changes[point]))
        }
      }
    }
  }

  /// The edges in net delta, and (Λ_x, Λ_xx) across the band, at a node of the march.
  private func describe(
    _ position: Int, _ e: Int, _ slice: LineBuffers.Slice, _ inventories: [Band], _ nets: [Band]
  ) -> (edges: SIMD2<Float>, changes: [SIMD2<Float>]) {
    let (first, spacing) = (holdings[0], holdings[1] - holdings[0])
    // The end nodes have one neighbour: their own stand in.
    let row = max(1, min(logPrices.count - 2, position))
    let node = row * regimes + e
    let (band, net) = (inventories[node], nets[node])
    let lower = max(first, min(band.lower, holdings[holdings.count - 1]))
    let upper = min(holdings[holdings.count - 1], max(band.upper, first))
    let shift = band.lower.isFinite ? net.lower - band.lower : band.upper.isFinite ? net.upper - band.upper : 0
    let (down, up) = (logPrices[row] - logPrices[row - 1], logPrices[row + 1] - logPrices[row])
    func value(_ node: Int, _ y: Double) -> Double {
      let place = (y - first) / spacing
      let index = max(0, min(holdings.count - 2, Int(place)))
      let weight = place - Double(index)
      return slice[node, index] + weight * (slice[node, index + 1] - slice[node, index])
    }
    let changes = (0..<Self.points).map { point in
      let y = lower + (upper - lower) * Double(point) / Double(Self.points - 1)
      let here = value(node, y)
      let (fall, rise) = ((here - value(node - regimes, y)) / down, (value(node + regimes, y) - here) / up)
      return SIMD2(Float((fall * up + rise * down) / (down + up)), Float(2 * (rise - fall) / (down + up)))
    }
    return (SIMD2(Float(lower + shift), Float(upper + shift)), changes)
  }

  /// What was recorded; nil when nothing was.
  ///
  /// - Parameter losses: Λ of the start per regime [quote at the horizon].
  func guide(losses: [Double]) -> LossGuide? {
    guard !times.isEmpty else { return nil }
    let order = times.indices.reversed()
    let (rowEdges, rowChanges) = (regimes * nodeCount, regimes * nodeCount * Self.points)
    return LossGuide(
      times: order.map { times[$0] }, logPrices: logPrices[0]...logPrices[logPrices.count - 1], nodeCount: nodeCount,
      regimeCount: regimes, pointCount: Self.points,
      edges: order.flatMap { edges[($0 * rowEdges)..<(($0 + 1) * rowEdges)] },
      changes: order.flatMap { changes[($0 * rowChanges)..<(($0 + 1) * rowChanges)] }, losses: losses)
  }
}

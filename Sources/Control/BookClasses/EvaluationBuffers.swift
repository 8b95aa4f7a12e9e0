import Formulation
import VectorMath

/// Three time levels of values on all lines, `[group × node × functional]`, with the edges of each.
///
/// `@unchecked Sendable`: threads write disjoint groups.
final class EvaluationBuffers: @unchecked Sendable {
  let nodes: Int
  let regimes: Int
  let groups: Int
  let functionals: Int
  let origin: Double
  let spacing: Double
  private let perSpacing: Double
  let count: Int
  /// A line that interpolation leaves out, −1 for none.
  let kink: Int
  var next: UnsafeMutablePointer<LineGroup>
  var recent: UnsafeMutablePointer<LineGroup>
  var older: UnsafeMutablePointer<LineGroup>
  var now: LevelStore
  var before: LevelStore
  var earlier: LevelStore
  /// What a value grows by per unit of inventory below and above the band, `[node × functional]`.
  let lowSlope: NodeArray<Double>
  let highSlope: NodeArray<Double>

  init(_ grid: EvaluationNodes, functionals: Int) {
    nodes = grid.nodes
    regimes = grid.regimes
    count = grid.lines.count
    groups = count / LineGroup.scalarCount
    self.functionals = functionals
    origin = grid.lines[0]
    spacing = grid.spacing
    perSpacing = 1 / grid.spacing
    kink = grid.kink
    let size = grid.lines.count / LineGroup.scalarCount * grid.nodes * functionals
    // Nothing is read before it is written, but for the horizon's values, of which most are nothing.
    func room() -> UnsafeMutablePointer<LineGroup> { .allocate(capacity: size) }
    (next, recent, older) = (room(), room(), room())
    recent.initialize(repeating: .zero, count: size)
    let (nodes, regimes, groups) = (grid.nodes, grid.regimes, grid.lines.count / LineGroup.scalarCount)
    func store() -> LevelStore {
      LevelStore(count: nodes, regimes: regimes, functionals: functionals, groups: groups)
    }
    (now, before, earlier) = (store(), store(), store())
    lowSlope = NodeArray(repeating: 0, count: nodes * functionals)
    highSlope = NodeArray(repeating: 0, count: nodes * functionals)
  }

  deinit {
    next.deallocate()
    recent.deallocate()
    older.deallocate()
    lowSlope.deallocate()
    highSlope.deallocate()
  }

  /// The level arrived at becomes the recent one.
  func rotate() {
    (next, recent, older) = (older, next, recent)
    (now, before, earlier) = (earlier, now, before)
  }

  /// No edges at the level before the march: all values are in memory.
  func openHorizon(beyond: Double) {
    for node in 0..<nodes { before.open(node, beyond: beyond) }
    for group in 0..<groups { before.covered[group] = 0..<(nodes / regimes) }
    seal(before)
  }

  /// Works out what follows from a level's edges.
  func seal(_ store: LevelStore) {
    for row in 0..<(nodes / regimes) {
      var (lowest, highest) = (Double.infinity, -Double.infinity)
      for node in (row * regimes)..<((row + 1) * regimes) {
        lowest = min(lowest, store.low[node])
        highest = max(highest, store.high[node])
        seal(store, node)
      }
      (store.rowLow[row], store.rowHigh[row]) = (lowest, highest)
    }
  }

  /// The lines strictly inside the edges of a node.
  func seal(_ store: LevelStore, _ node: Int) {
    let low = (max(store.low[node], origin - spacing) - origin) * perSpacing
    let high = (min(store.high[node], origin + Double(count) * spacing) - origin) * perSpacing
    let first = max(0, Int(low.rounded(.down)) + 1)
    store.firstInside[node] = first
    store.endInside[node] = max(first, min(count, Int(high.rounded(.up))))
  }

  /// Position of a line's first functional in a slice; others follow at distances of a group.
  @inline(__always)
  func position(_ node: Int, _ line: Int) -> Int {
    ((line / LineGroup.scalarCount) * nodes + node) * functionals * LineGroup.scalarCount + line % LineGroup.scalarCount
  }

  @inline(__always)
  static func plain(_ slice: UnsafeMutablePointer<LineGroup>) -> UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(slice).assumingMemoryBound(to: Double.self)
  }

  func set(_ slice: UnsafeMutablePointer<LineGroup>, _ node: Int, _ line: Int, _ functional: Int, _ value: Double) {
    EvaluationBuffers.plain(slice)[position(node, line) + functional * LineGroup.scalarCount] = value
  }

  /// The values beyond the edges of rows of a group.
  func fillOutside(
    _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, group: Int, rows: Range<Int>, y: LineGroup
  ) {
    for node in (rows.lowerBound * regimes)..<(rows.upperBound * regimes) { fillOutside(slice, store, group, node, y) }
  }

  /// … of one node.
  @inline(__always)
  func fillOutside(
    _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ group: Int, _ node: Int, _ y: LineGroup
  ) {
    let isHigh = y .>= LineGroup(repeating: store.high[node])
    for k in (node * functionals)..<((node + 1) * functionals) {
      let low = fused(LineGroup(repeating: lowSlope[k]), y, LineGroup(repeating: store.lowConstant[k]))
      let high = fused(LineGroup(repeating: highSlope[k]), y, LineGroup(repeating: store.highConstant[k]))
      slice[group * nodes * functionals + k] = low.replacing(with: high, where: isHigh)
    }
  }

  /// The lines strictly inside the edges of a node; empty when there are none.
  @inline(__always)
  func inside(_ store: LevelStore, _ node: Int) -> Range<Int> {
    Range(uncheckedBounds: (store.firstInside[node], store.endInside[node]))
  }

  /// The values at an inventory: beyond the edges the trade's, inside by the polynomial through the four nearest lines of the
  /// inside, or as many as there are.
  func read(
    _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ node: Int, _ y: Double,
    into values: UnsafeMutablePointer<Double>
  ) {
    guard y > store.low[node], y < store.high[node], let stencil = stencil(store, node, y) else {
      let isHigh = y >= store.high[node]
      for k in 0..<functionals {
        let place = node * functionals + k
        values[k] =
          isHigh
          ? store.highConstant[place] + highSlope[place] * y : store.lowConstant[place] + lowSlope[place] * y
      }
      return
    }
    let plain = EvaluationBuffers.plain(slice)
    if let first = stencil.first {
      for k in 0..<functionals { values[k] = cubic(plain, node, first, k, weights: stencil.weights) }
      return
    }
    var places = SIMD4<Int>()
    for index in 0..<4 { places[index] = position(node, stencil.lines[index]) }
    for k in 0..<functionals {
      let shift = k * LineGroup.scalarCount
      values[k] =
        stencil.weights[0] * plain[places[0] + shift] + stencil.weights[1] * plain[places[1] + shift]
        + stencil.weights[2] * plain[places[2] + shift] + stencil.weights[3] * plain[places[3] + shift]
    }
  }

  /// Four lines, or fewer with weights of zero, and what a value between them takes of each.
  struct Stencil {
    var lines = SIMD4<Int>()
    var weights: SIMD4<Double>
    /// The first of four lines side by side; nil where `lines` has them.
    var first: Int?
  }

  /// A place nearer to a line than this is the line's, in spacings: rounding.
  private static let exactly = 1e-9

  @inline(__always)
  private func stencil(_ store: LevelStore, _ node: Int, _ y: Double) -> Stencil? {
    let lines = inside(store, node)
    let place = (y - origin) * perSpacing
    if kink >= 0, abs(place - Double(kink)) < EvaluationBuffers.exactly, lines.contains(kink) {
      return Stencil(lines: SIMD4(repeating: kink), weights: [1, 0, 0, 0])
    }
    let first = max(lines.lowerBound, min(lines.upperBound - 4, Int(place.rounded(.down)) - 1))
    if first + 4 <= lines.upperBound, kink < first || kink >= first + 4 {
      return Stencil(weights: CubicInterpolation.weights(at: place - Double(first)), first: first)
    }
    return fewer(place, lines)
  }

  /// Through as many of the nearest lines as there are, the kink left out; nil where there is none.
  private func fewer(_ place: Double, _ lines: Range<Int>) -> Stencil? {
    let reach = max(lines.lowerBound, min(lines.upperBound - 1, Int(place.rounded(.down))))
    guard !lines.isEmpty else { return nil }
    var stencil = Stencil(lines: SIMD4(repeating: reach), weights: .zero)
    var (below, above, found) = (reach, reach + 1, 0)
    while found < 4, below >= lines.lowerBound || above < lines.upperBound {
      let takesBelow =
        above >= lines.upperBound || below >= lines.lowerBound && place - Double(below) <= Double(above) - place
      let line = takesBelow ? below : above
      if takesBelow { below -= 1 } else { above += 1 }
      if line == kink { continue }
      stencil.lines[found] = line
      found += 1
    }
    // Nothing but the special line.
    guard found > 0 else {
      stencil.weights[0] = 1
      return stencil
    }
    // A target beyond the lines takes the nearest.
    guard place >= Double(lines.lowerBound) - 1, place <= Double(lines.upperBound) else {
      stencil.weights[0] = 1
      return stencil
    }
    for i in 0..<found {
      var factor = 1.0
      for j in 0..<found where j != i {
        factor *= (place - Double(stencil.lines[j])) / Double(stencil.lines[i] - stencil.lines[j])
      }
      stencil.weights[i] = factor
    }
    return stencil
  }

  /// A functional's cubic through four lines from `first`, at a place in spacings from the first line of all.
  @inline(__always)
  func cubic(
    _ plain: UnsafeMutablePointer<Double>, _ node: Int, _ first: Int, _ functional: Int, weights: SIMD4<Double>
  ) -> Double {
    let width = LineGroup.scalarCount
    let here = plain + (position(node, first) + functional * width)
    let lane = first % width
    // Four neighbours lie side by side, or across two groups.
    if lane <= width - 4 { return (weights * UnsafeRawPointer(here).loadUnaligned(as: SIMD4<Double>.self)).sum() }
    let beyond = here + width * (nodes * functionals - 1)
    func value(_ index: Int) -> Double { lane + index < width ? here[index] : beyond[index] }
    return (weights * SIMD4(value(0), value(1), value(2), value(3))).sum()
  }
}

import Formulation
import VectorMath

/// Three time levels of values on all lines, `[group × node]`, with the edges of each.
///
/// `@unchecked Sendable`: threads write disjoint groups.
final class EvaluationBuffers: @unchecked Sendable {
  let nodes: Int
  let groups: Int
  let origin: Double
  let spacing: Double
  let count: Int
  /// A line that interpolation leaves out, −1 for none.
  let kink: Int
  var next: UnsafeMutablePointer<LineGroup>
  var recent: UnsafeMutablePointer<LineGroup>
  var older: UnsafeMutablePointer<LineGroup>
  var now: LevelStore
  var before: LevelStore
  var earlier: LevelStore

  init(_ grid: EvaluationNodes) {
    nodes = grid.nodes
    count = grid.lines.count
    groups = count / LineGroup.scalarCount
    origin = grid.lines[0]
    spacing = grid.spacing
    kink = grid.kink
    let size = grid.lines.count / LineGroup.scalarCount * grid.nodes
    func room() -> UnsafeMutablePointer<LineGroup> {
      let memory = UnsafeMutablePointer<LineGroup>.allocate(capacity: size)
      memory.initialize(repeating: .zero, count: size)
      return memory
    }
    (next, recent, older) = (room(), room(), room())
    now = LevelStore(count: grid.nodes)
    before = LevelStore(count: grid.nodes)
    earlier = LevelStore(count: grid.nodes)
  }

  deinit {
    next.deallocate()
    recent.deallocate()
    older.deallocate()
  }

  /// The level arrived at becomes the recent one.
  func rotate() {
    (next, recent, older) = (older, next, recent)
    (now, before, earlier) = (earlier, now, before)
  }

  /// Position of a number in a slice.
  @inline(__always)
  func position(_ node: Int, _ line: Int) -> Int {
    ((line / LineGroup.scalarCount) * nodes + node) * LineGroup.scalarCount + line % LineGroup.scalarCount
  }

  @inline(__always)
  static func plain(_ slice: UnsafeMutablePointer<LineGroup>) -> UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(slice).assumingMemoryBound(to: Double.self)
  }

  func set(_ slice: UnsafeMutablePointer<LineGroup>, _ node: Int, _ line: Int, _ value: Double) {
    EvaluationBuffers.plain(slice)[position(node, line)] = value
  }

  /// The lines strictly inside the edges of a node; empty when there are none.
  @inline(__always)
  func inside(_ store: LevelStore, _ node: Int) -> Range<Int> {
    let first = max(0, Int(((max(store.low[node], origin - spacing) - origin) / spacing).rounded(.down)) + 1)
    let last = min(
      count - 1, Int(((min(store.high[node], origin + Double(count) * spacing) - origin) / spacing).rounded(.up)) - 1)
    return first <= last ? first..<(last + 1) : first..<first
  }

  /// The value at an inventory: beyond the edges the trade's, inside by the polynomial through the four nearest lines of the
  /// inside, or as many as there are.
  func value(_ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ node: Int, _ y: Double) -> Double {
    if y <= store.low[node] || y >= store.high[node] { return store.outside(node, y) }
    let lines = inside(store, node)
    let plain = EvaluationBuffers.plain(slice)
    let place = (y - origin) / spacing
    if kink >= 0, place == Double(kink), lines.contains(kink) { return plain[position(node, kink)] }
    let first = max(lines.lowerBound, min(lines.upperBound - 4, Int(place.rounded(.down)) - 1))
    if first + 4 <= lines.upperBound, kink < first || kink >= first + 4 {
      return cubic(plain, node, first, at: place)
    }
    return fewer(plain, store, node, y, lines)
  }

  /// The cubic through four lines from `first`, at a place in spacings from the first line of all.
  @inline(__always)
  func cubic(_ plain: UnsafeMutablePointer<Double>, _ node: Int, _ first: Int, at place: Double) -> Double {
    CubicInterpolation.through(
      plain[position(node, first)], plain[position(node, first + 1)], plain[position(node, first + 2)],
      plain[position(node, first + 3)], at: place - Double(first))
  }

  /// Through as many of the nearest lines as there are, the kink left out.
  private func fewer(
    _ plain: UnsafeMutablePointer<Double>, _ store: LevelStore, _ node: Int, _ y: Double, _ lines: Range<Int>
  ) -> Double {
    let place = (y - origin) / spacing
    let most = 4
    let reach = Int(place.rounded(.down))
    let picked = lines.filter { $0 != kink && abs($0 - reach) <= 2 * most }
      .sorted { abs(Double($0) - place) < abs(Double($1) - place) }.prefix(most)
    guard !picked.isEmpty else {
      // A target beyond the lines: the nearest line, or the trade itself.
      guard
        let end = [lines.first, lines.last].compactMap({ $0 }).min(by: {
          abs($0 - reach) < abs($1 - reach)
        })
      else { return store.outside(node, y) }
      return plain[position(node, end)]
    }
    var sum = 0.0
    for i in picked {
      var factor = plain[position(node, i)]
      for j in picked where j != i { factor *= (place - Double(j)) / Double(i - j) }
      sum += factor
    }
    return sum
  }
}

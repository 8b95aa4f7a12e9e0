import Formulation

/// A line of the grid that stands for a flat inventory (`FlatInventories`) instead of a place among its neighbours.
struct FlatLine: Sendable, Equatable {
  /// Among the lines.
  let line: Int
  /// Among the flat inventories.
  let place: Int
  /// [units]
  let inventory: Double
  /// By how much the inventory is above the line's own place, at most half a spacing [units].
  let offset: Double

  var bit: UInt64 { 1 << UInt64(place) }
}

/// The lines of flat inventories: V jumps there, so that they are destinations of their own and no parabola goes through them.
extension FiniteHorizonGrid {
  /// Lines at either end of the grid that stand for nothing but their place: spacings are read from them.
  private static let plainLines = 2
  /// An offset of less than this share of a spacing is rounding.
  static let onLine = 1e-9

  /// Those of a problem's free inventories that have a line of their own: those of prices near today's first. Where trades are whole
  /// lots no other inventories than those on lines can be reached.
  static func flats(_ problem: OptionBookProblem, timing: DecisionTiming, holdings: [Double]) -> FlatInventories {
    let spacing = holdings[1] - holdings[0]
    var taken: Set<Int> = []
    var places: [Double] = []
    for place in problem.freeInventories where places.count < FlatInventories.most {
      let position = (place - holdings[0]) / spacing
      guard position.rounded() >= 0, position.rounded() < Double(holdings.count) else { continue }
      let isInside =
        position.rounded() >= Double(plainLines) && position.rounded() < Double(holdings.count - plainLines)
      if timing.lot > 0 || !isInside, abs(position - position.rounded()) > onLine { continue }
      if taken.insert(Int(position.rounded())).inserted { places.append(place) }
    }
    return FlatInventories(places: places.sorted(), within: spacing)
  }

  /// The lines of inventories that settlement leaves free at one price or another, where V of waiting has a kink; ascending.
  var settledLines: [Int] {
    let spacing = holdings[1] - holdings[0]
    return settled.compactMap { place in
      let position = (place - holdings[0]) / spacing
      let line = Int(position.rounded())
      let isInside = line >= FiniteHorizonGrid.plainLines && line < holdings.count - FiniteHorizonGrid.plainLines
      return isInside && abs(position - position.rounded()) <= FiniteHorizonGrid.onLine ? line : nil
    }.sorted()
  }

  /// At which a policy may hold, whatever its band says: the flat ones; without tickets those on `settledLines`, where edges may lie.
  var heldInventories: FlatInventories {
    let lines = settledLines
    return flats.isEmpty && lines.count <= FlatInventories.most
      ? FlatInventories(places: lines.map { holdings[$0] }, within: holdings[1] - holdings[0]) : flats
  }

  /// Ascending.
  var flatLines: [FlatLine] {
    let spacing = holdings[1] - holdings[0]
    return flats.places.enumerated().map { index, place in
      let line = Int(((place - holdings[0]) / spacing).rounded())
      let offset = place - holdings[line]
      return FlatLine(
        line: line, place: index, inventory: place,
        offset: abs(offset) > FiniteHorizonGrid.onLine * spacing ? offset : 0)
    }
  }

  /// y by line [units]: the holdings, but for the lines that stand for flat inventories.
  public var inventories: [Double] {
    var inventories = holdings
    for flat in flatLines { inventories[flat.line] = flat.inventory }
    return inventories
  }
}

/// The flat lines within a row's tiles. Plain memory of another owner.
struct FlatRow {
  let start: UnsafePointer<FlatLine>?
  let count: Int
  /// The first line of the row.
  var first = 0

  static var none: FlatRow { FlatRow(start: nil, count: 0) }

  init(start: UnsafePointer<FlatLine>?, count: Int) {
    self.start = start
    self.count = count
  }

  /// Lends a row of lines.
  static func with<Result>(_ lines: [FlatLine], _ body: (FlatRow) -> Result) -> Result {
    lines.withUnsafeBufferPointer {
      body($0.isEmpty ? .none : FlatRow(start: $0.baseAddress, count: $0.count))
    }
  }

  init(_ lines: NodeArray<FlatLine>?) {
    self.init(start: lines.map { UnsafePointer($0.start) }, count: lines?.count ?? 0)
  }

  /// Calls `body` with those among so many lines and their places in the row.
  @inline(__always)
  func forEach(of lines: Int, _ body: (_ line: Int, _ flat: FlatLine) -> Void) {
    guard let start else { return }
    for index in 0..<count {
      let line = start[index].line - first
      if line >= 0, line < lines { body(line, start[index]) }
    }
  }

  /// By how much the inventory of a line is above its place [units]; nil where the line is none of these.
  @inline(__always)
  func offset(at line: Int) -> Double? {
    guard let start else { return nil }
    for index in 0..<count where start[index].line - first == line { return start[index].offset }
    return nil
  }
}

import Formulation

/// What an inventory between lines is worth.
extension RuleTrades {
  /// V at any inventory, through the four nearest of some lines, or as many as there are, that are not special.
  func value(
    _ values: UnsafePointer<Double>, row: Int, among resting: ClosedRange<Int>, at y: Double
  ) -> Double {
    let place = (y - origin) / spacing
    if let flat = flats.index(at: y) { return values[flatLines[flat]] }
    let nearest = Int(place.rounded())
    if abs(place - Double(nearest)) < RuleTrades.landing { return values[min(lines - 1, max(0, nearest))] }
    // A trade that does not go all the way, or in lots, may end beside the band.
    let isBeside = place < Double(resting.lowerBound) || place > Double(resting.upperBound)
    let resting = isBeside ? 0...(lines - 1) : resting
    let first = max(0, min(lines - 4, Int(place.rounded(.down)) - 1))
    let isPlain = !special[row].contains { $0 >= first && $0 < first + 4 }
    if isPlain, resting.contains(first), resting.contains(first + 3) {
      return CubicInterpolation.through(
        values[first], values[first + 1], values[first + 2], values[first + 3], at: place - Double(first))
    }
    let reach = 4 + special[row].count
    let near =
      max(resting.lowerBound, nearest - reach)...max(resting.lowerBound, min(resting.upperBound, nearest + reach))
    let others = near.filter { !special[row].contains($0) }
    let four = others.sorted { abs(Double($0) - place) < abs(Double($1) - place) }.prefix(4).sorted()
    return four.reduce(0) { sum, line in
      sum + four.reduce(values[line]) { $1 == line ? $0 : $0 * (place - Double($1)) / Double(line - $1) }
    }
  }

  /// V of a functional at a node.
  func value(_ buffers: LineBuffers, node: Int, at y: Double) -> Double {
    let slice = buffers.slice(buffers.recent)
    let row = (0..<lines).map { slice[node, $0] }
    return row.withUnsafeBufferPointer { value($0.baseAddress!, row: node / regimes, among: 0...(lines - 1), at: y) }
  }
}

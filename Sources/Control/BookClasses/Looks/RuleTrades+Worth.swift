import Formulation

/// What an inventory between lines is worth.
extension RuleTrades {
  /// Lines that a cubic goes through.
  private static let stencil = 4

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
    let stencil = RuleTrades.stencil
    let first = max(0, min(lines - stencil, Int(place.rounded(.down)) - 1))
    let around = first...(first + stencil - 1)
    if resting.contains(around.lowerBound), resting.contains(around.upperBound),
      specialCount(row: row, among: around) == 0
    {
      return CubicInterpolation.through(
        values[first], values[first + 1], values[first + 2], values[first + 3], at: place - Double(first))
    }
    // At an end of the band the last lines of it, or all there are.
    let count = min(stencil, resting.count)
    let start = max(resting.lowerBound, min(resting.upperBound - count + 1, first))
    let last = start...(start + count - 1)
    if specialCount(row: row, among: last) == 0 {
      return last.reduce(0) { sum, line in
        sum + last.reduce(values[line]) { $1 == line ? $0 : $0 * (place - Double($1)) / Double(line - $1) }
      }
    }
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: stencil) { lines in
      let count = nearestPlain(to: place, row: row, resting, into: lines)
      let found = UnsafeMutableBufferPointer(rebasing: lines[..<count])
      return found.reduce(0) { sum, line in
        sum + found.reduce(values[line]) { $1 == line ? $0 : $0 * (place - Double($1)) / Double(line - $1) }
      }
    }
  }

  /// The nearest of some lines that are not special, as many as there is room for; returns how many there are.
  private func nearestPlain(
    to place: Double, row: Int, _ resting: ClosedRange<Int>, into lines: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    var below = max(resting.lowerBound - 1, min(resting.upperBound, Int(place.rounded(.down))))
    var above = below + 1
    var count = 0
    while count < lines.count, below >= resting.lowerBound || above <= resting.upperBound {
      let isBelow =
        above > resting.upperBound
        || below >= resting.lowerBound && place - Double(below) <= Double(above) - place
      let line = isBelow ? below : above
      if isBelow { below -= 1 } else { above += 1 }
      if isSpecial(line, row: row) { continue }
      lines[count] = line
      count += 1
    }
    return count
  }

  /// V of a functional at a node.
  func value(_ buffers: LineBuffers, node: Int, at y: Double) -> Double {
    let slice = buffers.slice(buffers.recent)
    let row = (0..<lines).map { slice[node, $0] }
    return row.withUnsafeBufferPointer { value($0.baseAddress!, row: node / regimes, among: 0...(lines - 1), at: y) }
  }
}

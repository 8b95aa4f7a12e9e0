import Formulation

/// What an inventory between lines is worth.
extension RuleTrades {
  /// Lines that a cubic goes through.
  private static let stencil = 4

  /// V at any inventory, through the four nearest of some lines, or as many as there are, that are not special.
  ///
  /// - Parameter read: V on a line.
  @inline(__always)
  func value(
    row: Int, among resting: ClosedRange<Int>, at y: Double, _ read: (_ line: Int) -> Double
  ) -> Double {
    let place = (y - origin) / spacing
    if !flats.isEmpty, let flat = flats.index(at: y) { return read(flatLines[flat]) }
    let nearest = Int(place.rounded())
    if abs(place - Double(nearest)) < RuleTrades.landing { return read(min(lines - 1, max(0, nearest))) }
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
        read(first), read(first + 1), read(first + 2), read(first + 3), at: place - Double(first))
    }
    return value(row: row, among: resting, at: place, first: first, read)
  }

  /// The same at a place where lines end or are special.
  private func value(
    row: Int, among resting: ClosedRange<Int>, at place: Double, first: Int, _ read: (_ line: Int) -> Double
  ) -> Double {
    // At an end of the band the last lines of it, or all there are.
    let stencil = RuleTrades.stencil
    let count = min(stencil, resting.count)
    let start = max(resting.lowerBound, min(resting.upperBound - count + 1, first))
    let last = start...(start + count - 1)
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: stencil) { lines in
      var found = count
      if specialCount(row: row, among: last) == 0 {
        for index in 0..<count { lines[index] = start + index }
      } else {
        found = nearestPlain(to: place, row: row, resting, into: lines)
      }
      var sum = 0.0
      for index in 0..<found {
        var (above, below) = (read(lines[index]), 1.0)
        for other in 0..<found where other != index {
          above *= place - Double(lines[other])
          below *= Double(lines[index] - lines[other])
        }
        sum += above / below
      }
      return sum
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
    return value(row: node / regimes, among: 0...(lines - 1), at: y) { slice[node, $0] }
  }
}

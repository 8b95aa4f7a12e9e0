import Formulation

extension ImpulseRow {
  /// Projects the predictor that lies in `buffers.recent` at a node, leaves value and multiplier in their places, and
  /// returns what was found, in the grid's own lines.
  ///
  /// - Parameter rate: `c₀/h` of the step, by which the projection's distance becomes a multiplier [1/year].
  func intervene(
    in buffers: LineBuffers, node: Int, row: Int, strip: Strip, rate: Double, scratch: Scratch
  ) -> Outcome {
    let tiles = strip.span[row]
    let firstLine = tiles.lowerBound * LineSweep.tileLines
    var here = self
    here.origin += Double(firstLine) * spacing
    here.count = tiles.count * LineSweep.tileLines
    // A kink where one trades is no destination: the trade onwards costs more than the direct one.
    here.kink = kink >= firstLine && kink < firstLine + here.count ? kink - firstLine : -1
    here.flats.first = firstLine
    let values = RowLines(buffers, buffers.recent, node: node, tile: tiles.lowerBound)
    for tile in tiles where !strip.isActive(row: row, tile: tile) {
      // Between active tiles one trades: any value above MV says so. What is left there belongs to nobody.
      values.groups(ofTile: tile - tiles.lowerBound).update(
        repeating: LineGroup(repeating: .infinity), count: LineSweep.tile)
    }
    var found = here.project(
      values, multiplier: RowLines(buffers, buffers.multiplier, node: node, tile: tiles.lowerBound),
      holdings: buffers.holdings + tiles.lowerBound * LineSweep.tile, rate: rate, scratch: scratch)
    found.lower = closed(found.lower, tiles: tiles, in: strip)
    found.upper = closed(found.upper, tiles: tiles, in: strip)
    found.waiting = (found.waiting.lowerBound + firstLine)...(found.waiting.upperBound + firstLine)
    return found
  }

  /// An edge that was not found among the tiles of a row lies at their end, unless the grid itself ends there. Where trades go
  /// to the edges it stays open.
  private func closed(_ edge: Edge, tiles: ClosedRange<Int>, in strip: Strip) -> Edge {
    guard edge.beyond == .infinity, fixed > 0 else { return edge }
    if edge.direction < 0 {
      return tiles.lowerBound > 0
        ? Edge(at: origin + Double(tiles.lowerBound * LineSweep.tileLines) * spacing) : edge
    }
    return tiles.upperBound < strip.tiles - 1
      ? Edge(at: origin + Double((tiles.upperBound + 1) * LineSweep.tileLines - 1) * spacing) : edge
  }
}

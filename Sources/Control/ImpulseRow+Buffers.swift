import Formulation

extension ImpulseRow {
  /// Projects the predictor that lies in `buffers.recent` at a node, leaves value and multiplier in their places on the
  /// strip, and returns what was found, in the grid's own lines.
  ///
  /// - Parameters:
  ///   - tiles: the tiles that this row spans.
  ///   - rate: `c₀/h` of the step, by which the projection's distance becomes a multiplier [1/year].
  ///   - scratch: `scratchCount` groups.
  func intervene(
    in buffers: LineBuffers, node: Int, row: Int, strip: Strip, rate: Double, scratch: UnsafeMutablePointer<LineGroup>
  ) -> Outcome {
    let tiles = strip.span[row]
    let groups = tiles.count * LineSweep.tile
    let firstLine = tiles.lowerBound * LineSweep.tileLines
    let lines = tiles.count * LineSweep.tileLines
    var here = self
    here.origin += Double(firstLine) * spacing
    here.count = lines
    // A kink where one trades is no destination: the trade onwards costs more than the direct one.
    here.kink = kink >= firstLine && kink < firstLine + lines ? kink - firstLine : -1
    let values = scratch
    let (multipliers, distances) = (values + groups, values + 2 * groups)
    for (index, tile) in tiles.enumerated() {
      for group in 0..<LineSweep.tile {
        // Between active tiles one trades: any value above MV says so.
        values[index * LineSweep.tile + group] =
          strip.isActive(row: row, tile: tile)
          ? buffers.recent[(tile * buffers.nodes + node) * LineSweep.tile + group] : LineGroup(repeating: .infinity)
      }
    }
    let found = here.project(
      values, multiplier: multipliers, distance: distances,
      holdings: buffers.holdings + tiles.lowerBound * LineSweep.tile, rate: rate)
    for (index, tile) in tiles.enumerated() where strip.isActive(row: row, tile: tile) {
      for group in 0..<LineSweep.tile {
        let place = (tile * buffers.nodes + node) * LineSweep.tile + group
        buffers.recent[place] = values[index * LineSweep.tile + group]
        buffers.multiplier[place] = multipliers[index * LineSweep.tile + group]
      }
    }
    return Outcome(
      band: closed(found.band, tiles: tiles, in: strip), trades: found.trades,
      waiting: (found.waiting.lowerBound + firstLine)...(found.waiting.upperBound + firstLine))
  }

  /// Groups of memory that an intervention among so many tiles needs.
  static func scratchCount(tiles: Int) -> Int { 3 * tiles * LineSweep.tile }

  /// An edge that was not found among the tiles of a row lies at their end, unless the grid itself ends there.
  private func closed(_ band: Band, tiles: ClosedRange<Int>, in strip: Strip) -> Band {
    var band = band
    if band.lower == -.infinity, tiles.lowerBound > 0 {
      band.lower = origin + Double(tiles.lowerBound * LineSweep.tileLines) * spacing
    }
    if band.upper == .infinity, tiles.upperBound < strip.tiles - 1 {
      band.upper = origin + Double((tiles.upperBound + 1) * LineSweep.tileLines - 1) * spacing
    }
    return band
  }
}

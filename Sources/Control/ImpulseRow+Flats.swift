import Formulation

/// The flat inventories of a row: isolated lines on which V jumps, and to which one may trade from anywhere.
///
/// The well is then that of the other lines. Of several flat inventories two are destinations, the one for which `V + k_buy S z` is least and the one for which `V − k_sell S z` is: from
/// beyond them no other is better, and between them one seldom trades. *Verified by* `ImpulseRowTests.flatLines`.
extension ImpulseRow {
  /// The wells of the other lines.
  func wellsBesideFlats(_ value: RowLines) -> (purchase: Int, sale: Int) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: flats.count) { own in
      var place = 0
      flats.forEach(of: count) { line, _ in
        own[place] = value[line]
        value[line] = .infinity
        place += 1
      }
      let wells = wells(value)
      place = 0
      flats.forEach(of: count) { line, _ in
        value[line] = own[place]
        place += 1
      }
      return wells
    }
  }

  /// Adds the flat lines' destinations to the trades of a row.
  @inline(__always)
  func addFlats(to trades: inout TradeLines, _ value: RowLines) {
    guard flats.start != nil else { return }
    flats.forEach(of: count) { line, flat in
      let here = TradeTarget(position: position(line, flat), value: value[line])
      guard here.value < .infinity else { return }
      if trades.kink.value == .infinity || here.isBetter(than: trades.kink, slope: buy) { trades.kink = here }
      if trades.other.value == .infinity || here.isBetter(than: trades.other, slope: -sell) { trades.other = here }
    }
    if trades.other == trades.kink { trades.other.value = .infinity }
  }

  private func position(_ line: Int, _ flat: FlatLine) -> Double { origin + Double(line) * spacing + flat.offset }

  /// Which flat inventories wait, from the lines' distances to MV.
  @inline(__always)
  func heldFlats(_ gaps: UnsafePointer<Double>) -> UInt64 {
    if kink >= 0 { return gaps[kink] > 0 ? 1 : 0 }
    var held: UInt64 = 0
    flats.forEach(of: count) { line, flat in if gaps[line] > 0 { held |= flat.bit } }
    return held
  }

  /// Which flat inventories wait without a fixed cost, where one that waits is its own destination: those that no trade holds down.
  func restingFlats(_ multiplier: RowLines) -> UInt64 {
    var held: UInt64 = 0
    flats.forEach(of: count) { line, flat in if multiplier[line] == 0 { held |= flat.bit } }
    return held
  }

  /// The line of the waiting flat inventory with the least value; there must be one.
  func bestFlat(_ value: RowLines, _ gaps: UnsafePointer<Double>) -> Int {
    if kink >= 0 { return kink }
    var best = -1
    flats.forEach(of: count) { line, _ in
      if gaps[line] > 0, best < 0 || value[line] < value[best] { best = line }
    }
    return best
  }
}

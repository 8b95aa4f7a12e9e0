import Glibc

/// What a table of bands says around an expiry.
///
/// Which inventories to hold does not change at the instant of an expiry, but the book's delta does, and with it the bands in net
/// delta: a table read linearly in time needs one slice from before the instant and one from after it, or whoever looks in between
/// trades the delta of what is about to expire. *Verified by* `LookBeforeExpiryTests`.
extension OptionBookProblem {
  /// Instants nearer than this share of the horizon are one.
  private static let coincidence = 1e-9
  /// So much of the horizon before an expiry a slice says what holds up to it: beyond what roll-outs take for the same instant.
  private static let justBefore = 1e-8

  /// The time at which legs that expire at this one are no longer part of the book, as a table's slice there has it.
  public func settledTime(_ time: Double) -> Double {
    let tolerance = Self.coincidence * horizon
    guard book.expiries.contains(where: { abs($0 - time) <= tolerance && $0 < horizon }) else { return time }
    return time + 2 * tolerance
  }

  /// A table of which inventories to hold with a slice just before every expiry within it.
  public func readable(_ table: PolicyTable) -> PolicyTable {
    let tolerance = Self.coincidence * horizon
    let size = table.regimeCount * table.logSpots.count
    var (times, bands) = (table.times, table.bands)
    for expiry in book.expiries where expiry < horizon - tolerance {
      guard let place = times.firstIndex(where: { abs($0 - expiry) <= tolerance }), place > 0 else { continue }
      let before = times[place] - Self.justBefore * horizon
      guard before > times[place - 1] + tolerance else { continue }
      let spots = table.logSpots.map { exp($0) }
      var slice: [Band] = []
      for e in 0..<table.regimeCount {
        for row in spots.indices {
          let here = bands[(place * table.regimeCount + e) * spots.count + row]
          let change =
            book.greeks(time: before, spot: spots[row], regime: e).delta
            - book.greeks(time: settledTime(expiry), spot: spots[row], regime: e).delta
          slice.append(here.shifted(by: change))
        }
      }
      times.insert(before, at: place)
      bands.insert(contentsOf: slice, at: place * size)
    }
    return PolicyTable(
      times: times, logSpots: table.logSpots, regimeCount: table.regimeCount, bands: bands, flats: table.flats)
  }
}

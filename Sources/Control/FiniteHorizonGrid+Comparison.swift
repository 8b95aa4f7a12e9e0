import Formulation

/// Grids for comparing two problems on equal terms: what differs between their solutions is then the problems' alone.
extension FiniteHorizonGrid {
  /// The same nodes in time and spot with other inventories, as many or a whole number of tiles, zero among them.
  func replacing(holdings: [Double]) -> FiniteHorizonGrid {
    FiniteHorizonGrid(copy: self, holdings: holdings, flats: flats.places, settled: settled)
  }

  private init(copy other: FiniteHorizonGrid, holdings: [Double], flats: [Double], settled: [Double]) {
    logSpots = other.logSpots
    reference = other.reference
    self.holdings = holdings
    self.flats = FlatInventories(places: flats, within: holdings[1] - holdings[0])
    self.settled = settled
    times = other.times
    isSegmentEnd = other.isSegmentEnd
    isCheck = other.isCheck
    timing = other.timing
  }

  /// The grid seen in the mirror that exchanges buying and selling.
  var mirrored: FiniteHorizonGrid {
    FiniteHorizonGrid(
      copy: self, holdings: holdings.reversed().map { -$0 }, flats: flats.places.reversed().map { 0 - $0 },
      settled: settled.map { 0 - $0 })
  }
}

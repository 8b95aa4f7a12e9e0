/// Grids for comparing two problems on equal terms: what differs between their solutions is then the problems' alone.
extension FiniteHorizonGrid {
  /// The same nodes in time and spot with other inventories, as many or a whole number of tiles, zero among them.
  func replacing(holdings: [Double]) -> FiniteHorizonGrid { FiniteHorizonGrid(copy: self, holdings: holdings) }

  private init(copy other: FiniteHorizonGrid, holdings: [Double]) {
    logSpots = other.logSpots
    reference = other.reference
    self.holdings = holdings
    times = other.times
    isSegmentEnd = other.isSegmentEnd
    isCheck = other.isCheck
    timing = other.timing
  }

  /// The grid seen in the mirror that exchanges buying and selling.
  var mirrored: FiniteHorizonGrid { replacing(holdings: holdings.reversed().map { -$0 }) }
}

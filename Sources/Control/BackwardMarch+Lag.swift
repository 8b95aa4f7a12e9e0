import Formulation

/// How far a lagged multiplier may move V where delivery leaves several inventories free.
///
/// Trades to one meet trades to another at every strike. Each side's multiplier, the risk of what one has not got, is large just
/// before the expiry and differs from row to row; what of it has diffused to the other side's rows when the border between them
/// moves stays behind as an error. It may move V by a share of what crossing the band costs, as in `EntropicMarch`.
extension BackwardMarch {
  /// - Parameter later: the bands of the level before this one in the march, `[regime × row]`; nil at its start.
  func boundLags(_ reader: RowReader, later: UnsafePointer<Band>?) {
    guard !flats.isEmpty else { return }
    for row in 0..<rows {
      for e in 0..<regimes {
        let node = row * regimes + e
        let width = later.map { $0[e * rows + row].width } ?? 0
        let distance = (width.isFinite ? width : 0) + BackwardMarch.lagReach * spacing
        let charge = costs[e].fixed + max(ceiling[node], floor[node]) * distance
        reader.lagBounds[node] = charge > 0 ? EntropicMarch.lagShare * charge : .infinity
      }
    }
  }

  /// Room in inventory spacings for a band that they do not resolve.
  private static let lagReach = 2.0
}

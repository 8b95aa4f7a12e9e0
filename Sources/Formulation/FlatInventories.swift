/// Inventories at which the settlement asks for no ticket, and how near to one of them a trade ends exactly there.
///
/// With a fixed cost, whoever holds at the expiry exactly what the settlement leaves free pays none: nothing at cash, what the
/// exercised options demand at delivery, which is another amount between any two strikes. Towards the expiry one then waits at
/// exactly these and nowhere beside them, which no band in net delta says. A band says at which of them one waits
/// (`Band.heldFlats`).
///
/// *Verified by* `FlatInventoryTests`, `FlatSettlementTests`, `FlatDeliveryTests`.
public struct FlatInventories: Sendable, Equatable {
  /// Ascending [units].
  public let places: [Double]
  /// How near to a place a trade ends at it [units]; 0 where there are none.
  public let within: Double

  /// Where no inventory is unlike others.
  public static let none = FlatInventories(places: [], within: 0)

  /// A bit for each in `Band.heldFlats`.
  public static let most = UInt64.bitWidth

  /// An inventory nearer to a place than this share of `within` is there but for rounding.
  private static let rounding = 1e-9

  /// - Parameter places: at most `most`, ascending.
  public init(places: [Double], within: Double) {
    precondition(places.count <= FlatInventories.most, "a bit for each flat inventory")
    self.places = places
    self.within = places.isEmpty ? 0 : within
  }

  public var isEmpty: Bool { places.isEmpty }

  /// Those at which a band waits [units].
  public func held(_ band: Band) -> [Double] {
    places.indices.filter { band.heldFlats & (1 << UInt64($0)) != 0 }.map { places[$0] }
  }

  /// The place that an inventory is at but for rounding.
  public func index(at inventory: Double) -> Int? {
    let reach = FlatInventories.rounding * within
    return places.firstIndex { abs(inventory - $0) <= reach }
  }

  /// Whether one waits at an inventory because it is flat.
  public func holds(_ held: UInt64, at inventory: Double) -> Bool {
    guard held != 0, let index = index(at: inventory) else { return false }
    return held & (1 << UInt64(index)) != 0
  }

  /// The trade where a band asks for `wanted`: none from a flat inventory at which one waits, and to such a one where it would end
  /// within `within` of it, to the nearest.
  public func trade(_ wanted: Double, inventory: Double, held: UInt64) -> Double {
    guard held != 0, wanted != 0 else { return wanted }
    if holds(held, at: inventory) { return 0 }
    var trade = wanted
    var nearest = within
    for (index, place) in places.enumerated() where held & (1 << UInt64(index)) != 0 {
      let miss = abs(inventory + wanted - place)
      if miss <= nearest { (trade, nearest) = (place - inventory, miss) }
    }
    return trade
  }
}

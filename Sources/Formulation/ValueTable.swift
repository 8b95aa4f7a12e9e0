/// Values of an option-book problem on a grid, as anyone can look them up: what a bound from below is made of.
///
/// Whoever uses them need not trust them: any function gives a valid bound, and the better the function the closer the bound.
/// Layout of `values`: `[time × spot × regime × line]`.
public struct ValueTable: Sendable, Equatable {
  /// Years from the valuation, ascending, the horizon the last.
  public let times: [Double]
  /// ln S at the nodes, ascending.
  public let logSpots: [Double]
  public let regimeCount: Int
  /// Inventories of the lines [units], uniform and ascending, one of them 0.
  public let inventories: [Double]
  /// V, the expected cost of what is left when inventory is held and decisions are still to be made [quote].
  public let values: [Double]

  public init(times: [Double], logSpots: [Double], regimeCount: Int, inventories: [Double], values: [Double]) {
    self.times = times
    self.logSpots = logSpots
    self.regimeCount = regimeCount
    self.inventories = inventories
    self.values = values
  }

  /// Numbers at one time.
  public var sliceCount: Int { logSpots.count * regimeCount * inventories.count }

  /// Distance between lines [units].
  public var spacing: Double { inventories[1] - inventories[0] }
}

import Formulation
import Glibc

/// A policy of a user's own as a table of bands: one row per regime, time and spot, in any order.
///
/// Columns: `regime` (a name of the model's; may be left out where there is one), `time` (seconds to the horizon, or an instant in
/// UTC such as `2021-10-21T08:00:00Z`), `spot`, and the band. Its columns say what it is in: `lower`, `upper`, `targetLower`,
/// `targetUpper` are net delta in the model's convention, as are `netDelta.lower` …; `holding.lower` … are the inventory. At or below
/// `lower` one trades to `targetLower`, at or above `upper` to `targetUpper`; an edge that is left empty, with its target, does not
/// exist. Rows form a grid: every regime has every time and every spot. Between nodes bands are linear in time and in ln S, beyond them
/// constant.
///
/// *Verified by* `BandTableTests`.
public struct BandTable: Sendable {
  /// The bands, in net delta with Black–Scholes deltas or in the inventory.
  public let table: PolicyTable
  public let isInHolding: Bool

  private static let (regime, time, spot) = ("regime", "time", "spot")
  private static let parts = ["lower", "upper", "targetLower", "targetUpper"]
  /// What a band can be in, by what stands before the names of its columns.
  private static let measures: [(prefix: String, isInHolding: Bool)] = [
    ("", false), ("netDelta.", false), ("holding.", true),
  ]

  /// - Throws: as `CSVTable`; `.unknownChoice`, `.malformed`, `.outOfRange` for a field, `.duplicateKey` for a node that stands twice,
  ///   `.missingNode` for one that is not there.
  public init(
    parsing bytes: [UInt8], source: SourcePosition.Source = .text, for problem: OptionBookProblem
  ) throws(ModelFileError) {
    let bands = Self.measures.flatMap { measure in Self.parts.map { measure.prefix + $0 } }
    let isAlone = problem.environment.count == 1
    let csv = try CSVTable(
      parsing: bytes, source: source, required: (isAlone ? [] : [Self.regime]) + [Self.time, Self.spot],
      optional: (isAlone ? [Self.regime] : []) + bands)
    let measure = try Self.measure(csv, source: source)
    let reader = RowReader(problem: problem, names: Self.parts.map { measure.prefix + $0 })
    var nodes: [Node: (band: Band, position: SourcePosition)] = [:]
    for row in csv.rows {
      let (node, band) = try reader.read(row)
      if let first = nodes.updateValue((band, row.position), forKey: node) {
        throw .duplicateKey(
          position: row.position, path: "", key: node.words(problem), first: first.position)
      }
    }
    let times = Set(nodes.keys.map(\.time)).sorted()
    let spots = Set(nodes.keys.map(\.spot)).sorted()
    var table: [Band] = []
    for time in times {
      for regime in problem.environment.regimes.indices {
        for spot in spots {
          let node = Node(regime: regime, time: time, spot: spot)
          guard let found = nodes[node] else {
            throw .missingNode(
              position: csv.rows[0].position, regime: problem.environment.regimes[regime].name,
              secondsToHorizon: node.secondsToHorizon(problem), spot: spot)
          }
          // In the convention of Black and Scholes, in which the simulation counts.
          let shift =
            measure.isInHolding
            ? 0 : -problem.conventionShift(time: time, spot: spot, regime: regime)
          table.append(found.band.shifted(by: shift))
        }
      }
    }
    self.table = PolicyTable(
      times: times, logSpots: spots.map { log($0) }, regimeCount: problem.environment.count, bands: table)
    isInHolding = measure.isInHolding
  }

  /// Reads a file; its name becomes the source of every position.
  public init(contentsOf file: String, for problem: OptionBookProblem) throws(ModelFileError) {
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(file) } catch { throw .unreadable(file: file, reason: error.reason) }
    try self.init(parsing: bytes, source: .file(file), for: problem)
  }

  /// What the band's columns are in: all four of one kind.
  private static func measure(
    _ csv: CSVTable, source: SourcePosition.Source
  ) throws(ModelFileError) -> (prefix: String, isInHolding: Bool) {
    let start = SourcePosition(source: source, line: 1, column: 1)
    let found = csv.header.filter { column in parts.contains { column.name.hasSuffix($0) } }
    guard let first = found.first else {
      throw .missingKey(position: csv.header.first?.position ?? start, path: "", key: parts[0], similar: nil)
    }
    let measure = measures.last { first.name.hasPrefix($0.prefix) }!
    let names = parts.map { measure.prefix + $0 }
    for column in found where !names.contains(column.name) {
      throw .unknownKey(
        position: column.position, path: "", key: column.name, allowed: names,
        suggestion: names.first { name in parts.contains { name.hasSuffix($0) && column.name.hasSuffix($0) } })
    }
    for name in names where !found.contains(where: { $0.name == name }) {
      throw .missingKey(position: first.position, path: "", key: name, similar: nil)
    }
    guard !csv.rows.isEmpty else {
      throw .syntax(position: csv.end, found: .end, expected: .fields(csv.header.count))
    }
    return measure
  }

  /// A node of the grid.
  private struct Node: Hashable {
    let regime: Int
    /// Years from the valuation.
    let time: Double
    let spot: Double

    /// To the thousandth, which years in floating point still hold.
    func secondsToHorizon(_ problem: OptionBookProblem) -> Double {
      ((problem.horizon - time) * problem.dayCount.secondsPerYear * 1000).rounded() / 1000
    }

    func words(_ problem: OptionBookProblem) -> String {
      "\(problem.environment.regimes[regime].name), \(secondsToHorizon(problem)) s, \(spot)"
    }
  }

  /// Reads rows under a header that has been checked.
  private struct RowReader {
    let problem: OptionBookProblem
    /// The columns of `lower`, `upper` and their targets.
    let names: [String]

    func read(_ row: CSVRow) throws(ModelFileError) -> (Node, Band) {
      let node = Node(
        regime: try regime(row), time: try time(row),
        spot: try row.required(BandTable.spot).number(in: .positive))
      let lower = try edge(row, names[0], target: names[2])
      let upper = try edge(row, names[1], target: names[3])
      let band = Band(
        lower: lower?.edge ?? -.infinity, upper: upper?.edge ?? .infinity, targetLower: lower?.target ?? -.infinity,
        targetUpper: upper?.target ?? .infinity)
      if let upper, band.upper < band.lower { throw upper.outOfRange(upper.field, .from(band.lower)) }
      let inside = NumberRange.closed(band.lower, band.upper)
      for side in [lower, upper] {
        if let side, !inside.contains(side.target) { throw side.outOfRange(side.targetField, inside) }
      }
      if let upper, band.targetUpper < band.targetLower {
        throw upper.outOfRange(upper.targetField, .closed(band.targetLower, band.upper))
      }
      return (node, band)
    }

    private func regime(_ row: CSVRow) throws(ModelFileError) -> Int {
      let names = problem.environment.regimes.map(\.name)
      guard let field = row[BandTable.regime] else {
        if names.count > 1 { _ = try row.required(BandTable.regime) }
        return 0
      }
      guard let index = names.firstIndex(of: field.text) else {
        throw .unknownChoice(
          position: field.position, path: field.path.description, found: field.text, allowed: names,
          suggestion: Suggestion.nearest(to: field.text, among: names))
      }
      return index
    }

    /// Years from the valuation.
    private func time(_ row: CSVRow) throws(ModelFileError) -> Double {
      let field = try row.required(BandTable.time)
      let year = problem.dayCount.secondsPerYear
      if let parts = QuantityText(field.text), parts.unit.isEmpty {
        let longest = problem.horizon * year
        // The last digits of a horizon in seconds may be rounded either way.
        return problem.horizon - min(longest, try field.number(in: .closed(0, longest + 1))) / year
      }
      guard let instant = Instant(field.text) else {
        throw .malformed(
          position: field.position, path: field.path.description, found: field.text, expected: .secondsOrInstant)
      }
      let time = problem.dayCount.years(from: problem.valuation, to: instant)
      guard time >= 0, time <= problem.horizon else {
        throw .malformed(
          position: field.position, path: field.path.description, found: field.text, expected: .instantOfHorizon)
      }
      return time
    }

    /// An edge with where a trade from it ends.
    private struct Side {
      let edge: Double
      let target: Double
      let field: CSVField
      let targetField: CSVField

      func outOfRange(_ field: CSVField, _ allowed: NumberRange) -> ModelFileError {
        .outOfRange(
          position: field.position, path: field.path.description, found: field.text, allowed: allowed)
      }
    }

    /// Nil where neither is given.
    private func edge(_ row: CSVRow, _ name: String, target: String) throws(ModelFileError) -> Side? {
      if row[name] == nil, row[target] == nil { return nil }
      let (field, targetField) = (try row.required(name), try row.required(target))
      return Side(
        edge: try field.number(), target: try targetField.number(), field: field, targetField: targetField)
    }
  }
}

import Formulation
import TestKit
import Testing

@testable import Control

/// The projection from the well of the value against the general intervention operator.
@Suite struct ImpulseRowTests {
  /// A value with one well at `centre`, with or without the dent that settlement leaves at zero.
  private func value(_ holdings: [Double], centre: Double, dent: Double, kink: Int) -> [Double] {
    holdings.enumerated().map { index, y in
      let away = y - centre
      return 3 * away * away / (1 + 0.3 * abs(away)) + (index == kink ? -dent : 0)
    }
  }

  /// A row's projected values, and what was found of its band.
  private func project(_ row: ImpulseRow, _ values: [Double], _ holdings: [Double]) -> ([Double], ImpulseRow.Outcome) {
    let count = values.count
    let groups = count / LineGroup.scalarCount
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 3 * groups) { groupMemory in
      let memory = groupMemory.baseAddress!
      let plain = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Double.self)
      for index in 0..<count {
        plain[index] = values[index]
        plain[2 * count + index] = holdings[index]
      }
      let scratch = ImpulseRow.Scratch(lines: count)
      defer { scratch.deallocate() }
      let found = row.project(
        RowLines(memory), multiplier: RowLines(memory + groups), holdings: memory + 2 * groups, rate: 1,
        scratch: scratch)
      return ((0..<count).map { plain[$0] }, found)
    }
  }

  @Test(arguments: [(0.4, 0.0), (0.4, 0.2), (-0.9, 0.3), (1.3, 0.5)])
  func agreesWithTheGeneralOperator(_ centre: Double, _ dent: Double) {
    let count = 208
    let spacing = 0.02
    let holdings = (0..<count).map { -2 + Double($0) * spacing }
    let kink = 100
    let values = value(holdings, centre: centre, dent: dent, kink: kink)
    let row = ImpulseRow(
      fixed: 0.25, buy: 0.3, sell: 0.5, origin: holdings[0], spacing: spacing, count: count, kink: kink, diffusion: 10)
    let general = Intervention(fixed: 0.25, buyPerUnit: 0.3, sellPerUnit: 0.5, spacing: spacing)
      .applied(to: values, kink: kink)
    let (projected, found) = project(row, values, holdings)
    for index in 0..<count {
      let expected = min(values[index], general[index])
      #expect(abs(projected[index] - expected) < 1e-12, "inventory \(holdings[index])")
    }
    let targets = found.targets
    #expect(found.lower.solved < targets.lower && targets.upper < found.upper.solved, "\(found)")
  }

  /// A well and two flat inventories, on lines of their own, one between places: the same as the general operator, and as trades
  /// to any line one by one.
  @Test(arguments: [(0.0, 0.1), (0.9, 0.1), (0.1, 0.9), (0.4, 0.42)])
  func flatLines(_ dents: (Double, Double)) {
    let count = 208
    let spacing = 0.02
    let flats = [
      FlatLine(line: 60, place: 0, inventory: -0.8, offset: 0),
      FlatLine(line: 130, place: 1, inventory: 0.608, offset: 0.008),
    ]
    var holdings = (0..<count).map { -2 + Double($0) * spacing }
    for flat in flats { holdings[flat.line] = flat.inventory }
    var values = value(holdings, centre: 0.1, dent: 0, kink: -1)
    (values[60], values[130]) = (-dents.0, -dents.1)
    flats.withUnsafeBufferPointer { lines in
      let own = FlatRow(start: lines.baseAddress, count: lines.count)
      var row = ImpulseRow(
        fixed: 0.25, buy: 0.3, sell: 0.5, origin: holdings[0], spacing: spacing, count: count, kink: -1, diffusion: 10)
      row.flats = own
      let general = Intervention(fixed: 0.25, buyPerUnit: 0.3, sellPerUnit: 0.5, spacing: spacing)
        .applied(to: values, kink: -1, flats: own)
      let (projected, found) = project(row, values, holdings)
      for index in 0..<count {
        let direct = holdings.indices.reduce(Double.infinity) { least, other in
          let trade = holdings[other] - holdings[index]
          return min(least, values[other] + 0.25 + (trade > 0 ? 0.3 * trade : -0.5 * trade))
        }
        // Parabolas lead lower than lines, by less than V″ Δy²/8.
        let dip = direct - general[index]
        #expect(dip > -1e-12 && dip < 6 * spacing * spacing / 8, "inventory \(holdings[index])")
        #expect(abs(projected[index] - min(values[index], general[index])) < 1e-12, "inventory \(holdings[index])")
      }
      for flat in flats {
        #expect((found.heldFlats & flat.bit != 0) == (general[flat.line] > values[flat.line]))
      }
    }
  }

  /// Wells on either side, the deeper one to the left or to the right, with a ticket and without.
  @Test(arguments: [-0.1, 0.1], [0.25, 0])
  func severalWells(_ tilt: Double, _ fixed: Double) {
    let count = 208
    let spacing = 0.02
    let holdings = (0..<count).map { -2 + Double($0) * spacing }
    let values = holdings.map { y in 4 * (y * y - 1) * (y * y - 1) + tilt * y }
    var row = ImpulseRow(
      fixed: fixed, buy: 0.3, sell: 0.5, origin: holdings[0], spacing: spacing, count: count, kink: -1, diffusion: 10)
    row.mayHaveWells = true
    let general = Intervention(fixed: fixed, buyPerUnit: 0.3, sellPerUnit: 0.5, spacing: spacing)
      .applied(to: values, kink: -1)
    let (projected, found) = project(row, values, holdings)
    var waits: [Int] = []
    for index in 0..<count {
      #expect(abs(projected[index] - min(values[index], general[index])) < 1e-12, "inventory \(holdings[index])")
      if general[index] >= values[index] { waits.append(index) }
    }
    // Both stretches are among the lines that wait, and the deeper one is the band.
    #expect(found.waiting == waits.first!...waits.last! && waits.count < waits.last! - waits.first!, "\(found)")
    let well = tilt > 0 ? -1.0 : 1.0
    let (lower, upper) = (found.lower.solved, found.upper.solved)
    #expect(lower < well && upper > well && lower * well > 0 && upper * well > 0, "\(found)")
    // Without a ticket trades go to the edges.
    if fixed > 0 { #expect(found.targets.lower >= lower && found.targets.upper <= upper, "\(found)") }
  }
}

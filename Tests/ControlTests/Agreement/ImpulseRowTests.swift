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
    let groups = count / LineGroup.scalarCount
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 3 * groups) { groupMemory in
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
      for index in 0..<count {
        let expected = min(values[index], general[index])
        #expect(abs(plain[index] - expected) < 1e-12, "inventory \(holdings[index])")
      }
      let targets = found.targets
      #expect(found.lower.solved < targets.lower && targets.upper < found.upper.solved, "\(found)")
    }
  }
}

import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What reads rows eight numbers or sixty-four lines at a time, against the same one by one.
@Suite struct RowKernelTests {
  /// A row of random runs of set and clear bits: from every line, in both directions.
  @Test(arguments: [16, 64, 112, 208]) func bitsAgreeWithAWalk(_ count: Int) {
    var random = RandomNumbers(seed: count)
    var flags: [Bool] = []
    while flags.count < count {
      let run = random.integer(1...40)
      flags += Array(repeating: flags.last.map { !$0 } ?? false, count: min(run, count - flags.count))
    }
    var words = [UInt64](repeating: 0, count: LineBits.wordCount(lines: count))
    for line in 0..<count where flags[line] { words[line / 64] |= 1 << UInt64(line % 64) }
    words.withUnsafeMutableBufferPointer { memory in
      let bits = LineBits(memory.baseAddress!, count: count)
      for direction in [-1, 1] {
        for line in 0..<count {
          var walked = line + direction
          while flags.indices.contains(walked), flags[walked] { walked += direction }
          #expect(bits.clear(beyond: line, direction: direction) == walked, "from \(line) by \(direction)")
        }
      }
      #expect(bits.end(last: false) == flags.firstIndex(of: true))
      #expect(bits.end(last: true) == flags.lastIndex(of: true))
    }
  }

  /// Distances `a u² + b u³` at u = t, t + 1, t + 2 from an edge t spacings beyond the last node: the edge is found, to what
  /// Newton's last step leaves, and the same whether alone or among others.
  @Test func tangentEdgesAreFound() {
    let reader = EdgeReader(origin: 3, spacing: 0.5, count: 40, isTangent: true)
    var edges: [Edge] = []
    var expected: [Double] = []
    for index in 0..<37 {
      let t = 0.1 + 0.06 * Double(index % 13)
      let (a, b) = (1 + 0.3 * Double(index % 5), 0.02 * Double(index % 7))
      let direction = index % 2 == 0 ? 1 : -1
      let last = 20
      edges.append(
        reader.found(at: last, direction: direction) { node in
          let u = t + Double((last - node) * direction)
          return u * u * (a + b * u)
        })
      expected.append(3 + 0.5 * (Double(last) + Double(direction) * t))
    }
    let alone = edges.map(\.solved)
    edges.withUnsafeMutableBufferPointer { Edge.close($0) }
    for (index, edge) in edges.enumerated() {
      #expect(edge.position == alone[index])
      #expect(abs(edge.position - expected[index]) < 1e-5, "\(edge.position), \(expected[index])")
    }
  }
}

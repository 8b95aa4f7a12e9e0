import TestKit
import Testing
import VectorMath

@testable import Simulation

/// The envelope of trades against the definition.
@Suite struct TradeEnvelopeTests {
  /// Every line against every other; numbers and costs are random, the seed is the argument.
  @Test(arguments: 0..<40) func isTheLeastOverAllTrades(_ seed: Int) {
    var random = RandomNumbers(seed: seed)
    let width = Lanes.scalarCount
    let vectors = 1 + seed % 5
    let count = vectors * width
    let (buy, sell) = (random.uniform() * 0.3, seed % 3 == 0 ? 0 : random.uniform() * 0.3)
    let values = (0..<count).map { _ in random.uniform() * 4 - 2 }
    let lanes = UnsafeMutablePointer<Lanes>.allocate(capacity: vectors)
    defer { lanes.deallocate() }
    for vector in 0..<vectors {
      var own = Lanes()
      for lane in 0..<width { own[lane] = values[vector * width + lane] }
      lanes[vector] = own
    }
    TradeEnvelope.sweep(lanes, count: vectors, buy: buy, sell: sell)
    for line in 0..<count {
      var least = Double.infinity
      for other in 0..<count {
        let cost = other >= line ? buy * Double(other - line) : sell * Double(line - other)
        least = min(least, values[other] + cost)
      }
      #expect(abs(lanes[line / width][line % width] - least) < 1e-12)
    }
  }
}

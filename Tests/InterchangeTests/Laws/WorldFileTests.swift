import Formulation
import Simulation
import Testing

@testable import Interchange

/// World files: what is read, and what is refused where.
@Suite struct WorldFileTests {
  static let heston = """
    { schema: "deadband.world/1", name: "leverage",
      heston: { initialVariance: 0.3, reversion: 4, longRunVariance: "40%", volatilityOfVariance: 1.5,
                correlation: -0.4, drift: 0.05, longestStep: "30min" } }
    """

  @Test func hestonIsRead() throws {
    let file = try WorldFile(bytes: Array(Self.heston.utf8))
    #expect(file.name == "leverage")
    #expect(
      file.world
        == .heston(
          HestonWorld(
            initialVariance: 0.3, reversion: 4, longRunVariance: 0.4, volatilityOfVariance: 1.5, correlation: -0.4,
            drift: 0.05, longestStep: 1800)))
  }

  private static let prices = """
    date,close,other
    2020-01-01,100,1
    2020-01-02,110,1
    2020-01-03,99,1
    2020-01-04,99,1
    2020-01-05,120,1
    """

  private func bootstrap(_ extra: String, prices: String = WorldFileTests.prices) throws -> WorldFile {
    let scratch = try Scratch()
    try AtomicFile.write(prices, to: scratch.path("p.csv"))
    let text = """
      { schema: "deadband.world/1", name: "history", bootstrap: { prices: "p.csv"\(extra) } }
      """
    try AtomicFile.write(text, to: scratch.path("w.json5"))
    return try WorldFile(path: scratch.path("w.json5"))
  }

  @Test func historyIsRead() throws {
    let file = try bootstrap("")
    guard case .bootstrap(let world) = file.world else { throw ModelFileError.unreadable(file: "", reason: "") }
    #expect(world.interval == .seconds(86_400))
    #expect(world.returns.count == 4 && world.returns[2] == 0)
    #expect(abs(world.returns.reduce(0, +) - 0.1823215567939546) < 1e-15)
    #expect(world.blockLength == nil && world.drift == nil && world.halfLife == BootstrapWorld.standardHalfLife)
    #expect(file.history?.holes == 0 && file.references.map(\.name) == ["p.csv"])
    let set = try bootstrap(", clock: \"tradingDays\", blockLength: 3, halfLife: 5, drift: 0.1")
    guard case .bootstrap(let other) = set.world else { throw ModelFileError.unreadable(file: "", reason: "") }
    #expect(other.interval == .perYear(252) && other.blockLength == 3 && other.halfLife == 5 && other.drift == 0.1)
  }

  /// A return over a missing bar is left out; a file of them belongs to another clock.
  @Test func holes() throws {
    var rows = (1...25).map { "2020-01-\($0 < 10 ? "0" : "")\($0),\(100 + $0 % 3)" }
    rows.remove(at: 9)
    let one = try bootstrap("", prices: (["date,close"] + rows).joined(separator: "\n"))
    #expect(one.history?.holes == 1 && one.history?.returns == 22)
    rows = rows.enumerated().filter { $0.offset % 4 != 3 }.map(\.element)
    #expect {
      try bootstrap("", prices: (["date,close"] + rows).joined(separator: "\n"))
    } throws: { error in
      guard case ModelFileError.historyWithHoles(let position, "bootstrap.prices", let holes, _) = error else {
        return false
      }
      return position.line == 1 && holes > 4
    }
  }

  @Test(arguments: [
    ("reversion: 4", "reversionn: 4", "heston", "reversion", 2),
    ("correlation", "corelation", "heston", "correlation", 3),
  ])
  func misspelledKeys(key: String, typo: String, path: String, expected: String, line: Int) throws {
    let text = Self.heston.replacing(key, with: typo)
    #expect {
      try WorldFile(bytes: Array(text.utf8))
    } throws: { error in
      guard case ModelFileError.missingKey(let position, path, expected, let similar?) = error else { return false }
      return position.line == 2 && similar.position.line == line && typo.hasPrefix(similar.key)
    }
  }

  @Test(arguments: [
    ("drift: 0.05", "dirft: 0.05", "drift"), ("longestStep: \"30min\"", "longestStop: 3", "longestStep"),
  ])
  func unknownKeys(key: String, typo: String, meant: String) throws {
    #expect {
      try WorldFile(bytes: Array(Self.heston.replacing(key, with: typo).utf8))
    } throws: { error in
      guard case ModelFileError.unknownKey(let position, "heston", _, _, let suggestion) = error else { return false }
      return position.line == 3 && suggestion == meant
    }
  }

  /// A length in words is told that it may be a word or a number.
  @Test func wordOrNumber() throws {
    for (text, expected) in [("blockLength: '10d'", TextFormat.autoOrBlockLength), ("drift: 'none'", .historyOrDrift)] {
      #expect {
        try bootstrap(", " + text, prices: "date,close\n2020-01-01,1\n2020-01-02,2\n")
      } throws: { error in
        guard case ModelFileError.malformed(_, _, _, expected) = error else { return false }
        return true
      }
    }
  }

  @Test(arguments: [
    ("correlation: -0.4", "correlation: -1.4", "heston.correlation"),
    ("reversion: 4", "reversion: 0", "heston.reversion"),
    ("initialVariance: 0.3", "initialVariance: -0.1", "heston.initialVariance"),
  ])
  func ranges(value: String, wrong: String, path: String) throws {
    #expect {
      try WorldFile(bytes: Array(Self.heston.replacing(value, with: wrong).utf8))
    } throws: { error in
      guard case ModelFileError.outOfRange(_, path, _, _) = error else { return false }
      return true
    }
  }

  @Test func exactlyOneWorld() throws {
    for text in ["", ", heston: {}, bootstrap: {}"] {
      #expect {
        try WorldFile(bytes: Array("{ schema: \"deadband.world/1\", name: \"none\"\(text) }".utf8))
      } throws: { error in
        guard case ModelFileError.wrongCount(_, _, let found, 1...1) = error else { return false }
        return found == (text.isEmpty ? 0 : 2)
      }
    }
    #expect {
      try WorldFile(bytes: Array(Self.heston.replacing("world/1", with: "model/1").utf8))
    } throws: { error in
      guard case ModelFileError.unknownChoice = error else { return false }
      return true
    }
  }
}

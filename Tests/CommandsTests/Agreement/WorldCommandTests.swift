import Foundation
import Testing

@testable import Commands

/// `simulate --world` from the command line.
@Suite(.serialized) struct WorldCommandTests {
  struct Number: Decodable { let mean, standardError: Double }
  struct Policy: Decodable {
    let policy: String
    let criterion, gammaRisk, gammaThetaProfit, trades: Number
  }
  struct WorldAnswer: Decodable {
    let kind, regimeSeen, name: String
    let drift: Double
    let returns: Int?
  }
  struct Answer: Decodable {
    let checkEvery: Double
    let world: WorldAnswer
    let policies: [Policy]
  }

  private static let heston = """
    { schema: "deadband.world/1", name: "wild",
      heston: { initialVariance: 0.3025, reversion: 8, longRunVariance: 0.5, volatilityOfVariance: 2, correlation: -0.5 } }
    """

  private static let history = """
    { schema: "deadband.world/1", name: "hourly", bootstrap: { prices: "p.csv", blockLength: 24, drift: 0 } }
    """

  /// Hourly prices of a quiet and a wild half.
  private static let prices: String = {
    var price = 3900.0
    let rows = (0..<480).map { hour in
      price *= exp((hour < 240 ? 0.004 : 0.015) * sin(Double(hour * hour % 97)))
      return "\(1_704_067_200 + 3600 * hour),\(price)"
    }
    return (["unix,close"] + rows).joined(separator: "\n")
  }()

  private func run(
    _ world: String, model: String = smallVault, _ arguments: [String] = ["--json"]
  ) throws -> (status: Commands.ExitStatus, record: RecordingConsole) {
    try withTemporaryFolder { folder in
      try model.write(toFile: folder + "/vault.json5", atomically: true, encoding: .utf8)
      try world.write(toFile: folder + "/world.json5", atomically: true, encoding: .utf8)
      try Self.prices.write(toFile: folder + "/p.csv", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      let status = record.run(
        [
          "simulate", folder + "/vault.json5", "--world", folder + "/world.json5", "--paths", "1024", "--policy",
          "optimal",
          "--policy", "never",
        ] + arguments)
      return (status, record)
    }
  }

  @Test func hestonWorld() throws {
    let (status, record) = try run(Self.heston)
    #expect(status == .done, "\(record.words)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
    #expect(answer.world.kind == "heston" && answer.world.regimeSeen == "nearestCurrentVariance")
    #expect(answer.world.drift == 0)
    #expect(answer.policies.map(\.policy) == ["optimal", "never"])
    // Trading pays in this world too.
    #expect(answer.policies[0].criterion.mean < answer.policies[1].criterion.mean)
    let (_, screen) = try run(Self.heston, [])
    #expect(screen.output.contains("Another world: wild"))
    #expect(screen.output.contains("nearest the current variance"))
  }

  /// Looks are the history's own where the model leaves them open.
  @Test func bootstrapWorld() throws {
    let (status, record) = try run(Self.history)
    #expect(status == .done, "\(record.words)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(record.output.utf8))
    #expect(answer.checkEvery == 3600)
    #expect(answer.world.kind == "bootstrap" && answer.world.returns == 479)
    #expect(answer.policies[0].criterion.mean < answer.policies[1].criterion.mean)
    let (_, one) = try run(Self.history, ["--json", "--threads", "1"])
    let (_, three) = try run(Self.history, ["--json", "--threads", "3"])
    #expect(one.output == three.output && one.output == record.output)
  }

  /// Looks between the history's prices would be invented.
  @Test func looksOffTheHistory() throws {
    let model = smallVault.replacing("costs:", with: "execution: { checkEvery: \"90min\" }, costs:")
    let (status, record) = try run(Self.history, model: model)
    #expect(status == .badData)
    #expect(record.words.contains("whole multiples of the history's interval"), "\(record.words)")
    #expect(record.output.isEmpty)
  }

  @Test func misspelled() throws {
    let (status, record) = try run(
      Self.heston.replacing("drift", with: "x").replacing("-0.5 }", with: "-0.5, dirft: 0 }"))
    #expect(status == .badData)
    #expect(record.words.contains("world.json5:2:"), "\(record.words)")
    #expect(record.words.contains("drift"), "\(record.words)")
  }
}

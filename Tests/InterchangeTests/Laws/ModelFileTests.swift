import Calibration
import Formulation
import Foundation
import Interchange
import Testing

/// What a model file says is what the problem holds.
@Suite("Model files")
struct ModelFileTests {
  @Test("the problem that the text states")
  func problem() throws {
    let model = try ModelFile(bytes: Array(ModelText.text.utf8))
    guard case .optionBook(let problem) = model.problem else {
      Issue.record("not an option book")
      return
    }
    let environment = try EnvironmentChain(
      regimes: [
        Formulation.Regime(name: "calm", volatility: 0.55, impliedVolatility: 0.70),
        Formulation.Regime(name: "stressed", volatility: 1.2, impliedVolatility: 1.05),
      ], generator: Generator([[-6, 6], [24, -24]]))
    let expiry = try #require(Instant("2021-10-29T08:00:00Z"))
    let expected = try OptionBookProblem(
      name: "small", valuation: try #require(Instant("2021-10-21T08:00:00Z")),
      market: Market(underlying: "BTC", quote: "USD", spot: 63_000, rate: 0, environment: environment),
      positions: [
        Position(
          name: "BTC-29OCT21-70000-C", instrument: .option(kind: .call, strike: 70_000, expiry: expiry), quantity: -50),
        Position(
          name: "put 56000.0 2021-10-29T08:00:00Z", instrument: .option(kind: .put, strike: 56_000, expiry: expiry),
          quantity: -50, impliedVolatilities: [0.8, 1.1]),
      ],
      costs: [
        TradeCost(fixed: 1, proportionalBuy: 0.0005, proportionalSell: 0.0005),
        TradeCost(fixed: 2, proportionalBuy: 0.0005, proportionalSell: 0.0005),
      ],
      execution: Execution(checkEvery: 60, lot: 0.001), preference: .quadratic(riskAversion: 1e-5))
    #expect(problem == expected)
  }

  @Test("the digest depends on the problem and not on its spelling")
  func digest() throws {
    let digest = try ModelFile(bytes: Array(ModelText.text.utf8)).problemDigest
    // Computed once from this text: a change of the encoding changes what results are compared by.
    #expect(digest == Self.digestOfText)
    for (part, other) in [
      ("{ basisPoints: 5 }", "'0.05%'"), ("checkEvery: '60s'", "checkEvery: '1min'"), ("  settlement: 'cash',\n", ""),
      ("volatility: 0.55", "volatility: '55 %'"), ("amount: [1, 2]", "amount: [1.0, 2]"),
    ] {
      #expect(try ModelFile(bytes: ModelText.replacing(part, with: other)).problemDigest == digest, "\(other)")
    }
    for (part, other) in [
      ("{ basisPoints: 5 }", "'0.06%'"), ("'60s'", "'61s'"), ("'cash'", "'none'"),
      ("volatility: 0.55", "volatility: 0.56"),
      ("-50 }", "-51 }"), ("[0.8, 1.1]", "[0.8, 1.2]"), ("63000", "63001"), ("[-6, 6]", "[-5, 5]"),
    ] {
      #expect(try ModelFile(bytes: ModelText.replacing(part, with: other)).problemDigest != digest, "\(other)")
    }
  }

  static let digestOfText = "sha256:29ecb6a10bad9b9fb6ec54707eda9032807d4deb5642976a2afea2b5fbb5553d"

  @Test("an override gives the problem that the edited text gives")
  func override() throws {
    let set = try ModelFile(bytes: Array(ModelText.text.utf8), overrides: ["market.regimes[1].volatility=1.3"])
    let edited = try ModelFile(bytes: ModelText.replacing("volatility: 1.20", with: "volatility: 1.3"))
    #expect(set.problem == edited.problem)
    #expect(set.overrides == ["market.regimes[1].volatility=1.3"])
    #expect(set.sha256 != edited.sha256)
  }

  @Test("market file: what is written is what is read, and what a model takes from it")
  func marketFile() throws {
    let model = try ModelFile(path: ModelText.shippedFolder + "/spy-short-strangle.json5")
    let market = try #require(model.market)
    let text = try market.text()
    #expect(try MarketCalibration(parsing: Array(text.utf8)) == market)
    // The day of the valuation had not closed: nothing of it may be known.
    #expect(market.sample.to.text == "2022-07-14T00:00:00Z")
    let scratch = try Scratch()
    try AtomicFile.write(text, to: scratch.path("market.json5"))
    let source = String(
      decoding: ModelText.replacing(
        "    switching: { perYear: [[-6, 6], [24, -24]] },\n", with: ""), as: UTF8.self)
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let edited = (lines[..<5] + ["regimes: { calibrated: 'market.json5' },"] + lines[9...])
      .joined(separator: "\n").replacing("quantity: -50 }", with: "quantity: -50, impliedVolatility: 0.8 }")
    try AtomicFile.write(edited, to: scratch.path("model.json5"))
    let read = try ModelFile(path: scratch.path("model.json5"))
    guard case .optionBook(let problem) = read.problem else { return }
    #expect(problem.environment.regimes.map(\.volatility) == market.regimes.map(\.volatility.value))
    #expect(problem.environment.regimes.map(\.drift) == [0, 0])
    #expect(problem.market.currentRegime == market.currentRegime)
    #expect(read.references.map(\.name) == ["market.json5"])
  }
}

/// The models that are shipped decode.
@Suite("Shipped models")
struct ShippedModelTests {
  @Test("every model of the folder")
  func decode() throws {
    let names = try #require(try? files()).filter { $0.hasSuffix(".json5") }
    #expect(names.count >= 4)
    for name in names {
      do throws(ModelFileError) {
        let model = try ModelFile(path: ModelText.shippedFolder + "/" + name)
        #expect(model.name + ".json5" == name)
      } catch { Issue.record("\(name): \(error)") }
    }
  }

  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: ModelText.shippedFolder).sorted()
  }
}

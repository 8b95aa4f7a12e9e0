import Calibration
import Control
import Formulation
import Glibc
import Interchange
import Testing

/// Every refusal of a model file as the literal error, with its line and column counted by hand in `ModelText`.
@Suite("Refusals of model files")
struct ModelFileRefusalTests {
  private static func at(_ line: Int, _ column: Int) -> SourcePosition { SourcePosition(line: line, column: column) }

  private static func refusal(_ part: String, _ other: String) -> ModelFileError? {
    do throws(ModelFileError) {
      _ = try ModelFile(bytes: ModelText.replacing(part, with: other))
      return nil
    } catch { return error }
  }

  private static let market = [
    "underlying", "quote", "spot", "rate", "regimes", "switching", "factors", "currentRegime",
  ]

  @Test("the text itself is accepted")
  func accepted() throws {
    _ = try ModelFile(bytes: Array(ModelText.text.utf8))
  }

  @Test("a file that is not there")
  func missingFile() {
    #expect(
      throws: ModelFileError.unreadable(file: "no-such.json5", reason: "No such file or directory")
    ) { try ModelFile(path: "no-such.json5") }
    #expect(
      Self.refusal("book: [", "book: { file: 'none.csv' }, old: [")
        == .unreadableReference(
          position: Self.at(12, 17), path: "book.file", file: "none.csv", reason: "No such file or directory"))
  }

  @Test("a misspelt key, with what was probably meant")
  func misspeltKey() {
    #expect(
      Self.refusal("spot: 63000, rate", "spot: 63000, rte")
        == .unknownKey(
          position: Self.at(5, 51), path: "market", key: "rte", allowed: Self.market, suggestion: "rate"))
    #expect(
      Self.refusal("quantity: -50 }", "quantitty: -50 }")
        == .missingKey(
          position: Self.at(13, 5), path: "book[0]", key: "quantity",
          similar: SimilarKey(key: "quantitty", position: Self.at(13, 42))))
  }

  @Test("spots that the grid does not reach, and grids that the solver does not take, before any work")
  func grid() throws {
    guard case .optionBook(let problem) = try ModelFile(bytes: Array(ModelText.text.utf8)).problem else {
      Issue.record("not an option book")
      return
    }
    let nodes = try FiniteHorizonGrid(problem: problem, settings: GridSettings()).logSpots
    #expect(
      Self.refusal("settlement: 'cash',", "settlement: 'cash', outputs: { spots: [63000, 1] },")
        == .spotOutsideGrid(
          position: Self.at(19, 49), path: "outputs.spots[1]", spot: 1, lowest: exp(nodes[0]),
          highest: exp(nodes[nodes.count - 1])))
    // The ends themselves belong to the grid.
    for node in [nodes[0] + 1e-9, nodes[nodes.count - 1] - 1e-9] {
      #expect(Self.refusal("settlement: 'cash',", "settlement: 'cash', outputs: { spots: [\(exp(node))] },") == nil)
    }
    #expect(
      Self.refusal("settlement: 'cash',", "settlement: 'cash', grid: { spots: 5 },")
        == .grid(
          position: Self.at(19, 38), error: .gridSetting(name: "grid.spots", value: 5, allowed: "20 to 20000")))
    #expect(
      Self.refusal("settlement: 'cash',", "settlement: 'cash', grid: { deviations: 1 },")
        == .grid(
          position: Self.at(19, 43), error: .gridSetting(name: "grid.deviations", value: 1, allowed: "2 to 12")))
  }

  @Test("a forward that is none is a missing instrument")
  func forwardFalse() {
    #expect(
      Self.refusal("instrument: 'BTC-29OCT21-70000-C', quantity: -50", "forward: false, quantity: -50")
        == .missingKey(position: Self.at(13, 5), path: "book[0]", key: "instrument", similar: nil))
  }

  @Test("a unit of another dimension")
  func wrongUnit() {
    #expect(
      Self.refusal("'60s'", "'60 bps'")
        == .wrongUnit(
          position: Self.at(17, 28), path: "execution.checkEvery", found: "bps",
          allowed: ["ms", "s", "min", "h", "d", "y"]))
    #expect(
      Self.refusal("basisPoints: 5 ", "basisPoints: '5 s' ")
        == .wrongUnit(
          position: Self.at(16, 42), path: "costs[0].proportional.basisPoints", found: "s", allowed: ["bps", "%"]))
  }

  @Test("numbers out of range")
  func ranges() {
    #expect(
      Self.refusal("volatility: 0.55", "volatility: -0.55")
        == .formulation(
          position: Self.at(7, 35),
          error: .outOfRange(
            field: "market.regimes[0].volatility", value: -0.55, allowed: "> 0 and ≤ 20 (a fraction per √year)")))
    #expect(
      Self.refusal("spot: 63000", "spot: 0")
        == .formulation(
          position: Self.at(5, 44), error: .outOfRange(field: "market.spot", value: 0, allowed: "1e-15 to 1e15")))
    #expect(
      Self.refusal("spot: 63000", "spot: NaN")
        == .outOfRange(position: Self.at(5, 44), path: "market.spot", found: "NaN", allowed: .finite))
    #expect(
      Self.refusal("basisPoints: 5 ", "basisPoints: -5 ")
        == .outOfRange(
          position: Self.at(16, 42), path: "costs[0].proportional.basisPoints", found: "-5",
          allowed: NumberRange(lower: 0, upper: 10_000, includesLower: true, includesUpper: false)))
    // The range is in the unit that is written.
    #expect(
      Self.refusal("basisPoints: 5 ", "basisPoints: '200 %' ")
        == .outOfRange(
          position: Self.at(16, 42), path: "costs[0].proportional.basisPoints", found: "200 %",
          allowed: NumberRange(lower: 0, upper: 100, includesLower: true, includesUpper: false)))
    #expect(
      Self.refusal("riskAversion: 1e-5", "riskAversion: 0")
        == .formulation(
          position: Self.at(18, 44),
          error: .outOfRange(field: "preference.quadratic.riskAversion", value: 0, allowed: "1e-30 to 1e30 [1/quote]")))
  }

  @Test("generator rows that do not sum to zero")
  func rowSum() {
    #expect(
      Self.refusal("[24, -24]", "[24, -23]")
        == .formulation(
          position: Self.at(10, 37), error: .rowSum(field: "market.switching.perYear[1]", row: 1, sum: 1)))
  }

  @Test("expired options, by name and spelt out")
  func expired() {
    #expect(
      Self.refusal("BTC-29OCT21-70000-C", "BTC-15OCT21-70000-C")
        == .formulation(
          position: Self.at(13, 19),
          error: .expired(
            field: "book[0].instrument", instrument: "BTC-15OCT21-70000-C", expiry: "2021-10-15T08:00:00Z",
            valuation: "2021-10-21T08:00:00Z")))
    #expect(
      Self.refusal("'2021-10-29T08:00:00Z'", "'2021-10-21T08:00:00Z'")
        == .formulation(
          position: Self.at(14, 53),
          error: .expired(
            field: "book[1].instrument", instrument: "put 56000.0 2021-10-21T08:00:00Z",
            expiry: "2021-10-21T08:00:00Z", valuation: "2021-10-21T08:00:00Z")))
  }

  @Test("names: regime, underlying, instrument")
  func names() {
    #expect(
      Self.refusal("rate: 0.0,", "currentRegime: 'panic',")
        == .formulation(
          position: Self.at(5, 66),
          error: .unknownName(field: "market.currentRegime", name: "panic", allowed: ["calm", "stressed"])))
    #expect(
      Self.refusal("BTC-29OCT21-70000-C", "ETH-29OCT21-70000-C")
        == .formulation(
          position: Self.at(13, 19),
          error: .underlying(
            field: "book[0].instrument", instrument: "ETH-29OCT21-70000-C", found: "ETH", expected: "BTC")))
    #expect(
      Self.refusal("BTC-29OCT21-70000-C", "BTC-29OKT21-70000-C")
        == .formulation(
          position: Self.at(13, 19),
          error: .instrumentName(
            field: "book[0].instrument", name: "BTC-29OKT21-70000-C", expected: Instrument.nameShape)))
    #expect(
      Self.refusal("'small'", "'../small'")
        == .malformed(position: Self.at(2, 37), path: "name", found: "../small", expected: .fileName))
    #expect(
      Self.refusal("'cash'", "'cahs'")
        == .unknownChoice(
          position: Self.at(19, 15), path: "settlement", found: "cahs", allowed: ["none", "cash", "physical"],
          suggestion: "cash"))
  }

  @Test("what the schema knows and this version does not solve", arguments: unsolved)
  func notSolved(_ row: Unsolved) {
    #expect(
      Self.refusal(row.part, row.other)
        == .notSolved(position: Self.at(row.line, row.column), path: row.path, feature: row.feature), "\(row)")
  }

  struct Unsolved: Sendable {
    let part: String
    let other: String
    let line: Int
    let column: Int
    let path: String
    let feature: UnsolvedFeature

    init(_ part: String, _ other: String, _ line: Int, _ column: Int, _ path: String, _ feature: UnsolvedFeature) {
      (self.part, self.other, self.line, self.column) = (part, other, line, column)
      (self.path, self.feature) = (path, feature)
    }
  }

  static let unsolved = [
    Unsolved("'optionBook'", "'lpRange'", 2, 52, "kind", .kind("lpRange"))
  ]

  @Test("a bad price keeps its line and column in the price file")
  func calibration() throws {
    let scratch = try Scratch()
    let model = String(
      decoding: ModelText.replacing(
        "    regimes: [", with: "    regimes: { calibrate: { prices: 'p.csv', regimes: 2 } }, unread: ["), as: UTF8.self
    )
    try AtomicFile.write(model, to: scratch.path("m.json5"))
    try AtomicFile.write("date,close\n2020-01-01,1\n2020-01-02,-3\n", to: scratch.path("p.csv"))
    #expect(
      throws: ModelFileError.calibration(
        position: SourcePosition(source: .file(scratch.path("p.csv")), line: 3, column: 12),
        path: "market.regimes.calibrate",
        error: .priceNotPositive(at: FilePosition(line: 3, column: 12), value: -3))
    ) { try ModelFile(path: scratch.path("m.json5")) }
  }

  @Test("a leg from a table keeps its line in the table")
  func table() throws {
    let scratch = try Scratch()
    let model = String(
      decoding: ModelText.replacing("book: [", with: "book: { file: 'b.csv' }, unread: ["), as: UTF8.self)
    try AtomicFile.write(model, to: scratch.path("m.json5"))
    try AtomicFile.write("quantity,instrument\n1,ETH-29OCT21-70000-C\n", to: scratch.path("b.csv"))
    #expect(
      throws: ModelFileError.formulation(
        position: SourcePosition(source: .file(scratch.path("b.csv")), line: 2, column: 3),
        error: .underlying(
          field: "book[0].instrument", instrument: "ETH-29OCT21-70000-C", found: "ETH", expected: "BTC"))
    ) { try ModelFile(path: scratch.path("m.json5")) }
  }
}

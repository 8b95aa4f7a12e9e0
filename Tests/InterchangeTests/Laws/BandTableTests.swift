import Formulation
import Testing

@testable import Interchange

/// Tables of bands: what is read is what was meant, and what cannot be meant is refused with its place.
@Suite struct BandTableTests {
  static let valuation = Instant("2024-03-08T08:00:00Z")!

  private func problem(
    regimes: [String] = ["calm", "stressed"], convention: DeltaConvention = .blackScholes
  ) throws -> OptionBookProblem {
    let generator = regimes.count == 1 ? Generator.frozen(count: 1) : try Generator([[-8, 8], [36, -36]])
    return try OptionBookProblem(
      name: "vault", valuation: Self.valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: try EnvironmentChain(
          regimes: regimes.map { Regime(name: $0, volatility: 0.5) }, generator: generator)),
      positions: [
        Position(
          name: "call",
          instrument: .option(kind: .call, strike: 100, expiry: Self.valuation.adding(seconds: 7 * 86_400)),
          quantity: -1, impliedVolatilities: [0.6])
      ], costs: regimes.map { _ in .proportional(0.001) }, preference: .quadratic(riskAversion: 0.1),
      convention: convention)
  }

  private func read(_ text: String, _ problem: OptionBookProblem) throws -> BandTable {
    try BandTable(parsing: Array(text.utf8), source: .file("b.csv"), for: problem)
  }

  /// Any table survives being written, row by row in any order, and read.
  @Test func readsWhatIsWritten() throws {
    let problem = try problem()
    let times: [Double] = [0, 86_400, 259_200]
    let spots = [80.0, 100, 125]
    var rows: [String] = []
    var bands: [Band] = []
    for (t, seconds) in times.enumerated() {
      for regime in 0..<2 {
        for (s, spot) in spots.enumerated() {
          let half = 0.05 + 0.01 * Double(t) + 0.02 * Double(regime) + 0.003 * Double(s)
          var band = Band(lower: -half, upper: 2 * half, targetLower: -0.5 * half, targetUpper: half)
          if regime == 1, s == 2 { (band.upper, band.targetUpper) = (.infinity, .infinity) }
          bands.append(band)
          let upper = band.upper.isFinite ? "\(band.upper)" : ""
          let target = band.targetUpper.isFinite ? "\(band.targetUpper)" : ""
          rows.append(
            "\(spot),\(band.lower),\(upper),\(band.targetLower),\(target),\(["calm", "stressed"][regime]),\(7 * 86_400 - seconds)"
          )
        }
      }
    }
    let header = "spot,lower,upper,targetLower,targetUpper,regime,time"
    let found = try read(([header] + rows.reversed()).joined(separator: "\n"), problem)
    #expect(found.isInHolding == false)
    #expect(found.table.bands == bands)
    for (time, seconds) in zip(found.table.times, times) { #expect(abs(time * 365 * 86_400 - seconds) < 1e-6) }
  }

  /// Instants say what seconds to the horizon say; one regime needs no column; the header says that bands are inventories.
  @Test func instantsAndInventories() throws {
    let one = try problem(regimes: ["only"])
    let rest = "spot,holding.lower,holding.upper,holding.targetLower,holding.targetUpper\n"
    let seconds = try read("time,\(rest)518400,100,0.4,0.6,0.45,0.55", one)
    let instant = try read("time,\(rest)2024-03-09T08:00:00Z,100,0.4,0.6,0.45,0.55", one)
    #expect(seconds.isInHolding && instant.isInHolding)
    #expect(abs(seconds.table.times[0] - instant.table.times[0]) < 1e-12)
    #expect(seconds.table.bands == [Band(lower: 0.4, upper: 0.6, targetLower: 0.45, targetUpper: 0.55)])
  }

  /// Net delta is in the model's convention: emitted again it is what was read.
  @Test func conventions() throws {
    let problem = try problem(regimes: ["only"], convention: .premiumAdjusted)
    let found = try read("time,spot,lower,upper,targetLower,targetUpper\n86400,100,-0.1,0.2,-0.05,0.1", problem)
    let again = problem.emitted(found.table.bands[0], time: found.table.times[0], spot: 100, regime: 0)
    #expect(
      abs(again.lower + 0.1) < 1e-12 && abs(again.upper - 0.2) < 1e-12 && abs(found.table.bands[0].lower + 0.1) > 1e-3)
  }

  static let header = "regime,time,spot,lower,upper,targetLower,targetUpper\n"
  static let full = "calm,0,100,-1,1,-1,1\nstressed,0,100,-1,1,-1,1\n"

  private func at(_ line: Int, _ column: Int) -> SourcePosition {
    SourcePosition(source: .file("b.csv"), line: line, column: column)
  }

  @Test func refusals() throws {
    let problem = try problem()
    func expect(_ text: String, _ error: ModelFileError) {
      #expect(throws: error, "\(text)") { try self.read(text, problem) }
    }
    expect(
      Self.header + "clam,0,100,-1,1,-1,1\n",
      .unknownChoice(
        position: at(2, 1), path: "[0].regime", found: "clam", allowed: ["calm", "stressed"], suggestion: "calm"))
    expect(
      Self.header.replacing("targetUpper", with: "targetUper") + Self.full,
      .unknownKey(
        position: at(1, 42), path: "", key: "targetUper",
        allowed: ["regime", "time", "spot"]
          + ["", "netDelta.", "holding."].flatMap { prefix in
            ["lower", "upper", "targetLower", "targetUpper"].map { prefix + $0 }
          }, suggestion: "targetUpper"))
    expect(
      Self.header.replacing(",upper", with: ",holding.upper") + Self.full,
      .unknownKey(
        position: at(1, 24), path: "", key: "holding.upper", allowed: ["lower", "upper", "targetLower", "targetUpper"],
        suggestion: "upper"))
    expect(
      "regime,time,spot,lower,upper,targetLower\ncalm,0,100,-1,1,-1\n",
      .missingKey(position: at(1, 18), path: "", key: "targetUpper", similar: nil))
    expect(
      Self.header + Self.full.replacing("stressed,0", with: "stressed,soon"),
      .malformed(position: at(3, 10), path: "[1].time", found: "soon", expected: .secondsOrInstant))
    expect(
      Self.header + Self.full.replacing("stressed,0", with: "stressed,2025-01-01T00:00:00Z"),
      .malformed(position: at(3, 10), path: "[1].time", found: "2025-01-01T00:00:00Z", expected: .instantOfHorizon))
    expect(
      Self.header + Self.full.replacing("stressed,0,100,-1,1,-1,1", with: "stressed,0,100,-1,1,-1,1.5"),
      .outOfRange(position: at(3, 24), path: "[1].targetUpper", found: "1.5", allowed: .closed(-1, 1)))
    expect(
      Self.header + Self.full.replacing("stressed,0,100,-1,1", with: "stressed,0,100,-1,-2"),
      .outOfRange(position: at(3, 19), path: "[1].upper", found: "-2", allowed: .from(-1)))
    expect(
      Self.header + Self.full.replacing("stressed,0,100,-1,1,-1,1", with: "stressed,0,100,-1,1,0.5,0.25"),
      .outOfRange(position: at(3, 25), path: "[1].targetUpper", found: "0.25", allowed: .closed(0.5, 1)))
    expect(Self.header, .syntax(position: at(2, 1), found: .end, expected: .fields(7)))
    expect(
      Self.header + Self.full + "calm,0,100,-2,2,-2,2\n",
      .duplicateKey(position: at(4, 1), path: "", key: "calm, 0.0 s, 100.0", first: at(2, 1)))
    expect(
      Self.header + Self.full + "calm,3600,100,-1,1,-1,1\n",
      .missingNode(position: at(2, 1), regime: "stressed", secondsToHorizon: 3600, spot: 100))
    expect(
      Self.header + "calm,0,100,,1,-1,1\n",
      .malformed(position: at(2, 12), path: "[0].lower", found: "", expected: .notEmpty))
  }
}

import Certification
import Control
import Formulation
import Foundation
import Testing

@testable import Interchange

/// What is emitted is what was solved: the laws that tie the numbers of a parameters file together.
@Suite("Emitted parameters")
struct ParametersTests {
  private static func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .number(let number): number
    case .integer(let integer): Double(integer)
    default: nil
    }
  }

  private static func rows(_ value: JSONValue?) -> [JSONValue] {
    if case .array(let rows)? = value { return rows }
    return []
  }

  @Test("a fixed cost alone: the closed form's edge, cost and time between trades in the file")
  func trackingClosedForm() throws {
    let solved = try Solved.tracking.get()
    #expect(solved.certificate.failures == [])
    let parameters = try Parameters(solved.certificate, model: solved.model, programVersion: "0")
    let regime = Self.rows(parameters.encoded["regimes"])[0]
    let optimal = try #require(regime["classes"]?["optimal"])
    // h⁴ = 6Kη²/λ, target 0, mean time h²/η² (control.md §7), and cost Aη²/2 with A = 2λh²/(3η²), which is λh²/3.
    let (fixed, volatility, running) = (0.5, 2.0, 3.0)
    let half = pow(6 * fixed * volatility * volatility / running, 0.25)
    let tolerance = 1e-6
    for (key, expected) in [("lower", -half), ("upper", half), ("targetLower", 0), ("targetUpper", 0)] {
      let found = try #require(Self.number(optimal["band"]?[key]))
      #expect(abs(found - expected) <= tolerance, "\(key): \(found) against \(expected)")
    }
    let time = try #require(Self.number(optimal["interval"]?["meanBetweenTrades"]))
    #expect(abs(time - half * half / (volatility * volatility)) <= tolerance)
    #expect(optimal["interval"]?["unit"] == "time")
    let cost = try #require(Self.number(optimal["cost"]?["total"]))
    #expect(abs(cost - running * half * half / 3) <= tolerance)
    let trades = try #require(Self.number(optimal["cost"]?["tradesPerYear"]))
    #expect(abs(trades * time - 1) <= tolerance)
    #expect(parameters.encoded["certificate"]?["verdict"] == "certified")
    #expect(parameters.encoded["problemDigest"] == .string(solved.model.problemDigest))
  }

  @Test("option book: holding is band minus the book's delta, parts add up, and both spellings of a spot agree")
  func bookLaws() throws {
    let solved = try Solved.book.get()
    #expect(solved.certificate.failures == [])
    guard case .optionBook(let problem) = solved.model.problem else { return }
    let encoded = try Parameters(solved.certificate, model: solved.model, programVersion: "0").encoded
    let regimes = Self.rows(encoded["regimes"])
    #expect(regimes.count == 2)
    for (e, regime) in regimes.enumerated() {
      let optimal = try #require(regime["classes"]?["optimal"])
      let delta = problem.book.greeks(time: 0, spot: 100, regime: e).delta
      for key in ["lower", "upper", "targetLower", "targetUpper"] {
        let band = try #require(Self.number(optimal["band"]?[key]))
        let holding = try #require(Self.number(optimal["holding"]?[key]))
        #expect(abs(holding - (band - delta)) <= 1e-9, "\(e) \(key): \(holding), \(band), \(delta)")
      }
      let total = try #require(Self.number(regime["value"]?["total"]))
      let trading = try #require(Self.number(regime["value"]?["trading"]))
      let risk = try #require(Self.number(regime["value"]?["risk"]))
      #expect(abs(total - trading - risk) <= 1e-9 * total)
      // Reflection at the edges of a proportional cost: there is no mean time between trades, nor a number of them.
      #expect(optimal["interval"]?["meanBetweenTrades"] == nil && optimal["cost"]?["tradesPerYear"] == nil)
      // Edges looked at every five minutes, too often to be treated one by one, lie inside those watched all the time.
      let inner = try #require(Self.number(optimal["checkedBand"]?["upper"]))
      let outer = try #require(Self.number(optimal["band"]?["upper"]))
      let gamma = problem.book.greeks(time: 0, spot: 100, regime: e).gamma
      let deviation = abs(gamma) * problem.environment.regimes[e].volatility * 100 * (300.0 / 31_536_000).squareRoot()
      #expect(abs(outer - inner - 0.5826 * deviation) <= 1e-4 * deviation)
      // The move takes the net delta exactly to an edge.
      let up = try #require(Self.number(optimal["move"]?["up"]))
      let centre =
        0.5
        * (try #require(Self.number(optimal["band"]?["targetLower"])) + #require(
          Self.number(optimal["band"]?["targetUpper"])))
      let net = centre + problem.book.greeks(time: 0, spot: 100 * (1 + up), regime: e).delta - delta
      let lower = try #require(Self.number(optimal["band"]?["lower"]))
      #expect(min(abs(net - lower), abs(net - outer)) <= 1e-6, "\(net) against \(lower) and \(outer)")
    }
    let spots = Self.rows(encoded["spots"])
    #expect(spots.count == 2)
    let again = Self.rows(spots[1]["regimes"])[0]
    for key in ["lower", "upper"] {
      let here = try #require(Self.number(again["band"]?[key]))
      let there = try #require(Self.number(regimes[0]["classes"]?["optimal"]?["band"]?[key]))
      #expect(abs(here - there) <= 1e-9)
    }
    #expect(encoded["validity"]?["until"] == "2026-02-01T08:00:00Z")
  }

  @Test("decision vectors say what the bands of the table say")
  func decisionVectors() throws {
    let solved = try Solved.book.get()
    let parameters = try Parameters(solved.certificate, model: solved.model, programVersion: "0")
    guard case .optionBook(let answer) = solved.certificate.answer else { return }
    let policy = answer.solution.policy
    let vectors = parameters.decisionVectors
    #expect((200...800).contains(vectors.count), "\(vectors.count)")
    #expect(
      vectors.contains { $0.trade == 0 } && vectors.contains { $0.trade > 0 } && vectors.contains { $0.trade < 0 })
    #expect(Set(vectors.map(\.time)).contains(0) && Set(vectors.map(\.regime)) == [0, 1])
    let year = answer.problem.dayCount.secondsPerYear
    for vector in vectors {
      let time = try #require(policy.times.firstIndex { abs($0 * year - vector.time) < 1e-3 })
      let spot = try #require(policy.logSpots.firstIndex { abs(exp($0) / vector.spot - 1) < 1e-12 })
      let band = policy.band(time: time, regime: vector.regime, spot: spot)
      let delta = answer.problem.book.greeks(
        time: policy.times[time], spot: vector.spot, regime: vector.regime
      ).delta
      let trade = band.trade(at: vector.inventory + delta)
      #expect(abs(trade - vector.trade) <= 1e-9 * answer.problem.book.grossQuantity, "\(vector)")
    }
  }

  @Test("flat inventories are named where they are not zero alone")
  func flatInventories() {
    var band = Band(lower: -1, upper: 1, targetLower: 0, targetUpper: 0)
    func flat(_ places: [Double], held: UInt64) -> JSONValue? {
      band.heldFlats = held
      let table = PolicyTable(
        times: [0], logSpots: [0], regimeCount: 1, bands: [band], flats: FlatInventories(places: places, within: 0.25))
      return BandEncoding.flat(band, in: table, unit: "X")?.value
    }
    #expect(flat([], held: 0) == nil)
    #expect(flat([0], held: 1) == ["holds": true, "within": 0.25, "unit": "X"])
    #expect(flat([-2, 0, 3], held: 5) == ["holds": true, "inventories": [-2.0, 3.0], "within": 0.25, "unit": "X"])
    #expect(flat([-2, 0, 3], held: 0) == ["holds": false, "inventories": [], "within": 0.25, "unit": "X"])
  }

  @Test("trades are rounded to the nearest lot")
  func lots() {
    for (trade, lot, expected) in [
      (0.26, 0.1, 0.3), (-0.26, 0.1, -0.3), (0.04, 0.1, 0), (2.5, 1, 3), (-2.5, 1, -3), (0.123, 0, 0.123),
    ] {
      #expect(abs(Execution(lot: lot).inLots(trade) - expected) < 1e-12, "\(trade) in lots of \(lot)")
    }
  }

  @Test("a refused certificate has no parameters")
  func refused() throws {
    let solved = try Solved.tracking.get()
    let refused = Refusal.of(solved.certificate)
    #expect(throws: ParametersError.refused(refused.failures)) {
      try Parameters(refused, model: solved.model, programVersion: "0")
    }
    let other = try ModelFile(bytes: Array(Solved.trackingText.utf8), overrides: ["costs[0].fixed.amount=0.6"])
    #expect(throws: ParametersError.otherProblem) {
      try Parameters(solved.certificate, model: other, programVersion: "0")
    }
  }
}

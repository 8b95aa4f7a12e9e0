import Calibration
import Certification
import Control
import Formulation
import Interchange
import Simulation
import Testing

@testable import Commands

/// Every error has one sentence: where, what was found, what is allowed, and what may have been meant.
@Suite struct ExplainerTests {
  private static let place = SourcePosition(source: .file("m.json5"), line: 3, column: 7)

  @Test func commandLines() {
    let rows: [(UsageError, String)] = [
      (
        .unknownOption(name: "--x", command: nil, suggestion: nil),
        "“--x” stands before any command; the command comes first"
      ),
      (
        .unknownOption(name: "--jsn", command: .version, suggestion: "--json"),
        "version has no option “--jsn”; its options are --json, --help; did you mean “--json”?"
      ),
      (.missingValue(option: .paths, placeholder: "N"), "--paths: the value is missing; write --paths N"),
      (.unexpectedValue(option: .json, value: "yes"), "--json: takes no value, found “yes”"),
      (.repeatedOption(option: .seed), "--seed: stands twice; give it once"),
      (
        .notAnInteger(option: .threads, found: "two", allowed: 1...8),
        "--threads: found “two”; allowed is a whole number from 1 to 8"
      ),
      (
        .notAnInteger(option: .seed, found: "-1", allowed: 0...Int.max),
        "--seed: found “-1”; allowed is a whole number from 0 to 9223372036854775807"
      ),
      (
        .notAChoice(what: "--regimes", found: "aut", allowed: ["auto"], orInteger: 1...8, suggestion: "auto"),
        "--regimes: found “aut”; allowed is auto or a whole number from 1 to 8; did you mean “auto”?"
      ),
      (
        .notAnAssignment(option: .set, found: "a"),
        "--set: found “a”; allowed is PATH=VALUE, such as market.regimes[0].volatility=0.9"
      ),
      (
        .notATime(option: .from, found: "noon"),
        "--from: found “noon”; allowed is a date or an instant in UTC, such as 2021-10-21 or 2021-10-21T08:00:00Z"
      ),
      (.missingOperand(command: .solve, placeholder: "MODEL"), "solve needs MODEL; see deadband help solve"),
      (.tooManyOperands(command: .check, found: "b", allowed: 1), "check cannot use “b”; it takes at most 1"),
      (.tooManyOperands(command: .version, found: "b", allowed: 0), "version cannot use “b”; it takes no argument"),
      (
        .severalResults(command: .calibrate, inputs: 2),
        "--out: calibrate was given 2 files and one place for the result; with --out give one file"
      ),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error) == sentence) }
  }

  @Test func modelFiles() {
    let place = Self.place
    let rows: [(ModelFileError, String)] = [
      (
        .syntax(position: place, found: .end, expected: .commaOrClosingBrace),
        "m.json5:3:7: found the end of the text; expected a comma or a closing brace"
      ),
      (
        .syntax(position: place, found: .byte(0xFF), expected: .utf8),
        "m.json5:3:7: found the byte 0xFF; expected text in UTF-8"
      ),
      (
        .syntax(position: place, found: .fields(1), expected: .fields(2)),
        "m.json5:3:7: found 1 field; expected 2 fields, as in the header"
      ),
      (
        .duplicateKey(
          position: place, path: "market", key: "spot",
          first: SourcePosition(source: .file("m.json5"), line: 2, column: 5)),
        "m.json5:3:7: “spot” stands twice in “market”; it stands first at line 2, column 5"
      ),
      (
        .missingNode(position: place, regime: "calm", secondsToHorizon: 3600, spot: 100),
        "m.json5:3:7: there is no row for the regime “calm”, 3600 s to the horizon, spot 100; every regime needs every "
          + "time and every spot of the table"
      ),
      (
        .malformed(position: place, path: "[0].time", found: "soon", expected: .secondsOrInstant),
        "m.json5:3:7: [0].time is “soon”; expected seconds to the horizon, or an instant in UTC such as "
          + "2021-10-21T08:00:00Z"
      ),
      (
        .unknownKey(position: place, path: "", key: "nam", allowed: ["name", "kind"], suggestion: "name"),
        "m.json5:3:7: the file has no key “nam”; its keys are name, kind; did you mean “name”?"
      ),
      (
        .missingKey(position: place, path: "market", key: "spot", similar: nil),
        "m.json5:3:7: “market” lacks “spot”; it must be there"
      ),
      (
        .wrongType(position: place, path: "market.spot", found: .string, expected: [.number, .null]),
        "m.json5:3:7: market.spot is a text; allowed is a number or null"
      ),
      (
        .outOfRange(position: place, path: "a", found: "-1", allowed: .positive), "m.json5:3:7: a is -1; allowed is > 0"
      ),
      (
        .outOfRange(position: place, path: "a", found: "2", allowed: .fraction),
        "m.json5:3:7: a is 2; allowed is from 0 to 1"
      ),
      (
        .outOfRange(position: place, path: "a", found: "1e999", allowed: .finite),
        "m.json5:3:7: a is 1e999; allowed is any finite number"
      ),
      (
        .wrongCount(position: place, path: "a", found: 1, allowed: 2...2), "m.json5:3:7: a has 1 entry; allowed is 2"
      ),
      (
        .wrongCount(position: place, path: "a", found: 9, allowed: 1...8),
        "m.json5:3:7: a has 9 entries; allowed is 1 to 8"
      ),
      (
        .wrongUnit(position: place, path: "a", found: "bps", allowed: ["s", "h"]),
        "m.json5:3:7: a is in “bps”; its units are s, h"
      ),
      (
        .unknownChoice(position: place, path: "a", found: "cas", allowed: ["none", "cash"], suggestion: "cash"),
        "m.json5:3:7: a is “cas”; allowed is “none” or “cash”; did you mean “cash”?"
      ),
      (
        .malformed(position: place, path: "a", found: "noon", expected: .timestamp),
        "m.json5:3:7: a is “noon”; expected an instant in UTC such as 2021-10-21T08:00:00Z"
      ),
      (.unreadable(file: "f", reason: "gone"), "f: the file cannot be read; gone"),
      (
        .unreadableReference(position: place, path: "book.file", file: "p.csv", reason: "gone"),
        "m.json5:3:7: book.file names “p.csv”, which cannot be read; gone"
      ),
      (
        .notSolved(position: place, path: "costs[1]", feature: .impactCost),
        "m.json5:3:7: costs[1] asks for price impact; this version does not solve it"
      ),
      (
        .formulation(position: place, error: .outOfRange(field: "market.spot", value: -1, allowed: "> 0")),
        "m.json5:3:7: market.spot is -1; allowed is > 0"
      ),
      // The place of a price is said once.
      (
        .calibration(
          position: SourcePosition(source: .file("p.csv"), line: 9, column: 12), path: "market.regimes.calibrate",
          error: .priceNotPositive(at: FilePosition(line: 9, column: 12), value: 0)),
        "p.csv:9:12: found the price 0; prices are > 0"
      ),
      (
        .calibration(
          position: place, path: "market.regimes.calibrate", error: .tooFewObservations(found: 3, needed: 20)),
        "m.json5:3:7: 3 observations remain; at least 20 are needed"
      ),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error) == sentence) }
  }

  @Test func problems() {
    let rows: [(FormulationError, String)] = [
      (.wrongCount(field: "costs", found: 1, expected: 2), "costs has 1 entry; expected 2"),
      (
        .rowSum(field: "q[0]", row: 0, sum: 0.5),
        "row 0 of the switching rates, q[0], sums to 0.5; rows of a generator sum to 0"
      ),
      (
        .expired(field: "book[0]", instrument: "X", expiry: "2020", valuation: "2021"),
        "book[0]: X expired at 2020; it must expire after the valuation, 2021"
      ),
      (.instrumentName(field: "i", name: "X", expected: "Y"), "i is “X”; expected Y"),
      (
        .underlying(field: "i", instrument: "X-1", found: "X", expected: "Y"),
        "i: X-1 is on X; the market's underlying is Y"
      ),
      (.instant(field: "t", text: "x"), "t is “x”; expected an instant in UTC such as 2021-10-21T08:00:00Z"),
      (
        .unknownName(field: "r", name: "clam", allowed: ["calm", "stressed"]),
        "r is “clam”; allowed is “calm” or “stressed”; did you mean “calm”?"
      ),
      (.duplicateName(field: "r", name: "calm"), "r: the name “calm” stands twice; names must differ"),
      (
        .missingImpliedVolatility(field: "b", instrument: "X"),
        "b: X has no implied volatility; give impliedVolatility to the instrument or to every regime"
      ),
      (.unsupported(field: "horizon", what: "no"), "horizon: no"),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error) == sentence) }
  }

  @Test func prices() {
    let at = FilePosition(line: 4, column: 2)
    let rows: [(CalibrationError, String)] = [
      (.unreadable(path: "p.csv", code: 2), "p.csv: the file cannot be read; No such file or directory"),
      (.emptyFile, "p.csv: holds no row of prices; expected a header and at least two rows"),
      (
        .missingColumn(wanted: ["clse"], found: ["time", "close"]),
        "p.csv:1:1: the header has no column “clse”; its columns are time, close; did you mean “close”?"
      ),
      (
        .ambiguousPriceColumn(candidates: ["bid", "ask"], found: []),
        "p.csv:1:1: several columns could be the price; name one with --column: bid or ask"
      ),
      (.wrongFieldCount(at: at, expected: 3, found: 1), "p.csv:4:2: found 1 field; the header has 3"),
      (.unclosedQuote(at: at), "p.csv:4:2: the quote is not closed on its line"),
      (
        .malformedTime(at: at, text: "x"),
        "p.csv:4:2: found the time “x”; expected a date or instant, or Unix seconds or milliseconds, in the form of the first row"
      ),
      (
        .duplicateTime(at: at, seconds: 0),
        "p.csv:4:2: the time 1970-01-01T00:00:00Z equals that of the row before; times must increase"
      ),
      (
        .timeNotIncreasing(at: at, seconds: 0, previous: 60),
        "p.csv:4:2: the time 1970-01-01T00:00:00Z precedes that of the row before, 1970-01-01T00:01:00Z; "
          + "times must increase"
      ),
      (.emptyPrice(at: at), "p.csv:4:2: the price is empty"),
      (.malformedPrice(at: at, text: "x"), "p.csv:4:2: found the price “x”; expected a decimal number"),
      (.priceNotFinite(at: at, text: "inf"), "p.csv:4:2: found the price “inf”; prices are finite"),
      (.priceNotPositive(at: at, value: -1), "p.csv:4:2: found the price -1; prices are > 0"),
      (.tooFewObservations(found: 1, needed: 2), "p.csv: 1 observation remains; at least 2 are needed"),
      (
        .outOfRange(argument: "regimes", value: 9, lowest: 1, highest: 8),
        "p.csv: regimes is 9; allowed is from 1 to 8"
      ),
      (.noVariation, "p.csv: the prices do not vary; no volatility can be estimated"),
      (
        .notStochastic(row: 1, sum: 0.5),
        "p.csv: row 1 of the transition matrix sums to 0.5 or has a negative entry; rows hold probabilities that sum to 1"
      ),
      (.wrongShape(expected: 2, found: 3), "p.csv: a matrix has 3 rows or columns; expected 2"),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error, file: "p.csv") == sentence) }
  }

  @Test func work() {
    let rows: [(CertificationError, String)] = [
      (
        .control(.unsupported(method: "finiteHorizon", feature: "quadratic impact")),
        "the method “finiteHorizon” does not cover quadratic impact"
      ),
      (
        .control(.gridSetting(name: "grid.spots", value: 5, allowed: "20 to 20000")),
        "grid.spots is 5; allowed is 20 to 20000"
      ),
      (
        .control(.notFinite(method: "m", where: "a step")), "the method “m” met a number that is not finite in a step"
      ),
      (
        .stationary(.quadraticImpact(regime: 1)),
        "regime 1 has price impact; the stationary solver takes fixed and proportional costs"
      ),
      (
        .stationary(.freeTrading(regime: 0)),
        "trading is free in regime 0; the deviation is then kept at zero and there is no band"
      ),
      (
        .stationary(.severalClosedClasses(regimes: [[0], [1]])),
        "some regimes lead to several groups that are never left, [[0], [1]]; a long-run average needs one such group"
      ),
      (.stationary(.setting(name: "degree", value: 1, allowed: "≥ 4")), "degree is 1; allowed is ≥ 4"),
      (.stationary(.singular), "the equations of a policy are singular"),
      (
        .stationary(.elements(found: 188, most: 160)), "188 elements; at most 160 are solved for a policy class"
      ),
      (
        .simulation(.outOfRange(setting: "paths", value: 1, allowed: "≥ 2")),
        "the simulation's paths is 1; allowed is ≥ 2"
      ),
      (.simulation(.regimeCount(found: 1, expected: 2)), "the policy has 1 regimes; the problem has 2"),
      (
        .simulation(.band(regime: 0, time: 1, spot: 2)),
        "the band of regime 0 at time 1 and spot 2 of the table is out of order; a finer grid may help"
      ),
      (.simulation(.tableShape("spots")), "the policy table does not fit together: spots"),
      (
        .simulation(.intervalNotMultiple(interval: 3600, check: 420)),
        "trading every 60 min is no whole number of checks; one looks every 7 min"
      ),
      (
        .simulation(.misalignedShard(first: 3, block: 256)),
        "a share of the paths begins at 3; shares begin at multiples of 256"
      ),
      (.simulation(.shardGap(expected: 1, found: 2)), "a share of the paths begins at 2; the one before ends at 1"),
      (.simulation(.tooFewSamples(found: 0, needed: 1)), "0 samples were drawn; at least 1 are needed"),
      (.simulation(.criterion("discounted")), "the simulation does not estimate the criterion “discounted”"),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error) == sentence) }
  }

  @Test func results() {
    let rows: [(ResultRunError, String)] = [
      (.files(.cannotWrite(path: "d", reason: "full")), "d: cannot be written; full"),
      (
        .files(.notFinite(path: "value.total")),
        "value.total: the number is not finite, and JSON holds none such; nothing was written"
      ),
      (.files(.duplicateKey(path: "", key: "k")), "the key “k” would stand twice; nothing was written"),
      (.files(.netCDF(path: "p.nc", subject: "band", reason: "no")), "p.nc: NetCDF refused band; no"),
      (.files(.wrongShape(variable: "v", expected: 4, found: 3)), "v: has 3 values; its dimensions hold 4"),
      (.parameters(.refused([])), "the certificate did not pass"),
      (
        .parameters(.spotOutsideGrid(spot: 9, lowest: 10, highest: 20)),
        "outputs.spots asks for 9; the grid reaches from 10.000 to 20.000; grid.deviations widens it"
      ),
      (.parameters(.otherProblem), "the certificate is of another problem than the model"),
    ]
    for (error, sentence) in rows { #expect(Explainer.message(error) == sentence) }
  }
}

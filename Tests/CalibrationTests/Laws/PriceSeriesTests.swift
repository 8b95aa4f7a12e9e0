import Glibc
import Testing

@testable import Calibration

/// Times and numbers as text.
struct TimeTests {
  /// Unix numbers are seconds or milliseconds by their size, and lie in the years 1 to 9999 like dates.
  @Test func forms() {
    let rows: [(String, TimeForm, Double?)] = [
      ("2021-10-20 21:24:34", .civil, 1_634_765_074), ("1634765074", .unixSeconds, 1_634_765_074),
      ("1634765074500", .unixMilliseconds, 1_634_765_074.5), ("-62135596800", .unixSeconds, -62_135_596_800),
      ("-62135596801", .unixSeconds, nil), ("253402300799999", .unixMilliseconds, 253_402_300_799.999),
      ("253402300800000", .unixMilliseconds, nil), ("1e300", .unixMilliseconds, nil), ("-1e300", .unixSeconds, nil),
      ("nan", .unixSeconds, nil), ("inf", .unixMilliseconds, nil), ("", .civil, nil),
    ]
    for (text, form, seconds) in rows {
      Array(text.utf8).withUnsafeBufferPointer { field in
        #expect(TimeForm(of: field) == form, "\(text)")
        #expect(form.seconds(field) == seconds, "\(text)")
      }
    }
  }

  /// The fast path against the library's correctly rounded parse.
  @Test func decimals() {
    var stream = TestStream(1)
    for _ in 0..<20_000 {
      let digits = 1 + Int(stream.uniform() * 20)
      var text = stream.uniform() < 0.2 ? "-" : ""
      let point = Int(stream.uniform() * Double(digits + 1))
      for position in 0..<digits {
        if position == point { text += "." }
        text += "\(Int(stream.uniform() * 10))"
      }
      let parsed = Array(text.utf8).withUnsafeBufferPointer { Decimal64.parse($0) }
      #expect(parsed == strtod(text, nil), "\(text)")
    }
    for (text, value) in [("1e3", 1000.0), ("0.000000000000000000000001", 1e-24), ("+4.", 4), (".5", 0.5)] {
      #expect(Array(text.utf8).withUnsafeBufferPointer { Decimal64.parse($0) } == value, "\(text)")
    }
    for text in ["", "-", ".", "1.2.3", "0x10", "1 2", "12a", " 1"] {
      #expect(Array(text.utf8).withUnsafeBufferPointer { Decimal64.parse($0) } == nil, "\(text)")
    }
  }
}

/// What the reader accepts and refuses.
struct PriceSeriesTests {
  static func read(_ text: String, _ options: PriceOptions = .init()) throws(CalibrationError) -> PriceSeries {
    try PriceSeries(csv: Array(text.utf8), options: options)
  }

  @Test func acceptedForms() throws {
    let hourly = try Self.read(
      "\u{FEFF}Timestamp,open,CLOSE\r\n2020-01-01T00:00:00Z,1,2\r\n2020-01-01T01:00:00Z,1,3.5\r\n\r\n")
    #expect(hourly.prices == [2, 3.5] && hourly.interval == 3600 && hourly.priceColumn == "CLOSE")
    let only = try Self.read("date,SP500\n1990-01-02,359.69\n1990-01-03,358.76\n1990-01-08,353.79")
    #expect(only.prices == [359.69, 358.76, 353.79] && only.openTimes[0] == 631_238_400)
    let quoted = "x,\"unix\",\"a,b\"\nq,1600000000,\"7\"\nq,1600003600,8\n"
    #expect(try Self.read(quoted, PriceOptions(priceColumn: "a,b")).prices == [7, 8])
    let milliseconds = try Self.read("unix,close\n1600000000000,7\n1600003600500,8\n")
    #expect(milliseconds.openTimes == [1.6e9, 1_600_003_600.5])
  }

  /// Bars that have not closed by `upTo` are not known: 01:00 closes at 02:00.
  @Test func upToIsCausal() throws {
    let text =
      "time,close\n2020-01-01T00:00:00Z,1\n2020-01-01T01:00:00Z,2\n2020-01-01T02:00:00Z,3\n2020-01-01T03:00:00Z,4\n"
    func prices(_ upTo: String, _ stamp: BarStamp = .open) throws -> [Double] {
      try Self.read(text, PriceOptions(upTo: PriceOptions.seconds(of: upTo), stamp: stamp)).prices
    }
    #expect(try prices("2020-01-01T02:59:59Z") == [1, 2])
    #expect(try prices("2020-01-01T03:00:00Z") == [1, 2, 3])
    #expect(try prices("2020-01-01T02:00:00Z", .close) == [1, 2, 3])
    #expect(try Self.read(text, PriceOptions(from: PriceOptions.seconds(of: "2020-01-01T02:00:00Z"))).prices == [3, 4])
    #expect(throws: CalibrationError.tooFewObservations(found: 1, needed: 2)) { try prices("2020-01-01T01:00:00Z") }
    // Rows after `upTo` have no influence, on the interval neither.
    let later =
      "time,close\n2020-01-01,1\n2020-01-02,2\n2020-01-02T01:00:00Z,3\n2020-01-02T02:00:00Z,3\n2020-01-02T03:00:00Z,3\n"
    #expect(throws: CalibrationError.tooFewObservations(found: 1, needed: 2)) {
      try Self.read(later, PriceOptions(upTo: PriceOptions.seconds(of: "2020-01-02T00:30:00Z")))
    }
  }

  static let refusals: [(String, CalibrationError)] = [
    ("", .emptyFile), ("\n", .emptyFile), ("date,close\n", .emptyFile),
    ("day,close\n1,2\n", .missingColumn(wanted: PriceTable.timeNames, found: ["day", "close"])),
    ("1438956180,3.0\n1438959780,3.1\n", .missingColumn(wanted: PriceTable.timeNames, found: ["1438956180", "3.0"])),
    ("date,name\n2020-01-01,x\n", .missingColumn(wanted: ["close"], found: ["date", "name"])),
    (
      "date,open,high\n2020-01-01,1,2\n",
      .ambiguousPriceColumn(candidates: ["open", "high"], found: ["date", "open", "high"])
    ),
    ("date,close\n2020-01-01,1\n2020-01-02\n", .wrongFieldCount(at: .init(line: 3, column: 1), expected: 2, found: 1)),
    (
      "date,close\n2020-01-01,1\n\n2020-01-02,2\n",
      .wrongFieldCount(at: .init(line: 3, column: 1), expected: 2, found: 1)
    ),
    ("date,close\n2020-01-01,1,000\n", .wrongFieldCount(at: .init(line: 2, column: 1), expected: 2, found: 3)),
    ("date,close\n2020-01-01,\"1\n", .unclosedQuote(at: .init(line: 2, column: 12))),
    ("date,close\n2020-02-30,1\n", .malformedTime(at: .init(line: 2, column: 1), text: "2020-02-30")),
    (
      "date,close\n1600000000,1\n1600003600000,1\n",
      .malformedTime(at: .init(line: 3, column: 1), text: "1600003600000")
    ),
    ("date,close\n2020-01-01,1\n2020-01-01,1\n", .duplicateTime(at: .init(line: 3, column: 1), seconds: 1_577_836_800)),
    (
      "close,date\n1,2020-01-02\n10,2020-01-01\n",
      .timeNotIncreasing(at: .init(line: 3, column: 4), seconds: 1_577_836_800, previous: 1_577_923_200)
    ),
    ("date,close\n2020-01-01,\n", .emptyPrice(at: .init(line: 2, column: 12))),
    ("date,close\n2020-01-01,abc\n", .malformedPrice(at: .init(line: 2, column: 12), text: "abc")),
    ("date,close\n2020-01-01,NaN\n", .priceNotFinite(at: .init(line: 2, column: 12), text: "NaN")),
    ("date,close\n2020-01-01,1e999\n", .priceNotFinite(at: .init(line: 2, column: 12), text: "1e999")),
    ("date,close\n2020-01-01, -1\n", .priceNotPositive(at: .init(line: 2, column: 13), value: -1)),
    ("date,close\n2020-01-01,0\n", .priceNotPositive(at: .init(line: 2, column: 12), value: 0)),
    ("date,close\n2020-01-01,1\n", .tooFewObservations(found: 1, needed: 2)),
  ]

  @Test(arguments: refusals.indices) func refuses(_ row: Int) {
    let (text, error) = Self.refusals[row]
    #expect(throws: error, "\(text)") { try Self.read(text) }
  }

  @Test func refusesUnknownNames() {
    #expect(throws: CalibrationError.missingColumn(wanted: ["adj"], found: ["date", "close"])) {
      try Self.read("date,close\n2020-01-01,1\n", PriceOptions(priceColumn: "adj"))
    }
    #expect(throws: CalibrationError.unreadable(path: "no-such-file.csv", code: ENOENT)) {
      try PriceSeries(path: "no-such-file.csv")
    }
  }
}

/// Returns on their grid.
struct LogReturnsTests {
  static func series(hours: [Double]) throws -> PriceSeries {
    try PriceSeries(
      openTimes: hours.map { $0 * 3600 }, prices: hours.indices.map { 100 * exp(0.01 * Double($0 * $0)) })
  }

  /// Hours 3 and 4 are missing, then 30 hours, then half an hour off the grid.
  @Test func holes() throws {
    let data = try LogReturns(Self.series(hours: [0, 1, 2, 5, 6, 36, 37, 38.5]))
    #expect(data.transitions == [0, 1, 3, 1, 0, 2])
    #expect(data.elapsed == [1, 1, 3, 1, 1, 1.5])
    #expect(data.bridgedGaps == 2 && data.droppedGaps == 1 && data.missingSteps == 2 + 29 + 1 && data.offGrid == 1)
    #expect(abs(data.values[2] - 0.01 * (9 - 4)) < 1e-15)
    #expect(data.stepsPerYear == 8760)
    let days = try LogReturns(Self.series(hours: [0, 24, 96, 120]), clock: .tradingDays(perYear: 252))
    #expect(days.transitions == [0, 1, 1] && days.elapsed == [1, 1, 1] && days.stepsPerYear == 252)
  }

  /// Log returns add up to the whole move, whatever is missing, when nothing is dropped.
  @Test func returnsTelescope() throws {
    let series = try Self.series(hours: [0, 1, 3, 4, 9, 10, 11, 20])
    let data = try LogReturns(series)
    #expect(data.droppedGaps == 0)
    #expect(abs(data.values.reduce(0, +) - log(series.prices[7] / series.prices[0])) < 1e-14)
    #expect(data.elapsed.reduce(0, +) == 20)
  }
}

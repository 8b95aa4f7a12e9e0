// The CSV reader: one pass over the bytes, every refusal with its position.

/// The checked time and price columns of a CSV text.
struct PriceTable {
  var times: [Double] = []
  var prices: [Double] = []
  var priceColumn = ""

  static let timeNames = ["timestamp", "date", "time", "datetime", "unix", "open_time"]
  static let defaultPriceName = "close"
  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Reads the whole text. Throws the first fact that forbids it.
  init(_ bytes: [UInt8], priceColumn: String?) throws(CalibrationError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(CalibrationError) in
      try read(buffer, wanted: priceColumn)
    }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, wanted: String?) throws(CalibrationError) {
    var lines = Lines(bytes: bytes, position: bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0)
    var fields: [Range<Int>] = []
    guard let header = lines.next() else { throw .emptyFile }
    try Self.split(bytes, header, line: 1, into: &fields)
    let names = fields.map { Self.text(bytes, $0) }
    guard names.contains(where: { !$0.isEmpty }) else { throw .emptyFile }
    guard let timeIndex = names.firstIndex(where: { Self.timeNames.contains($0.lowercased()) }) else {
      throw .missingColumn(wanted: Self.timeNames, found: names)
    }
    var priceIndex: Int?
    if let wanted {
      priceIndex = names.firstIndex(of: wanted) ?? names.firstIndex { $0.lowercased() == wanted.lowercased() }
      guard priceIndex != nil else { throw .missingColumn(wanted: [wanted], found: names) }
    } else {
      priceIndex = names.firstIndex { $0.lowercased() == Self.defaultPriceName }
    }

    var form: TimeForm?
    var lineNumber = 1
    while let line = lines.next() {
      lineNumber += 1
      // Blank lines are allowed after the last row only.
      if line.isEmpty, lines.onlyBlankLeft() { break }
      try Self.split(bytes, line, line: lineNumber, into: &fields)
      guard fields.count == names.count else {
        throw .wrongFieldCount(
          at: FilePosition(line: lineNumber, column: 1), expected: names.count, found: fields.count)
      }
      let column: Int
      if let priceIndex {
        column = priceIndex
      } else {
        column = try Self.onlyNumericColumn(bytes, fields, except: timeIndex, names: names)
        priceIndex = column
      }

      let timeField = UnsafeBufferPointer(rebasing: bytes[fields[timeIndex]])
      let timePosition = Self.position(line, fields[timeIndex], lineNumber)
      let timeForm = form ?? TimeForm(of: timeField)
      form = timeForm
      guard let time = timeForm.seconds(timeField) else {
        throw .malformedTime(at: timePosition, text: Self.text(bytes, fields[timeIndex]))
      }
      if let previous = times.last, time <= previous {
        if time == previous { throw .duplicateTime(at: timePosition, seconds: time) }
        throw .timeNotIncreasing(at: timePosition, seconds: time, previous: previous)
      }
      let price = try Self.price(bytes, fields[column], at: Self.position(line, fields[column], lineNumber))
      times.append(time)
      prices.append(price)
    }
    guard let priceIndex, !times.isEmpty else { throw .emptyFile }
    priceColumn = names[priceIndex]
  }

  private static func price(
    _ bytes: UnsafeBufferPointer<UInt8>, _ field: Range<Int>, at position: FilePosition
  ) throws(CalibrationError) -> Double {
    guard !field.isEmpty else { throw .emptyPrice(at: position) }
    guard let value = Decimal64.parse(UnsafeBufferPointer(rebasing: bytes[field])) else {
      throw .malformedPrice(at: position, text: text(bytes, field))
    }
    guard value.isFinite else { throw .priceNotFinite(at: position, text: text(bytes, field)) }
    guard value > 0 else { throw .priceNotPositive(at: position, value: value) }
    return value
  }

  /// The one column of the first row, besides the time, that holds a number.
  private static func onlyNumericColumn(
    _ bytes: UnsafeBufferPointer<UInt8>, _ fields: [Range<Int>], except time: Int, names: [String]
  ) throws(CalibrationError) -> Int {
    let numeric = fields.indices.filter {
      $0 != time && Decimal64.parse(UnsafeBufferPointer(rebasing: bytes[fields[$0]])) != nil
    }
    guard let first = numeric.first else { throw .missingColumn(wanted: [defaultPriceName], found: names) }
    guard numeric.count == 1 else {
      throw .ambiguousPriceColumn(candidates: numeric.map { names[$0] }, found: names)
    }
    return first
  }

  /// Splits a line at commas; surrounding blanks and quotes are not part of a field.
  private static func split(
    _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>, line number: Int, into fields: inout [Range<Int>]
  ) throws(CalibrationError) {
    fields.removeAll(keepingCapacity: true)
    var start = line.lowerBound
    while true {
      var end = start
      if end < line.upperBound, bytes[end] == quote {
        var close = end + 1
        while close < line.upperBound, bytes[close] != quote { close += 1 }
        guard close < line.upperBound, close + 1 == line.upperBound || bytes[close + 1] == comma else {
          throw .unclosedQuote(at: FilePosition(line: number, column: start - line.lowerBound + 1))
        }
        fields.append(start + 1..<close)
        end = close + 1
      } else {
        while end < line.upperBound, bytes[end] != comma { end += 1 }
        var lower = start
        var upper = end
        while lower < upper, bytes[lower] == UInt8(ascii: " ") { lower += 1 }
        while upper > lower, bytes[upper - 1] == UInt8(ascii: " ") { upper -= 1 }
        fields.append(lower..<upper)
      }
      if end >= line.upperBound { return }
      start = end + 1
    }
  }

  private static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ field: Range<Int>) -> String {
    String(decoding: bytes[field], as: UTF8.self)
  }

  private static func position(_ line: Range<Int>, _ field: Range<Int>, _ number: Int) -> FilePosition {
    FilePosition(line: number, column: field.lowerBound - line.lowerBound + 1)
  }

  /// The lines of a text, without their ends (`\n` or `\r\n`).
  private struct Lines {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int

    mutating func next() -> Range<Int>? {
      guard position < bytes.count else { return nil }
      let start = position
      var end = start
      while end < bytes.count, bytes[end] != newline { end += 1 }
      position = end + 1
      if end > start, bytes[end - 1] == carriageReturn { end -= 1 }
      return start..<end
    }

    func onlyBlankLeft() -> Bool {
      var index = position
      while index < bytes.count {
        if bytes[index] != newline && bytes[index] != carriageReturn { return false }
        index += 1
      }
      return true
    }
  }
}

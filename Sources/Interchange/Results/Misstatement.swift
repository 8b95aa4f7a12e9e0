/// A place of a result's files that does not say what is found again.
public struct Misstatement: Equatable, Sendable {
  /// Name of the file in the result directory.
  public let file: String
  /// The way to the place: `regimes[0].value.total`, or the name of a variable.
  public let place: String
  /// What the file says there; nil: nothing.
  public let stated: String?
  /// What is found again; nil: nothing.
  public let found: String?

  /// As `certify --json` has it.
  public var encoded: JSONValue {
    .object(
      [JSONMember("file", .string(file)), JSONMember("place", .string(place))]
        + [("stated", stated), ("found", found)].compactMap { name, text in
          text.map { JSONMember(name, .string($0)) }
        })
  }
}

/// Compares what a file states with what is found again, place by place.
///
/// Words and counts have to be the same. A number may be off by its hundred-thousandth part, which is what the rounding of another machine
/// may make of paths and searches; nothing is taken from the file, which could widen what it is allowed. On the machine and with the
/// version that wrote it all numbers are the same, but for the last digits of what a linear algebra library sums in an order of its own.
///
/// *Verified by* `MisstatementTests`.
struct StatementComparison {
  let file: String
  private(set) var misstatements: [Misstatement] = []

  init(file: String) { self.file = file }

  /// Share of a number.
  static let digits = 1e-5
  /// Share of the largest number beside it: rounding of differences.
  static let rounding = 1e-9

  private static let errorKeys: Set = ["error", "standardError", "bandError"]

  /// How far a number of an object may be off.
  private struct Allowance {
    /// The largest number beside it …
    var scale = 0.0
    /// … and beside or below it.
    var reach = 0.0
    /// What a check's measured number is compared with.
    var threshold = 0.0

    init() {}

    init(_ members: [JSONMember]) {
      for case (let key, .number(let number)) in members.map({ ($0.key, $0.value) }) {
        scale = max(scale, number.magnitude)
        if key == "threshold" { threshold = number.magnitude }
      }
      // Numbers that are compared and have no unit are ratios.
      if threshold > 0, !members.contains(where: { $0.key == "unit" }) { scale = max(scale, 1) }
      reach = max(scale, JSONValue.object(members).largest)
    }

    func number(_ found: Double, key: String) -> Double {
      // An error estimate is itself a difference of nearly equal numbers.
      let rounding = StatementComparison.rounding * (errorKeys.contains(key) ? reach : scale)
      return digits * (key == "measured" ? max(found.magnitude, threshold) : found.magnitude) + rounding
    }
  }

  mutating func compare(_ stated: JSONValue?, with found: JSONValue?, at place: String = "") {
    compare(stated, with: found, at: place, key: "", Allowance())
  }

  private mutating func compare(
    _ stated: JSONValue?, with found: JSONValue?, at place: String, key: String, _ allowance: Allowance
  ) {
    switch (stated, found) {
    case (.object(let stated), .object(let found)):
      let inside = Allowance(found)
      let others = stated.map(\.key).filter { key in !found.contains { $0.key == key } }
      for key in found.map(\.key) + others {
        compare(
          stated.first { $0.key == key }?.value, with: found.first { $0.key == key }?.value,
          at: place.isEmpty ? key : "\(place).\(key)", key: key, inside)
      }
    case (.array(let stated), .array(let found)) where stated.count == found.count:
      for (index, pair) in zip(stated, found).enumerated() {
        compare(pair.0, with: pair.1, at: "\(place)[\(index)]", key: "", Allowance())
      }
    case (.number(let stated), .number(let found))
    where abs(stated - found) <= allowance.number(found, key: key):
      break
    default:
      if stated != found { note(at: place, stated.map(Self.text), found.map(Self.text)) }
    }
  }

  mutating func note(at place: String, _ stated: String?, _ found: String?) {
    misstatements.append(Misstatement(file: file, place: place, stated: stated, found: found))
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .object(let members): "\(members.count) members"
    case .array(let values): "\(values.count) entries"
    case .string(let text): "\"\(text)\""
    case .number(let number): "\(number)"
    case .integer(let integer): "\(integer)"
    case .boolean(let value): "\(value)"
    case .null: "null"
    }
  }
}

extension StatementComparison {
  /// Every variable of either file: what is said of it, its shape, its numbers or words.
  mutating func compare(
    _ stated: borrowing NetCDFContents, with found: borrowing NetCDFContents
  ) throws(InterchangeError) {
    compare(try stated.description(), with: try found.description())
    let (names, expected) = (try stated.variables(), try found.variables())
    for name in names where !expected.contains(name) { note(at: name, "a variable", nil) }
    for name in expected {
      guard names.contains(name) else {
        note(at: name, nil, "a variable")
        continue
      }
      try compare(name, stated, found)
    }
  }

  private mutating func compare(
    _ stated: [String: String], with found: [String: String], at place: String = ""
  ) {
    for name in Set(stated.keys).union(found.keys).sorted() where stated[name] != found[name] {
      note(at: place + name, stated[name], found[name])
    }
  }

  private mutating func compare(
    _ name: String, _ stated: borrowing NetCDFContents, _ found: borrowing NetCDFContents
  ) throws(InterchangeError) {
    let isText = try found.isText(name)
    guard try stated.isText(name) == isText else { return note(at: name, isText ? "numbers" : "words", nil) }
    compare(try stated.description(of: name), with: try found.description(of: name), at: "\(name).")
    guard !isText else {
      let (words, expected) = (try stated.labels(name), try found.labels(name))
      if words != expected { note(at: name, words.joined(separator: ", "), expected.joined(separator: ", ")) }
      return
    }
    let (values, expected) = (try stated.values(name), try found.values(name))
    guard values.shape == expected.shape else {
      return note(at: name, "shape \(values.shape)", "shape \(expected.shape)")
    }
    let scale = expected.numbers.reduce(0.0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    let wrong = values.numbers.indices.filter { index in
      let (value, other) = (values.numbers[index], expected.numbers[index])
      if value == other || value.isNaN && other.isNaN { return false }
      // Without a number on either side nothing is within.
      return !(abs(value - other) <= Self.digits * other.magnitude + Self.rounding * scale)
    }
    guard let first = wrong.first else { return }
    note(
      at: "\(name), \(wrong.count) of \(values.numbers.count) numbers", "\(values.numbers[first])",
      "\(expected.numbers[first])")
  }
}

extension JSONValue {
  /// Of all numbers in it, by magnitude.
  fileprivate var largest: Double {
    switch self {
    case .object(let members): members.reduce(0) { max($0, $1.value.largest) }
    case .array(let values): values.reduce(0) { max($0, $1.largest) }
    case .number(let number): number.magnitude
    case .string, .integer, .boolean, .null: 0
    }
  }
}

/// A value to be written as JSON: what the writer writes is decided here and nowhere else.
///
/// Members keep their order. A count is an `.integer` and is written without a point; a measured number is a `.number`
/// and is written with one, also when it happens to be whole, so that its kind can be seen in the file.
public indirect enum JSONValue: Equatable, Sendable {
  case object([JSONMember])
  case array([JSONValue])
  case string(String)
  case number(Double)
  case integer(Int)
  case boolean(Bool)
  case null

  /// The largest whole number up to which every whole number is a double: 2⁵³ (IEEE 754, binary64).
  private static let largestExactInteger = 9_007_199_254_740_992.0

  /// The content of a parsed value, without positions and comments. A number written without point and exponent
  /// becomes an `.integer` when a double holds it exactly.
  public init(_ node: JSON5Node) {
    switch node.value {
    case .object(let members):
      self = .object(members.map { JSONMember($0.key, JSONValue($0.node)) })
    case .array(let nodes): self = .array(nodes.map { JSONValue($0) })
    case .string(let text): self = .string(text)
    case .boolean(let value): self = .boolean(value)
    case .null: self = .null
    case .number(let number):
      let isHexadecimal = number.text.contains { $0 == "x" || $0 == "X" }
      let isWritten = isHexadecimal || !number.text.contains { ".eE".contains($0) }
      let isNegativeZero = number.value == 0 && number.value.sign == .minus
      let isExact = number.value.magnitude <= Self.largestExactInteger && !isNegativeZero
      self = isWritten && isExact ? .integer(Int(number.value)) : .number(number.value)
    }
  }

  /// A list of measured numbers.
  public static func numbers(_ values: [Double]) -> JSONValue {
    .array(values.map { .number($0) })
  }

  /// The value of a member of an object; nil when this is no object or has no such member.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
}

/// A key, its value, and the comment that stands above it where the format allows comments.
public struct JSONMember: Equatable, Sendable {
  public var key: String
  public var value: JSONValue
  public var comment: String?

  public init(_ key: String, _ value: JSONValue, comment: String? = nil) {
    self.key = key
    self.value = value
    self.comment = comment
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral {
  /// Members in the order written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { JSONMember($0.0, $0.1) })
  }

  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral
{
  public init(integerLiteral value: Int) { self = .integer(value) }

  public init(floatLiteral value: Double) { self = .number(value) }

  public init(booleanLiteral value: Bool) { self = .boolean(value) }

  public init(nilLiteral: ()) { self = .null }
}

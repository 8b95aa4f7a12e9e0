/// A value of a JSON5 text with the position of its first character.
public struct JSON5Node: Equatable, Sendable {
  public var value: JSON5Value
  public var position: SourcePosition

  public init(_ value: JSON5Value, at position: SourcePosition) {
    self.value = value
    self.position = position
  }

  public var kind: ValueKind {
    switch value {
    case .object: .object
    case .array: .array
    case .string: .string
    case .number: .number
    case .boolean: .boolean
    case .null: .null
    }
  }
}

/// The value itself. Members keep the order in which they were written.
public indirect enum JSON5Value: Equatable, Sendable {
  case object([JSON5Member])
  case array([JSON5Node])
  case string(String)
  case number(JSON5Number)
  case boolean(Bool)
  case null
}

/// A key, where it was written, and its value.
public struct JSON5Member: Equatable, Sendable {
  public var key: String
  public var keyPosition: SourcePosition
  public var node: JSON5Node

  public init(key: String, keyPosition: SourcePosition, node: JSON5Node) {
    self.key = key
    self.keyPosition = keyPosition
    self.node = node
  }
}

/// A number and the text it was written with.
///
/// The value may be infinite or NaN: JSON5 allows `Infinity` and `NaN`, and `1e400` overflows. Whoever decodes the
/// number refuses these, and can show what was written. Equality compares bits, so that NaN equals itself.
public struct JSON5Number: Equatable, Sendable {
  public var value: Double
  public var text: String

  public init(value: Double, text: String) {
    self.value = value
    self.text = text
  }

  public static func == (a: JSON5Number, b: JSON5Number) -> Bool {
    a.value.bitPattern == b.value.bitPattern && a.text == b.text
  }
}

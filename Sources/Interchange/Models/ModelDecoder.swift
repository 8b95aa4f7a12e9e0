import Control
import Formulation

/// Decodes a model document: the parts that all kinds share, and the way from a field's path back to its position.
struct ModelDecoder {
  /// Everything a document says.
  struct Decoded {
    var problem: Problem
    var grid: GridSettings?
    var outputSpots: [Double] = []
    var market: MarketCalibration?
    var riskBudget: RiskBudget?
  }

  let root: JSON5Node
  /// Where the files are that the model names.
  let directory: String
  private(set) var references: [ModelFile.FileDigest] = []
  /// Where the legs of the book were written, when that is another file.
  var legPositions: [SourcePosition] = []

  init(root: JSON5Node, directory: String) {
    self.root = root
    self.directory = directory
  }

  /// Kinds that are decoded here.
  static let solvedKinds = ["optionBook", "tracking"]
  /// Kinds that the schema knows beside them.
  static let otherKinds = ["targetWeight", "leverage", "lpHedge", "lpRange", "perpetual"]

  mutating func decode() throws(ModelFileError) -> Decoded {
    var object = try StrictObject(root)
    _ = try object.required("schema").string(oneOf: [ModelFile.schema])
    let name = try object.required("name").fileName()
    let kind = try object.required("kind")
    switch try kind.string(oneOf: Self.solvedKinds + Self.otherKinds) {
    case "optionBook": return try optionBook(name: name, &object)
    case "tracking": return try tracking(name: name, &object)
    case let other: throw kind.notSolved(.kind(other))
    }
  }

  // MARK: Files

  /// The bytes of a file that the model names, and what it is called in messages; its digest is recorded.
  mutating func referenced(_ value: StrictValue) throws(ModelFileError) -> (file: String, bytes: [UInt8]) {
    let name = try value.name()
    let file = name.hasPrefix("/") || directory == "." ? name : "\(directory)/\(name)"
    do {
      let bytes = try SystemFile.read(file)
      references.append(ModelFile.FileDigest(name: name, sha256: Digest.sha256(of: bytes)))
      return (file, bytes)
    } catch {
      throw .unreadableReference(
        position: value.position, path: value.path.description, file: file, reason: error.reason)
    }
  }

  // MARK: Positions

  /// Runs a part of the problem's own validation; what it refuses gets the position of the field it names.
  func validated<Value>(
    _ body: () throws(FormulationError) -> Value
  ) throws(ModelFileError) -> Value {
    do { return try body() } catch { throw .formulation(position: position(of: error), error: error) }
  }

  func position(of error: FormulationError) -> SourcePosition {
    var components = ModelPath.components(of: error.field)
    if case .key("book")? = components.first, components.count > 1, case .index(let leg) = components[1],
      legPositions.indices.contains(leg)
    {
      return legPositions[leg]
    }
    // An explicit option has its expiry where a listed one has its name.
    if case .expired = error, components.count == 3, node(at: components) == nil {
      components[2...] = [.key("option"), .key("expiry")]
    }
    return position(at: components)
  }

  /// Where a value stands, or the nearest object above it.
  func position(at components: [ModelPath.Component]) -> SourcePosition {
    var depth = components.count
    while depth > 0 {
      if let node = node(at: Array(components[..<depth])) { return node.position }
      depth -= 1
    }
    return root.position
  }

  private func node(at components: [ModelPath.Component]) -> JSON5Node? {
    var node = root
    for component in components {
      switch (component, node.value) {
      case (.key(let key), .object(let members)):
        guard let member = members.first(where: { $0.key == key }) else { return nil }
        node = member.node
      case (.index(let index), .array(let nodes)):
        guard nodes.indices.contains(index) else { return nil }
        node = nodes[index]
      default: return nil
      }
    }
    return node
  }
}

extension ModelPath {
  /// The components of a path such as `market.regimes[1].volatility`.
  static func components(of text: String) -> [Component] {
    var components: [Component] = []
    for part in text.split(separator: ".") {
      let pieces = part.split(separator: "[")
      for piece in pieces {
        if piece.last == "]", let index = Int(piece.dropLast()) {
          components.append(.index(index))
        } else {
          components.append(.key(String(piece)))
        }
      }
    }
    return components
  }
}

extension StrictValue {
  /// For features that the schema knows.
  func notSolved(_ feature: UnsolvedFeature) -> ModelFileError {
    .notSolved(position: position, path: path.description, feature: feature)
  }

  /// A text that can name a directory.
  func fileName() throws(ModelFileError) -> String {
    let text = try name()
    let allowed = text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || $0.isDigit || "._-".unicodeScalars.contains($0))
    }
    guard allowed, !text.hasPrefix(".") else {
      throw .malformed(position: position, path: path.description, found: text, expected: .fileName)
    }
    return text
  }

  /// One value for every regime, or a list of one per regime.
  func perRegime(
    _ count: Int, _ one: (StrictValue) throws(ModelFileError) -> Double
  ) throws(ModelFileError) -> [Double] {
    guard kind == .array else { return Array(repeating: try one(self), count: count) }
    var values: [Double] = []
    for element in try array(count: count...count) { values.append(try one(element)) }
    return values
  }
}

/// An object being decoded: it remembers which keys were read and refuses the others.
///
/// Read every key with ``required(_:)`` or ``optional(_:)``, then call ``finish()``, which throws at the first key that
/// nothing asked for. The keys asked for are at the same time the list of allowed keys that the error carries.
///
/// *Verified by* `StrictObjectTests`.
public struct StrictObject: Sendable {
  /// Where the object begins.
  public let position: SourcePosition
  /// The way to the object.
  public let path: ModelPath
  private let members: [JSON5Member]
  private var asked: [String] = []

  /// - Throws: `ModelFileError.wrongType` when the node is no object.
  public init(_ node: JSON5Node, path: ModelPath = .root) throws(ModelFileError) {
    guard case .object(let members) = node.value else {
      throw .wrongType(position: node.position, path: path.description, found: node.kind, expected: [.object])
    }
    self.members = members
    self.path = path
    position = node.position
  }

  /// The keys present, in the order written. Looking at them does not count as reading.
  public var keys: [String] { members.map { $0.key } }

  /// The value of a key that must be there.
  /// - Throws: `ModelFileError.missingKey`, with a key that looks like it if there is one.
  public mutating func required(_ key: String) throws(ModelFileError) -> StrictValue {
    if let value = look(key) { return value }
    let unread = members.filter { !asked.contains($0.key) }
    let similar = Suggestion.nearest(to: key, among: unread.map { $0.key })
    throw .missingKey(
      position: position, path: path.description, key: key,
      similar: unread.first { $0.key == similar }.map { SimilarKey(key: $0.key, position: $0.keyPosition) })
  }

  /// The value of a key that may be missing; nil also when the value is `null`.
  public mutating func optional(_ key: String) -> StrictValue? {
    guard let value = look(key), !value.isNull else { return nil }
    return value
  }

  /// The one key of an object that holds exactly one of several, such as `{ quadratic: … }` or `{ exponential: … }`.
  /// - Throws: `ModelFileError.wrongCount` unless the object has exactly one key, `ModelFileError.unknownKey` when that
  ///   is not among `choices`.
  public mutating func single(of choices: [String]) throws(ModelFileError) -> (key: String, value: StrictValue) {
    asked += choices.filter { !asked.contains($0) }
    try finish()
    guard let member = members.first, members.count == 1 else {
      throw .wrongCount(position: position, path: path.description, found: members.count, allowed: 1...1)
    }
    return (member.key, StrictValue(member.node, path: path.appending(member.key)))
  }

  /// Declares that every key was read.
  /// - Throws: `ModelFileError.unknownKey` at the first that was not.
  public func finish() throws(ModelFileError) {
    for member in members where !asked.contains(member.key) {
      throw .unknownKey(
        position: member.keyPosition, path: path.description, key: member.key, allowed: asked,
        suggestion: Suggestion.nearest(to: member.key, among: asked))
    }
  }

  private mutating func look(_ key: String) -> StrictValue? {
    if !asked.contains(key) { asked.append(key) }
    return members.first { $0.key == key }.map { StrictValue($0.node, path: path.appending(key)) }
  }
}

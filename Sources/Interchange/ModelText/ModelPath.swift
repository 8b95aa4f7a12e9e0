/// The way from the root of a model to one value, written `market.regimes[1].volatility`.
public struct ModelPath: Hashable, Sendable, CustomStringConvertible {
  public enum Component: Hashable, Sendable {
    case key(String)
    case index(Int)
  }

  public var components: [Component]

  /// The root itself, written as an empty text.
  public static let root = ModelPath(components: [])

  public init(components: [Component]) {
    self.components = components
  }

  public func appending(_ key: String) -> ModelPath {
    ModelPath(components: components + [.key(key)])
  }

  public func appending(_ index: Int) -> ModelPath {
    ModelPath(components: components + [.index(index)])
  }

  public var description: String {
    var text = ""
    for component in components {
      switch component {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }
}

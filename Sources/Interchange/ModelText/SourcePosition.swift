/// Where a key or a value was written: the source, the line and the column, both counted from one.
///
/// Columns count Unicode scalars. A new line begins after LF, CR or CR LF; U+2028 and U+2029 end a comment, as JSON5
/// says, but begin no new line in this count, because text editors do not count one either.
public struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
  /// What the text came from.
  public enum Source: Hashable, Sendable {
    /// Text without a name.
    case text
    /// A file, by the name under which it was asked for.
    case file(String)
    /// The argument of a `--set` option, `path=value`.
    case setOption(String)
  }

  public var source: Source
  public var line: Int
  public var column: Int

  public init(source: Source = .text, line: Int, column: Int) {
    self.source = source
    self.line = line
    self.column = column
  }

  /// `line:column`, after the name of the file or the `--set` argument where there is one.
  public var description: String {
    switch source {
    case .text: "\(line):\(column)"
    case .file(let name): "\(name):\(line):\(column)"
    case .setOption(let argument): "--set \(argument):\(line):\(column)"
    }
  }
}

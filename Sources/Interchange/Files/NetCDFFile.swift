internal import CNetCDF
import Synchronization

/// Writes one NetCDF-4 file: named dimensions, compressed variables, units and names as attributes.
///
/// Attributes follow the CF conventions (version 1.11, sections 3.1 to 3.3): `units`, `long_name`, `_FillValue`; a
/// coordinate is a variable with the name of its dimension, so that xarray finds the axes by itself. The library, which only
/// this and ``NetCDFContents`` import, is not safe to call from two threads at a time: a lock is held during every call. A file that is not closed with ``close()`` is incomplete and is removed.
///
/// *Verified by* `NetCDFFileTests`.
public struct NetCDFFile: ~Copyable {
  /// A named axis of a file.
  public struct Dimension: Hashable, Sendable {
    public let name: String
    public let size: Int
    fileprivate let identifier: Int32
  }

  /// What an attribute holds.
  public enum Attribute: Hashable, Sendable {
    case text(String)
    case number(Double)
    case integer(Int)
  }

  /// An attribute with its name.
  public struct NamedAttribute: Hashable, Sendable {
    public var name: String
    public var value: Attribute

    public init(_ name: String, _ value: Attribute) {
      self.name = name
      self.value = value
    }
  }

  /// How a variable is stored.
  public enum Precision: Hashable, Sendable {
    case single, double

    fileprivate var type: Int32 { self == .single ? NC_FLOAT : NC_DOUBLE }
  }

  /// What is said about a variable. `fill` stands where there is no value; NaN is usual.
  public struct Description: Hashable, Sendable {
    public var units: String?
    public var longName: String?
    public var fill: Double?
    /// Further attributes, in the order given.
    public var others: [NamedAttribute]

    public init(
      units: String? = nil, longName: String? = nil, fill: Double? = nil, others: [NamedAttribute] = []
    ) {
      self.units = units
      self.longName = longName
      self.fill = fill
      self.others = others
    }
  }

  /// The library's calls, one at a time.
  static let library = Mutex(())
  private static let inMemoryCount = Mutex(0)
  /// The fastest level: grids of smooth values gain little from more.
  private static let deflateLevel: Int32 = 1

  private let path: String
  private var handle: Int32
  private var isOpen = true
  private let isInMemory: Bool

  /// Creates the file, replacing one of the same name.
  /// - Throws: `InterchangeError.cannotWrite` when the directory does not exist (the library would call that
  ///   "Permission denied"), `InterchangeError.netCDF`.
  public init(creating path: String) throws(InterchangeError) {
    guard SystemFile.isDirectory(SystemFile.split(path).parent) else {
      throw .cannotWrite(path: path, reason: SystemFile.Failure.noSuchFile.reason)
    }
    let handle = try Self.create(path, NC_CLOBBER)
    self.path = path
    self.handle = handle
    isInMemory = false
  }

  /// A file that never reaches a disk: what is written can be read with ``contents()``.
  /// - Throws: `InterchangeError.netCDF`.
  public init(inMemory name: String) throws(InterchangeError) {
    // Of one name only one file can be open.
    let number = Self.inMemoryCount.withLock { count in
      count += 1
      return count
    }
    let unique = "\(name) \(number)"
    let handle = try Self.create(unique, NC_DISKLESS)
    path = unique
    self.handle = handle
    isInMemory = true
  }

  private static func create(_ path: String, _ mode: Int32) throws(InterchangeError) -> Int32 {
    var handle: Int32 = -1
    let status = library.withLock { _ in unsafe nc_create(path, NC_NETCDF4 | mode, &handle) }
    guard status == NC_NOERR else {
      throw .netCDF(path: path, subject: path, reason: text(of: status))
    }
    return handle
  }

  // MARK: Contents

  public mutating func dimension(_ name: String, size: Int) throws(InterchangeError) -> Dimension {
    guard size >= 0 else { throw .wrongShape(variable: name, expected: 0, found: size) }
    var identifier: Int32 = -1
    let status = Self.library.withLock { _ in unsafe nc_def_dim(handle, name, size, &identifier) }
    try check(status, name)
    return Dimension(name: name, size: size, identifier: identifier)
  }

  /// A dimension and the variable of the same name that holds its places.
  public mutating func coordinate(
    _ name: String, values: [Double], _ description: Description = Description()
  ) throws(InterchangeError) -> Dimension {
    let dimension = try dimension(name, size: values.count)
    try variable(name, over: [dimension], values: values, description)
    return dimension
  }

  /// A dimension and the variable of the same name that holds the names of its places.
  public mutating func coordinate(
    _ name: String, labels: [String], _ description: Description = Description()
  ) throws(InterchangeError) -> Dimension {
    let dimension = try dimension(name, size: labels.count)
    let identifier = try define(name, over: [dimension], type: NC_STRING, description)
    let status = Self.library.withLock { _ in
      unsafe Self.withCStrings(labels) { pointers in
        var pointers = unsafe pointers
        return unsafe nc_put_var_string(handle, identifier, &pointers)
      }
    }
    try check(status, name)
    return dimension
  }

  /// A variable over dimensions, the last of which varies fastest in `values`.
  /// - Throws: `InterchangeError.wrongShape`, `InterchangeError.netCDF`.
  public mutating func variable(
    _ name: String, over dimensions: [Dimension], values: [Double], precision: Precision = .double,
    _ description: Description = Description()
  ) throws(InterchangeError) {
    let expected = dimensions.reduce(1) { $0 * $1.size }
    guard values.count == expected else {
      throw .wrongShape(variable: name, expected: expected, found: values.count)
    }
    let identifier = try define(name, over: dimensions, type: precision.type, description)
    let status = Self.library.withLock { _ in
      unsafe values.withUnsafeBufferPointer { unsafe nc_put_var_double(handle, identifier, $0.baseAddress) }
    }
    try check(status, name)
  }

  /// An attribute of the whole file.
  public mutating func attribute(_ name: String, _ value: Attribute) throws(InterchangeError) {
    try put(name, value, of: NC_GLOBAL, type: NC_DOUBLE)
  }

  /// Completes the file.
  public consuming func close() throws(InterchangeError) {
    let status = Self.library.withLock { _ in nc_close(handle) }
    if status == NC_NOERR { isOpen = false }
    try check(status, path)
  }

  /// What has been written, to be read.
  public consuming func contents() -> NetCDFContents {
    isOpen = false
    return NetCDFContents(handle: handle, path: path)
  }

  deinit {
    guard isOpen else { return }
    _ = Self.library.withLock { _ in nc_close(handle) }
    if !isInMemory { SystemFile.remove(path) }
  }

  // MARK: Calls

  private func define(
    _ name: String, over dimensions: [Dimension], type: Int32, _ description: Description
  ) throws(InterchangeError) -> Int32 {
    var identifier: Int32 = -1
    let identifiers = dimensions.map { $0.identifier }
    let status = Self.library.withLock { _ in
      unsafe nc_def_var(handle, name, type, Int32(identifiers.count), identifiers, &identifier)
    }
    try check(status, name)
    // Neither single values nor texts can be compressed.
    if !dimensions.isEmpty, type != NC_STRING {
      let shuffle: Int32 = 1
      let deflate: Int32 = 1
      let compressed = Self.library.withLock { _ in
        nc_def_var_deflate(handle, identifier, shuffle, deflate, Self.deflateLevel)
      }
      try check(compressed, name)
    }
    if let fill = description.fill, type != NC_STRING {
      try put("_FillValue", .number(fill), of: identifier, type: type)
    }
    if let units = description.units { try put("units", .text(units), of: identifier, type: type) }
    if let longName = description.longName { try put("long_name", .text(longName), of: identifier, type: type) }
    for other in description.others { try put(other.name, other.value, of: identifier, type: NC_DOUBLE) }
    return identifier
  }

  private func put(_ name: String, _ value: Attribute, of variable: Int32, type: Int32) throws(InterchangeError) {
    let status = Self.library.withLock { _ in
      switch value {
      case .text(let text): return unsafe nc_put_att_text(handle, variable, name, text.utf8.count, text)
      case .number(let number):
        var number = number
        return unsafe nc_put_att_double(handle, variable, name, type, 1, &number)
      case .integer(let integer):
        var integer = Int64(integer)
        return unsafe nc_put_att_longlong(handle, variable, name, NC_INT64, 1, &integer)
      }
    }
    try check(status, name)
  }

  private func check(_ status: Int32, _ subject: String) throws(InterchangeError) {
    guard status == NC_NOERR else {
      throw .netCDF(path: path, subject: subject, reason: Self.text(of: status))
    }
  }

  static func text(of status: Int32) -> String {
    unsafe String(cString: nc_strerror(status))
  }

  /// Calls with pointers to texts that end with a zero; they are freed afterwards.
  @unsafe private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
  ) -> Result {
    let buffers = unsafe texts.map { text in
      let bytes = text.utf8CString
      let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
      _ = unsafe buffer.initialize(from: bytes)
      return unsafe buffer
    }
    defer {
      for index in unsafe buffers.indices { unsafe buffers[index].deallocate() }
    }
    return unsafe body(buffers.map { unsafe UnsafePointer($0.baseAddress) })
  }
}

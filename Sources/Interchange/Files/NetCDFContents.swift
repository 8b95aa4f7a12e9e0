internal import CNetCDF

/// Reads a NetCDF file that ``NetCDFFile`` wrote: attributes, labels and numbers by name. *Verified by* `NetCDFContentsTests`.
public struct NetCDFContents: ~Copyable {
  /// A variable's numbers, the last dimension fastest.
  public struct Values: Equatable, Sendable {
    public let shape: [Int]
    public let numbers: [Double]

    public init(shape: [Int], numbers: [Double]) {
      self.shape = shape
      self.numbers = numbers
    }
  }

  /// More numbers than this are no policy.
  static let mostNumbers = 1 << 30

  private let path: String
  private let handle: Int32

  /// - Throws: `InterchangeError.netCDF` when the file is none, or cannot be read.
  public init(reading path: String) throws(InterchangeError) {
    var handle: Int32 = -1
    let status = NetCDFFile.library.withLock { _ in unsafe nc_open(path, NC_NOWRITE, &handle) }
    guard status == NC_NOERR else { throw .netCDF(path: path, subject: path, reason: NetCDFFile.text(of: status)) }
    self.path = path
    self.handle = handle
  }

  /// Of an open file, which is closed with this.
  init(handle: Int32, path: String) {
    self.handle = handle
    self.path = path
  }

  deinit { _ = NetCDFFile.library.withLock { _ in nc_close(handle) } }

  // MARK: Attributes of the whole file

  /// Nil when there is none of this name, or it is no text.
  public func text(_ attribute: String) -> String? { text(attribute, of: NC_GLOBAL) }

  private func text(_ attribute: String, of variable: Int32) -> String? {
    NetCDFFile.library.withLock { _ in
      var (type, length): (Int32, Int) = (0, 0)
      guard unsafe nc_inq_att(handle, variable, attribute, &type, &length) == NC_NOERR, type == NC_CHAR else {
        return nil
      }
      var bytes = [CChar](repeating: 0, count: length)
      guard unsafe nc_get_att_text(handle, variable, attribute, &bytes) == NC_NOERR else { return nil }
      return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Nil when there is none of this name, or it is no single number.
  public func number(_ attribute: String) -> Double? {
    NetCDFFile.library.withLock { _ in
      var length = 0
      guard unsafe nc_inq_attlen(handle, NC_GLOBAL, attribute, &length) == NC_NOERR, length == 1 else { return nil }
      var value = 0.0
      return unsafe nc_get_att_double(handle, NC_GLOBAL, attribute, &value) == NC_NOERR ? value : nil
    }
  }

  // MARK: Variables

  public func has(_ variable: String) -> Bool {
    NetCDFFile.library.withLock { _ in
      var identifier: Int32 = -1
      return unsafe nc_inq_varid(handle, variable, &identifier) == NC_NOERR
    }
  }

  /// In the order of the file.
  public func variables() throws(InterchangeError) -> [String] {
    var count: Int32 = 0
    try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_nvars(handle, &count) }, path)
    var names: [String] = []
    for identifier in 0..<count {
      names.append(try unsafe name(path) { bytes in unsafe nc_inq_varname(handle, identifier, bytes) })
    }
    return names
  }

  /// What is said of a variable, or of the whole file, besides its numbers: every attribute with its value, the dimensions and the type;
  /// of the file the attributes, and what it has of dimensions and groups. Any change of how the numbers are to be read is one of it.
  public func description(of variable: String? = nil) throws(InterchangeError) -> [String: String] {
    let subject = variable ?? path
    let identifier = try variable.map { (name) throws(InterchangeError) in try look(name).identifier } ?? NC_GLOBAL
    var said: [String: String] = [:]
    var count: Int32 = 0
    try check(
      NetCDFFile.library.withLock { _ in
        unsafe variable == nil ? nc_inq_natts(handle, &count) : nc_inq_varnatts(handle, identifier, &count)
      }, subject)
    for number in 0..<count {
      let name = try unsafe name(subject) { bytes in unsafe nc_inq_attname(handle, identifier, number, bytes) }
      said[name] = try value(of: name, identifier, subject)
    }
    if variable == nil {
      var (dimensions, groups): (Int32, Int32) = (0, 0)
      try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_ndims(handle, &dimensions) }, subject)
      try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_grps(handle, &groups, nil) }, subject)
      said["dimensions"] = "\(dimensions)"
      said["groups"] = "\(groups)"
    } else {
      var (type, rank): (Int32, Int32) = (0, 0)
      try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_vartype(handle, identifier, &type) }, subject)
      try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_varndims(handle, identifier, &rank) }, subject)
      var dimensions = [Int32](repeating: -1, count: Int(rank))
      try check(
        NetCDFFile.library.withLock { _ in unsafe nc_inq_vardimid(handle, identifier, &dimensions) }, subject)
      var names: [String] = []
      for dimension in dimensions {
        names.append(try unsafe name(subject) { bytes in unsafe nc_inq_dimname(handle, dimension, bytes) })
      }
      said["dimensions"] = names.joined(separator: ", ")
      said["type"] = "\(type)"
    }
    return said
  }

  /// A name that the library writes.
  private func name(
    _ subject: String, _ write: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(InterchangeError) -> String {
    var bytes = [CChar](repeating: 0, count: Int(NC_MAX_NAME) + 1)
    let status = NetCDFFile.library.withLock { _ in
      unsafe bytes.withUnsafeMutableBufferPointer { unsafe write($0.baseAddress!) }
    }
    try check(status, subject)
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// An attribute with its type, in words.
  private func value(of attribute: String, _ variable: Int32, _ subject: String) throws(InterchangeError) -> String {
    var (type, length): (Int32, Int) = (0, 0)
    try check(
      NetCDFFile.library.withLock { _ in unsafe nc_inq_att(handle, variable, attribute, &type, &length) }, subject)
    if type == NC_CHAR { return text(attribute, of: variable) ?? "" }
    guard type != NC_STRING, length <= NetCDFContents.mostNumbers else { return "type \(type), \(length)" }
    var numbers = [Double](repeating: 0, count: length)
    let status = NetCDFFile.library.withLock { _ in unsafe nc_get_att_double(handle, variable, attribute, &numbers) }
    // Of types that are no numbers nothing more can be said.
    return "type \(type) \(status == NC_NOERR ? numbers.map { "\($0)" }.joined(separator: ", ") : "\(length)")"
  }

  /// Whether a variable holds texts.
  public func isText(_ variable: String) throws(InterchangeError) -> Bool {
    let identifier = try look(variable).identifier
    var type: Int32 = 0
    try check(NetCDFFile.library.withLock { _ in unsafe nc_inq_vartype(handle, identifier, &type) }, variable)
    return type == NC_STRING
  }

  /// The numbers of a variable.
  /// - Throws: `InterchangeError.netCDF`, `wrongShape`.
  public func values(_ variable: String) throws(InterchangeError) -> Values {
    let (identifier, shape) = try look(variable)
    let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard shape.allSatisfy({ $0 <= NetCDFContents.mostNumbers }), count <= NetCDFContents.mostNumbers, count >= 0 else {
      throw .wrongShape(variable: variable, expected: NetCDFContents.mostNumbers, found: count)
    }
    var numbers = [Double](repeating: 0, count: count)
    let status = NetCDFFile.library.withLock { _ in unsafe nc_get_var_double(handle, identifier, &numbers) }
    try check(status, variable)
    return Values(shape: shape, numbers: numbers)
  }

  /// The texts of a variable with one dimension.
  /// - Throws: `InterchangeError.netCDF`, `wrongShape`.
  public func labels(_ variable: String) throws(InterchangeError) -> [String] {
    let (identifier, shape) = try look(variable)
    guard shape.count == 1, shape[0] <= NetCDFContents.mostNumbers else {
      throw .wrongShape(variable: variable, expected: 1, found: shape.count)
    }
    var texts: [String] = []
    let status = NetCDFFile.library.withLock { _ in
      var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: shape[0])
      let status = unsafe nc_get_var_string(handle, identifier, &pointers)
      guard status == NC_NOERR else { return status }
      for index in unsafe pointers.indices {
        texts.append(unsafe pointers[index].map { unsafe String(cString: $0) } ?? "")
      }
      return unsafe nc_free_string(shape[0], &pointers)
    }
    try check(status, variable)
    return texts
  }

  private func look(_ variable: String) throws(InterchangeError) -> (identifier: Int32, shape: [Int]) {
    var (identifier, rank): (Int32, Int32) = (-1, 0)
    try check(
      NetCDFFile.library.withLock { _ in unsafe nc_inq_varid(handle, variable, &identifier) }, variable)
    try check(
      NetCDFFile.library.withLock { _ in unsafe nc_inq_varndims(handle, identifier, &rank) }, variable)
    var dimensions = [Int32](repeating: -1, count: Int(rank))
    try check(
      NetCDFFile.library.withLock { _ in unsafe nc_inq_vardimid(handle, identifier, &dimensions) }, variable)
    var shape: [Int] = []
    for dimension in dimensions {
      var length = 0
      try check(
        NetCDFFile.library.withLock { _ in unsafe nc_inq_dimlen(handle, dimension, &length) }, variable)
      shape.append(length)
    }
    return (identifier, shape)
  }

  private func check(_ status: Int32, _ subject: String) throws(InterchangeError) {
    guard status == NC_NOERR else {
      throw .netCDF(path: path, subject: subject, reason: NetCDFFile.text(of: status))
    }
  }
}

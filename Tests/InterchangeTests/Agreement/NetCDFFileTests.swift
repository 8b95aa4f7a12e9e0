import CNetCDF
import Interchange
import Testing

/// What the writer wrote, read back through the library's own functions. One at a time: the library has no locks.
@Suite("NetCDF files", .serialized)
struct NetCDFFileTests {
  @Test("dimensions, coordinates, variables and attributes come back")
  func readBack() throws {
    let scratch = try Scratch()
    let path = scratch.path("policy.nc")
    let lower: [Double] = [-1.5, -1.25, .nan, 0.1, 0.2, 0.30000000000000004]
    var file = try NetCDFFile(creating: path)
    try file.attribute("title", .text("bands é"))
    try file.attribute("seed", .integer(9_007_199_254_740_993))
    try file.attribute("error", .number(0.1))
    let regime = try file.coordinate("regime", labels: ["calm", "gestreßt"])
    let spot = try file.coordinate("spot", values: [80, 90, 100], .init(units: "USD", longName: "spot price"))
    try file.variable(
      "lower", over: [regime, spot], values: lower,
      .init(
        units: "BTC", longName: "lower edge", fill: .nan,
        others: [.init("measure", .text("netDelta")), .init("levels", .integer(-7))]))
    try file.variable("value", over: [spot], values: [1, 0.1, 1e-3], precision: .single, .init(fill: -1))
    try file.variable("total", over: [], values: [812.4])
    try file.close()

    let reader = try NetCDFReader(path)
    #expect(reader.text("title", of: nil) == "bands é" && reader.text("units", of: "lower") == "BTC")
    #expect(reader.text("long_name", of: "lower") == "lower edge" && reader.text("measure", of: "lower") == "netDelta")
    #expect(reader.text("units", of: "spot") == "USD" && reader.text("long_name", of: "spot") == "spot price")
    #expect(reader.integer("seed", of: nil) == 9_007_199_254_740_993 && reader.integer("levels", of: "lower") == -7)
    #expect(reader.number("error", of: nil) == 0.1 && reader.number("_FillValue", of: "value") == -1)
    #expect(reader.number("_FillValue", of: "lower")?.isNaN == true)
    #expect(reader.dimensions(of: "lower") == ["regime": 2, "spot": 3])
    #expect(reader.dimensions(of: "spot") == ["spot": 3] && reader.dimensions(of: "total") == [:])
    #expect(reader.values("lower", count: 6).map { $0.bitPattern } == lower.map { $0.bitPattern })
    #expect(reader.values("spot", count: 3) == [80, 90, 100] && reader.values("total", count: 1) == [812.4])
    #expect(reader.values("value", count: 3) == [1, Double(Float(0.1)), Double(Float(1e-3))])
    #expect(reader.labels("regime", count: 2) == ["calm", "gestreßt"])
    // Type, shuffle, deflate and level of the filter.
    #expect(reader.storage(of: "lower") == [NC_DOUBLE, 1, 1, 1] && reader.storage(of: "value") == [NC_FLOAT, 1, 1, 1])
  }

  @Test("a smooth grid is smaller than its numbers")
  func compressed() throws {
    let scratch = try Scratch()
    var file = try NetCDFFile(creating: scratch.path("a.nc"))
    let axis = try file.dimension("x", size: 100_000)
    try file.variable("y", over: [axis], values: (0..<100_000).map { ($0 / 100).isMultiple(of: 2) ? 0.25 : -1.5 })
    try file.close()
    let size = try #require(scratch.size("a.nc"))
    #expect(size < 100_000, "\(size) bytes for 800000")
  }

  @Test("a wrong number of values")
  func wrongShape() throws {
    let scratch = try Scratch()
    var file = try NetCDFFile(creating: scratch.path("a.nc"))
    let axis = try file.dimension("x", size: 3)
    do {
      try file.variable("y", over: [axis, axis], values: [1, 2, 3])
      Issue.record("accepted")
    } catch {
      #expect(error == .wrongShape(variable: "y", expected: 9, found: 3))
    }
  }

  @Test("the library's reason is the fact of the error")
  func libraryErrors() throws {
    let scratch = try Scratch()
    let path = scratch.path("a.nc")
    var file = try NetCDFFile(creating: path)
    _ = try file.dimension("x", size: 3)
    do {
      _ = try file.dimension("x", size: 3)
      Issue.record("accepted")
    } catch {
      #expect(
        error == .netCDF(path: path, subject: "x", reason: "NetCDF: String match to name in use"))
    }
    do {
      _ = try file.dimension("a/b", size: 3)
      Issue.record("accepted")
    } catch {
      #expect(
        error == .netCDF(path: path, subject: "a/b", reason: "NetCDF: Name contains illegal characters"))
    }
  }

  @Test("a missing directory is called that, and a file that was not closed is removed")
  func places() throws {
    let scratch = try Scratch()
    let path = scratch.path("none/a.nc")
    #expect(throws: InterchangeError.cannotWrite(path: path, reason: "No such file or directory")) {
      _ = try NetCDFFile(creating: path)
    }
    do {
      var file = try NetCDFFile(creating: scratch.path("b.nc"))
      _ = try file.dimension("x", size: 3)
    }
    #expect(try scratch.listing() == [])
  }
}

/// The reading half of the library, for the tests of this suite and of those inside it only: it has no lock.
final class NetCDFReader {
  private var handle: Int32 = -1

  init(_ path: String) throws {
    try #require(nc_open(path, NC_NOWRITE, &handle) == NC_NOERR)
  }

  deinit { nc_close(handle) }

  private func identifier(_ variable: String?) -> Int32 {
    guard let variable else { return NC_GLOBAL }
    var identifier: Int32 = -100
    #expect(nc_inq_varid(handle, variable, &identifier) == NC_NOERR, "\(variable)")
    return identifier
  }

  func text(_ name: String, of variable: String?) -> String? {
    var length = 0
    guard nc_inq_attlen(handle, identifier(variable), name, &length) == NC_NOERR else { return nil }
    var bytes = [CChar](repeating: 0, count: length)
    guard nc_get_att_text(handle, identifier(variable), name, &bytes) == NC_NOERR else { return nil }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func number(_ name: String, of variable: String?) -> Double? {
    var number = 0.0
    return nc_get_att_double(handle, identifier(variable), name, &number) == NC_NOERR ? number : nil
  }

  func integer(_ name: String, of variable: String?) -> Int64? {
    var integer: Int64 = 0
    return nc_get_att_longlong(handle, identifier(variable), name, &integer) == NC_NOERR ? integer : nil
  }

  func dimensions(of variable: String) -> [String: Int] {
    var count: Int32 = 0
    guard nc_inq_varndims(handle, identifier(variable), &count) == NC_NOERR else { return [:] }
    var identifiers = [Int32](repeating: -1, count: Int(count) + 1)
    guard nc_inq_vardimid(handle, identifier(variable), &identifiers) == NC_NOERR else { return [:] }
    var dimensions: [String: Int] = [:]
    for dimension in identifiers.prefix(Int(count)) {
      var name = [CChar](repeating: 0, count: Int(NC_MAX_NAME) + 1)
      var size = 0
      guard nc_inq_dim(handle, dimension, &name, &size) == NC_NOERR else { return [:] }
      dimensions[String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)] = size
    }
    return dimensions
  }

  func values(_ variable: String, count: Int) -> [Double] {
    var values = [Double](repeating: -12345, count: count)
    #expect(nc_get_var_double(handle, identifier(variable), &values) == NC_NOERR)
    return values
  }

  func labels(_ variable: String, count: Int) -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    #expect(nc_get_var_string(handle, identifier(variable), &pointers) == NC_NOERR)
    defer { nc_free_string(count, &pointers) }
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  func storage(of variable: String) -> [Int32] {
    var type: Int32 = 0
    var shuffle: Int32 = 0
    var deflate: Int32 = 0
    var level: Int32 = 0
    nc_inq_vartype(handle, identifier(variable), &type)
    nc_inq_var_deflate(handle, identifier(variable), &shuffle, &deflate, &level)
    return [type, shuffle, deflate, level]
  }
}

import Interchange
import Testing

// Inside the suite of the NetCDF library, which runs one test at a time.
extension NetCDFFileTests {
  /// What the writer wrote, read back by name.
  @Suite("NetCDF files read back")
  struct NetCDFContentsTests {
    @Test("attributes, labels and numbers")
    func contents() throws {
      let scratch = try Scratch()
      let path = scratch.path("policy.nc")
      let lower: [Double] = [-1.5, -.infinity, 0.1, 0.2, 0.30000000000000004, .infinity]
      var file = try NetCDFFile(creating: path)
      try file.attribute("title", .text("bands é"))
      try file.attribute("within", .number(0.1))
      let regime = try file.coordinate("regime", labels: ["calm", "gestreßt"])
      let spot = try file.coordinate("spot", values: [80, 90, 100])
      try file.variable("lower", over: [regime, spot], values: lower, .init(fill: .nan))
      try file.close()
      let read = try NetCDFContents(reading: path)
      #expect(read.text("title") == "bands é" && read.text("within") == nil && read.text("other") == nil)
      #expect(read.number("within") == 0.1 && read.number("other") == nil)
      #expect(read.has("lower") && !read.has("upper"))
      #expect(try read.labels("regime") == ["calm", "gestreßt"])
      #expect(try read.values("spot") == NetCDFContents.Values(shape: [3], numbers: [80, 90, 100]))
      #expect(try read.values("lower") == NetCDFContents.Values(shape: [2, 3], numbers: lower))
    }

    @Test("what is not there, and what is no such file")
    func refusals() throws {
      let scratch = try Scratch()
      let path = scratch.path("a.nc")
      var file = try NetCDFFile(creating: path)
      _ = try file.coordinate("spot", values: [80, 90, 100])
      try file.close()
      let read = try NetCDFContents(reading: path)
      #expect(throws: InterchangeError.netCDF(path: path, subject: "lower", reason: "NetCDF: Variable not found")) {
        try read.values("lower")
      }
      try AtomicFile.write("{}", to: scratch.path("b.nc"))
      #expect(throws: InterchangeError.self) { try NetCDFContents(reading: scratch.path("b.nc")).has("spot") }
    }
  }
}

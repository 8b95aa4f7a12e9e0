import Certification
import Foundation
import Testing

@testable import Interchange

/// What `certify` compares: every place of a file counts, and nothing in the file widens what it is allowed.
@Suite("Misstatements") struct MisstatementTests {
  /// Changes one place of a value and says which.
  private static func changes(
    of value: JSONValue, at place: String = "", key: String = "", scale: Double = 0,
    _ visit: (_ place: String, _ changed: JSONValue) -> Void
  ) {
    switch value {
    case .object(let members):
      let inside = members.reduce(0.0) {
        if case .number(let number) = $1.value { max($0, number.magnitude) } else { $0 }
      }
      for (index, member) in members.enumerated() {
        let name = place.isEmpty ? member.key : "\(place).\(member.key)"
        changes(of: member.value, at: name, key: member.key, scale: inside) { inner, changed in
          var other = members
          other[index].value = changed
          visit(inner, .object(other))
        }
        var lacking = members
        lacking.remove(at: index)
        visit(name, .object(lacking))
      }
    case .array(let values):
      // Rows are alike: the first, the last and one between.
      for index in Set([0, values.count / 2, values.count - 1]).sorted() where values.indices.contains(index) {
        changes(of: values[index], at: "\(place)[\(index)]", scale: 0) { inner, changed in
          var other = values
          other[index] = changed
          visit(inner, .array(other))
        }
      }
      if !values.isEmpty { visit(place, .array(Array(values.dropLast()))) }
    case .number(let number):
      // More than its own error can explain.
      let isError = ["error", "standardError", "bandError"].contains(key)
      visit(
        place, .number(isError ? 2 * number + 1e-5 * max(scale, 1) : number + 2.1 * max(number.magnitude, scale) + 1e-3)
      )
    case .integer(let integer): visit(place, .integer(integer + 1))
    case .string(let text): visit(place, .string(text + "’"))
    case .boolean(let truth): visit(place, .boolean(!truth))
    case .null: break
    }
  }

  private static func misstatements(_ stated: JSONValue, _ found: JSONValue) -> [Misstatement] {
    var comparison = StatementComparison(file: "f")
    comparison.compare(stated, with: found)
    return comparison.misstatements
  }

  @Test("one place changed, dropped or added is found, and no other", arguments: [0, 1])
  func everyPlace(_ index: Int) throws {
    let solved = try (index == 0 ? Solved.book : Solved.tracking).get()
    let parameters = try Parameters(solved.certificate, model: solved.model, programVersion: "7").encoded
    for found in [parameters, CertificateFile.encoded(solved.certificate, of: solved.model.problem)] {
      #expect(Self.misstatements(found, found) == [])
      var (count, missed): (Int, [String]) = (0, [])
      Self.changes(of: found) { place, changed in
        count += 1
        if Self.misstatements(changed, found).map(\.place) != [place] { missed.append(place) }
        if Self.misstatements(found, changed).map(\.place) != [place] { missed.append("reversed \(place)") }
      }
      #expect(count > 50)
      #expect(missed == [], "\(missed.count) of \(count)")
    }
  }

  /// What another machine may make of it is let pass; a stated error widens nothing.
  @Test("numbers to their hundred-thousandth part")
  func allowance() {
    let found: JSONValue = ["total": 100.0, "trading": 1e-9, "tradesPerYear": 7.0, "error": 0.5, "unit": "USD"]
    func stated(_ total: Double, _ trading: Double, _ trades: Double, _ error: Double) -> [String] {
      Self.misstatements(
        [
          "total": .number(total), "trading": .number(trading), "tradesPerYear": .number(trades),
          "error": .number(error),
          "unit": "USD",
        ],
        found
      ).map(\.place)
    }
    #expect(stated(100.0009, 9e-8, 7.00006, 0.500004) == [])
    #expect(stated(100.0012, 0, 7, 0.5) == ["total"])
    #expect(stated(100, 2e-7, 7, 0.5) == ["trading"])
    #expect(stated(100, 0, 7.0001, 0.5) == ["tradesPerYear"])
    #expect(stated(105, 0, 7, 50) == ["total", "error"])
  }
}

extension NetCDFFileTests {
  /// The same of `policy.nc`.
  @Suite("Misstatements of tables")
  struct Misstatements {
    private static func file(
      title: String = "t", units: String = "s", labels: [String] = ["a", "b"], values: [Double] = [1, .nan, -2],
      extra: Bool = false, others: [NetCDFFile.NamedAttribute] = []
    ) throws -> NetCDFContents {
      var file = try NetCDFFile(inMemory: "f")
      try file.attribute("title", .text(title))
      let regime = try file.coordinate("regime", labels: labels)
      let time = try file.coordinate("time", values: Array((0..<values.count).map(Double.init)), .init(units: units))
      try file.variable("upper", over: [time], values: values, .init(others: others))
      if extra { try file.variable("more", over: [regime], values: labels.map { _ in 0 }) }
      return file.contents()
    }

    private static func places(
      _ stated: borrowing NetCDFContents, _ found: borrowing NetCDFContents
    ) throws -> [String] {
      var comparison = StatementComparison(file: "policy.nc")
      try comparison.compare(stated, with: found)
      return comparison.misstatements.map(\.place)
    }

    @Test("words, units, shapes, numbers and variables")
    func places() throws {
      let found = try Self.file()
      #expect(try Self.places(Self.file(), found) == [])
      #expect(try Self.places(Self.file(values: [1.000009, .nan, -2]), found) == [])
      #expect(try Self.places(Self.file(values: [1.000012, .nan, -2.1]), found) == ["upper, 2 of 3 numbers"])
      #expect(try Self.places(Self.file(values: [1, 5, -2]), found) == ["upper, 1 of 3 numbers"])
      #expect(try Self.places(Self.file(values: [1, .nan, .infinity]), found) == ["upper, 1 of 3 numbers"])
      #expect(try Self.places(Self.file(values: [1, .nan]), found) == ["time", "upper"])
      #expect(try Self.places(Self.file(title: "u"), found) == ["title"])
      #expect(try Self.places(Self.file(units: "d"), found) == ["time.units"])
      #expect(try Self.places(Self.file(labels: ["a", "c"]), found) == ["regime"])
      #expect(try Self.places(Self.file(extra: true), found) == ["more"])
      // How numbers are to be read: packing, and what is said of them.
      for (name, value) in [
        ("add_offset", NetCDFFile.Attribute.number(-1)), ("scale_factor", .number(0.5)), ("valid_max", .integer(0)),
        ("long_name", .text("something else")),
      ] {
        let packed = try Self.file(others: [.init(name, value)])
        #expect(try Self.places(packed, found) == ["upper.\(name)"])
        #expect(try Self.places(found, packed) == ["upper.\(name)"])
      }
      #expect(try Self.places(found, Self.file(extra: true)) == ["more"])
    }
  }
}

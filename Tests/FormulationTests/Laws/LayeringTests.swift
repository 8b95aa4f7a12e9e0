import Foundation
import Testing

/// The directions of ARCHITECTURE.md, which the package manager does not enforce within a target's transitive
/// dependencies: every import of every source file is on its target's list.
@Suite struct LayeringTests {
  /// What a target may import. Control and Simulation never see each other: the judge must not share the defendant's
  /// discretisation.
  static let allowed: [String: Set<String>] = [
    "LinearAlgebra": ["CLAPACK", "Glibc"],
    "VectorMath": ["CVector", "Glibc"],
    "Formulation": ["Glibc"],
    "Control": ["Formulation", "LinearAlgebra", "VectorMath", "Glibc", "Dispatch", "Synchronization"],
    "Simulation": ["Formulation", "LinearAlgebra", "VectorMath", "Glibc", "Dispatch"],
    "Calibration": ["Formulation", "LinearAlgebra", "VectorMath", "Glibc", "Dispatch", "Foundation"],
    "Certification": ["Formulation", "Control", "Simulation", "Glibc"],
    "Interchange": [
      "Formulation", "LinearAlgebra", "Control", "Simulation", "Calibration", "Certification", "CNetCDF", "CSodium",
      "Foundation", "Glibc", "Synchronization",
    ],
    "Commands": [
      "Formulation", "LinearAlgebra", "Control", "Simulation", "Calibration", "Certification", "Interchange",
      "Foundation", "Glibc", "Dispatch",
    ],
    "deadband": ["Commands"],
    "Benchmarks": ["Formulation", "Control", "Simulation", "Certification", "Glibc"],
  ]

  /// C modules and the files that may import each.
  static let solitary = [
    "CLAPACK": ["LAPACK.swift"], "CNetCDF": ["NetCDFFile.swift", "NetCDFContents.swift"], "CSodium": ["Digest.swift"],
  ]

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func sources(of target: String) throws -> [URL] {
    let folder = Self.root.appending(path: "Sources/\(target)")
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (found?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
  }

  private func imports(_ file: URL) throws -> [String] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"), index + 1 < words.count, !line.hasPrefix(" "),
        words[..<index].allSatisfy({ ["internal", "public", "private", "@preconcurrency", "unsafe"].contains($0) })
      else { return nil }
      return String(words[words.count > index + 2 ? index + 2 : index + 1].split(separator: ".")[0])
    }
  }

  @Test(arguments: allowed.keys.sorted()) func importsAreAllowed(_ target: String) throws {
    let files = try sources(of: target)
    #expect(!files.isEmpty, "no sources of \(target)")
    for file in files {
      for name in try imports(file) {
        #expect(Self.allowed[target]!.contains(name), "\(target)/\(file.lastPathComponent) imports \(name)")
        if let only = Self.solitary[name] {
          #expect(only.contains(file.lastPathComponent), "\(file.lastPathComponent) imports \(name); only \(only) may")
        }
      }
    }
  }

  /// One idea to a file, under 400 lines.
  @Test func filesAreShort() throws {
    for target in Self.allowed.keys {
      for file in try sources(of: target) {
        let lines = try String(contentsOf: file, encoding: .utf8).split(
          separator: "\n", omittingEmptySubsequences: false
        ).count
        #expect(lines <= 400, "\(target)/\(file.lastPathComponent) has \(lines) lines")
      }
    }
  }
}

// swift-tools-version: 6.2
// Deadband: when should a hedge be rebalanced, and how far?
// The targets and their directions are described in ARCHITECTURE.md; a layering test keeps the imports to them.
import PackageDescription

#if arch(x86_64)
  /// AVX2 and FMA for every target that passes vectors: `addingProduct` is a libm call without them.
  let architecture = ["-Xcc", "-march=x86-64-v3"]
  let architectureForC = ["-O3", "-march=x86-64-v3"]
  let vectorDefines: [SwiftSetting] = [.define("FUSED_MULTIPLY_ADD")]
#else
  let architecture: [String] = []
  let architectureForC = ["-O3"]
  let vectorDefines: [SwiftSetting] = []
#endif

/// Warnings are errors everywhere.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Numerical targets are optimised in debug builds too: unoptimised vector code is two orders of magnitude slower,
/// and the tests integrate real problems.
let numerical: [SwiftSetting] = strict + [.unsafeFlags(["-O"] + architecture)] + vectorDefines

/// Where C is touched, every unsafe expression is marked.
let unsafeMarked: [SwiftSetting] = [.strictMemorySafety()]

/// A test target of the module of the same name.
func tests(_ module: String, also dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(module)Tests", dependencies: [.init(stringLiteral: module), "TestKit"] + dependencies,
    swiftSettings: numerical)
}

let package = Package(
  name: "deadband",
  products: [.executable(name: "deadband", targets: ["deadband"])],
  targets: [
    .systemLibrary(
      name: "CLAPACK", pkgConfig: "lapack", providers: [.apt(["liblapack-dev", "libblas-dev"])]),
    .systemLibrary(name: "CNetCDF", pkgConfig: "netcdf", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .target(name: "CVector", cSettings: [.unsafeFlags(architectureForC)]),

    .target(name: "LinearAlgebra", dependencies: ["CLAPACK"], swiftSettings: numerical + unsafeMarked),
    .target(name: "VectorMath", dependencies: ["CVector"], swiftSettings: numerical),
    .target(name: "Formulation", swiftSettings: numerical),
    .target(
      name: "Control", dependencies: ["Formulation", "LinearAlgebra", "VectorMath"],
      swiftSettings: numerical),
    .target(
      name: "Simulation", dependencies: ["Formulation", "LinearAlgebra", "VectorMath"],
      swiftSettings: numerical),
    .target(
      name: "Calibration", dependencies: ["Formulation", "LinearAlgebra", "VectorMath"],
      swiftSettings: numerical),
    .target(
      name: "Certification", dependencies: ["Formulation", "Control", "Simulation"],
      swiftSettings: numerical),
    .target(
      name: "Interchange",
      dependencies: [
        "LinearAlgebra", "Formulation", "Control", "Simulation", "Calibration", "Certification", "CNetCDF", "CSodium",
      ],
      swiftSettings: strict + unsafeMarked),
    .target(
      name: "Commands",
      dependencies: [
        "Interchange", "Certification", "Calibration", "Formulation", "Control", "Simulation", "LinearAlgebra",
      ],
      swiftSettings: strict),
    .executableTarget(name: "deadband", dependencies: ["Commands"], swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks", dependencies: ["Certification", "Control", "Simulation", "Formulation"],
      swiftSettings: numerical),

    .target(name: "TestKit", dependencies: ["Formulation"], path: "Tests/TestKit", swiftSettings: numerical),
    tests("LinearAlgebra"),
    tests("VectorMath"),
    tests("Formulation"),
    tests("Control"),
    tests("Simulation"),
    tests("Calibration"),
    tests("Certification", also: ["Formulation", "Control", "Simulation"]),
    tests("Interchange", also: ["Formulation", "Control", "Simulation", "Calibration", "Certification"]),
    tests("Commands"),
  ],
  swiftLanguageModes: [.v6]
)

/// A share of a simulation's paths under every policy, as one process leaves it for another that merges them all.
///
/// A line `deadband.shard/1 N SHA-256`, N bytes of JSON that say what the numbers are of, then the numbers themselves, eight bytes each,
/// least significant first. The digest is that of everything after the line. *Verified by* `ShardFileTests`, `ShardCommandTests`.
public struct ShardFile: Equatable, Sendable {
  public static let schema = "deadband.shard/1"
  /// Names of shard files end so.
  public static let suffix = ".shard"

  /// A policy of the simulation.
  public struct Policy: Equatable, Sendable {
    public let name: String
    /// What it does, in a few words.
    public let rule: String
    /// Whether it has a band that net delta can leave.
    public let hasBand: Bool
    /// SHA-256 of every number that decides what it does.
    public let sha256: String

    public init(name: String, rule: String, hasBand: Bool, sha256: String) {
      (self.name, self.rule, self.hasBand, self.sha256) = (name, rule, hasBand, sha256)
    }
  }

  /// Policy classes that the model has none of.
  public struct Omission: Equatable, Sendable {
    public let classes: [String]
    public let reason: String

    public init(classes: [String], reason: String) { (self.classes, self.reason) = (classes, reason) }
  }

  /// What all shards of one simulation have in common.
  public struct Study: Equatable, Sendable {
    public var programVersion: String
    public var problemDigest: String
    /// SHA-256 of the world's file and of those that it names; nil: prices are the model's.
    public var worldDigest: String?
    public var seed: UInt64
    public var paths: Int
    /// Scramblings of Sobol's points; nil: paths are pseudorandom.
    public var scramblings: Int?
    /// Seconds between looks.
    public var checkEvery: Double
    /// How many shards there are.
    public var shards: Int
    /// The one that all are compared with first.
    public var policies: [Policy]
    public var omissions: [Omission]

    public init(
      programVersion: String, problemDigest: String, worldDigest: String?, seed: UInt64, paths: Int, scramblings: Int?,
      checkEvery: Double, shards: Int, policies: [Policy], omissions: [Omission]
    ) {
      self.programVersion = programVersion
      self.problemDigest = problemDigest
      self.worldDigest = worldDigest
      self.seed = seed
      self.paths = paths
      self.scramblings = scramblings
      self.checkEvery = checkEvery
      self.shards = shards
      self.policies = policies
      self.omissions = omissions
    }
  }

  public let study: Study
  /// From 1.
  public let number: Int
  /// One row per policy, empty where a policy is the first one again.
  public let rows: [[Double]]

  public init(study: Study, number: Int, rows: [[Double]]) {
    self.study = study
    self.number = number
    self.rows = rows
  }

  /// `3-of-8.shard`.
  public static func name(_ number: Int, of count: Int) -> String { "\(number)-of-\(count)\(suffix)" }

  // MARK: Writing

  /// Writes the shard into a directory, which is made if there is none, and returns its path. One of the same number is replaced.
  /// - Throws: `InterchangeError.cannotWrite`.
  public func write(to directory: String) throws(InterchangeError) -> String {
    let path = "\(directory)/\(Self.name(number, of: study.shards))"
    try AtomicFile.makeDirectory(directory)
    let bytes = try bytes()
    guard bytes.count <= SystemFile.largestFile else {
      throw .cannotWrite(path: path, reason: SystemFile.Failure.tooLarge.reason)
    }
    try AtomicFile.write(bytes, to: path)
    return path
  }

  func bytes() throws(InterchangeError) -> [UInt8] {
    var payload: [UInt8] = []
    payload.reserveCapacity(rows.reduce(0) { $0 + $1.count } * Self.width)
    for row in rows {
      for number in row {
        for byte in 0..<Self.width { payload.append(UInt8(truncatingIfNeeded: number.bitPattern >> UInt64(8 * byte))) }
      }
    }
    let header = Array(try JSONWriter.text(of: encoded).utf8)
    let content = header + payload
    return Array("\(Self.schema) \(header.count) \(Digest.sha256(of: content))\n".utf8) + content
  }

  /// Bytes of a number.
  private static let width = 8

  private var encoded: JSONValue {
    [
      "schema": .string(Self.schema), "version": .string(study.programVersion),
      "problemDigest": .string(study.problemDigest),
      "worldDigest": study.worldDigest.map { .string($0) } ?? .null,
      // Seeds beyond 2⁵³ are no JSON numbers.
      "seed": .string(String(study.seed)), "paths": .integer(study.paths),
      "scramblings": study.scramblings.map { .integer($0) } ?? .null, "checkEvery": .number(study.checkEvery),
      "shard": .integer(number), "shards": .integer(study.shards),
      "policies": .array(
        zip(study.policies, rows).map { policy, row in
          [
            "policy": .string(policy.name), "rule": .string(policy.rule), "hasBand": .boolean(policy.hasBand),
            "sha256": .string(policy.sha256), "numbers": .integer(row.count),
          ]
        }),
      "omissions": .array(
        study.omissions.map {
          ["classes": .array($0.classes.map { .string($0) }), "reason": .string($0.reason)]
        }),
    ]
  }

  // MARK: Reading

  /// - Throws: `ShardError.file`, `notAShard`, `changed`.
  public init(contentsOf path: String) throws(ShardError) {
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(path) } catch { throw .file(.unreadable(file: path, reason: error.reason)) }
    try self.init(bytes: bytes, path: path)
  }

  /// The first line is shorter than this.
  private static let longestLine = 128

  init(bytes: [UInt8], path: String) throws(ShardError) {
    guard let end = bytes.prefix(Self.longestLine).firstIndex(of: UInt8(ascii: "\n")) else {
      throw .notAShard(file: path)
    }
    let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
    guard words.count == 3, words[0] == Self.schema, let length = Int(words[1]), length >= 0,
      length <= bytes.count - end - 1
    else { throw .notAShard(file: path) }
    let content = Array(bytes[(end + 1)...])
    guard words[2] == Digest.sha256(of: content) else { throw .changed(file: path) }
    let payload = Array(content[length...])
    let header: ShardHeader
    do throws(ModelFileError) {
      header = try ShardHeader(
        JSON5Document(parsing: Array(content[..<length]), source: .file(path)).root)
    } catch { throw .file(error) }
    guard header.counts.reduce(0, +) == payload.count / Self.width, payload.count % Self.width == 0 else {
      throw .notAShard(file: path)
    }
    var next = 0
    rows = header.counts.map { count in
      (0..<count).map { _ in
        defer { next += Self.width }
        return Double(
          bitPattern: (0..<Self.width).reduce(UInt64(0)) { $0 | UInt64(payload[next + $1]) << UInt64(8 * $1) })
      }
    }
    study = header.study
    number = header.number
  }
}

/// The JSON of a shard.
private struct ShardHeader {
  let study: ShardFile.Study
  let number: Int
  let counts: [Int]

  init(_ root: JSON5Node) throws(ModelFileError) {
    let counts = 1...Int(Int32.max)
    var object = try StrictObject(root)
    _ = try object.required("schema").string(oneOf: [ShardFile.schema])
    let version = try object.required("version").string()
    let problem = try object.required("problemDigest").string()
    let world = try object.optional("worldDigest")?.string()
    let seed = try object.required("seed")
    guard let number = UInt64(try seed.string()) else { throw seed.wrongType(.integer) }
    let paths = try object.required("paths").integer(in: counts)
    let scramblings = try object.optional("scramblings")?.integer(in: counts)
    let check = try object.required("checkEvery").number(in: .positive)
    let shards = try object.required("shards").integer(in: counts)
    self.number = try object.required("shard").integer(in: 1...shards)
    var policies: [ShardFile.Policy] = []
    var sizes: [Int] = []
    for entry in try object.required("policies").array(count: 1...Int.max) {
      var policy = try entry.object()
      policies.append(
        ShardFile.Policy(
          name: try policy.required("policy").string(), rule: try policy.required("rule").string(),
          hasBand: try policy.required("hasBand").boolean(), sha256: try policy.required("sha256").string()))
      sizes.append(try policy.required("numbers").integer(in: 0...counts.upperBound))
      try policy.finish()
    }
    var omissions: [ShardFile.Omission] = []
    for entry in try object.required("omissions").array() {
      var omission = try entry.object()
      var classes: [String] = []
      for name in try omission.required("classes").array() { classes.append(try name.string()) }
      omissions.append(ShardFile.Omission(classes: classes, reason: try omission.required("reason").string()))
      try omission.finish()
    }
    try object.finish()
    self.counts = sizes
    study = ShardFile.Study(
      programVersion: version, problemDigest: problem, worldDigest: world, seed: number, paths: paths,
      scramblings: scramblings, checkEvery: check, shards: shards, policies: policies, omissions: omissions)
  }
}

import Certification
import Formulation
import Foundation
import LinearAlgebra

/// `run.json`: what was run, on what, and how it ended. It is there, saying `running`, before the work starts.
///
/// *Verified by* `ResultRunTests`.
public struct RunRecord: Sendable {
  public static let schema = "deadband.run/1"

  /// How a run stands.
  public enum Status: Sendable {
    case running
    case certified
    /// These checks did not pass.
    case refused([Check])
    /// The reason, in words.
    case failed(String)

    var word: String {
      switch self {
      case .running: "running"
      case .certified: "certified"
      case .refused: "refused"
      case .failed: "failed"
      }
    }
  }

  /// The machine.
  public struct Host: Equatable, Sendable {
    public var system: String
    public var machine: String
    public var cores: Int

    /// The one this runs on.
    public static var current: Host {
      var names = utsname()
      _ = unsafe uname(&names)
      return unsafe Host(
        system: text(&names.sysname), machine: text(&names.machine),
        cores: ProcessInfo.processInfo.activeProcessorCount)
    }

    @unsafe private static func text<Field>(_ field: inout Field) -> String {
      unsafe withUnsafeBytes(of: &field) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
  }

  /// What this process has used so far.
  public struct Usage: Equatable, Sendable {
    /// Seconds of processor time, user and system.
    public var processorSeconds: Double
    /// The largest resident size [bytes].
    public var peakMemory: Int

    public static var current: Usage {
      var usage = rusage()
      _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + 1e-6 * Double(time.tv_usec) }
      #if os(Linux)
        // Linux counts in kibibytes.
        let unit = 1024
      #else
        let unit = 1
      #endif
      return Usage(
        processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), peakMemory: Int(usage.ru_maxrss) * unit)
    }
  }

  public var status: Status = .running
  public var arguments: [String]
  public var programVersion: String
  public var model: String
  public var modelSHA256: String
  public var references: [ModelFile.FileDigest]
  public var problemDigest: String
  /// The `--set` arguments.
  public var overrides: [String]
  /// Settings as given and as used.
  public var settingsGiven: JSONValue
  public var settingsUsed: JSONValue?
  /// The preference as given and as used, when they differ.
  public var preference: JSONValue?
  public var seed: UInt64
  public var host: Host
  public var started: Instant
  public var ended: Instant?
  public var wallSeconds: Double?
  public var usage: Usage?
  /// SHA-256 of the other files of the result.
  public var files: [ModelFile.FileDigest] = []

  public init(
    model: ModelFile, arguments: [String], programVersion: String, settingsGiven: JSONValue, seed: UInt64,
    started: Instant, host: Host = .current
  ) {
    self.arguments = arguments
    self.programVersion = programVersion
    self.model = model.modelName
    modelSHA256 = model.sha256
    references = model.references
    problemDigest = model.problemDigest
    overrides = model.overrides
    self.settingsGiven = settingsGiven
    self.seed = seed
    self.host = host
    self.started = started
  }

  public var encoded: JSONValue {
    let provider = LinearAlgebraProvider.current
    var members: [JSONMember] = [
      JSONMember("schema", .string(Self.schema)), JSONMember("status", .string(status.word)),
    ]
    switch status {
    case .refused(let checks): members.append(JSONMember("failedChecks", CertificateFile.checks(checks)))
    case .failed(let reason): members.append(JSONMember("reason", .string(reason)))
    case .running, .certified: break
    }
    members += [
      JSONMember("arguments", .array(arguments.map { .string($0) })),
      JSONMember("model", ["name": .string(model), "sha256": .string(modelSHA256)]),
      JSONMember("files", .array(references.map(Self.encode))), JSONMember("problemDigest", .string(problemDigest)),
      JSONMember("set", .array(overrides.map { .string($0) })),
    ]
    var settings = [JSONMember("given", settingsGiven)]
    if let settingsUsed { settings.append(JSONMember("used", settingsUsed)) }
    if let preference { members.append(JSONMember("preference", preference)) }
    members += [
      JSONMember("settings", .object(settings)), JSONMember("seed", .integer(Int(clamping: seed))),
      JSONMember(
        "versions",
        .object([JSONMember("deadband", .string(programVersion)), JSONMember("linearAlgebra", provider.encoded)])),
      JSONMember(
        "host",
        ["system": .string(host.system), "machine": .string(host.machine), "cores": .integer(host.cores)]),
      JSONMember("started", .string(started.text)),
    ]
    if let ended { members.append(JSONMember("ended", .string(ended.text))) }
    if let wallSeconds { members.append(JSONMember("wallSeconds", .number(wallSeconds))) }
    if let usage {
      members.append(JSONMember("processorSeconds", .number(usage.processorSeconds)))
      members.append(JSONMember("peakMemoryBytes", .integer(usage.peakMemory)))
    }
    if !files.isEmpty { members.append(JSONMember("results", .array(files.map(Self.encode)))) }
    return .object(members)
  }

  private static func encode(_ file: ModelFile.FileDigest) -> JSONValue {
    ["name": .string(file.name), "sha256": .string(file.sha256)]
  }

  public func text() throws(InterchangeError) -> String { try JSONWriter.text(of: encoded) }
}

extension LinearAlgebraProvider {
  var encoded: JSONValue {
    var members = [
      JSONMember("provider", .string(name)), JSONMember("libraries", .array(libraries.map { .string($0) })),
    ]
    if let configuration { members.append(JSONMember("configuration", .string(configuration))) }
    return .object(members)
  }
}

import Interchange

extension Explainer {
  /// What keeps a result from being read back.
  static func message(_ error: EmittedResultError) -> String {
    switch error {
    case .file(let error): message(error)
    case .netCDF(let error): message(error)
    case .notCertified(let status):
      sentence(
        nil, "the last run in this directory is recorded as \(quoted(status))",
        allowed: "only a certified one has a result")
    case .changed(let file, let stated, let found):
      sentence(
        file, "the file is not the one that was certified", allowed: "its digest is \(found), recorded is \(stated)")
    case .unrecorded(let file):
      sentence(
        file, "the file is not in the record of its run", allowed: "results of earlier versions have none: solve again")
    case .otherShape(let variable):
      sentence(
        nil,
        variable.isEmpty
          ? "the table is of another problem" : "the table's \(quoted(variable)) is not that of the problem",
        allowed: "class, regimes, times and spots as the problem has them")
    }
  }
}

extension Failure {
  /// A result that is not what its record says is refused; one that cannot be understood is bad data.
  static func status(of error: EmittedResultError) -> ExitStatus {
    switch error {
    case .notCertified, .changed: .refused
    case .file, .unrecorded, .otherShape, .netCDF: .badData
    }
  }
}

import Certification
import Control
import Interchange
import Simulation

extension Explainer {
  // MARK: Solving

  static func message(_ error: CertificationError) -> String {
    switch error {
    case .control(let error): message(error)
    case .stationary(let error): message(error)
    case .simulation(let error): message(error)
    }
  }

  static func message(_ error: ControlError) -> String {
    switch error {
    case .unsupported(let method, let feature): sentence(nil, "the method \(quoted(method)) does not cover \(feature)")
    case .gridSetting(let name, let value, let allowed):
      sentence(nil, "\(name) is \(number(value))", allowed: "allowed is \(allowed)")
    case .notFinite(let method, let place):
      sentence(
        nil, "a number of the method \(quoted(method)) is not finite: \(place)",
        allowed: "a finer grid or a model on another scale may help")
    }
  }

  static func message(_ error: StationaryError) -> String {
    switch error {
    case .quadraticImpact(let regime):
      sentence(
        "costs", "regime \(regime) has a quadratic impact",
        allowed: "a tracking problem has fixed and proportional costs")
    case .freeTrading(let regime):
      sentence(
        "costs", "trading is free in regime \(regime)",
        allowed: "with a fixed or a proportional cost > 0 there is a band to find")
    case .severalClosedClasses(let classes):
      sentence(
        "tracking.switching",
        "the regimes end in \(classes.count) groups that are never left: "
          + classes.map { "{" + $0.map(String.init).joined(separator: ", ") + "}" }.joined(separator: ", "),
        allowed: "a long-run average needs one")
    case .setting(let name, let value, let allowed):
      sentence(nil, "\(name) is \(number(value))", allowed: "allowed is \(allowed)")
    case .singular:
      sentence(nil, "the equations of a policy could not be solved: a pivot vanished or a number overflowed")
    }
  }

  static func message(_ error: SimulationError) -> String {
    switch error {
    case .outOfRange(let setting, let value, let allowed):
      sentence(nil, "the simulation's \(setting) is \(number(value))", allowed: "allowed is \(allowed)")
    case .regimeCount(let found, let expected):
      sentence(nil, "the policy is one of \(found) regimes", allowed: "the problem has \(expected)")
    case .band(let regime, let time, let spot):
      sentence(nil, "the band of regime \(regime) at time \(time) and spot \(spot) of the table is out of order")
    case .tableShape(let what): sentence(nil, "the policy table does not fit together: \(what)")
    case .intervalNotMultiple(let interval, let check):
      sentence(
        nil, "trading every \(Figures.duration(interval)) is no whole number of checks",
        allowed: "a check is every \(Figures.duration(check))")
    case .misalignedShard(let first, let block):
      sentence(nil, "a share of the paths begins at \(first)", allowed: "shares begin at multiples of \(block)")
    case .shardGap(let expected, let found):
      sentence(nil, "a share of the paths begins at \(found)", allowed: "the one before ends at \(expected)")
    case .tooFewSamples(let found, let needed):
      sentence(nil, "\(found) samples were drawn", allowed: "at least \(needed) are needed")
    case .criterion(let criterion):
      sentence(nil, "the simulation does not estimate the criterion \(quoted(criterion))")
    }
  }

  // MARK: Certificates and results

  /// What a check asks, in a few words.
  static func question(_ kind: Check.Kind) -> String {
    switch kind {
    case .valueError: "numerical error of the value"
    case .bandError: "numerical error of the band"
    case .observedOrder: "observed order of convergence"
    case .equationResidual: "residual of the equation"
    case .obstacleViolation: "gain from trading where the policy waits"
    case .tradingViolation: "gain from waiting where the policy trades"
    case .rollOut: "independent simulation against value"
    case .edgesOrdered: "disorder of edges and targets"
    case .monotoneInCosts: "fall of the value when costs rise"
    case .closedForm: "distance from the closed form"
    }
  }

  /// Whether the measured number must not fall below the threshold; otherwise it must not exceed it.
  static func isLowerBound(_ kind: Check.Kind) -> Bool { kind == .observedOrder }

  static func message(_ check: Check) -> String {
    let unit = check.unit.isEmpty ? "" : " " + check.unit
    let bound = isLowerBound(check.kind) ? "at least" : "at most"
    return sentence(
      check.regime, "\(question(check.kind)) is \(Figures.significant(check.measured, 3))\(unit)",
      allowed: "allowed is \(bound) \(Figures.significant(check.threshold, 3))\(unit)")
  }

  static func message(_ error: ParametersError) -> String {
    switch error {
    case .refused(let checks): checks.map(message).joined(separator: "\n")
    case .spotOutsideGrid(let spot, let lowest, let highest):
      sentence(
        "outputs.spots", "found \(number(spot))",
        allowed: "the grid reaches from \(Figures.significant(lowest)) to \(Figures.significant(highest))")
    case .otherProblem: sentence(nil, "the certificate is of another problem than the model")
    }
  }

  static func message(_ error: ResultRunError) -> String {
    switch error {
    case .parameters(let error): message(error)
    case .files(let error): message(error)
    }
  }
}

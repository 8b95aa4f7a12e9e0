import Certification
import Control
import Formulation
import Interchange
import Simulation

/// What is said of a policy.
struct PolicyLabel: Equatable {
  let name: String
  /// What it does, in a few words.
  let rule: String
  /// Whether it has a band that net delta can leave.
  let hasBand: Bool
}

/// A policy that can be rolled out, with what is said of it.
struct ShelvedPolicy {
  let name: String
  let policy: HedgingPolicy
  /// What it does, in a few words.
  let rule: String
  /// Whether it has a band that net delta can leave.
  var hasBand = true

  var label: PolicyLabel { PolicyLabel(name: name, rule: rule, hasBand: hasBand) }
}

/// Policies of an option book by name: the optimum, its classes at their own best, published rules, rules of the clock, tables.
struct PolicyShelf {
  let problem: OptionBookProblem
  /// The optimum's bands, narrowed where looks are too many to be solved one by one.
  let optimum: PolicyTable
  let grid: FiniteHorizonGrid
  /// Those that were wanted; nil: none were.
  let classes: BookClasses?
  /// Seconds between looks.
  let check: Double
  /// The model's file, for errors.
  let place: String

  private static let hour = 3600.0
  /// Rounding of a number of looks.
  private static let rounding = 1e-9

  /// Every named policy that the model knows, or those asked for, in their order.
  ///
  /// - Throws: where a policy was asked for by name and does not apply, or its file is wrong.
  func policies(_ asked: [PolicyRequest]) throws(Failure) -> [ShelvedPolicy] {
    if asked.isEmpty {
      return CommandTable.policies.compactMap { try? named($0, isAsked: false) }
    }
    var found: [ShelvedPolicy] = []
    for request in asked {
      let policy = try shelved(request)
      if !found.contains(where: { $0.name == policy.name }) { found.append(policy) }
    }
    return found
  }

  private func shelved(_ request: PolicyRequest) throws(Failure) -> ShelvedPolicy {
    switch request {
    case .named(let name): return try named(name, isAsked: true)
    case .band(let half, let target):
      let (width, end) = (Explainer.number(half), Explainer.number(target))
      return ShelvedPolicy(
        name: target == half ? "band:\(width)" : "band:\(width):\(end)",
        policy: .constantBand([Band(lower: -half, upper: half, targetLower: -target, targetUpper: target)]),
        rule: "±\(width), back to " + (target == half ? "the edge" : target == 0 ? "zero" : "±\(end)"))
    case .every(let seconds):
      return try clocked("every:" + Figures.duration(seconds).filter { $0 != " " }, every: seconds, isAsked: true)
    case .table(let file):
      let table: BandTable
      do { table = try BandTable(contentsOf: file, for: problem) } catch {
        throw Failure(Explainer.message(error), .badData)
      }
      let words = table.isInHolding ? "inventory" : "net delta"
      return ShelvedPolicy(
        name: file.split(separator: "/").last.map(String.init) ?? file,
        policy: table.isInHolding ? .holding(table.table) : .table(table.table),
        rule: "a table of \(table.table.bands.count) bands in \(words)")
    }
  }

  private func named(_ name: String, isAsked: Bool) throws(Failure) -> ShelvedPolicy {
    if let formula = Formula(rawValue: name) { return try follow(formula) }
    if name != CommandTable.optimal, let bookClass = BookClass(rawValue: name) { return try follow(bookClass) }
    switch name {
    case "hourly": return try clocked(name, every: Self.hour, isAsked: isAsked)
    case "daily": return try clocked(name, every: Figures.day, isAsked: isAsked)
    case "never": return ShelvedPolicy(name: name, policy: .never, rule: "no trade before settlement", hasBand: false)
    case "frictionless":
      return ShelvedPolicy(name: name, policy: .frictionless, rule: "to zero at every look", hasBand: false)
    default:
      return ShelvedPolicy(name: name, policy: .table(optimum), rule: "the optimal table")
    }
  }

  private func refused(_ reason: String) -> Failure { Failure("\(place): \(reason)", .usage) }

  private func follow(_ bookClass: BookClass) throws(Failure) -> ShelvedPolicy {
    let name = bookClass.rawValue
    guard let solution = classes?[bookClass],
      let policy = HedgingPolicy(solution, problem: problem, optimum: optimum)
    else {
      let reason = classes?.omitted.first { $0.bookClass == bookClass }?.reason ?? .notConverged
      throw refused(
        "--policy \(name): \(Explainer.reason(reason, regimes: problem.environment.regimes.map(\.name)))")
    }
    return ShelvedPolicy(
      name: name, policy: policy, rule: BookClassTable.words(of: solution, problem),
      hasBand: bookClass != .interval)
  }

  private func follow(_ formula: Formula) throws(Failure) -> ShelvedPolicy {
    let name = formula.rawValue
    if let obstacle = formula.obstacle(to: problem) { throw refused(Explainer.message(obstacle)) }
    // Exact on every path where the kernel knows the formula, else by a table of it.
    if formula == .whalleyWilmott {
      return ShelvedPolicy(name: name, policy: .whalleyWilmott, rule: "±(3kSΓ²/2a)^⅓, back to the edge")
    }
    let rule: FormulaRule
    do { rule = try formula.rule(problem, grid: grid) } catch { throw refused(Explainer.message(error)) }
    guard let interval = rule.interval else {
      let target = formula == .smallFixedCost ? "to zero" : "back to the edge"
      return ShelvedPolicy(name: name, policy: .table(rule.table), rule: "its band, " + target)
    }
    let seconds = max(1, (interval * problem.dayCount.secondsPerYear / check).rounded()) * check
    return ShelvedPolicy(
      name: name, policy: .reviewed(rule.table, everySeconds: seconds),
      rule: "every \(Figures.duration(seconds)) to its own delta", hasBand: false)
  }

  /// Zero net delta by the clock. A rule that would trade between the looks that the model allows must be asked for, and be no
  /// more frequent than they are: it then trades at the first look at or after its time.
  private func clocked(_ name: String, every seconds: Double, isAsked: Bool) throws(Failure) -> ShelvedPolicy {
    let looks = seconds / check
    let isWhole = abs(looks - looks.rounded()) < Self.rounding * looks
    guard looks > 1 - Self.rounding, isWhole || isAsked else {
      throw refused(
        "--policy \(name): " + Explainer.message(SimulationError.intervalNotMultiple(interval: seconds, check: check)))
    }
    let rule = "every \(Figures.duration(seconds)) to zero"
    if isWhole {
      return ShelvedPolicy(
        name: name, policy: .interval(everySeconds: looks.rounded() * check, target: 0), rule: rule, hasBand: false)
    }
    let points = PolicyTable(
      times: [0], logSpots: [0], regimeCount: problem.environment.count,
      bands: problem.environment.regimes.map { _ in Band.point(0) })
    let clock = PolicyClock(gaps: problem.environment.regimes.map { _ in seconds }, effect: .permits)
    return ShelvedPolicy(
      name: name, policy: .clocked(points, clock), rule: rule + ", at the next look", hasBand: false)
  }

  /// The named classes that the model has none of, by reason.
  var omissions: [(classes: [String], reason: String)] {
    let names = problem.environment.regimes.map(\.name)
    let reasons = Dictionary(grouping: (classes?.omitted ?? []).filter { $0.reason != .notRequested }) {
      Explainer.reason($0.reason, regimes: names)
    }
    return reasons.keys.sorted().map { (reasons[$0]!.map(\.bookClass.rawValue), $0) }
  }
}

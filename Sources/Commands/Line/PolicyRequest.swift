import Interchange

/// What `--policy` asks for.
enum PolicyRequest: Equatable, Sendable {
  /// One of `CommandTable.policies`.
  case named(String)
  /// A band of net delta around zero, and where a breach is traded to, on its side [units].
  case band(half: Double, target: Double)
  /// To zero net delta at every multiple of so many seconds.
  case every(seconds: Double)
  /// A table of bands.
  case table(file: String)

  /// What may be written beside the names.
  static let forms =
    "band:HALF[:TARGET] (net delta in units, back to the edge or to TARGET, 0 ≤ TARGET ≤ HALF), every:TIME (to zero net delta, "
    + "such as every:4h), "
    + "or a table of bands FILE.csv"

  private static let (bandWord, everyWord, tableSuffix) = ("band", "every", ".csv")

  init(_ text: String) throws(UsageError) {
    if CommandTable.policies.contains(text) {
      self = .named(text)
      return
    }
    if text.hasSuffix(Self.tableSuffix) {
      self = .table(file: text)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case (Self.everyWord, 2):
      guard let seconds = QuantityUnit.seconds(in: parts[1]), seconds > 0, seconds.isFinite else {
        throw .notAPolicyPart(policy: text, part: "TIME", found: parts[1], allowed: .positiveTime)
      }
      self = .every(seconds: seconds)
      return
    case (Self.bandWord, 2), (Self.bandWord, 3):
      guard let half = QuantityUnit.number(in: parts[1]), half > 0, half.isFinite else {
        throw .notAPolicyPart(policy: text, part: "HALF", found: parts[1], allowed: .number(.positive))
      }
      let target = parts.count == 2 ? half : QuantityUnit.number(in: parts[2])
      guard let target, target >= 0, target <= half else {
        throw .notAPolicyPart(policy: text, part: "TARGET", found: parts[2], allowed: .number(.closed(0, half)))
      }
      self = .band(half: half, target: target)
      return
    default: break
    }
    throw .notAPolicy(
      found: text,
      suggestion: Suggestion.nearest(
        to: parts[0], among: CommandTable.policies + (parts.count == 1 ? [] : [Self.bandWord, Self.everyWord])))
  }
}

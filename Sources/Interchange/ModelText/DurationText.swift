extension QuantityUnit {
  /// Seconds that a text says, `4h`, `90 min`, `3600`; a bare number is seconds. Nil for anything else.
  public static func seconds(in text: String) -> Double? {
    guard let parts = QuantityText(text) else { return nil }
    if parts.unit.isEmpty { return parts.amount }
    return all.first { $0.dimension == .duration && $0.spellings.contains(parts.unit) }?.base(parts.amount)
  }

  /// The decimal number that a text is; nil for anything else.
  public static func number(in text: String) -> Double? {
    guard let parts = QuantityText(text), parts.unit.isEmpty else { return nil }
    return parts.amount
  }
}

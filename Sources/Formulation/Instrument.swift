import Glibc

/// A European option's kind.
public enum OptionKind: String, Sendable, CaseIterable {
  case call, put
}

/// What a leg of the book holds.
public enum Instrument: Sendable, Equatable {
  /// A European option on the underlying.
  case option(kind: OptionKind, strike: Double, expiry: Instant)
  /// A forward or perpetual future: one unit of the underlying, without expiry in the problem.
  case forward
}

extension Instrument {
  /// The time of day at which exchange-listed crypto options expire: 08:00 UTC (Deribit contract specification).
  public static let exchangeExpiryHour = 8

  /// The shape of an exchange name, for messages.
  public static let nameShape = "BTC-29OCT21-70000-C (underlying-DMMMYY-strike-C or P) or BTC-PERPETUAL"

  static let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

  /// Reads an exchange name such as `BTC-29OCT21-70000-C` or `BTC-9JUN20-9875-P`: the day has no leading zero, the
  /// option expires at 08:00 UTC; `BTC-PERPETUAL` is a perpetual future. A decimal strike is written with `d` for the
  /// point (`XRP_USDC-30JUN23-0d45-C`).
  ///
  /// - Returns: the underlying and the instrument; nil when the name is none.
  public static func named(_ name: String) -> (underlying: String, instrument: Instrument)? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard let underlying = parts.first, !underlying.isEmpty else { return nil }
    if parts.count == 2, parts[1] == "PERPETUAL" { return (String(underlying), .forward) }
    guard parts.count == 4, let expiry = expiryDate(parts[1]) else { return nil }
    let strikeText = String(parts[2].map { $0 == "d" ? "." : $0 })
    guard parts[2].first?.isNumber == true, let strike = Double(strikeText), strike > 0, strike.isFinite else {
      return nil
    }
    let kind: OptionKind
    switch parts[3] {
    case "C": kind = .call
    case "P": kind = .put
    default: return nil
    }
    return (String(underlying), .option(kind: kind, strike: strike, expiry: expiry))
  }

  private static func expiryDate(_ text: Substring) -> Instant? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let rest = text.dropFirst(digits.count)
    guard (1...2).contains(digits.count), digits.first != "0", let day = Int(digits), rest.count == 5,
      let month = months.firstIndex(of: String(rest.prefix(3))), let year = Int(rest.suffix(2))
    else { return nil }
    return Instant(year: 2000 + year, month: month + 1, day: day, hour: exchangeExpiryHour)
  }
}

/// Value and sensitivities of one unit of an instrument or of a whole book.
public struct Greeks: Sendable, Equatable {
  /// V [quote].
  public var value = 0.0
  /// Δ = ∂V/∂S [units].
  public var delta = 0.0
  /// Γ = ∂²V/∂S² [units²/quote].
  public var gamma = 0.0
  /// ∂V/∂σ̂ [quote per 1.00 of volatility].
  public var vega = 0.0

  public init() {}

  /// Adds `quantity` times other sensitivities.
  public mutating func add(_ other: Greeks, times quantity: Double) {
    value += quantity * other.value
    delta += quantity * other.delta
    gamma += quantity * other.gamma
    vega += quantity * other.vega
  }
}

/// Black's formula on a forward that carries at rate b: F = S e^{bτ}.
///
///     V = e^{−rτ}[F N(d₁) − K N(d₂)],  d₁,₂ = [ln(F/K) ± ½σ̂²τ]/(σ̂√τ)   (call; puts by parity)
///
/// b = r is Black–Scholes on a spot without dividends, b = 0 is Black-76 on a future (Black 1976, eq. 16; Hull, *Options,
/// Futures and Other Derivatives*, ch. 18). At τ = 0 the delta is that of the payoff, and ½ at the strike.
/// *Verified by* `BlackFormulaTests`.
public struct BlackFormula: Sendable, Equatable {
  public var kind: OptionKind
  public var strike: Double
  /// r, discount rate [1/year].
  public var rate: Double
  /// b, carry of the forward [1/year].
  public var carry: Double

  public init(kind: OptionKind, strike: Double, rate: Double, carry: Double) {
    self.kind = kind
    self.strike = strike
    self.rate = rate
    self.carry = carry
  }

  /// Value and sensitivities with respect to the spot [quote/unit], τ = `remaining` years before expiry.
  public func greeks(spot: Double, remaining: Double, volatility: Double) -> Greeks {
    let sign: Double = kind == .call ? 1 : -1
    let discount = exp(-rate * remaining)
    let forward = spot * exp(carry * remaining)
    let deviation = volatility * remaining.squareRoot()
    var greeks = Greeks()
    guard deviation > 0 else {
      let moneyness = sign * (forward - strike)
      greeks.value = discount * max(0, moneyness)
      greeks.delta = sign * discount * forward / spot * (moneyness > 0 ? 1 : moneyness < 0 ? 0 : 0.5)
      return greeks
    }
    let first = log(forward / strike) / deviation + 0.5 * deviation
    let second = first - deviation
    let slope = discount * forward / spot
    greeks.value =
      sign * discount
      * (forward * NormalLaw.cumulative(sign * first) - strike * NormalLaw.cumulative(sign * second))
    greeks.delta = sign * slope * NormalLaw.cumulative(sign * first)
    greeks.gamma = slope * NormalLaw.density(first) / (spot * deviation)
    greeks.vega = slope * spot * NormalLaw.density(first) * remaining.squareRoot()
    return greeks
  }
}
